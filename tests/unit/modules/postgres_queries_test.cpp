#include "catch.hpp"
#include "fakes/strict_reads.hpp"
#include "modules/catalog.hpp"
#include "modules/postgres_queries.hpp"

using namespace belay;
using namespace belay::modules::postgres_queries;

namespace {
const Identity k_id{"run1", "step", "key", 1, {}};
Value object(std::vector<std::pair<std::string, Value>> members) { return Value::object(std::move(members)); }
Value list(std::vector<Value> values) { return Value(Value::List(std::move(values))); }
Value rows(std::vector<Value> all) { return object({{"rows", list(std::move(all))}, {"count", 0}}); }
const Value k_shop = object({{"host", "db"}, {"dbname", "shop"}, {"password", Value("hunter2").as_secret()}});
struct Bench : fakes::StrictReads {
  Stop stop{clock};
  fakes::DeafTell tell;
};
} // namespace

TEST_CASE("execute's act is the statement, and the address's password is not in its paste", "[modules]") {
  const Intent intent = prepare_execute(object({{"target", k_shop}, {"sql", "DELETE FROM carts WHERE id = $1"}, {"arguments", list({7})}}), {}, k_id);
  const auto& statement = std::get<Statement>(intent.act);
  CHECK(statement.sql == "DELETE FROM carts WHERE id = $1");
  CHECK(statement.arguments == std::vector<Value>{7});
  CHECK(intent.touches == std::vector<std::string>{"postgres:db:5432/shop"});
  CHECK(intent.equivalent == "psql shop -c 'DELETE FROM carts WHERE id = $1'   # arguments: [7]");
}

TEST_CASE("a secret in a statement's text is refused", "[modules]") {
  const Value sql = join({"ALTER ROLE x PASSWORD '", Value("hunter2").as_secret(), "'"});
  const Intent intent = prepare_execute(object({{"target", k_shop}, {"sql", sql}}), {}, k_id);
  REQUIRE(intent.refused);
  CHECK(intent.equivalent.find("hunter2") == std::string::npos);
}

TEST_CASE("an error that the server reported has no effect; a broken connection may have had one", "[modules]") {
  const auto state = [](Cause cause, Reached reached) { return replied_execute({}, Unexpected(Failure{cause, reached, "x", ""})).state; };
  CHECK(replied_execute({}, object({{"count", 3}})).state == State::done);
  CHECK(state(Cause::conflict, Reached::yes) == State::no_effect);
  CHECK(state(Cause::timeout, Reached::yes) == State::no_effect);
  CHECK(state(Cause::transport, Reached::perhaps) == State::unknown);
  CHECK(state(Cause::full, Reached::yes) == State::unknown);
  CHECK(state(Cause::transport, Reached::no) == State::no_effect);
}

TEST_CASE("what commits by parts may have had an effect although it failed", "[modules]") {
  const auto state = [](const char* sql) {
    const Intent intent = prepare_execute(object({{"target", k_shop}, {"sql", sql}, {"arguments", Value::List{}}}), {}, k_id);
    return replied_execute(intent, Unexpected(Failure{Cause::rejected, Reached::yes, "x", ""})).state;
  };
  for (const char* sql : {"CALL settle()", " call settle()", "CREATE INDEX CONCURRENTLY i ON t (a)", "DO $$ BEGIN COMMIT; END $$", "VACUUM t", "/* nightly */ CALL settle()"}) CHECK(state(sql) == State::unknown);
  for (const char* sql : {"UPDATE t SET a = 1", "DO $$ BEGIN RAISE 'no'; END $$", "CREATE INDEX i ON t (a)", ""}) CHECK(state(sql) == State::no_effect);
}

TEST_CASE("a query gives its rows, their number and the first of them", "[modules]") {
  Bench bench;
  bench.statements.emplace_back("SELECT 1", rows({object({{"n", 1}}), object({{"n", 2}})}));
  const Value in = object({{"target", k_shop}, {"sql", "SELECT 1"}});
  const Outcome outcome = read_query({in, k_id, bench.stop, bench.tell}, bench.reads());
  CHECK(outcome.outputs["count"] == Value(2));
  CHECK(outcome.outputs["row"]["n"] == Value(1));
  bench.done();
}

TEST_CASE("connections near the limit, long waits for locks and old transactions are findings", "[modules]") {
  const auto findings = [](int connections, double waits, double longest) {
    Bench bench;
    bench.statements.emplace_back("SELECT current_setting", rows({object({{"version", "15.1"}, {"max", 100}, {"connections", connections}, {"active", 1}, {"longest", longest}})}));
    bench.statements.emplace_back("SELECT a.pid", rows({object({{"pid", 10}, {"seconds", waits}, {"by", list({11})}, {"user", "shop"}, {"query", "UPDATE x"}})}));
    const Value in = object({{"target", k_shop}, {"alert", 0.9}, {"blocked", Value(Duration(std::chrono::seconds(30)))}, {"longest", Value(Duration(std::chrono::minutes(5)))}});
    const Outcome outcome = read_activity({in, k_id, bench.stop, bench.tell}, bench.reads());
    bench.done();
    CHECK(outcome.state == State::done);
    CHECK(outcome.outputs["connections"] == Value(connections));
    std::vector<std::string> messages;
    for (const Finding& finding : outcome.findings) messages.push_back(finding.message);
    return messages;
  };
  CHECK(findings(89, 29, 299).empty());
  CHECK(findings(90, 29, 299) == std::vector<std::string>{"90 of 100 connections are in use (90 %)"});
  CHECK(findings(1, 30.5, 1) == std::vector<std::string>{"session 10 has waited 30s for a lock that [11] holds: UPDATE x"});
  CHECK(findings(1, 1, 301) == std::vector<std::string>{"a transaction has been open for 301s"});
}
