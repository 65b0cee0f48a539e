#pragma once
#include "belay/value.hpp"
#include <string>
#include <string_view>

namespace belay::report {

/// Colours and widths of text for a terminal. A colour never says what the words do not.
struct Style {
  bool color = false;
  std::string good(std::string_view text) const { return paint("32", text); }
  std::string bad(std::string_view text) const { return paint("31", text); }
  std::string warn(std::string_view text) const { return paint("33", text); }
  std::string dim(std::string_view text) const { return paint("2", text); }
  std::string strong(std::string_view text) const { return paint("1", text); }

private:
  std::string paint(const char* code, std::string_view text) const;
};

std::string short_duration(Duration);                          ///< `0.4s`, `12s`, `3m05s`, `2h10m`
std::string pad(std::string_view text, std::size_t columns);   ///< filled with spaces on the right; UTF-8 counts by code point
std::string cut(std::string_view text, std::size_t columns);   ///< at most so many columns, `…` where it was cut
std::string clock_text(Timestamp);                             ///< `22:38:01`, UTC
std::string byte_text(std::int64_t bytes);                     ///< `1.2 MB`

} // namespace belay::report
