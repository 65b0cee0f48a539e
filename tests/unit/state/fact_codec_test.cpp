#include "catch.hpp"
#include "state/fact_codec.hpp"
#include "state/run_view.hpp"
#include "value/json.hpp"

using namespace belay;

namespace {

/// A fact of every kind, no member at its default.
std::vector<Fact> every_fact() {
  const Identity id{"R1", "a/b", "R1/a/b", 3, {100, 5}};
  const Failure failure{Cause::throttled, Reached::yes, "slow down", "wait"};
  const Finding finding{"db", "full", Value(0.5)};
  Outcome outcome;
  outcome.state = State::partial;
  outcome.outputs = Value::object({{"n", Value(std::uint64_t{7})}, {"at", Value(Timestamp{5, 6})}, {"took", Value(Duration(9))}, {"raw", Value::bytes("\xff")}});
  outcome.handle = Value("op-1");
  outcome.failure = failure;
  outcome.findings = {finding};
  outcome.again = Duration(3);
  Tick tick{Verdict::inconclusive, Value(1), {{"errors", 0.25, 0.5, "1 of 4"}}, "thin", true};
  fact::RunStarted started;
  started.run = "R1", started.runbook = "host/deploy", started.service = "shop", started.environment = "local", started.definition = "x: y";
  started.plan_digest = "d", started.who = "me", started.host = "h", started.version = "1", started.commit = "c", started.claim = "shop/local";
  started.reason = "because", started.from = "a", started.only = "b", started.break_glass = "fire", started.dirty = true, started.safeward = true;
  started.parameters = Value::object({{"to", Value()}}), started.settings = Value::object({}), started.secrets = Value::object({{"k", Value("v1")}});
  started.process = {"h", "boot", 42, 77}, started.at = {1, 2};
  fact::Intended intended{id, "host.start", "Start", "dig", "shown", {"res:a"}, Value::object({{"a", Value(1)}}), Value("seen"), Value("undo"), Effect::destroys, Repeat::keyed};
  fact::Settled settled{"p", "host.start", "Start", 2, outcome, Effect::adds, Value("undo"), Value("saved"), "file", "tail", Duration(4)};
  fact::RunEnded ended{Exit::stopped, "stopped", {"a"}, {"b"}, {"c"}, {"d"}, Value("o"), {9, 9}};
  return {started,
          fact::Expanded{"p", {"eu", "us"}},
          fact::Skipped{"p", "why"},
          intended,
          fact::Answered{"p", 2, Value("h")},
          settled,
          fact::Opened{"p", Value("o")},
          fact::Closed{"p"},
          fact::Turned{"p", "because"},
          fact::Ticked{"p", tick},
          fact::Parked{"p", {"sure?", {"yes", "no"}, "dig", Timestamp{4, 0}}},
          fact::Said{"p", "me", "tty", Value("yes"), {3, 0}},
          fact::Undoing{"p", id, "dig", "shown", Value(1), Value(2)},
          fact::Undone{"p", outcome, Duration(8)},
          fact::Stopped{"signal"},
          fact::Resumed{"me", "h", {"h", "b", 1, 2}, 6, {7, 0}},
          fact::Decided{"skip", "p", "me", "reason", {8, 0}},
          fact::Found{"p", finding},
          ended};
}

} // namespace

TEST_CASE("every kind of fact reads back from its record as it was written", "[state]") {
  const auto facts = every_fact();
  REQUIRE(facts.size() == std::variant_size_v<Fact>);
  for (std::size_t i = 0; i < facts.size(); ++i) {
    REQUIRE(facts[i].index() == i);
    const Record record = encode_fact(facts[i], {11, 12});
    INFO(record.kind << " " << record.body);
    auto back = decode_fact(record);
    REQUIRE(back);
    CHECK(back->index() == i);
    CHECK(encode_fact(*back, {11, 12}).body == record.body);
  }
  const auto settled = std::get<fact::Settled>(*decode_fact(encode_fact(facts[5], {})));
  CHECK(settled.outcome.outputs == std::get<fact::Settled>(facts[5]).outcome.outputs);
  CHECK(settled.outcome.failure->cause == Cause::throttled);
  CHECK(settled.outcome.findings.front().message == "full");
  CHECK(settled.attempt == 2);
  CHECK(std::get<fact::RunStarted>(*decode_fact(encode_fact(facts[0], {}))).process == ProcessMark{"h", "boot", 42, 77});
}

TEST_CASE("a record of a newer version is read as far as it is known, and a newer kind is left out", "[state]") {
  Record record{"skipped", R"({"path":"p","reason":"r","colour":{"a":[1]}})", {}, {}};
  auto back = decode_fact(record);
  REQUIRE(back);
  CHECK(std::get<fact::Skipped>(*back).reason == "r");
  Record newer{"painted", "{}", {}, {}};
  CHECK(decode_fact(newer).error().cause == Cause::missing);
  auto events = decode_events("run/R1", 1, {record, newer, record});
  REQUIRE(events);
  REQUIRE(events->size() == 2);
  CHECK(events->back().seq == 3);
  CHECK_FALSE(decode_events("run/R1", 1, {Record{"skipped", "{", {}, {}}}));
}

TEST_CASE("no secret's text stands in a record", "[state]") {
  fact::Intended intended;
  intended.in = Value::object({{"password", Value("hunter22").as_secret()}, {"user", Value("me")}});
  const Record record = encode_fact(intended, {});
  CHECK(record.body.find("hunter22") == std::string::npos);
  auto back = decode_fact(record);
  REQUIRE(back);
  CHECK(std::get<fact::Intended>(*back).in["password"].is_secret());
  CHECK(std::get<fact::Intended>(*back).in["user"].text() == "me");
}

TEST_CASE("the view of a run follows its steps from intent to undone", "[state]") {
  RunView run;
  std::uint64_t seq = 0;
  auto tell = [&](Fact f) { apply(run, {"run/R1", ++seq, {static_cast<std::int64_t>(seq), 0}, std::move(f)}); };
  fact::RunStarted started;
  started.run = "R1";
  tell(started);
  fact::Intended intended;
  intended.id.path = "shift";
  tell(intended);
  CHECK(run.find("shift")->state == State::intent);
  CHECK(run.standing().size() == 1);
  fact::Settled settled;
  settled.path = "shift";
  settled.effect = Effect::changes;
  settled.outcome.outputs = Value::object({{"x", Value(1)}});
  tell(settled);
  CHECK(run.find("shift")->state == State::done);
  CHECK(run.find("shift")->settled_seq == 3);
  tell(fact::Turned{"", "healthy failed"});
  CHECK(run.state == "undoing");
  tell(fact::Undoing{"shift", {}, {}, {}, {}, {}});
  CHECK(run.find("shift")->undoing.has_value());
  fact::Undone undone;
  undone.path = "shift";
  tell(undone);
  CHECK(run.find("shift")->state == State::undone);
  CHECK(run.standing().empty());
  fact::RunEnded ended;
  ended.state = "undone";
  tell(ended);
  CHECK(run.finished());
  CHECK(row_of(run, "run/R1").status == "undone");
}

TEST_CASE("a parked run waits, and goes on when it was answered and resumed", "[state]") {
  RunView run;
  apply(run, {"run/R1", 1, {}, fact::Parked{"sure", {"sure?", {}, {}, {}}}});
  apply(run, {"run/R1", 2, {}, fact::Stopped{"waits for an answer"}});
  CHECK(run.state == "waiting");
  CHECK(run.parked == "sure");
  apply(run, {"run/R1", 3, {}, fact::Said{"sure", "me", "tty", Value("yes"), {}}});
  apply(run, {"run/R1", 4, {}, fact::Resumed{}});
  CHECK(run.state == "running");
  CHECK(run.parked.empty());
}
