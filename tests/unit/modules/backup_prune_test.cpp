#include "catch.hpp"
#include "modules/catalog.hpp"
#include "modules/postgres_backup_names.hpp"
#include <algorithm>
#include <random>

using namespace belay;
using namespace belay::modules;

namespace {

constexpr std::int64_t k_day = 86400, k_now = 1795300680;

struct Kept {
  std::int64_t age_days;
  bool verified = false;
};

Intent pruned(const std::vector<Kept>& backups, std::int64_t keep, int older_than_days, std::int64_t now = k_now) {
  Value::List seen;
  for (std::size_t i = 0; i < backups.size(); ++i)
    seen.push_back(Value::object({{"id", std::to_string(i)}, {"path", "/b/" + std::to_string(i)}, {"taken", Timestamp{k_now - backups[i].age_days * k_day, 0}}, {"size", 10}, {"verified", backups[i].verified}}));
  const auto& does = std::get<Change>(find_action(catalog(), "backup.prune")->does);
  const Value in = Value::object({{"folder", "/b"}, {"service", "s"}, {"environment", "e"}, {"keep", keep}, {"older_than", Duration(std::chrono::hours(24 * older_than_days))}});
  return does.prepare(in, Value::object({{"backups", Value(std::move(seen))}}), {"run", "prune", "", 1, {now, 0}});
}
std::size_t removed(const Intent& intent) { return intent.outputs["removed"].list().size(); }

} // namespace

TEST_CASE("backups go when they are old and beyond the number that is kept", "[modules]") {
  const std::vector<Kept> backups{{0}, {1}, {2}, {40}, {50}, {60}};
  CHECK(removed(pruned(backups, 2, 30)) == 3);
  CHECK(removed(pruned(backups, 5, 30)) == 1);
  CHECK(removed(pruned(backups, 6, 30)) == 0);
  CHECK(pruned(backups, 6, 30).nothing);
  CHECK(removed(pruned(backups, 0, 0)) == 5);
  const Intent intent = pruned(backups, 5, 30);
  const auto& changes = std::get<Files>(intent.act).changes;
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].operation == "remove");
  CHECK(show(changes[0].path) == "\"/b/5/manifest.json\"");
  CHECK(changes[1].operation == "remove_tree");
}

TEST_CASE("the newest backup that was proved to restore, and the newest of all, outlive any clock and any setting", "[modules]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 2000; ++round) {
    std::vector<Kept> backups(random() % 12);
    for (auto& backup : backups) backup = {static_cast<std::int64_t>(random() % 400), random() % 4 == 0};
    std::sort(backups.begin(), backups.end(), [](const Kept& a, const Kept& b) { return a.age_days < b.age_days; });
    const std::int64_t jump = (static_cast<std::int64_t>(random() % 2000) - 1000) * k_day;
    const Intent intent = pruned(backups, static_cast<std::int64_t>(random() % 5), static_cast<int>(random() % 30), k_now + jump);
    const auto proved = std::find_if(backups.begin(), backups.end(), [](const Kept& b) { return b.verified; });
    for (const Value& id : intent.outputs["removed"].list()) {
      CHECK(id != Value("0"));
      if (proved != backups.end()) CHECK(id != Value(std::to_string(proved - backups.begin())));
    }
    CHECK(removed(intent) + intent.outputs["kept"].list().size() == backups.size());
  }
}

TEST_CASE("copies and kept databases are known by their names, and nothing else is", "[modules]") {
  using namespace belay::modules::postgres_backup;
  const Identity id{"run", "restore", "", 1, {k_now, 0}};
  const std::string copy = copy_name("shop", "restore", id);
  CHECK(copy == copy_name("shop", "restore", id));
  CHECK(copy != copy_name("shop", "restore", {"other", "restore", "", 1, {k_now, 0}}));
  CHECK(is_copy(copy));
  CHECK(is_copy_of(copy, "shop"));
  CHECK_FALSE(is_copy_of(copy, "sho"));
  CHECK_FALSE(is_copy_of("shop_two_restore_00000000", "shop"));
  for (const char* name : {"shop", "shop_restore", "shop_restore_", "shop_restore_123", "shop_restore_1234567z", "_restore_12345678", "shop_before_20261121_223800"}) CHECK_FALSE(is_copy(name));
  CHECK(kept_name("shop", id.run_started) == "shop_before_20261121_223800");
  CHECK(kept_since("shop_before_20261121_223800", "shop") == Timestamp{k_now, 0});
  CHECK_FALSE(kept_since("shop_before_20261121_223800", "sho"));
  CHECK_FALSE(kept_since("shop_before_20261321_223800", "shop"));
  CHECK_FALSE(kept_since("shop_before_2026", "shop"));
  const std::string longest(63, 'n'), other = std::string(62, 'n') + "m";
  CHECK(kept_name(longest, id.run_started).size() <= 63);
  CHECK(copy_name(longest, "scratch", id).size() <= 63);
  CHECK(kept_since(kept_name(longest, id.run_started), longest).has_value());
  CHECK_FALSE(kept_since(kept_name(longest, id.run_started), other).has_value());
  CHECK_FALSE(is_copy_of(copy_name(longest, "scratch", id), other));
  const CopyMark mark{"20261121T223800Z-1f0c9a3e", k_now, true, "two\nlines"};
  const auto back = copy_mark(text_of(mark));
  REQUIRE(back);
  CHECK(back->backup == mark.backup);
  CHECK(back->begun == k_now);
  CHECK(back->whole);
  CHECK(back->comment == "two\nlines");
  for (const char* foreign : {"", "the shop's own", "belay: copy of backup ", "belay: copy of backup x begun whole", "belay: copy of backup x begun y whole"}) CHECK_FALSE(copy_mark(foreign));
  CHECK(conninfo("it's \\ odd") == "service=belay dbname='it\\'s \\\\ odd'");
  CHECK(is_plain_name("shop-1.x_y"));
  for (const char* name : {"", ".", "..", "-x", "a/b", "a b"}) CHECK_FALSE(is_plain_name(name));
}
