#include "catch.hpp"
#include "fakes/strict_reads.hpp"
#include "integration/support/http_server.hpp"
#include "integration/support/postgres_server.hpp"
#include "integration/support/tls_server.hpp"
#include "expr/expr.hpp"
#include "modules/catalog.hpp"
#include "ports/http.hpp"
#include "ports/real_ports.hpp"
#include "ports/sql.hpp"
#include <fmt/core.h>
#include <thread>

using namespace belay;

namespace {
Value object(std::vector<std::pair<std::string, Value>> members) { return Value::object(std::move(members)); }
Value list(std::vector<Value> values) { return Value(Value::List(std::move(values))); }

/// The real network; files, lines and processes stay strict.
struct Bench {
  std::unique_ptr<Time> time = make_clock();
  Stop stop = Stop(*time).nested(std::chrono::seconds(30));
  std::unique_ptr<Http> http;
  std::unique_ptr<Sql> sql = make_sql();
  std::unique_ptr<HidingProcess> process = make_process({});
  fakes::StrictReads strict;
  fakes::DeafTell tell;
  Identity id{"run1", "step", "run1/step", 1, {}};
  explicit Bench(const std::string& ca = "") : http(make_http({ca})) {}
  Outcome read(const char* name, const Value& in) {
    return std::get<Read>(find_action(modules::catalog(), name)->does).read({in, id, stop, tell}, {*http, *process, *sql, strict, strict, *time});
  }
};
Value rule(const char* text) {
  auto program = expr::compile(text);
  if (!program) FAIL(text);
  return Value(program->rule());
}
} // namespace

TEST_CASE("a live database is queried, measured and watched", "[integration][postgres]") {
  auto& server = support::PostgresServer::shared();
  const std::string database = server.create_database("watched");
  server.sql("CREATE TABLE large AS SELECT generate_series(1, 20000) AS n; CREATE TABLE small(n int); INSERT INTO small VALUES (1); ANALYZE", database);
  Bench bench;
  const Value target = server.target(database);
  const Outcome query = bench.read("postgres.query", object({{"target", target}, {"sql", "SELECT count(*) AS n FROM large WHERE n > $1::int"}, {"arguments", list({19990})}}));
  CHECK(query.outputs["row"]["n"] == Value(10));
  const Outcome refused = bench.read("postgres.query", object({{"target", target}, {"sql", "DELETE FROM large RETURNING n"}}));
  CHECK(refused.state == State::failed);
  CHECK(refused.failure->message.find("read-only") != std::string::npos);
  const Outcome size = bench.read("postgres.size", object({{"target", target}, {"tables", 1}}));
  CHECK(size.outputs["database"] == Value(database));
  CHECK(size.outputs["bytes"].integer() > 1'000'000);
  REQUIRE(size.outputs["tables"].list().size() == 1);
  CHECK(size.outputs["tables"].list()[0]["name"] == Value("public.large"));
  CHECK(size.outputs["tables"].list()[0]["rows"] == Value(20000));
}

TEST_CASE("who waits for whom is found while it lasts", "[integration][postgres]") {
  auto& server = support::PostgresServer::shared();
  const std::string database = server.create_database("locked");
  server.sql("CREATE TABLE t(n int)", database);
  Bench bench;
  auto holder = std::move(*bench.sql->open(server.target(database), bench.stop));
  REQUIRE(holder->run({Value(), "BEGIN", {}}, bench.stop));
  REQUIRE(holder->run({Value(), "LOCK t", {}}, bench.stop));
  const Stop waiting = bench.stop.nested({});
  std::thread waiter([&] { (void)(*bench.sql->open(server.target(database), bench.stop))->run({Value(), "INSERT INTO t VALUES (1)", {}}, waiting); });
  Outcome activity;
  const bool seen = support::eventually([&] {
    activity = bench.read("postgres.activity", object({{"target", server.target(database)}, {"alert", 0.9}, {"blocked", Value(Duration(std::chrono::milliseconds(100)))}}));
    return activity.state == State::done && !activity.findings.empty();
  });
  waiting.request(Stop::Why::interrupted);
  waiter.join();
  REQUIRE(seen);
  CHECK(activity.findings.at(0).message.find("INSERT INTO t") != std::string::npos);
  CHECK(activity.outputs["max"].integer() > 10);
  CHECK(activity.outputs["longest"].duration() > Duration::zero());
}

TEST_CASE("endpoints are judged by expressions over their real answers", "[integration][http]") {
  support::HttpServer server([](const support::HttpRequest& request) {
    if (request.path == "/health") return support::HttpReply{.body = "{\"status\": \"ok\", \"db\": {\"pool\": 3}}", .headers = {{"Content-Type", "application/json"}}};
    return support::HttpReply{.status = 503, .body = "down"};
  });
  Bench bench;
  const Outcome outcome = bench.read("http.check", object({{"endpoints", list({object({{"name", "live"}, {"url", server.url("/health")}, {"expect", list({rule("status == 200"), rule("body.status in ['ok', 'healthy']"), rule("took < duration('5s')")})}}),
                                                                              object({{"name", "pool"}, {"url", server.url("/health")}, {"expect", rule("body.db.pool > 10")}}),
                                                                              object({{"name", "down"}, {"url", server.url("/x")}}), object({{"name", "gone"}, {"url", fmt::format("http://127.0.0.1:{}/", support::free_port())}})})}}));
  CHECK(outcome.outputs["failed"] == list({"pool", "down", "gone"}));
  CHECK(outcome.findings.at(0).message == "not met: body.db.pool > 10 (answer 200)");
  CHECK(outcome.findings.at(1).message == "the answer was 503, unavailable: down");
}

TEST_CASE("an endpoint may name the authority that it is to be trusted by", "[integration][tls]") {
  support::TlsServer server("127.0.0.1", 20);
  Bench bench;
  const Value url(fmt::format("https://127.0.0.1:{}/", server.port()));
  CHECK(bench.read("http.get", object({{"url", url}})).failure->message.find("certificate") != std::string::npos);
  CHECK(bench.read("http.get", object({{"url", url}, {"ca", server.ca()}})).outputs["status"] == Value(200));
}

TEST_CASE("a certificate's days are counted against the real clock", "[integration][tls]") {
  support::TlsServer fresh("127.0.0.1", 90), expired("127.0.0.1", -1);
  const Outcome good = Bench(fresh.ca()).read("tls.days", object({{"host", "127.0.0.1"}, {"port", fresh.port()}, {"alert", 21}}));
  CHECK((good.outputs["days"] == Value(89) || good.outputs["days"] == Value(90)));
  CHECK(good.findings.empty());
  const Outcome bad = Bench(expired.ca()).read("tls.days", object({{"host", "127.0.0.1"}, {"port", expired.port()}, {"alert", 21}}));
  CHECK(bad.outputs["days"].integer() < 0);
  REQUIRE(bad.findings.size() == 1);
  CHECK(bad.findings[0].message.find("expired") != std::string::npos);
}

TEST_CASE("a working copy is described, tagged once and untagged", "[integration][git]") {
  support::Folder folder;
  const std::string here = folder.path();
  REQUIRE(support::run({"git", "init", "-q", "-b", "main", here}).status == 0);
  for (const char* setting : {"user.name=tester", "user.email=tester@example.org", "commit.gpgsign=false", "tag.gpgsign=false"}) {
    const std::string text = setting;
    REQUIRE(support::run({"git", "-C", here, "config", text.substr(0, text.find('=')), text.substr(text.find('=') + 1)}).status == 0);
  }
  Bench bench;
  CHECK(bench.read("git.describe", object({{"folder", here}})).failure->cause == Cause::missing);
  support::write_file(folder / "file", "1");
  REQUIRE(support::run({"git", "-C", here, "add", "file"}).status == 0);
  REQUIRE(support::run({"git", "-C", here, "commit", "-q", "-m", "Begin"}).status == 0);
  support::write_file(folder / "file", "2");
  const Outcome described = bench.read("git.describe", object({{"folder", here}}));
  CHECK(described.outputs["dirty"] == Value(true));
  CHECK(described.outputs["branch"] == Value("main"));
  CHECK(described.outputs["subject"] == Value("Begin"));

  const Change& tag = std::get<Change>(find_action(modules::catalog(), "git.tag")->does);
  const Reads reads{*bench.http, *bench.process, *bench.sql, bench.strict, bench.strict, *bench.time};
  const auto observe = [&](const Value& in) { return *tag.observe({in, bench.id, bench.stop, bench.tell}, {}, reads); };
  const auto make = [&](const Value& in) {
    const Value seen = observe(in);
    const Intent intent = tag.prepare(in, seen, bench.id);
    REQUIRE_FALSE(intent.refused);
    if (!intent.nothing) CHECK(tag.ended(intent, bench.process->run(std::get<Command>(intent.act), nullptr, nullptr, nullptr, bench.stop)).state == State::done);
    CHECK(tag.judge(intent, seen, observe(in)).state == State::done);
    return tag.undo(intent, seen, intent.outputs);
  };
  Value in = object({{"name", "v1"}, {"commit", "HEAD"}, {"state", "present"}, {"folder", here}});
  const Value undo = make(in);
  CHECK(bench.read("git.describe", object({{"folder", here}})).outputs["tag"] == Value("v1"));
  CHECK(make(in).is_null()); // it is there: nothing to do, nothing to take back
  CHECK(undo == object({{"state", "absent"}, {"name", "v1"}, {"folder", here}}));
  make(undo);
  CHECK(bench.read("git.describe", object({{"folder", here}})).outputs["tag"] == Value(""));
}
