#include "catch.hpp"
#include "fakes/engine_rig.hpp"

using namespace belay;
using namespace belay::fakes;
using Strings = std::vector<std::string>;

namespace {

const std::string k_two = "claim: shop\nsteps:\n  - {id: one, use: test.set, with: {name: a, value: x}}\n  - {id: two, use: test.set, with: {name: b, value: y}}\n";
const std::string k_next = "claim: shop\nsteps:\n  - {id: other, use: test.put, with: {name: c, value: z}}\n";
const std::string k_rescue = "claim: shop\nsafeward: true\nsteps:\n  - {id: back, use: test.put, with: {name: a, value: safe}}\n";

/// A run that dies right before (or after) its second act.
std::string died(EngineRig& rig, bool after = false) {
  (after ? rig.server.after : rig.server.before) = [](int number) -> std::optional<Failure> {
    if (number == 2) throw Crash{};
    return {};
  };
  CHECK_THROWS_AS(rig.start(rig.runbook(k_two)), Crash);
  rig.server.before = rig.server.after = nullptr;
  return rig.last_run();
}
std::string notes(const EngineRig& rig) {
  std::string all;
  for (const Sign& s : rig.heard.signs)
    if (auto* note = std::get_if<sign::Note>(&s)) all += note->text + "\n";
  return all;
}
engine::Options preempting(const std::string& run) {
  engine::Options options;
  options.preempt = run;
  options.reason = "the site is down";
  return options;
}

} // namespace

TEST_CASE("a run whose claim a rescue took counts as stopped, and says who took it", "[engine]") {
  EngineRig rig;
  const std::string dead = died(rig);
  rig.next_process();
  const auto rescue = rig.start(rig.runbook(k_rescue, "rescue"));
  REQUIRE(rescue.exit == Exit::done);
  const RunView view = rig.view(dead);
  CHECK(view.state == "stopped");
  CHECK(view.taken_over == "by run " + rescue.run);
  REQUIRE(view.decided.size() == 1);
  CHECK(rig.store.list({.kind = "run", .status = "running"})->empty());
  // It can be taken up again, and is then its own again.
  rig.next_process();
  CHECK(engine::abort(dead, "rescued", rig.world).exit == Exit::changed); // its first change was written over by the rescue, which is left
  CHECK(rig.server.value("a") == "safe");
  CHECK(rig.view(dead).taken_over.empty());
}

TEST_CASE("a rescue says what became of the act that the other run left under way", "[engine]") {
  const bool landed = GENERATE(false, true);
  EngineRig rig;
  const std::string dead = died(rig, landed);
  rig.next_process();
  CHECK(rig.start(rig.runbook(k_rescue, "rescue"), preempting(dead)).exit == Exit::done);
  CHECK_THAT(notes(rig), Catch::Contains(dead) && Catch::Contains("at 'two'") && Catch::Contains(landed ? "it took effect" : "no trace of it is seen"));
  CHECK(rig.view(dead).find("two")->state == State::intent); // its own resume settles it
}

TEST_CASE("a claim whose lease ran out is not walked over while its run has not come to its end", "[engine]") {
  EngineRig rig;
  const std::string silent = died(rig);
  rig.machine.lives[rig.machine.me.pid] = Machine::Life::unknown; // as of another host
  ++rig.machine.me.pid;
  rig.machine.lives[rig.machine.me.pid] = Machine::Life::alive;
  rig.clock.sleep(std::chrono::minutes(10), Stop(rig.clock));
  engine::Options patient;
  patient.wait = std::chrono::minutes(3);
  for (const auto& options : {engine::Options{}, patient}) {
    const auto refused = rig.start(options.wait ? *rig.project.find("test/next") : rig.runbook(k_next, "next"), options);
    CHECK(refused.exit == Exit::claimed);
    CHECK_THAT(refused.failure->message, Catch::Contains(silent) && Catch::Contains("not heard of"));
    CHECK_THAT(refused.next, Catch::VectorContains("belay runs resume " + silent));
  }
  CHECK(rig.server.ledger == Strings{"a=x"});
  CHECK(rig.resume(silent).exit == Exit::done);
  CHECK(rig.start(*rig.project.find("test/next")).exit == Exit::done);
}

TEST_CASE("an abort takes back a run whose holder let its lease go by without a word", "[engine]") {
  EngineRig rig;
  const std::string silent = died(rig);
  rig.machine.lives[rig.machine.me.pid] = Machine::Life::unknown;
  ++rig.machine.me.pid;
  CHECK(engine::abort(silent, "gone", rig.world).exit == Exit::unchanged);
  CHECK(rig.server.value("a") == "old");
}

TEST_CASE("a crash between a run's last word and its claim leaves no claim that is walked over", "[engine]") {
  for (const bool ends : {true, false}) {
    INFO(ends);
    EngineRig rig;
    rig.server.before = [&](int) -> std::optional<Failure> {
      if (!ends) rig.signals.count = 1;
      return {};
    };
    rig.store.after_append = [&](const std::string& stream, std::span<const Record> records) -> std::optional<Failure> {
      if (stream.starts_with("run/") && (records.front().kind == "run_ended" || records.front().kind == "stopped")) throw Crash{};
      return {};
    };
    CHECK_THROWS_AS(rig.start(rig.runbook(k_two)), Crash);
    rig.store.after_append = nullptr;
    rig.server.before = nullptr;
    const std::string run = rig.last_run();
    CHECK(rig.view(run).state == (ends ? "done" : "stopped"));
    CHECK_FALSE(rig.store.claims()->empty());
    rig.next_process();
    CHECK(rig.start(rig.runbook(k_next, "next")).exit == (ends ? Exit::done : Exit::claimed));
  }
}
