#include "engine/freeze.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <array>

namespace belay::engine {
namespace {

constexpr int k_day = 24 * 60, k_week = 7 * k_day;
constexpr int k_most_east = 14 * 60, k_most_west = 12 * 60; // minutes that a zone lies off UTC

std::string text_of(const Value& v) { return !v.is_secret() && v.kind() == Kind::text ? v.text() : std::string(); }

/// Minutes since Sunday 00:00 of `Fri 16:00`.
std::optional<int> minute_of_week(const std::string& text) {
  static constexpr std::array<std::string_view, 7> k_days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  const auto day = std::find(k_days.begin(), k_days.end(), text.substr(0, 3));
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : 100; };
  if (text.size() != 9 || day == k_days.end() || text[3] != ' ' || text[6] != ':') return {};
  const int hour = digit(4) * 10 + digit(5), minute = digit(7) * 10 + digit(8);
  if (hour > 23 || minute > 59) return {};
  return static_cast<int>(day - k_days.begin()) * k_day + hour * 60 + minute;
}

enum class Holds : std::uint8_t { no, yes, unreadable };

Holds holds(const Value& window, Timestamp now) {
  const std::string from = text_of(window["from"]), to = text_of(window["to"]), zone = text_of(window["zone"]);
  if (const auto begin = parse_rfc3339(from), end = parse_rfc3339(to); begin && end) return *begin <= now && now < *end ? Holds::yes : Holds::no;
  const auto begin = minute_of_week(from), end = minute_of_week(to);
  if (!begin || !end) return Holds::unreadable;
  const bool utc = zone.empty() || zone == "UTC";
  const int first = *begin - (utc ? 0 : k_most_east);
  const int length = (*end - *begin + k_week) % k_week + (utc ? 0 : k_most_east + k_most_west);
  const auto day = static_cast<int>((now.seconds / 86400 + 4) % 7); // 1970 began on a Thursday
  const int at = day * k_day + static_cast<int>(now.seconds % 86400 / 60);
  return ((at - first) % k_week + k_week) % k_week < length ? Holds::yes : Holds::no;
}

} // namespace

std::optional<Failure> frozen(const Value& windows, const std::string& environment, Timestamp now) {
  if (windows.is_secret() || windows.kind() != Kind::list) return {};
  for (const Value& window : windows.list()) {
    const std::string span = show(window["from"]) + " to " + show(window["to"]), zone = text_of(window["zone"]), reason = text_of(window["reason"]);
    switch (holds(window, now)) {
      case Holds::no: continue;
      case Holds::unreadable:
        return Failure{Cause::refused, Reached::no, "the freeze window " + span + " of " + environment + " cannot be read, so nothing is changed there", "belay.yaml: a time with its offset, or a day and hour of each week (Fri 16:00)"};
      case Holds::yes:
        return Failure{Cause::refused, Reached::no, environment + " is frozen from " + span + (zone.empty() ? "" : " (" + zone + ")") + (reason.empty() ? "" : ": " + reason) + "; nothing was changed",
                       "a rollback is not refused; else wait for its end, or change `freeze` in belay.yaml"};
    }
  }
  return {};
}

} // namespace belay::engine
