#include "state/backup_catalogue.hpp"
#include "catch.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/memory_store.hpp"

using namespace belay;
using namespace belay::backups;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t k_hour = 3600, k_now = 1'800'000'000;

Created created(const std::string& id, std::int64_t hours_ago, const std::string& environment = "production") {
  Created made;
  made.id = id;
  made.kind = "dump";
  made.environment = environment;
  made.run = "run-" + id;
  made.stored_bytes = 1000;
  made.counts = Value::object({{"items", 40000}});
  made.taken = {k_now - hours_ago * k_hour, 0};
  made.at = {made.taken.seconds + 60, 0};
  return made;
}
Verified verified(const std::string& id, bool ok, std::int64_t at = k_now) {
  Verified made;
  made.id = id;
  made.run = "v-" + id;
  made.ok = ok;
  made.details = ok ? "counts equal" : "items: 9000 of 40000 rows";
  made.took = 3s;
  made.at = {at, 0};
  return made;
}
Pruned pruned(const std::string& id) {
  Pruned made;
  made.id = id;
  made.at = {k_now, 0};
  return made;
}

} // namespace

TEST_CASE("backups stand in the order of their recovery points, with what was found of each", "[state]") {
  const Catalogue catalogue = fold({created("new", 1), created("old", 10), verified("old", true), verified("unheard", true), verified("new", true), verified("new", false)});
  REQUIRE(catalogue.backups.size() == 2);
  CHECK(catalogue.backups[0].created.id == "old");
  CHECK(catalogue.find("old")->is_good());
  CHECK_FALSE(catalogue.find("new")->is_good());
  CHECK(catalogue.find("unheard") == nullptr);
}

TEST_CASE("a pruned backup is remembered and counts for nothing", "[state]") {
  const Catalogue catalogue = fold({created("a", 1), verified("a", true), pruned("a")});
  REQUIRE(catalogue.find("a"));
  CHECK_FALSE(catalogue.find("a")->exists());
  CHECK_FALSE(catalogue.find("a")->is_good());
}

TEST_CASE("the catalogue reads back what was noted, once for a step that ran twice", "[state]") {
  const fakes::ManualClock clock;
  fakes::MemoryStore store(clock);
  CHECK(backups::read(store, "shop").value().backups.empty());
  const Created made = created("a", 1);
  REQUIRE(note(store, "shop", made));
  REQUIRE(note(store, "shop", made));
  REQUIRE(note(store, "shop", verified("a", true)));
  const Catalogue catalogue = backups::read(store, "shop").value();
  REQUIRE(catalogue.backups.size() == 1);
  const Backup& backup = catalogue.backups[0];
  CHECK(backup.created.run == made.run);
  CHECK(backup.created.stored_bytes == 1000);
  CHECK(backup.created.counts == made.counts);
  CHECK(backup.created.taken == made.taken);
  CHECK(backup.created.at == made.at);
  REQUIRE(backup.verified);
  CHECK(backup.verified->ok);
  CHECK(backup.verified->took == 3s);
  CHECK(store.head("backup/shop").value().seq == 2);
  CHECK(store.list({.kind = "backup", .service = "shop"}).value().at(0).label == "1 backup");
}
