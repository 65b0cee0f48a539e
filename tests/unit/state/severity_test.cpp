#include "state/severity.hpp"
#include "catch.hpp"

using namespace belay;
using namespace std::chrono_literals;

TEST_CASE("without a setting there are P0 to P3, and other schemes by name", "[state]") {
  CHECK(severity_scheme(Value()).value().find("p1").value().respond == Duration(15min));
  CHECK(severity_scheme("SEV1-SEV4").value().levels.at(3).name == "SEV-4");
  const auto unknown = severity_scheme("sev1-sev5");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().hint.find("sev1-sev4") != std::string::npos);
}

TEST_CASE("a scheme of one's own is a list or a map of levels", "[state]") {
  const Value level = Value::object({{"means", "all is down"}, {"respond", "at once"}, {"escalate", "2h"}, {"update", Value(Duration(30min))}, {"postmortem", "48h"}});
  const Severity from_map = severity_scheme(Value::object({{"critical", level}, {"minor", Value::object({{"respond", "next business day"}})}})).value().find("CRITICAL").value();
  CHECK(from_map.meaning == "all is down");
  CHECK(from_map.respond == Duration(0s));
  CHECK(from_map.escalate == Duration(2h));
  CHECK(from_map.update == Duration(30min));
  CHECK(from_map.postmortem == Duration(48h));
  const auto list = severity_scheme(Value::List{Value::object({{"name", 1}, {"respond", "15m"}}), Value::object({{"name", 2}})}).value();
  CHECK(list.find("1").value().respond == Duration(15min));
  CHECK_FALSE(list.find("2").value().respond);
}

TEST_CASE("a wrong scheme is refused with the place of the mistake", "[state]") {
  const auto message = [](const Value& setting) {
    const auto result = severity_scheme(setting);
    REQUIRE_FALSE(result);
    return result.error().message + " | " + result.error().hint;
  };
  CHECK(message(Value::object({{"P0", Value::object({{"respnd", "15m"}})}})).find("severity.P0: unknown key 'respnd' | did you mean 'respond'?") == 0);
  CHECK(message(Value::object({{"P0", Value::object({{"respond", "soon"}})}})).find("severity.P0.respond: \"soon\" is no duration") == 0);
  CHECK(message(Value::object({{"P0", "15m"}})).find("severity.P0: a level is a map") == 0);
  CHECK(message(Value::List{Value::object({{"respond", "15m"}})}).find("no name") != std::string::npos);
  CHECK(message(Value(7)).find("no levels") != std::string::npos);
}

TEST_CASE("a level is kept and read back whole", "[state]") {
  const auto scheme = severity_scheme(Value()).value();
  for (const Severity& level : scheme.levels) {
    const Severity back = severity_of(value_of(level));
    CHECK(back.name == level.name);
    CHECK(back.meaning == level.meaning);
    CHECK(back.respond == level.respond);
    CHECK(back.escalate == level.escalate);
    CHECK(back.update == level.update);
    CHECK(back.postmortem == level.postmortem);
    CHECK(back.next_business_day == level.next_business_day);
  }
}

TEST_CASE("the next business day ends at midnight UTC, weekends left out", "[state]") {
  Severity level;
  level.next_business_day = true;
  constexpr std::int64_t k_day = 86400, k_monday = 1'795'392'000; // 2026-11-23T00:00:00Z
  const auto due = [&](std::int64_t opened) { return (response_due(level, {opened, 0})->seconds - k_monday) / k_day; };
  CHECK(due(k_monday) == 2);
  CHECK(due(k_monday + k_day - 1) == 2);
  CHECK(due(k_monday + 3 * k_day) == 5);
  CHECK(due(k_monday + 4 * k_day) == 8);
  CHECK(due(k_monday + 5 * k_day) == 8);
  CHECK(due(k_monday + 6 * k_day) == 8);
  level.next_business_day = false;
  CHECK_FALSE(response_due(level, {k_monday, 0}));
  level.respond = 15min;
  CHECK(response_due(level, {100, 5}) == Timestamp{1000, 5});
}
