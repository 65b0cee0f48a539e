#include "catch.hpp"
#include "fakes/engine_rig.hpp"
#include "value/json.hpp"

using namespace belay;
using namespace belay::fakes;
using Strings = std::vector<std::string>;

namespace {

const std::string k_one = "claim: shop\nsteps:\n  - {id: one, use: test.set, with: {name: a, value: x}}\n";

/// The rig's clock stands on Friday, 15 January 2027, 08:00 UTC.
void freeze(EngineRig& rig, const std::string& from = "Fri 07:00", const std::string& to = "Fri 09:30") {
  rig.with_service();
  rig.service->freeze = Value(Value::List{Value::object({{"from", from}, {"to", to}, {"reason", "the sale"}})});
}

bool notes(const EngineRig& rig, const std::string& what) {
  return std::any_of(rig.heard.signs.begin(), rig.heard.signs.end(), [&](const Sign& s) {
    auto* note = std::get_if<sign::Note>(&s);
    return note && note->text.find(what) != std::string::npos;
  });
}

} // namespace

TEST_CASE("a freeze window refuses a run that would change something, and says until when and what overrides it", "[engine]") {
  EngineRig rig;
  freeze(rig);
  const auto done = rig.start(rig.runbook(k_one));
  CHECK(done.exit == Exit::refused);
  CHECK(done.state == "refused");
  CHECK_THAT(done.failure->message, Catch::Contains("local is frozen") && Catch::Contains("Fri 07:00 to Fri 09:30 UTC") && Catch::Contains("the sale") && Catch::Contains("2027-01-15T09:30:00Z"));
  CHECK_THAT(done.failure->hint, Catch::Contains("--break-glass"));
  CHECK(rig.server.ledger.empty());
  CHECK(rig.store.appends == 0);
  CHECK(rig.store.claims()->empty());
}

TEST_CASE("a freeze refuses neither reads, nor a safe-ward runbook, nor a run outside its window", "[engine]") {
  EngineRig rig;
  freeze(rig);
  CHECK(rig.start(rig.runbook("steps:\n  - {id: now, use: test.read, with: {name: a}}\n", "reads")).exit == Exit::done);
  CHECK(rig.start(rig.runbook("safeward: true\n" + k_one, "rescue")).exit == Exit::done);
  CHECK(rig.server.ledger == Strings{"a=x"});
  EngineRig later;
  freeze(later, "Fri 09:00");
  CHECK(later.start(later.runbook(k_one)).exit == Exit::done);
}

TEST_CASE("break-glass overrides a freeze, is said aloud and kept in the journal", "[engine]") {
  EngineRig rig;
  freeze(rig);
  engine::Options options;
  options.break_glass = "the shop is down";
  const auto done = rig.start(rig.runbook(k_one), options);
  CHECK(done.exit == Exit::done);
  CHECK(rig.view(done.run).header.break_glass == "the shop is down");
  CHECK(notes(rig, "the shop is down"));
  CHECK(notes(rig, "local is frozen"));
  EngineRig plain;
  plain.with_service();
  CHECK(plain.start(plain.runbook(k_one), options).exit == Exit::done);
  CHECK_FALSE(notes(plain, "frozen"));
}

TEST_CASE("a dry run in a freeze shows the plan, and that a run now would be refused", "[engine]") {
  EngineRig rig;
  freeze(rig);
  engine::Options options;
  options.mode = engine::Mode::reads;
  const auto done = rig.start(rig.runbook(k_one), options);
  REQUIRE(done.plan);
  CHECK(done.exit == Exit::done);
  REQUIRE(done.plan->refused_now.size() == 1);
  CHECK_THAT(done.plan->refused_now.front(), Catch::Contains("local is frozen") && Catch::Contains("--break-glass"));
  CHECK(done.plan->steps.size() == 1);
}

TEST_CASE("a stopped run does not go forward in a freeze, but may always be taken back", "[engine]") {
  for (const std::string way : {"resume", "break-glass", "abort"}) {
    INFO(way);
    EngineRig rig;
    freeze(rig, "Fri 08:30");
    rig.server.before = [&](int) -> std::optional<Failure> {
      rig.signals.count = 1;
      return {};
    };
    const auto stopped = rig.start(rig.runbook(k_one + "  - {id: two, use: test.set, with: {name: b, value: y}}\n"));
    REQUIRE(stopped.exit == Exit::stopped);
    rig.next_process();
    rig.server.before = nullptr;
    rig.clock.sleep(std::chrono::minutes(45), Stop(rig.clock));
    if (way == "abort") {
      CHECK(engine::abort(stopped.run, "not now", rig.world).exit == Exit::unchanged);
      CHECK(rig.server.ledger == Strings{"a=x", "a=old"});
      continue;
    }
    engine::ResumeOptions options;
    if (way == "break-glass") options.break_glass = "half is worse";
    const auto done = engine::resume(stopped.run, options, rig.world);
    CHECK(done.exit == (way == "resume" ? Exit::refused : Exit::done));
    if (way == "resume") {
      CHECK_THAT(done.failure->message, Catch::Contains("local is frozen"));
      CHECK(std::any_of(done.next.begin(), done.next.end(), [](const std::string& n) { return n.find("runs abort") != std::string::npos; }));
      CHECK(rig.server.ledger == Strings{"a=x"});
    } else {
      const RunView view = rig.view(stopped.run);
      REQUIRE(view.decided.size() == 1);
      CHECK(view.decided.front().what == "break-glass");
      CHECK(view.decided.front().reason == "half is worse");
    }
  }
}
