#include "state/severity.hpp"
#include "value/duration.hpp"
#include "value/json.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <array>
#include <fmt/core.h>

namespace belay {
namespace {

using namespace std::chrono_literals;

constexpr const char* k_next_business_day = "next business day";

struct BuiltIn {
  std::string_view scheme;
  std::array<const char*, 4> names;
};
constexpr BuiltIn k_schemes[] = {{"p0-p3", {"P0", "P1", "P2", "P3"}}, {"sev1-sev4", {"SEV-1", "SEV-2", "SEV-3", "SEV-4"}}, {"1-4", {"1", "2", "3", "4"}}};

/// The same promises under each of the names; a project with others writes its own scheme.
SeverityScheme built_in(const BuiltIn& scheme) {
  SeverityScheme made;
  made.levels = {{scheme.names[0], "the service is down, or data is lost or exposed", 0s, 15min, 30min, false, 48h},
                 {scheme.names[1], "much of the service does not work", 15min, 30min, 1h, false, 48h},
                 {scheme.names[2], "a part does not work, and there is a way round it", 1h, 4h, {}, false, {}},
                 {scheme.names[3], "a blemish", {}, {}, {}, true, {}}};
  return made;
}

Unexpected wrong(const std::string& where, const std::string& what, const std::string& hint) { return Unexpected(Failure{Cause::malformed, Reached::no, fmt::format("severity{}: {}", where, what), hint}); }

Expected<void> read_time(const std::string& level, const Value& setting, const char* member, std::optional<Duration>& into) {
  const Value given = setting[member];
  if (given.is_null()) return {};
  if (given.kind() == Kind::duration && given.known() && !given.is_secret()) into = given.duration();
  else if (given.kind() == Kind::text && !given.is_secret()) into = given.text() == "at once" ? std::optional<Duration>(0s) : parse_duration(given.text());
  if (!into) return wrong("." + level + "." + member, show(given) + " is no duration", "write 15m, 1h30m, 2d, at once, or leave it out");
  return {};
}

Expected<Severity> read_level(const std::string& name, const Value& setting) {
  constexpr std::string_view k_members[] = {"name", "means", "respond", "escalate", "update", "postmortem"};
  if (setting.kind() != Kind::map || setting.is_secret()) return wrong("." + name, "a level is a map", "write its times: {means: the service is down, respond: 15m, escalate: 30m}");
  for (const auto& [key, value] : setting.map()) {
    const std::string member = bare_json(key);
    if (std::find(std::begin(k_members), std::end(k_members), member) == std::end(k_members)) return wrong("." + name, fmt::format("unknown key '{}'", member), did_you_mean(member, k_members));
  }
  Severity level;
  level.name = name;
  if (setting.has("means")) level.meaning = bare_json(setting["means"]);
  level.next_business_day = setting["respond"] == Value(k_next_business_day);
  if (!level.next_business_day)
    if (auto done = read_time(name, setting, "respond", level.respond); !done) return Unexpected(done.error());
  if (auto done = read_time(name, setting, "escalate", level.escalate); !done) return Unexpected(done.error());
  if (auto done = read_time(name, setting, "update", level.update); !done) return Unexpected(done.error());
  if (auto done = read_time(name, setting, "postmortem", level.postmortem); !done) return Unexpected(done.error());
  return level;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c); });
  return text;
}

} // namespace

Expected<Severity> SeverityScheme::find(const std::string& name) const {
  std::vector<std::string> names;
  for (const Severity& level : levels) {
    if (lower(level.name) == lower(name)) return level;
    names.push_back(level.name);
  }
  return Unexpected(Failure{Cause::missing, Reached::no, fmt::format("there is no severity '{}'", name), did_you_mean(name, names)});
}

Expected<SeverityScheme> severity_scheme(const Value& setting) {
  if (setting.is_null()) return built_in(k_schemes[0]);
  if (!setting.known() || setting.is_secret()) return wrong("", "a scheme is unknown or secret", "write it out in the service's file");
  if (setting.kind() == Kind::text) {
    std::vector<std::string_view> names;
    for (const BuiltIn& scheme : k_schemes) {
      if (scheme.scheme == lower(setting.text())) return built_in(scheme);
      names.push_back(scheme.scheme);
    }
    return wrong("", fmt::format("there is no scheme '{}'", setting.text()), did_you_mean(setting.text(), names));
  }
  SeverityScheme made;
  if (setting.kind() == Kind::list)
    for (const Value& level : setting.list()) {
      if (!level.has("name")) return wrong("", "a level has no name", "write a list of {name: P0, means: …, respond: 15m}");
      const auto read = read_level(bare_json(level["name"]), level);
      if (!read) return Unexpected(read.error());
      made.levels.push_back(*read);
    }
  else if (setting.kind() == Kind::map)
    for (const auto& [name, level] : setting.map()) {
      const auto read = read_level(bare_json(name), level);
      if (!read) return Unexpected(read.error());
      made.levels.push_back(*read);
    }
  if (made.levels.empty()) return wrong("", "a scheme has no levels", "leave it out for P0 to P3, or write a list of levels, worst first");
  return made;
}

Value value_of(const Severity& severity) {
  std::vector<std::pair<std::string, Value>> members{{"name", severity.name}, {"means", severity.meaning}};
  if (severity.respond) members.emplace_back("respond", *severity.respond);
  if (severity.next_business_day) members.emplace_back("respond", k_next_business_day);
  if (severity.escalate) members.emplace_back("escalate", *severity.escalate);
  if (severity.update) members.emplace_back("update", *severity.update);
  if (severity.postmortem) members.emplace_back("postmortem", *severity.postmortem);
  return Value::object(std::move(members));
}

Severity severity_of(const Value& kept) {
  Severity level;
  if (kept.has("name")) level.name = bare_json(kept["name"]);
  if (kept.has("means")) level.meaning = bare_json(kept["means"]);
  level.next_business_day = kept["respond"] == Value(k_next_business_day);
  const auto time = [&](const char* member) { return kept[member].kind() == Kind::duration ? std::optional(kept[member].duration()) : std::nullopt; };
  level.respond = time("respond");
  level.escalate = time("escalate");
  level.update = time("update");
  level.postmortem = time("postmortem");
  return level;
}

std::optional<Timestamp> response_due(const Severity& severity, Timestamp opened) {
  constexpr std::int64_t k_day = 86400;
  if (severity.next_business_day) {
    std::int64_t day = (opened.seconds - (opened.seconds % k_day + k_day) % k_day) / k_day + 1;
    while ((day % 7 + 7) % 7 == 2 || (day % 7 + 7) % 7 == 3) ++day; // day 0 was a Thursday: 2 is a Saturday, 3 a Sunday
    return Timestamp{(day + 1) * k_day, 0};
  }
  if (!severity.respond) return std::nullopt;
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(*severity.respond);
  return Timestamp{opened.seconds + whole.count(), opened.nanos};
}

} // namespace belay
