#include "catch.hpp"
#include "codec/crc32c.hpp"

using namespace belay;

TEST_CASE("CRC-32C has the values of RFC 3720 and of Google's own examples", "[codec]") {
  CHECK(crc32c("") == 0);
  CHECK(crc32c("123456789") == 0xe3069283U);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aaU);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43U);
  CHECK(crc32c("hunter2") == 1736498283U);
  CHECK(crc32c_base64(crc32c("")) == "AAAAAA==");
  CHECK(crc32c_base64(0x01020304U) == "AQIDBA==");
}

TEST_CASE("a CRC of pieces is the CRC of the whole, wherever it is cut", "[codec]") {
  std::string text;
  for (int i = 0; i < 100; ++i) text += static_cast<char>(i * 7);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) CHECK(crc32c(text.substr(cut), crc32c(text.substr(0, cut))) == crc32c(text));
}
