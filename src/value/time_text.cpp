#include "value/json.hpp"
#include <chrono>
#include <fmt/format.h>

namespace belay {

std::string rfc3339(Timestamp t) {
  using namespace std::chrono;
  const sys_seconds at{seconds(t.seconds)};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss clock{at - day};
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", int(date.year()), unsigned(date.month()), unsigned(date.day()), clock.hours().count(),
                                clock.minutes().count(), clock.seconds().count());
  if (t.nanos != 0) {
    std::string digits = fmt::format(".{:09}", t.nanos);
    digits.erase(digits.find_last_not_of('0') + 1);
    out += digits;
  }
  return out + "Z";
}

Expected<Timestamp> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  auto bad = [&](const char* why) { return Unexpected({Cause::malformed, Reached::no, fmt::format("'{}' is no time: {}", text, why), "write it as 2026-11-21T22:38:00Z or with an offset such as +01:00"}); };
  auto number = [&](std::size_t at, std::size_t width) -> int {
    if (at + width > text.size()) return -1;
    int out = 0;
    for (std::size_t i = at; i < at + width; ++i) {
      if (text[i] < '0' || text[i] > '9') return -1;
      out = out * 10 + (text[i] - '0');
    }
    return out;
  };
  const int y = number(0, 4), mo = number(5, 2), d = number(8, 2), h = number(11, 2), mi = number(14, 2), s = number(17, 2);
  if (y < 0 || mo < 0 || d < 0 || h < 0 || mi < 0 || s < 0 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't' && text[10] != ' ') || text[13] != ':' ||
      text[16] != ':')
    return bad("its parts are not where they belong");
  const year_month_day date{year(y), month(static_cast<unsigned>(mo)), day(static_cast<unsigned>(d))};
  if (y < 1 || !date.ok() || h > 23 || mi > 59 || s > 59) return bad("a part is out of its range");
  std::size_t at = 19;
  std::int32_t nanos = 0;
  if (at < text.size() && text[at] == '.') {
    std::size_t digits = 0;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++digits)
      if (digits < 9) nanos = nanos * 10 + (text[at] - '0');
    if (digits == 0 || digits > 9) return bad("a second has one to nine digits after its point");
    for (; digits < 9; ++digits) nanos *= 10;
  }
  std::int64_t offset = 0;
  if (at < text.size() && (text[at] == 'Z' || text[at] == 'z') && at + 1 == text.size()) {
  } else if (at + 6 == text.size() && (text[at] == '+' || text[at] == '-') && text[at + 3] == ':') {
    const int oh = number(at + 1, 2), om = number(at + 4, 2);
    if (oh < 0 || om < 0 || oh > 23 || om > 59) return bad("its offset is out of range");
    offset = (oh * 60 + om) * 60 * (text[at] == '-' ? -1 : 1);
  } else {
    const std::string plain(text.substr(0, std::min<std::size_t>(text.size(), at)));
    return Unexpected({Cause::malformed, Reached::no, fmt::format("'{}' has no offset, so it could mean local time or UTC", text),
                       fmt::format("write {0}Z for UTC, or {0} with your clock's offset behind it, as in {0}+01:00 (`date +%:z` tells it)", plain)});
  }
  const auto days_since = sys_days(date).time_since_epoch();
  return Timestamp{duration_cast<seconds>(days_since).count() + h * 3600 + mi * 60 + s - offset, nanos};
}

std::string duration_text(Duration d) {
  const bool negative = d.count() < 0;
  const std::uint64_t n = negative ? 0 - static_cast<std::uint64_t>(d.count()) : static_cast<std::uint64_t>(d.count());
  std::string out = fmt::format("{}{}", negative ? "-" : "", n / 1'000'000'000);
  if (const auto rest = n % 1'000'000'000) {
    std::string digits = fmt::format(".{:09}", rest);
    digits.erase(digits.find_last_not_of('0') + 1);
    out += digits;
  }
  return out + "s";
}

} // namespace belay
