#include "catch.hpp"
#include "problems.hpp"
#include "runbook/freeze.hpp"
#include "value/json.hpp"

using namespace belay;

namespace {

std::string problems_of(const std::string& list) {
  const yaml::Source source{"belay.yaml", list};
  std::vector<Problem> problems;
  const yaml::Node root = yaml::parse(source, problems);
  check_freeze(root, problems);
  return said(problems);
}
/// When the windows let go again; `free` where none holds.
std::string until(const std::string& list, const std::string& now) {
  const yaml::Source source{"belay.yaml", list};
  std::vector<Problem> problems;
  const Value windows = yaml::value(yaml::parse(source, problems));
  const auto frozen = frozen_at(windows, *parse_rfc3339(now));
  return frozen ? rfc3339(frozen->until) : "free";
}

} // namespace

TEST_CASE("a freeze window holds from its beginning to its end, once or each week", "[runbook]") {
  const std::string weekend = "[{from: Fri 16:00, to: Mon 06:00}]";
  CHECK(until(weekend, "2026-11-20T15:59:59Z") == "free");
  CHECK(until(weekend, "2026-11-20T16:00:00Z") == "2026-11-23T06:00:00Z");
  CHECK(until(weekend, "2026-11-22T00:20:00Z") == "2026-11-23T06:00:00Z");
  CHECK(until(weekend, "2026-11-23T05:59:59Z") == "2026-11-23T06:00:00Z");
  CHECK(until(weekend, "2026-11-23T06:00:00Z") == "free");
  CHECK(until("[{from: monday 09:00, to: Monday 10:00}]", "2026-11-23T09:30:00Z") == "2026-11-23T10:00:00Z");
  const std::string holidays = "[{from: 2026-12-20T18:00+01:00, to: 2027-01-04 06:00:00+01:00}]";
  CHECK(until(holidays, "2026-12-20T16:59:59Z") == "free");
  CHECK(until(holidays, "2026-12-20T17:00:00Z") == "2027-01-04T05:00:00Z");
  CHECK(until(holidays, "2027-01-04T05:00:00Z") == "free");
  CHECK(until("[]", "2026-12-20T16:59:59Z") == "free");
}

TEST_CASE("a weekly window follows the clocks of its zone, over a change of them too", "[runbook]") {
  const std::string berlin = "[{from: Fri 16:00, to: Mon 06:00, zone: Europe/Berlin}]";
  CHECK(until(berlin, "2026-11-20T14:59:59Z") == "free");
  CHECK(until(berlin, "2026-11-20T15:00:00Z") == "2026-11-23T05:00:00Z");
  // Clocks go back on Sunday, 25 October 2026: Friday is at +02:00, Monday at +01:00.
  CHECK(until(berlin, "2026-10-23T13:59:59Z") == "free");
  CHECK(until(berlin, "2026-10-23T14:00:00Z") == "2026-10-26T05:00:00Z");
  CHECK(until("[{from: Sat 00:00, to: Sun 00:00, zone: \"+14:00\"}]", "2026-11-20T10:00:00Z") == "2026-11-21T10:00:00Z");
}

TEST_CASE("of several windows that hold the one that ends last is named, with its reason", "[runbook]") {
  const yaml::Source source{"belay.yaml", "[{from: Fri 16:00, to: Mon 06:00}, {from: 2026-11-01T00:00Z, to: 2026-12-01T00:00Z, reason: the move}, {from: Sun 00:00, to: Sun 01:00}]"};
  std::vector<Problem> problems;
  const auto frozen = frozen_at(yaml::value(yaml::parse(source, problems)), *parse_rfc3339("2026-11-22T00:30:00Z"));
  REQUIRE(frozen);
  CHECK(frozen->reason == "the move");
  CHECK(frozen->window == "from 2026-11-01T00:00Z to 2026-12-01T00:00Z");
}

TEST_CASE("a freeze window that is wrong is told with its place", "[runbook]") {
  CHECK(problems_of("[{from: Fri 16:00, to: Mon 06:00, zone: Europe/Berlin}]").empty());
  struct Row { const char *list, *message; };
  const Row rows[] = {
      {"- {from: Fry 16:00, to: Mon 06:00}", "belay.yaml:1:10: 'Fry 16:00' is no time"},
      {"- {from: Fri 25:00, to: Mon 06:00}", "'Fri 25:00' is no time"},
      {"- {from: 2026-02-30T00:00Z, to: 2026-03-01T00:00Z}", "'2026-02-30T00:00Z' is no time"},
      {"- {from: Fri 16:00, to: Mon 06:00, zone: Europe/Berln}", "there is no time zone 'Europe/Berln'"},
      {"- {from: Fri 16:00, to: 2026-12-20T18:00Z}", "one end of the window"},
      {"- {from: Fri 16:00, to: Fri 16:00}", "never holds"},
      {"- {from: 2026-12-20T18:00Z, to: 2026-12-19T18:00Z}", "belay.yaml:1:33: the window ends before it begins"},
      {"- {from: 2026-12-20T18:00Z, to: 2026-12-21T18:00Z, zone: UTC}", "'zone' says nothing"},
  };
  for (const Row& row : rows) {
    INFO(row.list);
    CHECK_THAT(problems_of(row.list), Catch::Contains(row.message));
  }
}

TEST_CASE("a time without an offset is refused with both readings", "[runbook]") {
  const std::string there = problems_of("[{from: 2026-12-20T18:00, to: 2026-12-21T00:00Z, zone: Europe/Berlin}]");
  CHECK_THAT(there, Catch::Contains("'2026-12-20T18:00' does not say in which offset"));
  CHECK_THAT(there, Catch::Contains("2026-12-20T18:00:00Z for UTC") && Catch::Contains("2026-12-20T18:00:00+01:00 for a clock in Europe/Berlin"));
  CHECK_THAT(problems_of("[{from: 2026-12-20, to: 2026-12-21T00:00Z}]"), Catch::Contains("2026-12-20T00:00:00Z for UTC") && Catch::Contains("2026-12-20T00:00:00+01:00"));
}
