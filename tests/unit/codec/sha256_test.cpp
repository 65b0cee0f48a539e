#include "catch.hpp"
#include "codec/sha256.hpp"

using namespace belay;

TEST_CASE("sha256 gives the digests of the standard's examples", "[codec]") {
  CHECK(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex(sha256(std::string(1000000, 'a'))) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("sha256 in pieces is sha256 of the whole, zero bytes included", "[codec]") {
  const std::string bytes("a\0b\0\xff tail", 10);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    Sha256 sum;
    sum.feed(std::string_view(bytes).substr(0, cut));
    sum.feed(std::string_view(bytes).substr(cut));
    CHECK(sum.finish() == sha256(bytes));
  }
}

TEST_CASE("hmac_sha256 gives the digests of RFC 4231", "[codec]") {
  CHECK(hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")) == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hex(hmac_sha256("Jefe", "what do ya want for nothing?")) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("hex writes two lower-case digits a byte", "[codec]") { CHECK(hex(std::string_view("\x00\x0f\xa0\xff", 4)) == "000fa0ff"); }
