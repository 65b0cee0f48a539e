#include "catch.hpp"
#include "engine/exit_decision.hpp"
#include "fakes/engine_rig.hpp"

using namespace belay;
using namespace belay::fakes;
using Strings = std::vector<std::string>;

namespace {

const std::string k_two = "claim: shop\nsteps:\n  - {id: one, use: test.set, with: {name: a, value: x}}\n  - {id: two, use: test.set, with: {name: b, value: y}}\n";

bool says(const Strings& lines, const std::string& what) {
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& l) { return l.find(what) != std::string::npos; });
}

} // namespace

TEST_CASE("exit code and state follow from how a run ends", "[engine]") {
  using engine::Halt;
  struct Row {
    engine::Ending ending;
    Exit exit;
    const char* state;
    bool park;
  };
  const Row rows[] = {
      {{}, Exit::done, "done", false},
      {{Halt::none, false, true, true, false}, Exit::done, "done", false},
      {{Halt::none, false, true, true, true}, Exit::finding, "done", false},
      {{Halt::none, true, false, false, false}, Exit::unchanged, "failed", false},
      {{Halt::none, true, true, false, false}, Exit::unchanged, "undone", false},
      {{Halt::none, true, false, false, false, true}, Exit::usage, "failed", false},
      {{Halt::none, true, true, false, false, true}, Exit::unchanged, "undone", false},
      {{Halt::none, true, true, true, false}, Exit::changed, "stuck", true},
      {{Halt::none, true, true, true, true}, Exit::changed, "stuck", true},
      {{Halt::changed, true, true, true, false}, Exit::changed, "stuck", true},
      {{Halt::stopped, true, true, true, true}, Exit::stopped, "stopped", true},
      {{Halt::waiting, true, true, true, true}, Exit::waiting, "waiting", true},
      {{Halt::unknown, true, true, true, true}, Exit::unknown, "stuck", true},
      {{Halt::refused, false, false, false, false}, Exit::refused, "refused", false},
      {{Halt::refused, false, true, true, false}, Exit::refused, "stopped", true},
  };
  for (const Row& row : rows) {
    const auto decision = engine::decide(row.ending);
    INFO(row.state);
    CHECK(decision.exit == row.exit);
    CHECK(decision.state == row.state);
    CHECK(decision.park == row.park);
  }
}

TEST_CASE("a first signal lets the act finish, journals, and stops with the claim parked", "[engine]") {
  EngineRig rig;
  rig.server.before = [&](int) -> std::optional<Failure> {
    rig.signals.count = 1;
    return {};
  };
  auto done = rig.start(rig.runbook(k_two));
  CHECK(done.exit == Exit::stopped);
  CHECK(rig.server.ledger == Strings{"a=x"});
  CHECK(rig.view(done.run).find("one")->state == State::done);
  CHECK(rig.view(done.run).state == "stopped");
  REQUIRE(rig.store.claims()->size() == 1);
  CHECK(rig.store.claims()->front().parked);
  CHECK(says(done.next, "belay runs resume " + done.run));
  const auto refused = rig.start(*rig.project.find("test/main"));
  CHECK(refused.exit == Exit::claimed);
  rig.next_process();
  rig.server.before = nullptr;
  done = rig.resume(done.run);
  CHECK(done.exit == Exit::done);
  CHECK(rig.server.ledger == Strings{"a=x", "b=y"});
}

TEST_CASE("on_stop: undo takes back what was done", "[engine]") {
  EngineRig rig;
  rig.server.after = [&](int number) -> std::optional<Failure> {
    if (number == 1) rig.signals.count = 1;
    return {};
  };
  const auto done = rig.start(rig.runbook("on_stop: undo\n" + k_two));
  CHECK(done.exit == Exit::unchanged);
  CHECK(rig.server.ledger == Strings{"a=x", "a=old"});
}

TEST_CASE("a second signal leaves the act and says that its outcome is unknown", "[engine]") {
  EngineRig rig;
  rig.server.after = [&](int) -> std::optional<Failure> {
    rig.signals.count = 2;
    return Failure{Cause::stopped, Reached::perhaps, "left", ""};
  };
  rig.server.before_read = [&]() -> std::optional<Failure> {
    if (rig.signals.count == 2) return Failure{Cause::stopped, Reached::no, "left", ""};
    return {};
  };
  const auto done = rig.start(rig.runbook(k_two));
  CHECK((done.exit == Exit::unknown || done.exit == Exit::stopped));
  CHECK(rig.server.ledger == Strings{"a=x"});
  rig.next_process();
  rig.server.after = nullptr;
  CHECK(rig.resume(done.run).exit == Exit::done);
  CHECK(rig.server.ledger == Strings{"a=x", "b=y"});
}

TEST_CASE("a stop that was posted is read before the next act", "[engine]") {
  EngineRig rig;
  rig.server.after = [&](int number) -> std::optional<Failure> {
    if (number == 1) {
      REQUIRE(rig.store.post({0, rig.last_run(), "stop", "ada", "not now", {}}));
      rig.clock.sleep(std::chrono::seconds(2), Stop(rig.clock));
    }
    return {};
  };
  const auto done = rig.start(rig.runbook(k_two));
  CHECK(done.exit == Exit::stopped);
  CHECK(rig.server.ledger == Strings{"a=x"});
  CHECK(done.failure->message.find("ada") != std::string::npos);
}

TEST_CASE("a stopped run is aborted by taking it back", "[engine]") {
  EngineRig rig;
  rig.server.before = [&](int) -> std::optional<Failure> {
    rig.signals.count = 1;
    return {};
  };
  auto done = rig.start(rig.runbook(k_two));
  REQUIRE(done.exit == Exit::stopped);
  rig.next_process();
  rig.server.before = nullptr;
  done = engine::abort(done.run, "wrong version", rig.world);
  CHECK(done.exit == Exit::unchanged);
  CHECK(done.state == "undone");
  CHECK(rig.server.ledger == Strings{"a=x", "a=old"});
  CHECK(rig.store.claims()->empty());
  CHECK(engine::abort(done.run, "", rig.world).exit == Exit::refused);
}

TEST_CASE("a question is asked on a terminal and parks elsewhere until it is answered", "[engine]") {
  const std::string body = k_two + "  - {id: sure, use: manual.confirm, with: {question: really}}\n  - {id: three, use: test.put, with: {name: c, value: \"${{ steps.sure.answer }}\"}}\n";
  EngineRig rig;
  rig.terminal.there = true;
  rig.terminal.lines = {"yes"};
  CHECK(rig.start(rig.runbook(body)).exit == Exit::done);
  CHECK(rig.server.value("c") == "yes");

  EngineRig cron;
  auto done = cron.start(cron.runbook(body));
  CHECK(done.exit == Exit::waiting);
  CHECK(cron.view(done.run).state == "waiting");
  CHECK(cron.store.claims()->front().parked);
  CHECK(says(done.next, "belay runs answer " + done.run + " sure yes"));
  cron.next_process();
  CHECK(cron.resume(done.run).exit == Exit::waiting);
  CHECK_THROWS_AS(engine::answer(done.run, "sure", "perhaps", cron.world), Error);
  CHECK_THROWS_AS(engine::answer(done.run, "two", "yes", cron.world), Error);
  done = engine::answer(done.run, "sure", "yes", cron.world);
  CHECK(done.exit == Exit::done);
  CHECK(cron.server.ledger == Strings{"a=x", "b=y", "c=yes"});

  EngineRig no;
  done = no.start(no.runbook(body));
  no.next_process();
  CHECK(engine::answer(done.run, "sure", "no", no.world).exit == Exit::unchanged);
  CHECK(no.server.value("a") == "old");
}

TEST_CASE("a protected environment wants its name, and a step with confirm the text it names", "[engine]") {
  EngineRig rig;
  rig.with_service(true);
  auto done = rig.start(rig.runbook(k_two));
  CHECK(done.exit == Exit::refused);
  CHECK(done.failure->hint.find("--confirm production") != std::string::npos);
  CHECK(rig.store.appends == 0);
  engine::Options options;
  options.confirm = "production";
  CHECK(rig.start(*rig.project.find("test/main"), options).exit == Exit::done);

  EngineRig named;
  const Runbook& drop = named.runbook("claim: shop\nsteps:\n  - {id: drop, use: test.put, with: {name: a, value: gone}, confirm: main}\n");
  done = named.start(drop);
  CHECK(done.exit == Exit::refused);
  CHECK(done.failure->message.find("--confirm main") != std::string::npos);
  CHECK(named.server.ledger.empty());
  CHECK(named.store.claims()->empty());
  named.terminal.there = true;
  named.terminal.lines = {"mian"};
  CHECK(named.start(drop).exit == Exit::refused);
  named.terminal.lines = {"main"};
  CHECK(named.start(drop).exit == Exit::done);
}

TEST_CASE("only and from leave out steps; one whose output is needed is refused", "[engine]") {
  EngineRig rig;
  const Runbook& runbook = rig.runbook(k_two);
  engine::Options options;
  options.from = "two";
  CHECK(rig.start(runbook, options).exit == Exit::done);
  CHECK(rig.server.ledger == Strings{"b=y"});
  options.from.clear();
  options.only = "tow";
  CHECK_THROWS_AS(rig.start(runbook, options), Error);
  const Runbook& linked = rig.runbook("steps:\n  - {id: one, use: test.set, with: {name: a, value: x}}\n  - {id: two, use: test.set, with: {name: b, value: \"${{ steps.one.was }}\"}}\n", "linked");
  options.only = "two";
  CHECK_THROWS_AS(rig.start(linked, options), Error);
}

TEST_CASE("a claim of another run is not taken, and one of a dead process says what to do", "[engine]") {
  EngineRig rig;
  rig.server.after = [](int) -> std::optional<Failure> { throw Crash{}; };
  CHECK_THROWS_AS(rig.start(rig.runbook(k_two)), Crash);
  const std::string dead = rig.last_run();
  rig.next_process();
  rig.server.after = nullptr;
  const auto refused = rig.start(*rig.project.find("test/main"));
  CHECK(refused.exit == Exit::claimed);
  CHECK(refused.failure->message.find(dead) != std::string::npos);
  CHECK(says(refused.next, "belay runs resume " + dead));
  CHECK(rig.resume(dead).exit == Exit::done);
  CHECK(rig.server.ledger == Strings{"a=x", "b=y"});
}

TEST_CASE("a holder whose claim went to another stops before its next act", "[engine]") {
  EngineRig rig;
  rig.server.after = [&](int number) -> std::optional<Failure> {
    if (number == 1) REQUIRE(rig.store.unlock("shop", rig.store.claims()->front().id));
    return {};
  };
  const auto done = rig.start(rig.runbook(k_two));
  CHECK(done.exit == Exit::stopped);
  CHECK(rig.server.ledger == Strings{"a=x"});
}

TEST_CASE("a resume refuses what others have changed", "[engine]") {
  EngineRig rig;
  // Killed after the intent of `two`, before its act; then somebody else writes the same resource.
  rig.server.before = [](int number) -> std::optional<Failure> {
    if (number == 2) throw Crash{};
    return {};
  };
  CHECK_THROWS_AS(rig.start(rig.runbook(k_two)), Crash);
  rig.server.before = nullptr;
  rig.server.resources["b"] = {"theirs", 7};
  rig.next_process();
  const auto done = rig.resume(rig.last_run());
  CHECK(done.exit == Exit::refused);
  CHECK(rig.server.value("b") == "theirs");
  CHECK(rig.view(done.run).state == "stopped");

  EngineRig read;
  read.server.before = [](int) -> std::optional<Failure> { throw Crash{}; };
  CHECK_THROWS_AS(read.start(read.runbook("claim: shop\nsteps:\n  - {id: now, use: test.read, with: {name: seen}}\n  - {id: one, use: test.set, with: {name: a, value: x}}\n  - {id: two, use: test.set, with: {name: b, value: \"${{ steps.now.value }}\"}}\n")), Crash);
  read.server.before = nullptr;
  read.server.resources["seen"] = {"other", 2};
  read.next_process();
  const auto moved = read.resume(read.last_run());
  CHECK(moved.exit == Exit::refused);
  CHECK(moved.failure->message.find("steps.now.value") != std::string::npos);
}

TEST_CASE("a secret of another version stops a resume", "[engine]") {
  EngineRig rig;
  rig.with_service();
  rig.server.before = [](int) -> std::optional<Failure> { throw Crash{}; };
  CHECK_THROWS_AS(rig.start(rig.runbook("claim: shop\nsteps:\n  - {id: one, use: test.put, with: {name: a, value: \"${{ secrets.token }}\"}}\n")), Crash);
  rig.server.before = nullptr;
  rig.next_process();
  rig.secrets.known["env:TOKEN"].version = "v2";
  CHECK(rig.resume(rig.last_run()).exit == Exit::refused);
  rig.secrets.known["env:TOKEN"].version = "v1";
  CHECK(rig.resume(rig.last_run()).exit == Exit::done);
  CHECK(rig.server.value("a") == "hunter2hunter2");
}

TEST_CASE("a journal that cannot be written lets nothing be sent", "[engine]") {
  EngineRig rig;
  rig.store.before_append = [](const std::string& stream, std::span<const Record> records) -> std::optional<Failure> {
    if (stream.starts_with("run/") && records.front().kind == "intended") return Failure{Cause::full, Reached::no, "no space left", ""};
    return {};
  };
  const auto done = rig.start(rig.runbook(k_two));
  CHECK(done.exit == Exit::stopped);
  CHECK(done.failure->message.find("no space left") != std::string::npos);
  CHECK(rig.server.ledger.empty());
}
