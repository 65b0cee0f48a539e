#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace belay {

std::string base64(std::string_view octets);                      ///< RFC 4648 section 4, padded
std::optional<std::string> parse_base64(std::string_view text);   ///< padded or not; nothing when it is none

} // namespace belay
