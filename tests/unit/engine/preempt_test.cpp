#include "catch.hpp"
#include "fakes/engine_rig.hpp"

using namespace belay;
using namespace belay::fakes;
using Strings = std::vector<std::string>;

namespace {

const std::string k_two = "claim: shop\nsteps:\n  - {id: one, use: test.set, with: {name: a, value: x}}\n  - {id: two, use: test.set, with: {name: b, value: y}}\n";
const std::string k_rescue = "claim: shop\nsafeward: true\nsteps:\n  - {id: back, use: test.put, with: {name: a, value: safe}}\n";

} // namespace

TEST_CASE("a run that is told to give way stops before its next act and lets its claim go", "[engine]") {
  EngineRig rig;
  rig.server.after = [&](int number) -> std::optional<Failure> {
    if (number == 1) {
      REQUIRE(rig.store.post({0, rig.last_run(), "preempt", "ada", "the site is down", {}}));
      rig.clock.sleep(std::chrono::seconds(2), Stop(rig.clock));
    }
    return {};
  };
  const auto done = rig.start(rig.runbook(k_two));
  CHECK(done.exit == Exit::stopped);
  CHECK(rig.server.ledger == Strings{"a=x"});
  CHECK(rig.store.claims()->empty());
  CHECK_THAT(done.failure->message, Catch::Contains("gave way") && Catch::Contains("ada"));
}

TEST_CASE("a rescue takes the claim of a run that stands still, which can be taken up again later", "[engine]") {
  EngineRig rig;
  rig.server.before = [&](int) -> std::optional<Failure> {
    rig.signals.count = 1;
    return {};
  };
  const auto stopped = rig.start(rig.runbook(k_two));
  REQUIRE(stopped.exit == Exit::stopped);
  rig.next_process();
  rig.server.before = nullptr;
  CHECK(rig.start(rig.runbook(k_rescue, "rescue")).exit == Exit::claimed);
  engine::Options options;
  options.preempt = stopped.run;
  CHECK(rig.start(*rig.project.find("test/rescue"), options).exit == Exit::done);
  CHECK(rig.server.value("a") == "safe");
  CHECK(rig.store.claims()->empty());
  // Going on with the first, its own change is found overwritten by the time it goes back: it is left as it is.
  CHECK(engine::abort(stopped.run, "rescued", rig.world).exit == Exit::changed);
  CHECK(rig.server.value("a") == "safe");
}

TEST_CASE("a live holder is asked to give way and waited for; a silent one loses its claim when its lease runs out", "[engine]") {
  for (const bool answers : {true, false}) {
    INFO(answers);
    EngineRig rig;
    rig.machine.lives[200] = Machine::Life::alive;
    const Holder other{"20270115-0800-other", "bob", "a deploy", rig.machine.process(200)};
    const auto taken = rig.store.take("shop", other, std::chrono::seconds(60), nullptr, rig.machine);
    REQUIRE(taken);
    const Grant grant = std::get<Grant>(*taken);
    bool asked = false;
    rig.clock.at_sleep = [&] {
      if (!answers || asked) return;
      const auto posts = *rig.store.posts(other.run, 0);
      for (const Post& post : posts) asked = asked || post.kind == "preempt";
      if (asked) REQUIRE(rig.store.release(grant, false));
    };
    engine::Options options;
    options.preempt = other.run;
    options.reason = "the site is down";
    const Duration began = rig.clock.steady();
    const auto done = rig.start(rig.runbook(k_rescue, "rescue"), options);
    const auto waited = std::chrono::duration_cast<std::chrono::seconds>(rig.clock.steady() - began).count();
    INFO((done.failure ? done.failure->message : ""));
    CHECK(done.exit == Exit::done);
    REQUIRE(rig.store.posts(other.run, 0)->size() == 1);
    CHECK(rig.store.posts(other.run, 0)->front().body == "the site is down");
    CHECK((answers ? waited < 10 : waited >= 60));
    // The silent one may wake up: it can append no more.
    CHECK_FALSE(rig.store.append("run/" + other.run, {}, std::vector<Record>{{"late", "{}", {}, {}}}, {}, grant, Durable::now));
  }
}
