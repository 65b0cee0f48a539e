#include "catch.hpp"
#include "clients/backup_folder.hpp"
#include "integration/support/action_bench.hpp"
#include "integration/support/postgres_server.hpp"
#include "modules/catalog.hpp"
#include "modules/postgres_backup.hpp"
#include "value/json.hpp"
#include <filesystem>
#include <fmt/format.h>

using namespace belay;
using namespace belay::modules;
using support::ActionBench;
namespace fs = std::filesystem;

namespace {

const Action& action(std::string_view name) {
  const Action* found = find_action(catalog(), name);
  REQUIRE(found);
  return *found;
}

/// A shop with enough in it to lose: tables, partitions, keys, checks, a view, a function, settings and grants of its own.
struct Shop {
  ActionBench bench;
  support::PostgresServer& server = support::PostgresServer::shared();
  support::Folder folder;
  std::string database = server.create_database("shop");

  explicit Shop(int rows = 2000) {
    const std::string role = database + "_owner";
    server.sql(fmt::format("CREATE ROLE {0}; CREATE ROLE {0}_reader; ALTER DATABASE {1} OWNER TO {0}; ALTER DATABASE {1} SET search_path TO \"$user\", public, extra;"
                           "ALTER DATABASE {1} SET work_mem TO '8MB'; ALTER ROLE {0}_reader IN DATABASE {1} SET statement_timeout TO '5s'; REVOKE CONNECT ON DATABASE {1} FROM PUBLIC;"
                           "GRANT CONNECT ON DATABASE {1} TO {0}_reader; ALTER DATABASE {1} CONNECTION LIMIT 50; COMMENT ON DATABASE {1} IS 'the shop''s \\ own';", role, database));
    server.sql(fmt::format(
        "CREATE SCHEMA extra; CREATE TABLE items (id bigserial PRIMARY KEY, name text NOT NULL, price numeric CHECK (price >= 0), at timestamptz DEFAULT now());"
        "CREATE TABLE extra.\"odd \"\"name\" (item bigint REFERENCES items(id), note text); CREATE INDEX ON items (name);"
        "CREATE TABLE log (day date, text text) PARTITION BY RANGE (day); CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');"
        "CREATE TABLE log_2 PARTITION OF log FOR VALUES FROM ('2026-07-01') TO ('2027-01-01'); CREATE VIEW dear AS SELECT * FROM items WHERE price > 50;"
        "CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2';"
        "INSERT INTO items (name, price) SELECT md5(i::text), i % 100 FROM generate_series(1, {0}) i; INSERT INTO extra.\"odd \"\"name\" SELECT i, 'n' FROM generate_series(1, 10) i;"
        "INSERT INTO log SELECT '2026-01-01'::date + i % 300, repeat('x', 50) FROM generate_series(1, {0}) i;"
        "ALTER TABLE items OWNER TO {1}; ALTER VIEW dear OWNER TO {1}; GRANT SELECT ON items TO {1}_reader", rows, role), database);
  }
  Value target() const { return server.target(database); }
  std::string backups() const { return folder / "shop/local"; }

  ActionBench::Made dump(std::vector<std::pair<std::string, Value>> more = {}) {
    more.insert(more.end(), {{"target", target()}, {"service", "shop"}, {"environment", "local"}, {"folder", folder.path()}});
    bench.id.path = "dump";
    return bench.change(postgres_backup::k_dump, ActionBench::complete(postgres_backup::k_dump, more));
  }
  std::string good_backup() {
    const auto made = dump();
    if (made.outcome.failure) FAIL(made.outcome.failure->message);
    return made.outcome.outputs["path"].text();
  }
  ActionBench::Made restore(const std::string& backup, std::vector<std::pair<std::string, Value>> more = {}) {
    more.insert(more.end(), {{"target", target()}, {"backup", backup}});
    bench.id.path = "restore";
    return bench.change(postgres_backup::k_restore, ActionBench::complete(postgres_backup::k_restore, more));
  }
  Outcome verify(const std::string& backup, const std::string& of) {
    return bench.read(postgres_backup::k_verify, ActionBench::complete(postgres_backup::k_verify, {{"target", target()}, {"database", of}, {"backup", backup}}));
  }
  std::string databases() const { return server.sql("SELECT string_agg(datname, ',' ORDER BY datname) FROM pg_database WHERE datname LIKE '" + database + "%'"); }
  /// Everything that a user could see of the database, as one hash.
  std::string contents() const {
    return server.sql("SELECT md5(string_agg(i::text, '' ORDER BY id)) FROM items i", database) + server.sql("SELECT md5(string_agg(l::text, '' ORDER BY l::text)) FROM log l", database);
  }
};

void expect_done(const ActionBench::Made& made) {
  if (made.outcome.failure) FAIL(made.outcome.failure->message << " " << made.outcome.failure->hint);
  CHECK(made.outcome.state == State::done);
}

} // namespace

TEST_CASE("a dumped database comes back beside, compared, and takes its place by renaming", "[integration][backup]") {
  Shop shop;
  const std::string before = shop.contents();
  const std::string facts = "SELECT r.rolname, d.datconnlimit, d.datallowconn, shobj_description(d.oid, 'pg_database'), d.datacl::text FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE datname = '";
  const std::string was = shop.server.sql(facts + shop.database + "'");
  const auto made = shop.dump({{"hashes", true}});
  expect_done(made);
  CHECK(made.judged.state == State::done);
  CHECK(made.judged.outputs["id"] == made.outcome.outputs["id"]);
  CHECK(made.outcome.outputs["rows"] == Value(std::int64_t(4010)));
  CHECK(made.outcome.outputs["tables"] == Value(4));
  const std::string path = made.outcome.outputs["path"].text();
  CHECK(fs::file_size(path + "/dump.zst") == static_cast<std::uintmax_t>(made.outcome.outputs["size"].integer()));
  CHECK(bare_json(made.intent.equivalent).find("pg_dump") == 0);

  const auto checked = shop.bench.read(action("backup.check"), Value::object({{"backup", path}}));
  CHECK(checked.outputs["valid"] == Value(true));

  shop.server.sql("DROP TABLE items CASCADE", shop.database);
  const auto restored = shop.restore(path);
  expect_done(restored);
  CHECK(restored.judged.state == State::done);
  const std::string copy = restored.outcome.outputs["database"].text();
  CHECK(copy.find(shop.database + "_restore_") == 0);
  const auto same = shop.verify(path, copy);
  REQUIRE_FALSE(same.failure);
  CHECK(same.outputs["matches"] == Value(true));
  CHECK(same.outputs["rows"] == Value(std::int64_t(4010)));
  CHECK(same.findings.empty());
  CHECK_FALSE(shop.verify(path, shop.database).outputs["matches"].boolean());
  CHECK(fs::directory_iterator(shop.backups()) != fs::directory_iterator());
  for (const auto& entry : fs::directory_iterator(shop.backups())) CHECK(entry.path().filename() == made.outcome.outputs["id"].text());

  shop.bench.id.path = "swap";
  const Value swap_in = ActionBench::complete(postgres_backup::k_swap, {{"target", shop.target()}, {"from", copy}});
  // A client that keeps reconnecting must not hinder it.
  support::Program client({shop.server.program("psql"), "-X", "-c", "SELECT pg_sleep(60)", shop.server.uri(shop.database)}, shop.folder / "client.log");
  REQUIRE(support::eventually([&] { return shop.server.sql("SELECT 'on' FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%' AND datname = '" + shop.database + "'").starts_with("on"); }));
  const auto swapped = shop.bench.change(postgres_backup::k_swap, swap_in);
  expect_done(swapped);
  CHECK(swapped.judged.state == State::done);
  CHECK(swapped.outcome.outputs["ended"].integer() >= 1);
  const std::string kept = swapped.outcome.outputs["kept"].text();
  CHECK(kept == shop.database + "_before_20261121_223800");
  CHECK(shop.contents() == before);

  INFO("owner, settings, grants, limit and comment are those of the database before");
  const std::string now = shop.server.sql(facts + shop.database + "'");
  CHECK(now.find(shop.database + "_owner|50|t|the shop's \\ own|") == 0);
  CHECK(now.find(shop.database + "_owner_reader=c/") != std::string::npos);
  CHECK(now == was);
  CHECK(shop.server.sql("SHOW search_path", shop.database).find("\"$user\", public, extra") == 0);
  CHECK(shop.server.sql("SHOW work_mem", shop.database).find("8MB") == 0);
  CHECK(shop.server.sql("SELECT setconfig FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = setrole WHERE rolname = '" + shop.database + "_owner_reader'").find("statement_timeout=5s") != std::string::npos);
  CHECK(shop.server.sql("SELECT tableowner FROM pg_tables WHERE tablename = 'items'", shop.database).find(shop.database + "_owner") == 0);

  INFO("the former one takes no connections, and going back restores it exactly");
  CHECK(shop.server.sql("SELECT datallowconn FROM pg_database WHERE datname = '" + kept + "'").find("f") == 0);
  const Value undo = std::get<Change>(postgres_backup::k_swap.does).undo(swapped.intent, swapped.seen, swapped.outcome.outputs);
  std::vector<std::pair<std::string, Value>> back;
  for (const auto& [key, value] : undo.map()) back.emplace_back(key.text(), value);
  expect_done(shop.bench.change(postgres_backup::k_swap, ActionBench::complete(postgres_backup::k_swap, back)));
  CHECK(shop.server.sql("SELECT count(*) FROM pg_tables WHERE tablename = 'items'", shop.database).find("0") == 0);
  CHECK(shop.server.sql("SELECT datallowconn FROM pg_database WHERE datname = '" + shop.database + "'").find("t") == 0);

  const Value gone = std::get<Change>(postgres_backup::k_restore.does).undo(restored.intent, restored.seen, restored.outcome.outputs);
  std::vector<std::pair<std::string, Value>> absent;
  for (const auto& [key, value] : gone.map()) absent.emplace_back(key.text(), value);
  expect_done(shop.bench.change(postgres_backup::k_restore, ActionBench::complete(postgres_backup::k_restore, absent)));
  CHECK(shop.databases().find("_restore_") == std::string::npos);
}
