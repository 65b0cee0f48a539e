#include "catch.hpp"
#include "fakes/engine_rig.hpp"

using namespace belay;
using namespace belay::fakes;
using Strings = std::vector<std::string>;

TEST_CASE("an abort does not make the act that a crash kept from being sent", "[engine]") {
  const std::string action = GENERATE(std::string("test.put"), std::string("test.set"));
  INFO(action);
  EngineRig rig;
  rig.server.before = [](int number) -> std::optional<Failure> {
    if (number == 2) throw Crash{};
    return {};
  };
  CHECK_THROWS_AS(rig.start(rig.runbook("claim: shop\nsteps:\n  - {id: one, use: " + action + ", with: {name: a, value: x}}\n  - {id: two, use: " + action + ", with: {name: b, value: y}}\n")), Crash);
  rig.server.before = nullptr;
  rig.next_process();
  const auto done = engine::abort(rig.last_run(), "not now", rig.world);
  INFO((done.failure ? done.failure->message : ""));
  CHECK(done.exit == Exit::unchanged);
  CHECK(std::count(rig.server.ledger.begin(), rig.server.ledger.end(), "b=y") == 0);
  CHECK(rig.server.value("a") == "old");
  CHECK(rig.server.value("b") == "old");
}

TEST_CASE("an abort is not refused for what others did where nothing was done", "[engine]") {
  EngineRig rig;
  rig.server.before = [](int number) -> std::optional<Failure> {
    if (number == 2) throw Crash{};
    return {};
  };
  CHECK_THROWS_AS(rig.start(rig.runbook("claim: shop\nsteps:\n  - {id: one, use: test.set, with: {name: a, value: x}}\n  - {id: two, use: test.set, with: {name: b, value: y}}\n")), Crash);
  rig.server.before = nullptr;
  rig.server.resources["b"] = {"theirs", 7};
  rig.next_process();
  CHECK(engine::abort(rig.last_run(), "not now", rig.world).exit == Exit::unchanged);
  CHECK(rig.server.ledger == Strings{"a=x", "a=old"});
  CHECK(rig.server.value("b") == "theirs");
}

TEST_CASE("an undo that was interrupted leaves what others have changed since", "[engine]") {
  EngineRig rig;
  rig.server.before = [](int number) -> std::optional<Failure> {
    if (number == 2) throw Crash{}; // the undo of one, after its intent
    return {};
  };
  CHECK_THROWS_AS(rig.start(rig.runbook("claim: shop\nsteps:\n  - {id: one, use: test.set, with: {name: a, value: x}}\n  - {id: broken, use: core.fail, with: {message: enough}}\n")), Crash);
  rig.server.before = nullptr;
  rig.server.resources["a"] = {"theirs", 9};
  rig.next_process();
  const auto done = rig.resume(rig.last_run());
  CHECK(rig.server.value("a") == "theirs");
  CHECK(done.exit == Exit::changed);
}

TEST_CASE("a step goes through the hold of its own group, forward and back", "[engine]") {
  EngineRig rig;
  const auto done = rig.start(rig.runbook(R"(
steps:
  - id: left
    steps:
      - {id: proxy, use: test.tunnel, with: {to: left}}
      - {id: through, use: test.put, with: {name: a, value: "${{ string(steps.proxy.port) }}"}}
  - id: right
    steps:
      - {id: proxy, use: test.tunnel, with: {to: right}}
      - {id: beside, use: test.put, with: {name: b, value: x}}
  - {id: broken, use: core.fail, with: {message: enough}}
)"));
  CHECK(done.exit == Exit::unchanged);
  CHECK(std::count(rig.server.ledger.begin(), rig.server.ledger.end(), "tunnel opened") == 2);
  for (const Event& event : rig.heard.events)
    if (auto* opened = std::get_if<fact::Opened>(&event.fact)) CHECK(opened->path == "left/proxy");
}

TEST_CASE("a mistake of belay's own stops the run with its claim parked", "[engine]") {
  EngineRig rig; // its process port throws
  const auto done = rig.start(rig.runbook("claim: shop\nsteps:\n  - {id: one, use: test.put, with: {name: a, value: x}}\n  - {id: run, use: core.run, with: {argv: [tool]}}\n"));
  CHECK(done.exit == Exit::stopped);
  CHECK(rig.view(done.run).state == "stopped");
  REQUIRE(rig.store.claims()->size() == 1);
  CHECK(rig.store.claims()->front().parked);
}

TEST_CASE("the approval of one act is none of another", "[engine]") {
  EngineRig rig;
  const std::string body = "claim: shop\nsteps:\n  - {id: one, use: test.set, with: {name: a, value: x}}\n  - {id: two, use: test.set, approve: true, with: {name: b, value: y}";
  auto done = rig.start(rig.runbook(body + "}\n"));
  REQUIRE(done.exit == Exit::waiting);
  rig.next_process();
  CHECK(engine::answer(done.run, "two", "approve", rig.world).exit == Exit::waiting); // by the one who began it
  rig.machine.person = "grace";
  rig.server.resources["b"] = {"theirs", 4};
  rig.next_process();
  CHECK(engine::answer(done.run, "two", "approve", rig.world).exit == Exit::waiting); // what was approved is not what would be sent now
  CHECK(rig.server.ledger == Strings{"a=x"});
  rig.next_process();
  CHECK(engine::answer(done.run, "two", "approve", rig.world).exit == Exit::done);
  CHECK(rig.server.ledger == Strings{"a=x", "b=y"});

  EngineRig both;
  engine::Options options;
  options.confirm = "main";
  done = both.start(both.runbook(body + ", confirm: main}\n"), options);
  REQUIRE(done.exit == Exit::waiting);
  both.machine.person = "grace";
  both.next_process();
  CHECK(engine::answer(done.run, "two", "approve", both.world).exit == Exit::done);
}

TEST_CASE("a step that was skipped though it may have taken effect still stands when the run fails", "[engine]") {
  EngineRig rig;
  rig.server.after = [](int) -> std::optional<Failure> { return Failure{Cause::transport, Reached::perhaps, "no answer", ""}; };
  const auto done = rig.start(rig.runbook("claim: shop\nsteps:\n  - {id: one, use: test.fire, with: {name: a}}\n  - {id: broken, use: core.fail, with: {message: enough}}\n"));
  REQUIRE(done.exit == Exit::unknown);
  rig.server.after = nullptr;
  rig.next_process();
  REQUIRE(engine::skip(done.run, "one", "it fired", rig.world));
  const auto ended = rig.resume(done.run);
  CHECK(ended.exit == Exit::changed);
  REQUIRE(ended.stands.size() == 1);
  CHECK(ended.stands.front().find("one") == 0);
}
