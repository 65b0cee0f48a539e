#include "value/zone.hpp"
#include <chrono>
#include <date/tz.h>
#include <stdexcept>

namespace belay {
namespace {

/// `+01:00`, `-02:30`, `02:00`.
std::optional<std::int64_t> fixed_offset(std::string_view zone) {
  const std::int64_t sign = zone.starts_with('-') ? -1 : 1;
  if (zone.starts_with('-') || zone.starts_with('+')) zone.remove_prefix(1);
  auto digit = [&](std::size_t i) { return zone[i] >= '0' && zone[i] <= '9'; };
  if (zone.size() != 5 || zone[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) return std::nullopt;
  const int hours = (zone[0] - '0') * 10 + zone[1] - '0', minutes = (zone[3] - '0') * 10 + zone[4] - '0';
  if (hours > 23 || minutes > 59) return std::nullopt;
  return sign * (hours * 60 + minutes) * 60;
}

} // namespace

std::optional<std::int64_t> zone_offset(std::string_view zone, std::int64_t at) {
  if (zone == "UTC" || zone == "Z" || zone.empty()) return 0;
  if (auto fixed = fixed_offset(zone)) return fixed;
  try {
    return date::locate_zone(std::string(zone))->get_info(date::sys_seconds(std::chrono::seconds(at))).offset.count();
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

} // namespace belay
