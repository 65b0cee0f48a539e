#include "catch.hpp"
#include "report/postmortem.hpp"
#include "report/timeline.hpp"

using namespace belay;
using namespace belay::incidents;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t k_open = 1'795'300'200; // 2026-11-21T22:30:00Z
Timestamp at(std::int64_t minutes) { return {k_open + minutes * 60, 0}; }

template <class F> F fact(std::int64_t minutes, std::string text) {
  F made;
  made.who = "bo";
  made.text = std::move(text);
  made.at = at(minutes);
  return made;
}

std::vector<incidents::Fact> whole_story() {
  Opened opened;
  opened.id = "INC-2026-11-21-001";
  opened.title = "checkout fails | for \x1b[31mall\n";
  opened.service = "shop";
  opened.environment = "production";
  opened.who = "ana";
  opened.level = value_of(severity_scheme(Value()).value().find("P1").value());
  opened.began = at(-10);
  opened.at = at(0);
  RoleSet role;
  role.who = "ana";
  role.role = "commander";
  role.person = "ana";
  role.at = at(4);
  RunAttached run;
  run.run = "r-1";
  run.what = "rollback shop -e production";
  run.who = "bo";
  run.state = "done";
  run.started = at(5);
  run.changed = {"traffic of shop"};
  run.stands = {"traffic of shop"};
  run.at = at(6);
  return {opened, fact<Acknowledged>(3, ""), role, run, fact<Mitigated>(7, "rolled back to 1.1.0"), fact<Resolved>(95, "a missing index")};
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("spans are written in two units", "[report]") {
  CHECK(report::span_text(0s) == "0s");
  CHECK(report::span_text(59s) == "59s");
  CHECK(report::span_text(12min + 5s) == "12m05s");
  CHECK(report::span_text(2h + 5min + 59s) == "2h05m");
  CHECK(report::span_text(76h) == "3d4h");
  CHECK(report::span_text(-90s) == "-1m30s");
}

TEST_CASE("the timeline shows state, durations and everything that happened in order", "[report]") {
  const std::string text = report::timeline_text(fold(whole_story()).value(), at(200));
  CHECK(text == R"(INC-2026-11-21-001  P1  shop in production
checkout fails | for \x1b[31mall 
  status        resolved
  began         2026-11-21 22:20:00
  opened        2026-11-21 22:30:00  after 10m00s
  acknowledged  2026-11-21 22:33:00  after 3m00s
  mitigated     2026-11-21 22:37:00  after 17m00s
  resolved      2026-11-22 00:05:00  after 1h45m
  commander     ana

times in UTC
2026-11-21
  22:20:00   -10m00s       the trouble began
  22:30:00       +0s  ana  opened as P1: checkout fails | for \x1b[31mall 
  22:33:00    +3m00s  bo   acknowledged
  22:34:00    +4m00s  ana  commander is ana
  22:35:00    +5m00s  bo   rollback shop -e production: begun (run r-1)
  22:36:00    +6m00s  bo   rollback shop -e production: done, exit 0; changed traffic of shop (run r-1)
  22:37:00    +7m00s  bo   mitigated: rolled back to 1.1.0
2026-11-22
  00:05:00    +1h35m  bo   resolved: a missing index
)");
}

TEST_CASE("an incident that goes on shows for how long and what is overdue", "[report]") {
  auto story = whole_story();
  story.resize(1);
  const std::string text = report::timeline_text(fold(story).value(), at(60));
  CHECK(has(text, "open, going on for 1h10m"));
  CHECK(has(text, "OVERDUE       nobody has acknowledged it: a response was due at 2026-11-21T22:45:00Z"));
}

TEST_CASE("the incident for machines has stable names and exact times", "[report]") {
  const Value value = report::incident_value(fold(whole_story()).value(), at(200));
  CHECK(value["id"] == Value("INC-2026-11-21-001"));
  CHECK(value["status"] == Value("resolved"));
  CHECK(value["opened"] == Value("2026-11-21T22:30:00Z"));
  CHECK(value["closed"].is_null());
  CHECK(value["seconds_to_acknowledge"] == Value(std::int64_t{180}));
  CHECK(value["seconds_to_resolve"] == Value(std::int64_t{105 * 60}));
  CHECK(value["roles"]["commander"] == Value("ana"));
  CHECK(value["runs"].list().at(0)["changed"] == Value(Value::List{"traffic of shop"}));
  CHECK(value["timeline"].list().size() == 8);
  CHECK(value["overdue"].list().empty());
}

TEST_CASE("a post-mortem is filled from the record, and asks only what no record tells", "[report]") {
  RunView view;
  view.header.run = "r-1";
  StepView& step = view.step("shift");
  step.title = "Send 100 % to 1.1.0";
  step.effect = Effect::changes;
  step.state = State::done;
  step.settled_seq = 4;
  step.took = 2s;
  StepView& look = view.step("look");
  look.settled_seq = 2;
  look.title = "a read that is not told";
  view.findings.push_back({"look", {"certificate", "ends in 5 days", {}}});
  const std::string text = report::postmortem_markdown(fold(whole_story()).value(), {view}, at(200));
  CHECK(has(text, "# Post-mortem INC-2026-11-21-001: checkout fails \\| for \\\\x1b\\[31mall \n"));
  CHECK(has(text, "| Severity | P1: much of the service does not work |"));
  CHECK(has(text, "| commander | ana |"));
  CHECK(has(text, "| This document is due | 2026-11-24 00:05:00 UTC |"));
  CHECK(has(text, "The trouble had begun 10m00s before. It was mitigated after 17m00s: rolled back to 1.1.0. It was resolved after 1h45m. One run of belay took part."));
  CHECK(has(text, "Users were affected for up to 17m00s: from 2026-11-21 22:20:00 to 2026-11-21 22:37:00 UTC."));
  CHECK_FALSE(has(text, "Did it begin before"));
  CHECK(has(text, "\na missing index.\n"));
  CHECK_FALSE(has(text, "What was the cause?"));
  CHECK(has(text, "| Until it was acknowledged | 3m00s | by 2026-11-21 22:45:00: kept |"));
  CHECK(has(text, "Run r-1, by bo, from 2026-11-21 22:35:00 to 2026-11-21 22:36:00 UTC: **done**, exit 0."));
  CHECK(has(text, "- Changed: traffic of shop\n- Stands: traffic of shop\n"));
  CHECK(has(text, "- Found: certificate: ends in 5 days\n"));
  CHECK(has(text, "| shift | Send 100 % to 1.1.0 | done | 2s |"));
  CHECK_FALSE(has(text, "a read that is not told"));
  CHECK(has(text, "| What keeps this from happening again? | who? | when? |"));
  CHECK_FALSE(has(text, "\x1b"));
}

TEST_CASE("a post-mortem of an incident that nobody answered says so", "[report]") {
  auto story = whole_story();
  story.resize(1);
  ActionAdded action;
  action.text = "page somebody";
  action.owner = "cy";
  action.at = at(30);
  story.push_back(action);
  const std::string text = report::postmortem_markdown(fold(story).value(), {}, at(60));
  CHECK(has(text, "It is not resolved yet: it is open."));
  CHECK(has(text, "| Until it was acknowledged | not yet | by 2026-11-21 22:45:00: not kept |"));
  CHECK(has(text, "- What was the cause?"));
  CHECK(has(text, "No run of belay took part."));
  CHECK(has(text, "| page somebody | cy | when? |"));
}
