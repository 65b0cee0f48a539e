#include "catch.hpp"
#include "fakes/engine_rig.hpp"

using namespace belay;
using namespace belay::fakes;
using Strings = std::vector<std::string>;

TEST_CASE("a conditional change that was never seen to land is fenced when the run goes back", "[engine]") {
  EngineRig rig;
  rig.server.before = [&](int number) -> std::optional<Failure> {
    if (number >= 2 && number <= 6) return Failure{Cause::timeout, Reached::perhaps, "no answer in time", ""};
    return {};
  };
  const auto done = rig.start(rig.runbook("claim: shop\nsteps:\n  - {id: one, use: test.set, with: {name: a, value: x}}\n  - {id: two, use: test.set, with: {name: b, value: y}}\n"));
  INFO((done.failure ? done.failure->message : ""));
  CHECK(done.exit == Exit::unchanged);
  CHECK(rig.server.ledger == Strings{"a=x", "b=old", "a=old"});
  // One of the lost requests arrives after all: its condition no longer holds.
  Request late;
  late.method = "PUT";
  late.url = Value("/res/b");
  late.body = Value("y");
  late.headers.emplace_back("if-match", Value("1"));
  const auto answer = rig.server.send(late, nullptr, Stop(rig.clock));
  REQUIRE(answer);
  CHECK(answer->status == 412);
  CHECK(rig.server.value("b") == "old");
}

TEST_CASE("an undo by steps that failed is tried again when the run is resumed", "[engine]") {
  const std::string body = R"(
claim: shop
steps:
  - id: shot
    use: test.fire
    with: {name: gun}
    undo:
      steps:
        - {id: clean, use: test.put, with: {name: floor, value: clean}}
        - {id: sorry, use: test.put, with: {name: wound, value: healed}}
  - {id: broken, use: core.fail, with: {message: enough}}
)";
  EngineRig rig;
  bool refuses = true;
  rig.server.before = [&](int number) -> std::optional<Failure> {
    if (refuses && number == 3) return Failure{Cause::rejected, Reached::yes, "not today", ""};
    return {};
  };
  auto done = rig.start(rig.runbook(body));
  CHECK(done.exit == Exit::changed);
  CHECK(done.state == "stuck");
  CHECK(rig.server.ledger == Strings{"fire gun", "floor=clean"});
  REQUIRE(done.stands.size() == 1);
  CHECK_THAT(done.stands.front(), Catch::StartsWith("shot") && Catch::Contains("not today"));
  CHECK(done.changed == Strings{"shot"});
  refuses = false;
  rig.next_process();
  done = rig.resume(done.run);
  INFO((done.failure ? done.failure->message : ""));
  CHECK(done.exit == Exit::unchanged);
  CHECK(done.stands.empty());
  CHECK(done.undone == Strings{"shot"});
  CHECK(rig.server.ledger == Strings{"fire gun", "floor=clean", "wound=healed"});
  CHECK(rig.view(done.run).state == "undone");
}

TEST_CASE("the steps of an undo are neither changed nor standing in the last lines", "[engine]") {
  EngineRig rig;
  const auto done = rig.start(rig.runbook(R"(
claim: shop
steps:
  - id: one
    use: test.fire
    with: {name: gun}
    undo: {steps: [{id: back, use: test.put, with: {name: a, value: y}}]}
  - {id: two, use: core.fail, with: {message: enough}}
)"));
  CHECK(done.exit == Exit::unchanged);
  CHECK(done.changed.empty());
  CHECK(done.stands.empty());
  CHECK(done.undone == Strings{"one"});
}

TEST_CASE("a hold is opened again for the steps of a resumed run", "[engine]") {
  EngineRig rig;
  rig.server.before = [](int number) -> std::optional<Failure> {
    if (number == 2) throw Crash{};
    return {};
  };
  CHECK_THROWS_AS(rig.start(rig.runbook("claim: shop\nsteps:\n  - {id: proxy, use: test.tunnel, with: {to: db}}\n  - {id: one, use: test.put, with: {name: a, value: x}}\n"
                                        "  - {id: two, use: test.put, with: {name: b, value: y}}\n  - {id: three, use: test.put, with: {name: c, value: \"${{ string(steps.proxy.port) }}\"}}\n")),
                  Crash);
  rig.server.before = nullptr;
  rig.next_process();
  CHECK(rig.resume(rig.last_run()).exit == Exit::done);
  CHECK(rig.server.ledger.front() == "a=x");
  CHECK(std::count(rig.server.ledger.begin(), rig.server.ledger.end(), "tunnel opened") == 1);
  EngineRig twice;
  twice.store.before_append = [&](const std::string&, std::span<const Record> records) -> std::optional<Failure> {
    if (records.front().kind == "intended" && twice.server.sends == 1) throw Crash{};
    return {};
  };
  CHECK_THROWS_AS(twice.start(twice.runbook("claim: shop\nsteps:\n  - {id: proxy, use: test.tunnel, with: {to: db}}\n  - {id: one, use: test.put, with: {name: a, value: \"${{ string(steps.proxy.port) }}\"}}\n"
                                            "  - {id: two, use: test.put, with: {name: b, value: \"${{ string(steps.proxy.port) }}\"}}\n")),
                  Crash);
  twice.store.before_append = nullptr;
  twice.next_process();
  const auto done = twice.resume(twice.last_run());
  INFO((done.failure ? done.failure->message : ""));
  CHECK(done.exit == Exit::done);
  CHECK(std::count(twice.server.ledger.begin(), twice.server.ledger.end(), "tunnel opened") == 2);
}

TEST_CASE("an act that goes through a hold is the same act when the hold is elsewhere after a crash", "[engine]") {
  const std::string through = "claim: shop\nsteps:\n  - {id: proxy, use: test.tunnel, with: {to: db}}\n  - {id: one, use: test.put, with: {name: a, value: \"${{ string(steps.proxy.port) }}\"}}\n"
                              "  - {id: two, use: test.put, with: {name: b, value: \"port ${{ steps.proxy.port }}\"}}\n";
  for (const std::string end : {"", "  - {id: broken, use: core.fail, with: {message: enough}}\n"})
    for (const int at : {1, 2, 3, 4}) {
      if (end.empty() && at > 2) continue;
      INFO(end << at);
      EngineRig rig;
      rig.server.before = [&](int number) -> std::optional<Failure> {
        if (number == at) throw Crash{};
        return {};
      };
      CHECK_THROWS_AS(rig.start(rig.runbook(through + end)), Crash);
      rig.server.before = nullptr;
      rig.server.ledger.push_back("between"); // the next tunnel gets another port
      rig.next_process();
      const auto done = rig.resume(rig.last_run());
      INFO((done.failure ? done.failure->message : ""));
      CHECK(done.exit == (end.empty() ? Exit::done : Exit::unchanged));
      if (!end.empty()) CHECK(rig.server.value("a") + rig.server.value("b") == "oldold");
    }
}

TEST_CASE("a run that was given a secret goes on once it is given again, and goes back without it", "[engine]") {
  const std::string body = "claim: shop\nparameters:\n  key: {type: string, secret: true}\nsteps:\n  - {id: one, use: test.set, with: {name: a, value: x}}\n  - {id: two, use: test.put, with: {name: b, value: \"${{ params.key }}\"}}\n";
  for (const std::string way : {"resume", "again", "abort"}) {
    INFO(way);
    EngineRig rig;
    rig.server.before = [&](int) -> std::optional<Failure> {
      rig.signals.count = 1;
      return {};
    };
    const auto stopped = rig.start(rig.runbook(body), {}, Value::object({{"key", Value("hunter2hunter2").as_secret()}}));
    REQUIRE(stopped.exit == Exit::stopped);
    rig.next_process();
    rig.server.before = nullptr;
    if (way == "abort") {
      CHECK(engine::abort(stopped.run, "not now", rig.world).exit == Exit::unchanged);
      CHECK(rig.server.ledger == Strings{"a=x", "a=old"});
      continue;
    }
    engine::ResumeOptions options;
    if (way == "again") options.parameters = Value::object({{"key", Value("hunter2hunter2").as_secret()}});
    const auto done = engine::resume(stopped.run, options, rig.world);
    if (way == "again") {
      CHECK(done.exit == Exit::done);
      CHECK(rig.server.ledger == Strings{"a=x", "b=hunter2hunter2"});
      const auto records = *rig.store.read("run/" + done.run, 1, 1000);
      for (const Record& r : records) CHECK(r.body.find("hunter2") == std::string::npos);
    } else {
      CHECK(done.exit == Exit::refused);
      CHECK_THAT(done.failure->hint, Catch::Contains("-p key=-"));
    }
  }
}
