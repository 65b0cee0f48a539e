#include "value/duration.hpp"
#include <charconv>
#include <utility>

namespace belay {

namespace {
constexpr double k_most_nanoseconds = 9.2e18;
constexpr std::pair<std::string_view, double> k_units[] = {{"ms", 1e6}, {"us", 1e3}, {"ns", 1}, {"d", 86400e9}, {"h", 3600e9}, {"m", 60e9}, {"s", 1e9}};
} // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration{};
  if (text.empty()) return std::nullopt;
  double sum = 0;
  while (!text.empty()) {
    if (text.front() < '0' || text.front() > '9') return std::nullopt;
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    double factor = 0;
    for (const auto& [unit, nanoseconds] : k_units)
      if (text.starts_with(unit)) {
        factor = nanoseconds;
        text.remove_prefix(unit.size());
        break;
      }
    sum += number * factor;
    if (factor == 0 || sum > k_most_nanoseconds) return std::nullopt;
  }
  return Duration(static_cast<std::int64_t>(sum));
}

} // namespace belay
