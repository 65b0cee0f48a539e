#include "catch.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/memory_store.hpp"
#include "state/stream.hpp"

using namespace belay;

namespace {

struct Scene {
  const fakes::ManualClock clock;
  fakes::MemoryStore store{clock};
  StreamWriter writer = StreamWriter::open(store, "run/a").value();
  Record record(std::string body) { return {"note", std::move(body), clock.now, {}}; }
};

} // namespace

TEST_CASE("an append whose answer was lost is looked up before it is called failed", "[state]") {
  Scene scene;
  scene.store.after_append = [](const auto&, const auto&) { return std::optional(Failure{Cause::transport, Reached::perhaps, "the connection broke", ""}); };
  CHECK(scene.writer.append({scene.record("a")}, {}));
  scene.store.after_append = nullptr;
  CHECK(scene.writer.append({scene.record("b")}, {}));
  CHECK(read_verified(scene.store, "run/a").value().size() == 2);
}

TEST_CASE("an append that did not reach the store fails, and the next one goes where it would have gone", "[state]") {
  Scene scene;
  const Reached reached = GENERATE(Reached::no, Reached::perhaps);
  scene.store.before_append = [&](const auto&, const auto&) { return std::optional(Failure{Cause::full, reached, "no space", ""}); };
  const auto result = scene.writer.append({scene.record("a")}, {});
  REQUIRE_FALSE(result);
  CHECK(result.error().cause == Cause::full);
  scene.store.before_append = nullptr;
  CHECK(scene.writer.append({scene.record("b")}, {}));
  const auto records = read_verified(scene.store, "run/a").value();
  REQUIRE(records.size() == 1);
  CHECK(records[0].body == "b");
}

TEST_CASE("a record that another wrote at the same number is not taken for one's own", "[state]") {
  Scene scene;
  scene.store.before_append = [&](const auto&, const auto&) -> std::optional<Failure> {
    scene.store.before_append = nullptr;
    return Failure{Cause::transport, Reached::perhaps, "the connection broke", ""};
  };
  auto other = StreamWriter::open(scene.store, "run/a").value();
  const auto lost = scene.writer.append({scene.record("a")}, {});
  CHECK_FALSE(lost);
  CHECK(other.append({scene.record("b")}, {}));
  const auto conflict = scene.writer.append({scene.record("a")}, {});
  REQUIRE_FALSE(conflict);
  CHECK(conflict.error().cause == Cause::conflict);
}

TEST_CASE("long streams are verified page by page", "[state]") {
  Scene scene;
  std::vector<Record> many;
  for (int i = 0; i < 2500; ++i) many.push_back(scene.record(std::to_string(i)));
  REQUIRE(scene.writer.append(many, {}));
  const auto records = read_verified(scene.store, "run/a").value();
  REQUIRE(records.size() == 2500);
  CHECK(records[2499].body == "2499");
  CHECK(verify_stream(scene.store, "run/a").value().head.seq == 2500);
}

TEST_CASE("a failure of what makes the addition is returned, and an empty addition adds nothing", "[state]") {
  Scene scene;
  const auto refused = append_after_reading(scene.store, "x", [](const auto&) -> Expected<Addition> { return Unexpected(Failure{Cause::refused, Reached::no, "not now", ""}); });
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "not now");
  CHECK(append_after_reading(scene.store, "x", [](const auto&) -> Expected<Addition> { return Addition{}; }));
  CHECK(scene.store.appends == 0);
}

TEST_CASE("a store that always conflicts is given up in the end", "[state]") {
  Scene scene;
  int asked = 0;
  scene.store.before_append = [](const auto&, const auto&) { return std::optional(Failure{Cause::conflict, Reached::no, "another was first", ""}); };
  const auto result = append_after_reading(scene.store, "x", [&](const auto&) -> Expected<Addition> {
    ++asked;
    return Addition{{scene.record("a")}, {}};
  });
  REQUIRE_FALSE(result);
  CHECK(result.error().cause == Cause::conflict);
  CHECK(asked == k_conflicts_borne);
}
