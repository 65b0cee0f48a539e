#include "catch.hpp"
#include "clients/backup_folder.hpp"
#include "integration/support/action_bench.hpp"
#include "integration/support/postgres_server.hpp"
#include "modules/catalog.hpp"
#include "modules/postgres_backup.hpp"
#include "value/json.hpp"
#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <random>

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
  int share = 0; ///< 0: every dump is made by two pg_dumps, -1: by one

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
    more.insert(more.end(), {{"target", target()}, {"service", "shop"}, {"environment", "local"}, {"folder", folder.path()}, {"share", share}});
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
  shop.share = GENERATE(0, -1);
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
  CHECK(shop.server.sql(facts + shop.database + "'") == was);

  const Value gone = std::get<Change>(postgres_backup::k_restore.does).undo(restored.intent, restored.seen, restored.outcome.outputs);
  std::vector<std::pair<std::string, Value>> absent;
  for (const auto& [key, value] : gone.map()) absent.emplace_back(key.text(), value);
  expect_done(shop.bench.change(postgres_backup::k_restore, ActionBench::complete(postgres_backup::k_restore, absent)));
  CHECK(shop.databases().find("_restore_") == std::string::npos);
}

namespace {

/// Files whose sinks do `each` before each write, which may fail.
struct Meddled : FileSystem {
  FileSystem& real;
  std::function<Expected<void>(std::uint64_t)> each;
  explicit Meddled(FileSystem& r) : real(r) {}
  struct MeddledSink : Sink {
    std::unique_ptr<Sink> real;
    Meddled& by;
    std::uint64_t bytes = 0;
    MeddledSink(std::unique_ptr<Sink> r, Meddled& b) : real(std::move(r)), by(b) {}
    Expected<void> write(std::span<const std::byte> more) override {
      if (auto ok = by.each(bytes); !ok) return ok;
      bytes += more.size();
      return real->write(more);
    }
    Expected<std::uint64_t> finish() override { return real->finish(); }
  };
  Expected<std::unique_ptr<Source>> open(const std::string& path) override { return real.open(path); }
  Expected<std::string> text(const std::string& path, std::uint64_t at_most) override { return real.text(path, at_most); }
  Expected<FileStatus> status(const std::string& path) override { return real.status(path); }
  Expected<std::vector<std::string>> list(const std::string& folder) override { return real.list(folder); }
  Expected<std::uint64_t> space(const std::string& folder) override { return real.space(folder); }
  Expected<std::unique_ptr<Sink>> create(const std::string& path) override { return meddled(real.create(path)); }
  Expected<std::unique_ptr<Sink>> create_scratch(const std::string& path) override { return meddled(real.create_scratch(path)); }
  Expected<std::unique_ptr<Sink>> meddled(Expected<std::unique_ptr<Sink>> sink) {
    if (!sink) return sink;
    return std::make_unique<MeddledSink>(std::move(*sink), *this);
  }
  Expected<void> change(const FileChange& change) override { return real.change(change); }
};

/// The pid of the program whose command line holds both texts; 0: none.
pid_t pid_of(const std::string& one, const std::string& other) {
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream in(entry.path() / "cmdline");
    const std::string line((std::istreambuf_iterator<char>(in)), {});
    if (line.find(one) != std::string::npos && line.find(other) != std::string::npos && line.find("postgres:") == std::string::npos) return std::stoi(entry.path().filename());
  }
  return 0;
}

void expect_nothing_left(Shop& shop) {
  CHECK((!fs::exists(shop.backups()) || fs::is_empty(shop.backups())));
  CHECK(support::eventually([&] { return shop.server.sql("SELECT 'none' WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'belay %' AND datname = '" + shop.database + "')").starts_with("none"); }, 2000));
  CHECK(pid_of("pg_dump", "dbname=" + shop.database) == 0);
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {(std::istreambuf_iterator<char>(in)), {}};
}

/// Enough, and random enough, that a dump takes a while and its file many writes.
void add_bulk(Shop& shop) {
  shop.server.sql("CREATE TABLE bulk AS SELECT i, md5(i::text) || md5((i * 7)::text) || md5((i * 13)::text) AS text FROM generate_series(1, 300000) i; CREATE TABLE more AS SELECT * FROM bulk WHERE i % 2 = 0", shop.database);
}

} // namespace

TEST_CASE("a pg_dump that is killed, or loses its server, fails the backup and leaves nothing", "[integration][backup]") {
  Shop shop;
  add_bulk(shop);
  Meddled files(*shop.bench.files);
  const bool client = GENERATE(true, false);
  std::uint64_t at = GENERATE(0u, 300'000u, 2'000'000u);
  INFO((client ? "the client" : "its session") << " ends after " << at << " bytes");
  bool ended = false;
  files.each = [&](std::uint64_t bytes) -> Expected<void> {
    if (!ended && bytes >= at) {
      ended = true;
      if (client) ::kill(pid_of("--snapshot=", "dbname=" + shop.database), SIGKILL);
      else shop.server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY %' AND datname = '" + shop.database + "'");
    }
    return {};
  };
  shop.bench.id.path = "dump";
  const Value in = ActionBench::complete(postgres_backup::k_dump, {{"target", shop.target()}, {"service", "shop"}, {"environment", "local"}, {"folder", shop.folder.path()}, {"share", GENERATE(0, -1)}});
  const auto made = shop.bench.change(postgres_backup::k_dump, in, shop.bench.with(files));
  REQUIRE(ended);
  CHECK(made.outcome.state == State::no_effect);
  REQUIRE(made.outcome.failure);
  CHECK(made.outcome.failure->message.find("pg_dump") != std::string::npos);
  CHECK((made.judged.state == State::no_effect || made.judged.state == State::not_seen)); // the server may take a moment to end the session
  expect_nothing_left(shop);
  CHECK(shop.good_backup().size() > 0);
}

TEST_CASE("a full disk at any moment fails the backup and leaves nothing", "[integration][backup]") {
  Shop shop;
  add_bulk(shop);
  Meddled files(*shop.bench.files);
  const std::uint64_t room = GENERATE(0u, 1'000u, 65'536u, 1'000'000u, 4'000'000u);
  files.each = [&](std::uint64_t bytes) -> Expected<void> { return bytes < room ? Expected<void>() : Unexpected({Cause::full, Reached::no, "no space left on the device", {}}); };
  shop.bench.id.path = "dump";
  const Value in = ActionBench::complete(postgres_backup::k_dump, {{"target", shop.target()}, {"service", "shop"}, {"environment", "local"}, {"folder", shop.folder.path()}, {"share", GENERATE(0, -1)}});
  const auto made = shop.bench.change(postgres_backup::k_dump, in, shop.bench.with(files));
  REQUIRE(made.outcome.failure);
  CHECK(made.outcome.failure->cause == Cause::full);
  expect_nothing_left(shop);
}

TEST_CASE("what two pg_dumps wrote holds all that one writes, whatever the tables are called", "[integration][backup]") {
  Shop shop;
  shop.server.sql("CREATE SCHEMA \"a$.b\"; CREATE TABLE \"a$.b\".\"c\"\"*|d\" (id bigserial PRIMARY KEY, note text DEFAULT E'tab\\t line\\n \\\\', parent bigint REFERENCES \"a$.b\".\"c\"\"*|d\", twice bigint GENERATED ALWAYS AS (id * 2) STORED);"
                  "INSERT INTO \"a$.b\".\"c\"\"*|d\" (parent) SELECT CASE WHEN i > 1 THEN 1 END FROM generate_series(1, 20000) i; CREATE TABLE wide (text text); ALTER TABLE wide ALTER text SET STORAGE EXTERNAL;"
                  "INSERT INTO wide SELECT repeat('w', 300000) FROM generate_series(1, 20); CREATE TABLE older (); CREATE TABLE younger (i int) INHERITS (older); INSERT INTO younger SELECT generate_series(1, 500);"
                  "SELECT lo_from_bytea(4242, 'kept'); CREATE UNLOGGED TABLE passing AS SELECT generate_series(1, 9000) AS i; CREATE MATERIALIZED VIEW sums AS SELECT count(*) FROM items", shop.database);
  const auto made = shop.dump({{"hashes", true}});
  expect_done(made);
  shop.share = -1;
  shop.bench.id.run = "run-2";
  const auto alone = shop.dump({{"hashes", true}});
  expect_done(alone);
  // A dump of rows alone sets the sequences of its tables too, but only the main one's table of contents is kept.
  CHECK(made.outcome.outputs["raw_size"] == alone.outcome.outputs["raw_size"]);
  const auto restored = shop.restore(made.outcome.outputs["path"].text());
  expect_done(restored);
  const std::string copy = restored.outcome.outputs["database"].text();
  for (const auto* backup : {&made, &alone}) {
    const auto same = shop.verify(backup->outcome.outputs["path"].text(), copy);
    REQUIRE_FALSE(same.failure);
    CHECK(same.outputs["differences"] == Value(Value::List{}));
  }
  for (const char* query : {"SELECT nextval('\"a$.b\".\"c\"\"*|d_id_seq\"') > 20000", "SELECT convert_from(lo_get(4242), 'UTF8') = 'kept'", "SELECT count(*) = 1 FROM sums", "SELECT min(length(text)) = 300000 FROM wide"})
    CHECK(shop.server.sql(query, copy).starts_with("t"));
}

TEST_CASE("a table that another session has locked fails the backup in time", "[integration][backup]") {
  Shop shop;
  support::Program holder({shop.server.program("psql"), "-X", "-c", "BEGIN; LOCK TABLE log_1 IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60)", shop.server.uri(shop.database)}, shop.folder / "holder.log");
  REQUIRE(support::eventually([&] { return shop.server.sql("SELECT 'on' FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = '" + shop.database + "'").starts_with("on"); }));
  const auto made = shop.dump({{"lock_wait", Value(Duration(std::chrono::milliseconds(200)))}});
  REQUIRE(made.outcome.failure);
  CHECK(made.outcome.failure->message.find("lock timeout") != std::string::npos);
  CHECK_FALSE(fs::exists(shop.backups()));
}

TEST_CASE("a failing count stops the dump and names the table", "[integration][backup]") {
  Shop shop;
  add_bulk(shop);
  // An index whose function fails cannot hinder the dump; a count of the view's table by a role that row security hides rows from does.
  const std::string role = shop.database + "_few";
  shop.server.sql(fmt::format("CREATE ROLE {0} LOGIN PASSWORD 'few'; GRANT CONNECT ON DATABASE {1} TO {0}", role, shop.database));
  shop.server.sql(fmt::format("GRANT SELECT ON ALL TABLES IN SCHEMA public, extra TO {0}; GRANT USAGE ON SCHEMA extra TO {0}; GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {0};"
                              "ALTER TABLE log_1 ENABLE ROW LEVEL SECURITY", role), shop.database);
  std::vector<std::pair<std::string, Value>> target;
  const Value own = shop.target();
  for (const auto& [key, value] : own.map())
    if (key.text() != "user") target.emplace_back(key.text(), value);
  target.emplace_back("user", role);
  target.emplace_back("password", Value("few").as_secret());
  shop.bench.id.path = "dump";
  const auto made = shop.bench.change(postgres_backup::k_dump, ActionBench::complete(postgres_backup::k_dump, {{"target", Value::object(target)}, {"service", "shop"}, {"environment", "local"}, {"folder", shop.folder.path()}}));
  REQUIRE(made.outcome.failure);
  INFO(made.outcome.failure->message);
  CHECK(made.outcome.failure->message.find("log_1") != std::string::npos);
  expect_nothing_left(shop);
}

TEST_CASE("a damaged backup is refused before anything is made on the server, in 400 ways", "[integration][backup]") {
  Shop shop(300);
  const std::string path = shop.good_backup(), contents = shop.contents(), databases = shop.databases();
  const std::string dump = read_file(path + "/dump.zst"), manifest = read_file(path + "/manifest.json");
  shop.bench.id.path = "restore";
  const Value in = ActionBench::complete(postgres_backup::k_restore, {{"target", shop.target()}, {"backup", path}});
  const auto& does = std::get<Change>(postgres_backup::k_restore.does);
  const Call call{in, shop.bench.id, shop.bench.stop, shop.bench.tell};
  // What is damaged only after it was looked at is the harder case.
  const auto seen = does.observe(call, {}, shop.bench.ports().reads());
  REQUIRE(seen);
  const Intent intent = does.prepare(in, *seen, shop.bench.id);
  REQUIRE_FALSE(intent.refused);
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  auto refused = [&] {
    auto ports = shop.bench.ports();
    const Outcome outcome = does.perform(intent, call, ports);
    CHECK(outcome.state == State::no_effect);
    CHECK(outcome.failure);
  };
  for (int i = 0; i < 400; ++i) {
    const bool of_dump = i % 4 != 0;
    const std::string& whole = of_dump ? dump : manifest;
    std::string damaged = whole;
    const std::size_t at = random() % whole.size();
    if (i % 2 == 0) damaged.resize(at);
    else damaged[at] = static_cast<char>(damaged[at] ^ (1 << (random() % 8)));
    support::write_file(path + (of_dump ? "/dump.zst" : "/manifest.json"), damaged);
    refused();
    support::write_file(path + (of_dump ? "/dump.zst" : "/manifest.json"), whole);
  }
  fs::remove(path + "/dump.zst");
  refused();
  support::write_file(path + "/dump.zst", dump + "x");
  refused();
  CHECK(shop.databases() == databases);
  CHECK(shop.contents() == contents);
  CHECK_FALSE(fs::exists(shop.backups() + "/restoring-" + intent.extra["copy"].text().substr(intent.extra["copy"].text().size() - 8)));
}

TEST_CASE("a comparison finds every lie of the counts and every object that is missing", "[integration][backup]") {
  Shop shop;
  const auto made = shop.dump({{"hashes", true}});
  expect_done(made);
  const std::string path = made.outcome.outputs["path"].text();
  CHECK(shop.verify(path, shop.database).outputs["matches"] == Value(true));
  auto finds = [&](const std::string& sql, const std::string& what) {
    shop.server.sql(sql, shop.database);
    const auto outcome = shop.verify(path, shop.database);
    REQUIRE_FALSE(outcome.failure);
    CHECK_FALSE(outcome.outputs["matches"].boolean());
    std::string all;
    for (const auto& finding : outcome.findings) all += finding.message + "\n";
    INFO(all);
    CHECK(all.find(what) != std::string::npos);
  };
  finds("UPDATE items SET price = price + 1 WHERE id = 7", "public.items has the right number of rows but other contents");
  finds("DELETE FROM log WHERE ctid = (SELECT min(ctid) FROM log) AND tableoid = 'log_1'::regclass", "public.log_1 has");
  finds("DROP INDEX items_name_idx", "indexes");
  finds("ALTER TABLE items DROP CONSTRAINT items_price_check", "checks");
  finds("CREATE TABLE newer ()", "public.newer is there");
  finds("DROP TABLE extra.\"odd \"\"name\"", "extra.odd \"name is missing");
  finds("DROP FUNCTION twice", "functions");
}

TEST_CASE("a restore over the database itself brings all of it back or changes nothing", "[integration][backup]") {
  Shop shop;
  shop.share = GENERATE(0, -1);
  const std::string path = shop.good_backup(), contents = shop.contents();
  shop.server.sql("DELETE FROM log; DROP VIEW dear; UPDATE items SET name = 'lost'", shop.database);
  const Value in = ActionBench::complete(postgres_backup::k_in_place, {{"target", shop.target()}, {"backup", path}});
  const std::string lost = shop.contents(), dump = read_file(path + "/dump.zst");
  support::write_file(path + "/dump.zst", dump.substr(0, dump.size() - 1));
  const auto refused = shop.bench.change(postgres_backup::k_in_place, in);
  REQUIRE(refused.outcome.failure);
  CHECK(refused.outcome.state == State::no_effect);
  CHECK(shop.contents() == lost);
  support::write_file(path + "/dump.zst", dump);
  const auto made = shop.bench.change(postgres_backup::k_in_place, in);
  expect_done(made);
  CHECK(shop.contents() == contents);
  CHECK(shop.verify(path, shop.database).outputs["matches"] == Value(true));
}

TEST_CASE("a dropped database is restored with the owner and settings that its backup kept", "[integration][backup]") {
  Shop shop;
  const std::string path = shop.good_backup(), contents = shop.contents();
  shop.server.sql("DROP DATABASE " + shop.database);
  const auto restored = shop.restore(path);
  expect_done(restored);
  shop.bench.id.path = "swap";
  const auto swapped = shop.bench.change(postgres_backup::k_swap, ActionBench::complete(postgres_backup::k_swap, {{"target", shop.target()}, {"from", restored.outcome.outputs["database"]}}));
  expect_done(swapped);
  CHECK(swapped.judged.state == State::done);
  CHECK(shop.contents() == contents);
  CHECK(shop.server.sql("SHOW work_mem", shop.database).find("8MB") == 0);
}

TEST_CASE("what died is removed by the next backup, what lives is not", "[integration][backup]") {
  Shop shop;
  const std::string good = shop.good_backup();
  const std::string dead = shop.backups() + "/20261120T000000Z-00000001", alive = shop.backups() + "/20261120T000000Z-00000002";
  for (const auto& folder : {dead, alive}) {
    fs::create_directories(folder);
    support::write_file(folder + "/dump.zst.partial", "half");
  }
  support::write_file(shop.backups() + "/restoring-00000003", "half");
  support::Program writer({shop.server.program("psql"), "-X", "-c", "SET application_name = 'belay 20261120T000000Z-00000002'", "-c", "SELECT pg_sleep(60)", shop.server.uri(shop.database)}, shop.folder / "writer.log");
  REQUIRE(support::eventually([&] { return shop.server.sql("SELECT 'on' FROM pg_stat_activity WHERE application_name = 'belay 20261120T000000Z-00000002'").starts_with("on"); }));
  shop.bench.id.run = "run-2";
  shop.bench.id.run_started.seconds += 3600;
  const std::string second = shop.good_backup();
  CHECK(second != good);
  CHECK(fs::exists(good + "/manifest.json"));
  CHECK_FALSE(fs::exists(dead));
  CHECK_FALSE(fs::exists(shop.backups() + "/restoring-00000003"));
  CHECK(fs::exists(alive));
  shop.server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'belay 20261120T000000Z-00000002'");
  REQUIRE(support::eventually([&] { return shop.server.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'belay 2026%'").starts_with("0"); }));

  INFO("pruning removes the rest: what was put aside long ago, copies of the dead, folders of the dead");
  shop.server.sql("CREATE DATABASE " + shop.database + "_before_20261101_000000");
  shop.server.sql("CREATE DATABASE " + shop.database + "_before_20261121_000000");
  shop.server.sql("CREATE DATABASE " + shop.database + "_restore_00000003");
  shop.server.sql("CREATE DATABASE " + shop.database + "_restore_00000004");
  shop.server.sql("COMMENT ON DATABASE " + shop.database + "_restore_00000004 IS 'belay: copy of backup 20261121T223800Z-1f0c9a3e begun 1795300000 whole'");
  shop.server.sql("COMMENT ON DATABASE " + shop.database + "_restore_00000003 IS 'belay: copy of backup 20261101T000000Z-1f0c9a3e begun 1793500000 unfinished'");
  shop.server.sql("CREATE DATABASE " + shop.database + "_restore_20241101");
  shop.server.sql("CREATE DATABASE " + shop.database + "_other");
  shop.bench.id.path = "prune";
  const auto pruned = shop.bench.change(postgres_backup::k_prune_old, ActionBench::complete(postgres_backup::k_prune_old, {{"target", shop.target()}, {"folder", shop.backups()}}));
  expect_done(pruned);
  CHECK(pruned.judged.state == State::done);
  const std::string rest = shop.databases();
  CHECK(rest.find("_before_20261101") == std::string::npos);
  CHECK(rest.find("_restore_00000003") == std::string::npos);
  CHECK(rest.find("_before_20261121") != std::string::npos);
  CHECK(rest.find("_restore_00000004") != std::string::npos);
  CHECK(rest.find("_restore_20241101") != std::string::npos); // somebody's own, named like a copy
  CHECK(rest.find("_other") != std::string::npos);
  CHECK_FALSE(fs::exists(alive));
  CHECK(fs::exists(second));
}
