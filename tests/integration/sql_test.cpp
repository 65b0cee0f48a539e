#include "catch.hpp"
#include "integration/support/postgres_server.hpp"
#include "ports/real_ports.hpp"
#include "ports/sql.hpp"
#include <fmt/core.h>
#include <thread>
#include <unistd.h>

using namespace belay;

namespace {
struct Bench {
  std::unique_ptr<Time> time = make_clock();
  Stop stop{*time};
  std::unique_ptr<Sql> sql = make_sql();
  support::PostgresServer& server = support::PostgresServer::shared();

  std::unique_ptr<Session> open(const Value& target) {
    auto session = sql->open(target, stop);
    if (!session) FAIL(session.error().message);
    return std::move(*session);
  }
  std::unique_ptr<Session> open_read_only(const Value& target) {
    auto session = sql->open_read_only(target, stop);
    if (!session) FAIL(session.error().message);
    return std::move(*session);
  }
};
Statement statement(std::string text, std::vector<Value> arguments = {}) { return {Value(), std::move(text), std::move(arguments)}; }
Value first(const Expected<Value>& result) {
  if (!result) FAIL(result.error().message);
  return (*result)["rows"].list().at(0);
}
} // namespace

TEST_CASE("columns come back in the types that they have", "[integration][sql]") {
  Bench bench;
  auto session = bench.open(bench.server.target());
  const Value row = first(session->run(statement("SELECT true AS b, 7::int2 AS s, 9223372036854775807 AS l, 1.5::float8 AS d, 12.30::numeric AS n, 'x' AS t, "
                                                 "'\\x00ff'::bytea AS y, '{\"a\": [1]}'::jsonb AS j, timestamptz '2026-11-21 22:38:00.5+02' AS z, NULL AS nothing, 1 AS b, "
                                                 "'infinity'::timestamptz AS never"), bench.stop));
  CHECK(row["b"] == Value(true));
  CHECK(row["s"] == Value(7));
  CHECK(row["l"] == Value(std::int64_t{9223372036854775807}));
  CHECK(row["d"] == Value(1.5));
  CHECK(row["n"] == Value("12.30"));
  CHECK(row["t"] == Value("x"));
  CHECK(row["y"] == Value::bytes(std::string("\x00\xff", 2)));
  CHECK(row["j"] == Value::object({{"a", Value(Value::List{1})}}));
  CHECK(row["z"] == Value(Timestamp{1795293480, 500'000'000}));
  CHECK(row["nothing"].is_null());
  CHECK(row["b_2"] == Value(1));
  CHECK(row["never"] == Value("infinity"));
}

TEST_CASE("arguments are data of their own type and never a part of the text", "[integration][sql]") {
  Bench bench;
  auto session = bench.open(bench.server.target());
  const std::string hostile = "'; DROP TABLE users; --";
  const Value row = first(session->run(statement("SELECT $1::text AS a, $2::bigint + 1 AS b, $3::bytea AS c, $4::jsonb AS d, $5::text IS NULL AS e, $6::timestamptz AS f, $7::boolean AS g, $8::interval > '89 seconds' AS h",
                                                 {hostile, 41, Value::bytes(std::string("\0x", 2)), Value::object({{"k", 1}}), Value(), Value(Timestamp{1, 0}), true, Value(Duration(std::chrono::seconds(90)))}),
                                       bench.stop));
  CHECK(row["a"] == Value(hostile));
  CHECK(row["b"] == Value(42));
  CHECK(row["c"] == Value::bytes(std::string("\0x", 2)));
  CHECK(row["d"] == Value::object({{"k", 1}}));
  CHECK(row["e"] == Value(true));
  CHECK(row["f"] == Value(Timestamp{1, 0}));
  CHECK(row["g"] == Value(true));
  CHECK(row["h"] == Value(true));
}

TEST_CASE("a read-only session cannot write, whatever it is told", "[integration][sql]") {
  Bench bench;
  const std::string database = bench.server.create_database();
  bench.server.sql("CREATE TABLE t(n int); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (1) RETURNING n'", database);
  auto session = bench.open_read_only(bench.server.target(database));
  for (const char* text : {"INSERT INTO t VALUES (1)", "SELECT f()", "SET default_transaction_read_only = off", "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE", "INSERT INTO t VALUES (2)", "COMMIT",
                           "INSERT INTO t VALUES (3)", "BEGIN READ WRITE", "INSERT INTO t VALUES (4)", "ROLLBACK", "BEGIN", "SET TRANSACTION READ WRITE", "INSERT INTO t VALUES (5)", "COMMIT", "CREATE TABLE u()",
                           "SELECT 1; INSERT INTO t VALUES (6)", "/* */ BEGIN READ WRITE", "INSERT INTO t VALUES (7)", "COMMIT"})
    (void)session->run(statement(text), bench.stop);
  CHECK(bench.server.sql("SELECT count(*) FROM t", database) == "0");
  CHECK(bench.server.sql("SELECT count(*) FROM pg_class WHERE relname = 'u'", database) == "0");
}

TEST_CASE("a read-only session starts no program on the server and writes none of its files", "[integration][sql]") {
  Bench bench;
  auto session = bench.open_read_only(bench.server.target());
  const std::string file = fmt::format("/tmp/belay-read-only-{}", ::getpid());
  for (const char* before : {"", "  ", "/* a /* nested */ one */ ", "-- a line\n"}) {
    const auto done = session->run(statement(fmt::format("{}COPY (SELECT 1) TO PROGRAM 'cat > {}'", before, file)), bench.stop);
    REQUIRE_FALSE(done);
    CHECK(done.error().cause == Cause::refused);
  }
  CHECK(::access(file.c_str(), F_OK) != 0);
  CHECK(first(session->run(statement("SELECT 1 AS copy"), bench.stop))["copy"] == Value(1));
}

TEST_CASE("a transaction that a reader opens lasts over its statements", "[integration][sql]") {
  Bench bench;
  const std::string database = bench.server.create_database();
  bench.server.sql("CREATE TABLE t(n int); INSERT INTO t VALUES (1)", database);
  auto session = bench.open_read_only(bench.server.target(database));
  REQUIRE(session->run(statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"), bench.stop));
  CHECK(first(session->run(statement("SHOW transaction_isolation"), bench.stop))["transaction_isolation"] == Value("repeatable read"));
  const Value snapshot = first(session->run(statement("SELECT pg_export_snapshot() AS s"), bench.stop))["s"];
  bench.server.sql("INSERT INTO t VALUES (2)", database);
  CHECK(first(session->run(statement("SELECT count(*) AS n FROM t"), bench.stop))["n"] == Value(1));
  CHECK(bench.server.sql(fmt::format("BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '{}'; SELECT count(*) FROM t;", snapshot.text()), database) == "1");
  REQUIRE(session->run(statement("COMMIT"), bench.stop));
  CHECK(first(session->run(statement("SELECT count(*) AS n FROM t"), bench.stop))["n"] == Value(2));
}

TEST_CASE("an acting session tells how many rows it changed", "[integration][sql]") {
  Bench bench;
  const std::string database = bench.server.create_database();
  auto session = bench.open(Value(bench.server.uri(database)));
  REQUIRE(session->run(statement("CREATE TABLE t(n int)"), bench.stop));
  const auto result = session->run(statement("INSERT INTO t SELECT * FROM generate_series(1, $1::int)", {5}), bench.stop);
  REQUIRE(result);
  CHECK((*result)["count"] == Value(5));
  CHECK((*result)["rows"].list().empty());
}

TEST_CASE("an error of the server comes with its state, and what it means", "[integration][sql]") {
  Bench bench;
  const std::string database = bench.server.create_database();
  bench.server.sql("CREATE TABLE t(n int PRIMARY KEY); INSERT INTO t VALUES (1)", database);
  auto session = bench.open(bench.server.target(database));
  const auto absent = session->run(statement("SELECT * FROM nowhere"), bench.stop);
  REQUIRE_FALSE(absent);
  CHECK(absent.error().cause == Cause::missing);
  CHECK(absent.error().reached == Reached::yes);
  CHECK(absent.error().message == "relation \"nowhere\" does not exist (SQLSTATE 42P01); at character 15");
  const auto twice = session->run(statement("INSERT INTO t VALUES (1)"), bench.stop);
  REQUIRE_FALSE(twice);
  CHECK(twice.error().cause == Cause::conflict);
  CHECK(twice.error().message.find("Key (n)=(1) already exists") != std::string::npos);
  CHECK(first(session->run(statement("SELECT 1 AS n"), bench.stop))["n"] == Value(1)); // the session is still good
}

TEST_CASE("a server that is not there, a wrong password and an absent database are told apart, and none says the password", "[integration][sql]") {
  Bench bench;
  bench.server.sql("CREATE ROLE guest LOGIN PASSWORD 'correct-horse'");
  const auto why = [&](const Value& target) {
    const auto session = bench.sql->open(target, bench.stop);
    REQUIRE_FALSE(session);
    CHECK(session.error().reached == Reached::no);
    CHECK(session.error().message.find("battery-staple") == std::string::npos);
    return session.error();
  };
  const int port = bench.server.port();
  CHECK(why(Value(fmt::format("postgresql://guest:battery-staple@127.0.0.1:{}/postgres", support::free_port())).as_secret()).cause == Cause::transport);
  const Failure wrong = why(Value::object({{"host", "127.0.0.1"}, {"port", port}, {"dbname", "postgres"}, {"user", "guest"}, {"password", Value("battery-staple").as_secret()}}));
  CHECK(wrong.cause == Cause::rejected);
  CHECK(wrong.message.find("password authentication failed") != std::string::npos);
  CHECK(why(bench.server.target("no_such_database")).cause == Cause::missing);
  CHECK(why(Value("host=127.0.0.1 port=x battery-staple 'unclosed")).cause == Cause::refused);
  CHECK(why(Value::object({{"host", "name-that-does-not-exist.invalid"}, {"dbname", "x"}})).cause != Cause::rejected);
  bench.open(Value::object({{"host", "127.0.0.1"}, {"port", port}, {"dbname", "postgres"}, {"user", "guest"}, {"password", Value("correct-horse").as_secret()}}));
}

TEST_CASE("a stop ends a statement on the server within a tenth of a second, and it has no effect", "[integration][sql]") {
  Bench bench;
  const std::string database = bench.server.create_database();
  bench.server.sql("CREATE TABLE t(n int)", database);
  for (const bool deadline : {true, false}) {
    auto session = bench.open(bench.server.target(database));
    const Stop stop = bench.stop.nested(deadline ? std::chrono::milliseconds(200) : std::chrono::seconds(20));
    std::thread interrupter([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      if (!deadline) stop.request(Stop::Why::interrupted);
    });
    const auto begun = std::chrono::steady_clock::now();
    const auto result = session->run(statement("INSERT INTO t SELECT 1 FROM pg_sleep(10)"), stop);
    const auto took = std::chrono::steady_clock::now() - begun;
    interrupter.join();
    REQUIRE_FALSE(result);
    CHECK(result.error().cause == (deadline ? Cause::timeout : Cause::stopped));
    CHECK(result.error().reached == Reached::yes);
    CHECK(took < std::chrono::milliseconds(350));
    CHECK_FALSE(session->run(statement("SELECT 1"), bench.stop));
  }
  CHECK(bench.server.sql("SELECT count(*) FROM t", database) == "0");
  CHECK(bench.server.sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(10)%' AND pid <> pg_backend_pid()") == "0");
}

TEST_CASE("a server that dies in the middle of a statement leaves its effect open", "[integration][sql]") {
  support::PostgresServer own;
  Bench bench;
  auto session = bench.open(own.target());
  std::thread killer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    own.stop(3);
  });
  const auto result = session->run(statement("SELECT pg_sleep(10)"), bench.stop);
  killer.join();
  REQUIRE_FALSE(result);
  CHECK(result.error().cause == Cause::transport);
  CHECK(result.error().reached == Reached::perhaps);
}

TEST_CASE("rows beyond what is kept are refused, and so is COPY", "[integration][sql]") {
  Bench bench;
  const auto large = bench.open(bench.server.target())->run(statement("SELECT repeat('x', 1000000) AS t FROM generate_series(1, 100)"), bench.stop);
  REQUIRE_FALSE(large);
  CHECK(large.error().cause == Cause::full);
  const auto copy = bench.open(bench.server.target())->run(statement("COPY (SELECT 1) TO STDOUT"), bench.stop);
  REQUIRE_FALSE(copy);
  CHECK(copy.error().cause == Cause::refused);
}

TEST_CASE("off this host the server's certificate is verified unless the target says otherwise", "[integration][sql]") {
  Bench bench;
  const auto session = bench.sql->open(Value(fmt::format("postgresql://postgres@{}:{}/postgres", "0.0.0.0", bench.server.port())), bench.stop);
  REQUIRE_FALSE(session); // 0.0.0.0 reaches the same server and is no loopback address by name; it offers no TLS
  CHECK(session.error().message.find("SSL") != std::string::npos);
  CHECK(bench.sql->open(Value(fmt::format("postgresql://postgres@{}:{}/postgres?sslmode=disable", "0.0.0.0", bench.server.port())), bench.stop));
}
