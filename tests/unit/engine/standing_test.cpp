#include "catch.hpp"
#include "fakes/engine_rig.hpp"

using namespace belay;
using namespace belay::fakes;
using Strings = std::vector<std::string>;

namespace {

const std::string k_back = "claim: shop\nsteps:\n  - {id: one, use: test.put, with: {name: a, value: x}}\n  - {id: two, use: test.put, with: {name: b, value: y}}\n  - {id: broken, use: core.fail, with: {message: enough}}\n";

/// Somebody writes `theirs` to a resource as soon as the server has seen that many acts.
void meanwhile(EngineRig& rig, int acts, const std::string& name) {
  rig.server.after = [&rig, acts, name](int number) -> std::optional<Failure> {
    if (number == acts) rig.server.resources[name] = {"theirs", 9};
    return {};
  };
}

} // namespace

TEST_CASE("an undo never writes over what somebody changed since, whatever the action repeats by", "[engine]") {
  const std::string action = GENERATE(std::string("test.put"), std::string("test.set"));
  INFO(action);
  EngineRig rig;
  meanwhile(rig, 2, "b");
  std::string body = k_back;
  for (std::size_t at = 0; (at = body.find("test.put", at)) != std::string::npos; ++at) body.replace(at, 8, action);
  const auto done = rig.start(rig.runbook(body));
  CHECK(done.exit == Exit::changed);
  CHECK(done.state == "stuck");
  CHECK(rig.server.value("b") == "theirs");
  // What is older may be what the other's change stands on.
  CHECK(rig.server.ledger == Strings{"a=x", "b=y"});
  REQUIRE(done.stands.size() == 2);
  CHECK_THAT(done.stands.back(), Catch::Contains("two") && Catch::Contains("others have changed it") && Catch::Contains("theirs"));
  CHECK_THAT(done.next, Catch::VectorContains("belay runs skip " + done.run + " two --reason WHY"));
  CHECK(rig.store.claims()->front().parked);

  // It is looked at again, and left again.
  rig.server.after = nullptr;
  rig.next_process();
  CHECK(rig.resume(done.run).exit == Exit::changed);
  CHECK(rig.server.ledger == Strings{"a=x", "b=y"});

  // A person leaves it so: the rest is taken back.
  REQUIRE(engine::skip(done.run, "two", "it is Bob's now", rig.world));
  rig.next_process();
  const auto rest = rig.resume(done.run);
  CHECK(rig.server.ledger == Strings{"a=x", "b=y", "a=old"});
  CHECK(rig.server.value("b") == "theirs");
  CHECK(rest.exit == Exit::changed);
  CHECK(rest.undone == Strings{"one"});
  REQUIRE(rest.stands.size() == 1);
  CHECK_THAT(rest.stands.front(), Catch::StartsWith("two"));
}

TEST_CASE("an undo that was refused goes on once the world is again as the run left it", "[engine]") {
  EngineRig rig;
  meanwhile(rig, 2, "b");
  const auto done = rig.start(rig.runbook(k_back));
  REQUIRE(done.exit == Exit::changed);
  rig.server.after = nullptr;
  rig.server.resources["b"] = {"y", 10};
  rig.next_process();
  CHECK(rig.resume(done.run).exit == Exit::unchanged);
  CHECK(rig.server.value("a") == "old");
  CHECK(rig.server.value("b") == "old");
}

TEST_CASE("what somebody took back already is not taken back again", "[engine]") {
  EngineRig rig;
  rig.server.after = [&](int number) -> std::optional<Failure> {
    if (number == 2) rig.server.resources["b"] = {"old", 9};
    return {};
  };
  CHECK(rig.start(rig.runbook(k_back)).exit == Exit::unchanged);
  CHECK(rig.server.ledger == Strings{"a=x", "b=y", "a=old"});
}

TEST_CASE("an undo whose intent a crash left open leaves what others have changed since", "[engine]") {
  EngineRig rig;
  rig.server.before = [](int number) -> std::optional<Failure> {
    if (number == 3) throw Crash{}; // the undo of two, after its intent
    return {};
  };
  CHECK_THROWS_AS(rig.start(rig.runbook(k_back)), Crash);
  rig.server.before = nullptr;
  rig.server.resources["b"] = {"theirs", 9};
  rig.next_process();
  CHECK(rig.resume(rig.last_run()).exit == Exit::changed);
  CHECK(rig.server.value("b") == "theirs");
  rig.next_process();
  CHECK(rig.resume(rig.last_run()).exit == Exit::changed);
  CHECK(rig.server.value("b") == "theirs");
}

TEST_CASE("an act that a crash left open is not made over what others made since", "[engine]") {
  EngineRig rig;
  rig.server.before = [](int number) -> std::optional<Failure> {
    if (number == 2) throw Crash{};
    return {};
  };
  CHECK_THROWS_AS(rig.start(rig.runbook("claim: shop\nsteps:\n  - {id: one, use: test.put, with: {name: a, value: x}}\n  - {id: two, use: test.put, with: {name: b, value: y}}\n")), Crash);
  rig.server.before = nullptr;
  rig.server.resources["b"] = {"theirs", 9};
  rig.next_process();
  const auto done = rig.resume(rig.last_run());
  CHECK(done.exit == Exit::refused);
  CHECK_THAT(done.failure->message, Catch::Contains("theirs"));
  CHECK(rig.server.value("b") == "theirs");
  rig.next_process();
  CHECK(engine::abort(rig.last_run(), "not now", rig.world).exit == Exit::unchanged);
  CHECK(rig.server.value("b") == "theirs");
  CHECK(rig.server.value("a") == "old");
}

TEST_CASE("an act without an answer is not repeated over what others made meanwhile", "[engine]") {
  EngineRig rig;
  rig.server.before = [&](int number) -> std::optional<Failure> {
    if (number != 1) return {};
    rig.server.resources["a"] = {"theirs", 9};
    return Failure{Cause::timeout, Reached::perhaps, "no answer in time", ""};
  };
  const auto done = rig.start(rig.runbook("claim: shop\nsteps:\n  - {id: one, use: test.put, with: {name: a, value: x}}\n"));
  CHECK(done.exit == Exit::unchanged);
  CHECK(rig.server.value("a") == "theirs");
  CHECK(rig.server.sends == 1);
}

TEST_CASE("an undo says so when it was a later step of its own run that changed the same", "[engine]") {
  EngineRig rig;
  const auto done = rig.start(rig.runbook("claim: shop\nsteps:\n  - {id: one, use: test.put, with: {name: a, value: x}}\n  - {id: final, use: test.put, irreversible: it was announced, with: {name: a, value: z}}\n"
                                          "  - {id: broken, use: core.fail, with: {message: enough}}\n"));
  CHECK(done.exit == Exit::changed);
  CHECK(rig.server.value("a") == "z");
  REQUIRE_FALSE(done.stands.empty());
  CHECK_THAT(done.stands.front(), Catch::StartsWith("one") && Catch::Contains("final"));
}

TEST_CASE("the steps of an undo are not begun where others have changed what they take back", "[engine]") {
  EngineRig rig;
  meanwhile(rig, 1, "a");
  const auto done = rig.start(rig.runbook("claim: shop\nsteps:\n  - id: one\n    use: test.put\n    with: {name: a, value: x}\n    undo: {steps: [{id: back, use: test.put, with: {name: a, value: old}}]}\n"
                                          "  - {id: broken, use: core.fail, with: {message: enough}}\n"));
  CHECK(done.exit == Exit::changed);
  CHECK(rig.server.value("a") == "theirs");
}
