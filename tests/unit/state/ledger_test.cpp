#include "state/ledger.hpp"
#include "catch.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/memory_store.hpp"
#include "state/stream.hpp"

using namespace belay;

namespace {

struct Scene {
  const fakes::ManualClock clock;
  fakes::MemoryStore store{clock};
  /// A run of `records` records as belay writes it, noted at its start and its end.
  void run(const std::string& name, int records, const std::string& body = "x") {
    auto writer = StreamWriter::fresh(store, "run/" + name);
    for (int i = 0; i < records; ++i) {
      REQUIRE(writer.append({{"note", body, clock.now, {}}}, {}));
      if (i == 0) REQUIRE(ledger::note_start(store, name, writer.head().hash, clock.now));
    }
    REQUIRE(ledger::note_end(store, name, writer.head(), clock.now));
  }
  /// The state with every stream but the run's ones as they are here: what an attacker leaves.
  void copy_ledger_to(Scene& other) const {
    auto writer = StreamWriter::fresh(other.store, ledger::k_stream);
    auto records = const_cast<fakes::MemoryStore&>(store).read(ledger::k_stream, 1, 1000).value();
    REQUIRE(writer.append(records, {}));
  }
};

} // namespace

TEST_CASE("a ledger finds nothing wrong where nothing is", "[state]") {
  Scene scene;
  CHECK(ledger::check(scene.store).value().empty());
  scene.run("r1", 3);
  scene.run("r2", 1);
  CHECK(ledger::check(scene.store).value().empty());
}

TEST_CASE("a ledger names runs that were deleted, begun anew or cut short", "[state]") {
  Scene before, after;
  before.run("deleted", 2);
  before.run("anew", 2);
  before.run("cut", 3);
  before.run("whole", 2);
  before.copy_ledger_to(after);
  const auto rewrite = [&](const std::string& name, int records, const std::string& body) {
    auto writer = StreamWriter::fresh(after.store, "run/" + name);
    for (int i = 0; i < records; ++i) REQUIRE(writer.append({{"note", body, after.clock.now, {}}}, {}));
  };
  rewrite("anew", 2, "y");
  rewrite("cut", 2, "x");
  rewrite("whole", 2, "x");
  const auto wrong = ledger::check(after.store).value();
  REQUIRE(wrong.size() == 3);
  CHECK(wrong[0].run == "deleted");
  CHECK(wrong[0].why.find("gone") != std::string::npos);
  CHECK(wrong[1].run == "anew");
  CHECK(wrong[1].why.find("record 1") != std::string::npos);
  CHECK(wrong[2].run == "cut");
  CHECK(wrong[2].why.find("record 3") != std::string::npos);
}

TEST_CASE("noting in the ledger goes on after other processes were first", "[state]") {
  Scene scene;
  int conflicts = 5;
  scene.store.before_append = [&](const auto&, const auto&) { return conflicts-- > 0 ? std::optional(Failure{Cause::conflict, Reached::no, "another was first", ""}) : std::nullopt; };
  CHECK(ledger::note_start(scene.store, "r", {}, scene.clock.now));
  CHECK(scene.store.appends == 1);
}
