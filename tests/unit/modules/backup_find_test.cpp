#include "catch.hpp"
#include "codec/sha256.hpp"
#include "clients/backup_folder.hpp"
#include "fakes/memory_files.hpp"
#include "fakes/strict_reads.hpp"
#include "modules/catalog.hpp"

using namespace belay;
using namespace belay::fakes;

namespace {

struct Bench {
  MemoryFiles files;
  StrictReads others;
  ManualClock clock;
  Stop stop{clock};
  SilentTell tell;

  void add(const std::string& folder, const char* service, const char* environment, const char* database) {
    Manifest m;
    m.started = m.taken = m.finished = {1795300680, 0};
    m.id = backup_id(m.started, "run", "dump");
    m.service = service, m.environment = environment, m.run = "run", m.step = "dump";
    m.database = Value::object({{"name", database}});
    m.size = 4, m.raw_size = 4, m.sha256 = hex(sha256("rows"));
    files.files[folder + "/" + m.id + "/dump.zst"] = "rows";
    files.files[folder + "/" + m.id + "/manifest.json"] = write_manifest(m);
  }
  Outcome read(const char* action, std::vector<std::pair<std::string, Value>> more = {}) {
    std::vector<std::pair<std::string, Value>> members{{"folder", "/b"}, {"service", "shop"}, {"environment", "staging"}, {"wanted", "latest"}};
    for (auto& one : more) members.push_back(std::move(one));
    const Value in = Value::object(std::move(members));
    const Identity id{"run", "find", "", 1, {1795300680, 0}};
    return std::get<Read>(find_action(modules::catalog(), action)->does).read({in, id, stop, tell}, {others, others, others, others, files, clock});
  }
};

} // namespace

TEST_CASE("a backup that was copied from another environment is neither found nor listed as good", "[modules]") {
  Bench bench;
  bench.add("/b/shop/staging", "shop", "production", "shop_production");
  const Outcome found = bench.read("backup.find");
  CHECK(found.state == State::failed);
  const Outcome listed = bench.read("backup.list");
  CHECK(listed.outputs["backups"] == Value(Value::List{}));
  REQUIRE(listed.outputs["unreadable"].list().size() == 1);
  CHECK(listed.outputs["unreadable"].list()[0]["why"] == Value("it is of shop in production"));
}

TEST_CASE("a backup of another database than the one that the service uses is refused", "[modules]") {
  Bench bench;
  bench.add("/b/shop/staging", "shop", "staging", "shop");
  CHECK(bench.read("backup.find").outputs["database"] == Value("shop"));
  CHECK(bench.read("backup.find", {{"target", "postgresql://u:p@h/shop"}}).state == State::done);
  const Outcome other = bench.read("backup.find", {{"target", Value::object({{"host", "h"}, {"dbname", "shop_two"}, {"password", Value("x").as_secret()}})}});
  CHECK(other.state == State::failed);
  REQUIRE(other.failure);
  CHECK(other.failure->message.find("uses shop_two") != std::string::npos);
}
