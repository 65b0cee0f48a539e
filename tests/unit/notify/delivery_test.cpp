#include "catch.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/memory_store.hpp"
#include "modules/catalog.hpp"
#include "notify/console.hpp"
#include "notify/delivery.hpp"
#include "state/fact_codec.hpp"
#include <sstream>

using namespace belay;

namespace {
fact::Settled settled(Value outputs, std::string action = "notify.send") {
  fact::Settled fact;
  fact.path = "tell";
  fact.action = std::move(action);
  fact.outcome.outputs = std::move(outputs);
  return fact;
}
Value message(std::vector<Value> to) {
  return Value::object({{"title", Value()}, {"template", "rolled-back"}, {"text", "1.1.0 answered errors\nlook at \x1b[2J"}, {"severity", "warning"}, {"to", Value(Value::List(std::move(to)))}});
}
struct Flaky : notify::Notifier {
  int fails = 0, tried = 0;
  std::string name() const override { return "flaky"; }
  Expected<std::string> deliver(const outbox::Queued&) override {
    ++tried;
    if (tried <= fails) return Unexpected(Failure{Cause::transport, Reached::no, "away", ""});
    return "there";
  }
};
struct Scene {
  fakes::ManualClock clock;
  fakes::MemoryStore store{clock};
  std::ostringstream out;
  notify::Console console{out};
  Flaky flaky;
  notify::Queueing queueing{store, clock};
  void run(Value outputs, std::string action = "notify.send") {
    fact::RunStarted started;
    started.service = "shop";
    started.environment = "local";
    queueing.on(Event{"run/r1", 1, clock.now, started});
    queueing.on(Event{"run/r1", 2, clock.now, settled(std::move(outputs), std::move(action))});
  }
  notify::Delivery deliver() {
    notify::Notifier* all[] = {&console, &flaky};
    return notify::deliver_waiting(store, clock, all);
  }
};
} // namespace

TEST_CASE("a message that settled is queued before it is delivered, once, and control characters are shown", "[notify]") {
  Scene scene;
  scene.run(message({"console"}));
  CHECK(scene.out.str().empty());
  CHECK(outbox::waiting(scene.store)->size() == 1);
  CHECK(scene.deliver().delivered == 1);
  CHECK(scene.out.str() == "warning: shop in local: rolled back\n  1.1.0 answered errors\n  look at \\x1b[2J\n");
  CHECK(scene.deliver().delivered == 0);
  scene.run(message({"console"})); // told again by a resumed run
  CHECK(scene.deliver().delivered == 0);
}

TEST_CASE("a resumed run's messages say whose they are, by its first record", "[notify]") {
  Scene scene;
  fact::RunStarted started;
  started.service = "shop";
  started.environment = "local";
  const Record first[] = {encode_fact(started, scene.clock.now)};
  REQUIRE(scene.store.append("run/r1", {}, first, {}, std::nullopt, Durable::now));
  scene.queueing.on(Event{"run/r1", 9, scene.clock.now, settled(message({"console"}))});
  REQUIRE(outbox::waiting(scene.store)->size() == 1);
  CHECK(outbox::waiting(scene.store)->at(0).what.subject == "shop in local: rolled back");
}

TEST_CASE("only settled messages are queued", "[notify]") {
  Scene scene;
  scene.run(message({"console"}), "http.get");
  fact::Settled failed = settled(message({"console"}));
  failed.outcome.state = State::no_effect;
  scene.queueing.on(Event{"run/r1", 3, scene.clock.now, failed});
  CHECK(outbox::waiting(scene.store)->empty());
}

TEST_CASE("a message that could not be delivered is tried again later, and given up in the end", "[notify]") {
  Scene scene;
  scene.flaky.fails = 1;
  scene.run(message({"flaky"}));
  CHECK(scene.deliver().waiting == 1);
  CHECK(scene.deliver().waiting == 1);
  CHECK(scene.flaky.tried == 1); // it rests
  scene.clock.advance(std::chrono::seconds(20));
  CHECK(scene.deliver().delivered == 1);

  Scene hopeless;
  hopeless.flaky.fails = 1000;
  hopeless.run(message({"flaky"}));
  for (int i = 0; i < 30; ++i) {
    hopeless.deliver();
    hopeless.clock.advance(std::chrono::hours(12));
  }
  CHECK(hopeless.flaky.tried == 10);
  CHECK(outbox::waiting(hopeless.store)->empty());
}

TEST_CASE("a notifier that is not configured is a problem that is said once, and keeps no other message back", "[notify]") {
  Scene scene;
  scene.run(message({"pager", "console"}));
  const auto first = scene.deliver();
  CHECK(first.delivered == 1);
  REQUIRE(first.problems.size() == 1);
  CHECK(first.problems[0].find("there is no notifier 'pager'") != std::string::npos);
  CHECK(scene.deliver().problems.empty());
}

TEST_CASE("an interrupted message was not sent, so it is made again", "[notify]") {
  const Change& send = std::get<Change>(find_action(modules::catalog(), "notify.send")->does);
  const Intent intent = send.prepare(Value::object({{"title", "x"}}), {}, {});
  CHECK_FALSE(intent.refused);
  CHECK(send.judge(intent, {}, {}).state == State::no_effect);
  CHECK(send.prepare(Value::object({{"severity", "info"}}), {}, {}).refused.has_value());
}

TEST_CASE("a message whose place in the outbox a crash lost is queued when its run goes on, and no other is queued twice", "[notify]") {
  Scene scene;
  fact::RunStarted started;
  started.service = "shop";
  started.environment = "local";
  const std::vector<Record> records{encode_fact(started, scene.clock.now), encode_fact(settled(message({"console"})), scene.clock.now)};
  REQUIRE(scene.store.append("run/r1", {}, records, {"run/r1", "run"}, {}, Durable::now));
  CHECK(outbox::waiting(scene.store)->empty());
  scene.queueing.on(Event{"run/r1", 3, scene.clock.now, fact::Resumed{}});
  CHECK(outbox::waiting(scene.store)->size() == 1);
  CHECK(scene.deliver().delivered == 1);
  scene.clock.advance(std::chrono::hours(24 * 7));
  scene.queueing.on(Event{"run/r1", 4, scene.clock.now, fact::Resumed{}});
  CHECK(scene.deliver().delivered == 0);
  CHECK(scene.out.str().find("shop in local") != std::string::npos);
}
