#include "catch.hpp"
#include "fakes/engine_rig.hpp"

using namespace belay;
using namespace belay::fakes;
using Strings = std::vector<std::string>;

namespace {

/// A database that says which it is, and who asks.
struct NamedDatabase final : Sql {
  std::string database, role;
  std::vector<std::string> opened;
  int looks = 0;

  struct Connection final : belay::Session {
    NamedDatabase& of;
    explicit Connection(NamedDatabase& o) : of(o) {}
    Expected<Value> run(const Statement& s, const Stop&) override {
      if (s.sql.find("current_database()") == std::string::npos) throw std::logic_error("not expected: " + s.sql);
      ++of.looks;
      return Value::object({{"rows", Value(Value::List{Value::object({{"database", of.database}, {"role", of.role}})})}, {"count", 1}});
    }
  };
  Expected<std::unique_ptr<Session>> open_read_only(const Value& target, const Stop&) override {
    opened.push_back(target["dbname"].text());
    if (database.empty()) return Unexpected(Failure{Cause::transport, Reached::no, "no connection", ""});
    return std::make_unique<Connection>(*this);
  }
  Expected<std::unique_ptr<Session>> open(const Value&, const Stop&) override { throw std::logic_error("a guard must only read"); }
};

/// A rig in an environment with guards, and a database.
struct GuardedRig {
  EngineRig rig;
  NamedDatabase sql;
  Ports ports{rig.server, rig.process, sql, rig.lines, rig.files, rig.clock};
  engine::World world{ports, rig.store, rig.secrets, rig.clock, rig.machine, rig.terminal, rig.entropy, rig.signals, test_catalog(), rig.project, {&rig.heard}, "/artifacts"};

  explicit GuardedRig(Value guards) {
    rig.with_service();
    rig.service->guards = std::move(guards);
    rig.service->env = Value::object({{"name", "local"}, {"databases", Value::object({{"main", Value::object({{"dbname", "shop"}})}})}});
  }
  engine::Finished start(const std::string& body, engine::Mode mode = engine::Mode::run) {
    engine::Options options;
    options.mode = mode;
    return engine::start({rig.runbook(body), rig.service, Value::object({}), options}, world);
  }
};

const std::string k_body = "claim: shop\nsteps:\n  - {id: one, use: test.put, with: {name: a, value: x}}\n  - {id: drop, use: test.put, effect: destroys, with: {name: b, value: gone}}\n";

} // namespace

TEST_CASE("a step that destroys is refused where belay is not on the host that the guard names", "[engine]") {
  GuardedRig place(Value::object({{"host", "db-1"}}));
  const auto done = place.start(k_body);
  CHECK(done.exit == Exit::refused);
  CHECK_THAT(done.failure->message, Catch::Contains("'drop' destroys") && Catch::Contains("host must be db-1 and is here"));
  CHECK(place.rig.server.ledger == Strings{"a=x"});
  CHECK(place.rig.view(done.run).state == "stopped");
  GuardedRig right(Value::object({{"host", "here"}}));
  CHECK(right.start(k_body).exit == Exit::done);
  CHECK(right.rig.server.ledger == Strings{"a=x", "b=gone"});
}

TEST_CASE("a guard on the database asks it by a read right before each step that destroys", "[engine]") {
  GuardedRig place(Value::object({{"database", "shop"}, {"role", "keeper"}}));
  place.sql.database = "shop";
  place.sql.role = "keeper";
  CHECK(place.start(k_body).exit == Exit::done);
  CHECK(place.sql.looks == 1);
  CHECK(place.sql.opened == Strings{"shop"});
  GuardedRig other(Value::object({{"database", "shop"}, {"role", "keeper"}}));
  other.sql.database = "shop";
  other.sql.role = "guest";
  auto done = other.start(k_body);
  CHECK(done.exit == Exit::refused);
  CHECK_THAT(done.failure->message, Catch::Contains("role must be keeper and is guest") && !Catch::Contains("database must be"));
  GuardedRig away(Value::object({{"database", "shop"}}));
  done = away.start(k_body);
  CHECK(done.exit == Exit::refused);
  CHECK_THAT(done.failure->message, Catch::Contains("cannot be told: no connection"));
  CHECK(away.rig.server.ledger == Strings{"a=x"});
}

TEST_CASE("a refused step goes on once its guard holds, and is not made twice", "[engine]") {
  GuardedRig place(Value::object({{"database", "shop"}}));
  place.sql.database = "other";
  const auto refused = place.start(k_body);
  REQUIRE(refused.exit == Exit::refused);
  place.rig.next_process();
  place.sql.database = "shop";
  CHECK(engine::resume(refused.run, {}, place.world).exit == Exit::done);
  CHECK(place.rig.server.ledger == Strings{"a=x", "b=gone"});
}

TEST_CASE("guards are not asked of what does not destroy", "[engine]") {
  GuardedRig place(Value::object({{"host", "db-1"}, {"database", "shop"}}));
  CHECK(place.start("steps:\n  - {id: one, use: test.put, with: {name: a, value: x}}\n").exit == Exit::done);
  CHECK(place.sql.opened.empty());
}

TEST_CASE("a dry run shows the guards of each step that destroys, and ends where one would refuse", "[engine]") {
  GuardedRig place(Value::object({{"host", "here"}, {"database", "shop"}}));
  place.sql.database = "shop";
  auto done = place.start(k_body, engine::Mode::reads);
  REQUIRE(done.plan);
  CHECK(done.exit == Exit::done);
  CHECK(done.plan->steps[0].guards.empty());
  CHECK(done.plan->steps[1].guards == Strings{"host is here, as it must be", "database is shop, as it must be"});
  place.sql.database = "other";
  done = place.start(k_body, engine::Mode::reads);
  CHECK(done.exit == Exit::refused);
  CHECK_THAT(done.failure->message, Catch::Contains("database must be shop and is other"));
  place.sql.opened.clear();
  done = place.start(k_body, engine::Mode::offline);
  CHECK(place.sql.opened.empty());
  CHECK(done.plan->steps[1].guards == Strings{"host must be \"here\"", "database must be \"shop\""});
}
