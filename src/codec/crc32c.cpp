#include "codec/crc32c.hpp"
#include "value/base64.hpp"
#include <array>

namespace belay {
namespace {

using Table = std::array<std::uint32_t, 256>;

/// `k_tables[n][b]`: what byte b contributes after n more bytes, so that eight bytes are taken at once.
constexpr std::array<Table, 8> tables() {
  constexpr std::uint32_t k_reversed_polynomial = 0x82f63b78U;
  std::array<Table, 8> all{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? k_reversed_polynomial : 0U);
    all[0][byte] = crc;
  }
  for (std::size_t n = 1; n < 8; ++n)
    for (std::size_t byte = 0; byte < 256; ++byte) all[n][byte] = (all[n - 1][byte] >> 8U) ^ all[0][all[n - 1][byte] & 0xffU];
  return all;
}
constexpr auto k_tables = tables();

} // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t so_far) {
  std::uint32_t crc = ~so_far;
  const auto octet = [&](std::size_t at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at])); };
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    const std::uint32_t low = crc ^ (octet(at) | octet(at + 1) << 8U | octet(at + 2) << 16U | octet(at + 3) << 24U);
    crc = k_tables[7][low & 0xffU] ^ k_tables[6][(low >> 8U) & 0xffU] ^ k_tables[5][(low >> 16U) & 0xffU] ^ k_tables[4][low >> 24U] ^ k_tables[3][octet(at + 4)] ^ k_tables[2][octet(at + 5)] ^
          k_tables[1][octet(at + 6)] ^ k_tables[0][octet(at + 7)];
  }
  for (; at < bytes.size(); ++at) crc = (crc >> 8U) ^ k_tables[0][(crc ^ octet(at)) & 0xffU];
  return ~crc;
}

std::string crc32c_base64(std::uint32_t crc) {
  std::string octets;
  for (unsigned shift : {24U, 16U, 8U, 0U}) octets += static_cast<char>((crc >> shift) & 0xffU);
  return base64(octets);
}

} // namespace belay
