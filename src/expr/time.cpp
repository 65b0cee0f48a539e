#include "expr/functions.hpp"
#include "value/zone.hpp"
#include <chrono>
#include <fmt/format.h>

namespace belay::expr {
namespace {

enum class Part : std::uint8_t { year, month, day_of_year, day_of_month, date, day_of_week, hours, minutes, seconds, milliseconds };

/// The part of a time as it stands on a wall clock: local seconds since 1970.
std::int64_t part_of(Part part, std::int64_t local, std::int32_t nanos) {
  using namespace std::chrono;
  const sys_seconds at{seconds(local)};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss clock{at - day};
  switch (part) {
    case Part::year: return int(date.year());
    case Part::month: return unsigned(date.month()) - 1;
    case Part::day_of_year: return (day - sys_days(date.year() / January / 1)).count();
    case Part::day_of_month: return unsigned(date.day()) - 1;
    case Part::date: return unsigned(date.day());
    case Part::day_of_week: return weekday(day).c_encoding();
    case Part::hours: return clock.hours().count();
    case Part::minutes: return clock.minutes().count();
    case Part::seconds: return clock.seconds().count();
    case Part::milliseconds: return nanos / 1'000'000;
  }
  return 0;
}

bool offset_of(Call& call, const std::string& zone, std::int64_t at, std::int64_t& out) {
  const auto offset = zone_offset(zone, at);
  if (!offset) return call.fail("unknown time zone: a name of the system's zone database (package tzdata), as Europe/Berlin, or an offset, as +01:00");
  out = *offset;
  return true;
}

template <Part part> bool in_utc(Call& call, Value& out) {
  const Timestamp t = call.args[0].timestamp();
  out = Value(part_of(part, t.seconds, t.nanos));
  return true;
}
template <Part part> bool in_zone(Call& call, Value& out) {
  const Timestamp t = call.args[0].timestamp();
  std::int64_t offset = 0;
  if (!call.meter.charge(20) || !offset_of(call, call.args[1].text(), t.seconds, offset)) return false;
  out = Value(part_of(part, t.seconds + offset, t.nanos));
  return true;
}

/// Whole hours, minutes and so on of the whole duration; milliseconds are those beyond its seconds.
template <std::int64_t nanos, std::int64_t modulus> bool of_duration(Call& call, Value& out) {
  const std::int64_t whole = call.args[0].duration().count() / nanos;
  out = Value(modulus == 0 ? whole : whole % modulus);
  return true;
}

#define BELAY_PART(name, part) {name, true, "timestamp", "int", &in_utc<part>}, {name, true, "timestamp,string", "int", &in_zone<part>}
constexpr Overload k_overloads[] = {
    BELAY_PART("getFullYear", Part::year),
    BELAY_PART("getMonth", Part::month),
    BELAY_PART("getDayOfYear", Part::day_of_year),
    BELAY_PART("getDayOfMonth", Part::day_of_month),
    BELAY_PART("getDate", Part::date),
    BELAY_PART("getDayOfWeek", Part::day_of_week),
    BELAY_PART("getHours", Part::hours),
    BELAY_PART("getMinutes", Part::minutes),
    BELAY_PART("getSeconds", Part::seconds),
    BELAY_PART("getMilliseconds", Part::milliseconds),
    {"getHours", true, "duration", "int", &of_duration<3'600'000'000'000, 0>},
    {"getMinutes", true, "duration", "int", &of_duration<60'000'000'000, 0>},
    {"getSeconds", true, "duration", "int", &of_duration<1'000'000'000, 0>},
    {"getMilliseconds", true, "duration", "int", &of_duration<1'000'000, 1000>},
};
#undef BELAY_PART

} // namespace

std::span<const Overload> time_functions() { return k_overloads; }

} // namespace belay::expr
