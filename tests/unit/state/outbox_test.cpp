#include "state/outbox.hpp"
#include "catch.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/memory_store.hpp"

using namespace belay;
using outbox::Queued;

namespace {

struct Scene {
  const fakes::ManualClock clock;
  fakes::MemoryStore store{clock};
  Queued message(std::string id) {
    Queued made;
    made.id = std::move(id);
    made.notifier = "console";
    made.subject = "rolled back";
    made.text = "shop serves 1.0.0 again";
    made.data = Value::object({{"service", "shop"}});
    made.at = clock.now;
    return made;
  }
  std::vector<std::string> waiting() {
    std::vector<std::string> ids;
    const auto all = outbox::waiting(store).value();
    for (const auto& each : all) ids.push_back(each.what.id);
    return ids;
  }
};
using Ids = std::vector<std::string>;

} // namespace

TEST_CASE("what is queued waits, whole, until it is delivered", "[state]") {
  Scene scene;
  CHECK(scene.waiting().empty());
  REQUIRE(outbox::queue(scene.store, scene.message("a")));
  REQUIRE(outbox::queue(scene.store, scene.message("b")));
  CHECK(scene.waiting() == Ids{"a", "b"});
  const auto first = outbox::waiting(scene.store).value().front();
  CHECK(first.what.notifier == "console");
  CHECK(first.what.text == "shop serves 1.0.0 again");
  CHECK(first.what.data == Value::object({{"service", "shop"}}));
  CHECK(first.what.at == scene.clock.now);
  REQUIRE(outbox::note_delivered(scene.store, first, "shown", scene.clock.now));
  CHECK(scene.waiting() == Ids{"b"});
}

TEST_CASE("the same message again is no second one, on the next day either", "[state]") {
  Scene scene;
  REQUIRE(outbox::queue(scene.store, scene.message("a")));
  REQUIRE(outbox::queue(scene.store, scene.message("a")));
  scene.clock.advance(std::chrono::hours(24));
  REQUIRE(outbox::queue(scene.store, scene.message("a")));
  CHECK(scene.waiting() == Ids{"a"});
  REQUIRE(outbox::note_delivered(scene.store, outbox::waiting(scene.store).value().front(), "", scene.clock.now));
  REQUIRE(outbox::queue(scene.store, scene.message("a")));
  CHECK(scene.waiting().empty());
}

TEST_CASE("a failure keeps it waiting, a final one does not", "[state]") {
  Scene scene;
  REQUIRE(outbox::queue(scene.store, scene.message("a")));
  const auto message = outbox::waiting(scene.store).value().front();
  REQUIRE(outbox::note_failed(scene.store, message, "refused", false, scene.clock.now));
  const auto again = outbox::waiting(scene.store).value().front();
  CHECK(again.failures == 1);
  CHECK(again.last_failure == "refused");
  REQUIRE(outbox::note_failed(scene.store, message, "no such channel", true, scene.clock.now));
  CHECK(scene.waiting().empty());
}

TEST_CASE("of two processes that deliver at once only the first is noted", "[state]") {
  Scene scene;
  REQUIRE(outbox::queue(scene.store, scene.message("a")));
  const auto message = outbox::waiting(scene.store).value().front();
  REQUIRE(outbox::note_delivered(scene.store, message, "one", scene.clock.now));
  const auto before = scene.store.appends;
  REQUIRE(outbox::note_delivered(scene.store, message, "two", scene.clock.now));
  CHECK(scene.store.appends == before);
}

TEST_CASE("messages of several days come oldest first, and finished days are not looked at", "[state]") {
  Scene scene;
  for (const char* id : {"a", "b", "c"}) {
    REQUIRE(outbox::queue(scene.store, scene.message(id)));
    scene.clock.advance(std::chrono::hours(48));
  }
  CHECK(scene.waiting() == Ids{"a", "b", "c"});
  REQUIRE(outbox::note_delivered(scene.store, outbox::waiting(scene.store).value().at(1), "", scene.clock.now));
  CHECK(scene.waiting() == Ids{"a", "c"});
  CHECK(scene.store.list({.kind = "outbox", .status = "waiting"}).value().size() == 2);
}
