#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace belay {

/// CRC-32C (Castagnoli's polynomial; RFC 3720, B.4). Of bytes that come in pieces: hand the result of the pieces before in.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t so_far = 0);

/// Its four bytes, most significant first, in base64: how Cloud Storage writes it.
std::string crc32c_base64(std::uint32_t crc);

} // namespace belay
