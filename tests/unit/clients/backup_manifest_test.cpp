#include "clients/backup_manifest.hpp"
#include "catch.hpp"

using namespace belay;

namespace {

Manifest sample() {
  Manifest m;
  m.started = {1795300680, 0};
  m.id = backup_id(m.started, "run-1", "dump");
  m.service = "shop", m.environment = "local", m.run = "run-1", m.step = "dump";
  m.taken = {1795300681, 5000}, m.finished = {1795300690, 0};
  m.lsn = "0/16B3748", m.server = 150020, m.server_text = "15.20", m.tool = "15.20";
  m.database = Value::object({{"name", "shop"}, {"settings", Value::List{}}});
  m.size = 1234, m.raw_size = 99999;
  m.sha256 = std::string(64, 'a');
  m.census.tables = {{"public", "items", 100, ""}, {"public", "orders \"x\"", 0, "12"}};
  m.census.objects = {{"constraints", 4}, {"indexes", 5}};
  m.census.extensions = {{"plpgsql", "1.0"}};
  return m;
}

} // namespace

TEST_CASE("a manifest reads back as it was written", "[clients]") {
  const Manifest m = sample();
  const auto back = read_manifest(write_manifest(m));
  REQUIRE(back);
  CHECK(write_manifest(*back) == write_manifest(m));
  CHECK(back->census.tables == m.census.tables);
  CHECK(back->taken == m.taken);
}

TEST_CASE("a manifest cut anywhere, or with any bit changed, is refused", "[clients]") {
  const std::string text = write_manifest(sample());
  for (std::size_t at = 0; at < text.size(); ++at) {
    CHECK_FALSE(read_manifest(text.substr(0, at)));
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = text;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      INFO("byte " << at << " bit " << bit);
      CHECK_FALSE(read_manifest(changed));
    }
  }
  CHECK_FALSE(read_manifest(text + " "));
}

TEST_CASE("ids of backups sort by time, differ by step, and tell when they were begun", "[clients]") {
  const Timestamp at{1795300680, 999};
  const std::string id = backup_id(at, "r", "dump");
  CHECK(id == backup_id(at, "r", "dump"));
  CHECK(id.starts_with("20261121T223800Z-"));
  CHECK(id != backup_id(at, "r", "dump2"));
  CHECK(id < backup_id({at.seconds + 1, 0}, "q", "dump"));
  REQUIRE(backup_time(id));
  CHECK(*backup_time(id) == Timestamp{at.seconds, 0});
  CHECK_FALSE(is_backup_id("20261121T223800Z-1f0c9a3"));
  CHECK_FALSE(is_backup_id("../../etc/passwd/aaaaaaaaaa"));
  CHECK_FALSE(backup_time("20261341T223800Z-1f0c9a3e"));
}

TEST_CASE("what a restore lost, gained or changed is named", "[clients]") {
  const Census recorded = sample().census;
  CHECK(differences(recorded, recorded).empty());
  Census found = recorded;
  found.tables[0].rows = 99;
  found.tables[1].hash = "13";
  found.tables.push_back({"public", "zz", 1, ""});
  found.objects[0].second = 3;
  found.extensions.clear();
  CHECK(differences(recorded, found).size() == 5);
  found.tables.clear();
  CHECK(differences(recorded, found).size() == 4);
}
