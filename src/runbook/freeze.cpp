#include "runbook/freeze.hpp"
#include "value/json.hpp"
#include "value/zone.hpp"
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <re2/re2.h>
#include <variant>

namespace belay {
namespace {

constexpr std::int64_t k_day = 24 * 3600, k_week = 7 * k_day;
constexpr std::array<std::string_view, 7> k_days{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

/// Seconds since 1970, or since the beginning of Monday.
struct Moment {
  bool weekly = false;
  std::int64_t seconds = 0;
};

/// `Fri 16:00`, `friday 16:00`.
std::optional<std::int64_t> of_week(const std::string& text) {
  static const re2::RE2 k_form(R"((?i)([a-z]{3,9})\s+(\d{1,2}):(\d{2}))");
  std::string day;
  int hours = 0, minutes = 0;
  if (!re2::RE2::FullMatch(text, k_form, &day, &hours, &minutes) || hours > 23 || minutes > 59) return {};
  std::transform(day.begin(), day.end(), day.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (std::size_t i = 0; i < k_days.size(); ++i)
    if (day == k_days[i] || day == k_days[i].substr(0, 3)) return static_cast<std::int64_t>(i) * k_day + hours * 3600 + minutes * 60;
  return {};
}

/// A time as it stands on a clock, and the offset that is written behind it; seconds may be left out.
struct Written {
  std::string clock, offset;
};
std::optional<Written> of_calendar(const std::string& text) {
  static const re2::RE2 k_form(R"((\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(:\d{2})?)?\s*([Zz]|[+-]\d{2}:\d{2})?)");
  std::string date, minutes, seconds, offset;
  if (!re2::RE2::FullMatch(text, k_form, &date, &minutes, &seconds, &offset)) return {};
  return Written{date + "T" + (minutes.empty() ? "00:00" : minutes) + (seconds.empty() ? ":00" : seconds), offset == "z" ? "Z" : offset};
}

std::optional<Moment> moment(const std::string& text) {
  if (const auto week = of_week(text)) return Moment{true, *week};
  const auto written = of_calendar(text);
  if (!written || written->offset.empty()) return {};
  const auto time = parse_rfc3339(written->clock + written->offset);
  return time ? std::optional(Moment{false, time->seconds}) : std::nullopt;
}

std::string offset_text(std::int64_t seconds) { return fmt::format("{}{:02}:{:02}", seconds < 0 ? '-' : '+', std::abs(seconds) / 3600, std::abs(seconds) / 60 % 60); }

/// The second at which a clock in the zone shows this; where it shows it twice, either.
std::int64_t at_clock(std::string_view zone, std::int64_t shown) {
  const std::int64_t guess = shown - zone_offset(zone, shown).value_or(0);
  return shown - zone_offset(zone, guess).value_or(0);
}

void check_time(const yaml::Node& node, const std::string& zone, std::vector<Problem>& problems) {
  if (!node.is_scalar() || moment(node.text)) return;
  const auto written = of_calendar(node.text);
  if (!written || !parse_rfc3339(written->clock + "Z")) {
    problems.push_back({node.where(), fmt::format("'{}' is no time", node.text), "a time with its offset, as 2026-12-20T18:00+01:00, or one of each week, as Fri 16:00"});
    return;
  }
  const std::int64_t shown = parse_rfc3339(written->clock + "Z")->seconds;
  const std::string there = zone.empty() || zone == "UTC" ? offset_text(3600) : offset_text(zone_offset(zone, at_clock(zone, shown)).value_or(0));
  problems.push_back({node.where(), fmt::format("'{}' does not say in which offset, so it is two times", node.text),
                      fmt::format("write {}Z for UTC, or {}{} for {}", written->clock, written->clock, there, zone.empty() || zone == "UTC" ? "a clock an hour ahead of it" : "a clock in " + zone)});
}

std::string member(const Value& window, const char* name) { return window[name].kind() == Kind::text ? window[name].text() : std::string(); }

/// When the window ends, where it holds now.
std::optional<std::int64_t> end_of(const Value& window, std::int64_t now) {
  const auto from = moment(member(window, "from")), to = moment(member(window, "to"));
  if (!from || !to || from->weekly != to->weekly) return {};
  if (!from->weekly) return now >= from->seconds && now < to->seconds ? std::optional(to->seconds) : std::nullopt;
  const std::string zone = member(window, "zone");
  const std::int64_t shown = now + zone_offset(zone, now).value_or(0);
  // 1970 began on a Thursday.
  const std::int64_t in_week = ((shown + 3 * k_day) % k_week + k_week) % k_week;
  const std::int64_t length = (to->seconds - from->seconds + k_week) % k_week, since = (in_week - from->seconds + k_week) % k_week;
  return since < length ? std::optional(at_clock(zone, shown - since + length)) : std::nullopt;
}

} // namespace

void check_freeze(const yaml::Node& windows, std::vector<Problem>& problems) {
  for (const yaml::Node& window : windows.items) {
    const auto *from = window.find("from"), *to = window.find("to"), *zone = window.find("zone");
    const std::string name = zone != nullptr ? zone->text : "";
    if (zone != nullptr && !zone_offset(name, 0)) problems.push_back({zone->where(), fmt::format("there is no time zone '{}'", name), "a name of the system's zone database, as Europe/Berlin, or an offset, as +01:00"});
    for (const auto* time : {from, to})
      if (time != nullptr) check_time(*time, name, problems);
    if (from == nullptr || to == nullptr) continue;
    const auto begin = moment(from->text), end = moment(to->text);
    if (!begin || !end) continue;
    if (begin->weekly != end->weekly) problems.push_back({to->where(), "one end of the window is a time of each week and the other is not", "both as Fri 16:00, or both as 2026-12-20T18:00+01:00"});
    else if (begin->weekly ? begin->seconds == end->seconds : begin->seconds >= end->seconds) problems.push_back({to->where(), "the window ends before it begins, so it never holds", "its end comes after its beginning"});
    if (zone != nullptr && !begin->weekly && !end->weekly) problems.push_back({zone->where(), "these times have offsets of their own, so 'zone' says nothing", "leave it out"});
  }
}

std::optional<Frozen> frozen_at(const Value& windows, Timestamp now) {
  std::optional<Frozen> found;
  if (windows.kind() != Kind::list) return found;
  for (const Value& window : windows.list()) {
    const auto end = end_of(window, now.seconds);
    if (!end || (found && found->until.seconds >= *end)) continue;
    const std::string zone = member(window, "zone");
    const bool weekly = of_week(member(window, "from")).has_value();
    found = Frozen{fmt::format("from {} to {}{}", member(window, "from"), member(window, "to"), !weekly ? "" : " " + (zone.empty() ? "UTC" : zone)), member(window, "reason"), {*end, 0}};
  }
  return found;
}

} // namespace belay
