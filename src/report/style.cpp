#include "report/style.hpp"
#include <chrono>
#include <fmt/format.h>

namespace belay::report {
namespace {

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

std::size_t columns_of(std::string_view text) {
  std::size_t out = 0;
  for (char c : text) out += begins_character(c);
  return out;
}

} // namespace

std::string Style::paint(const char* code, std::string_view text) const { return color ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text); }

std::string short_duration(Duration d) {
  using namespace std::chrono;
  const double s = duration<double>(d).count();
  if (s < 10) return fmt::format("{:.1f}s", s);
  if (s < 60) return fmt::format("{:.0f}s", s);
  const auto whole = duration_cast<seconds>(d).count();
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  if (whole < 48 * 3600) return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
  return fmt::format("{}d{:02}h", whole / 86400, whole / 3600 % 24);
}

std::string pad(std::string_view text, std::size_t columns) {
  const std::size_t has = columns_of(text);
  return std::string(text) + std::string(has < columns ? columns - has : 0, ' ');
}

std::string cut(std::string_view text, std::size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  std::size_t seen = 0, at = 0;
  for (; at < text.size(); ++at)
    if (begins_character(text[at]) && ++seen >= columns) break;
  return std::string(text.substr(0, at)) + "…";
}

std::string clock_text(Timestamp t) { return fmt::format("{:02}:{:02}:{:02}", t.seconds / 3600 % 24, t.seconds / 60 % 60, t.seconds % 60); }

std::string byte_text(std::int64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double v = static_cast<double>(bytes);
  const char* units[] = {"kB", "MB", "GB", "TB", "PB"};
  int unit = -1;
  while (v >= 1000 && unit < 4) v /= 1000, ++unit;
  return fmt::format("{:.1f} {}", v, units[unit]);
}

} // namespace belay::report
