#include "belay/reveal.hpp"
#include "clients/postgres_target.hpp"
#include "catch.hpp"

using namespace belay;

namespace {
std::string shown(const Expected<Value>& value) {
  REQUIRE(value);
  return Reveal::json(*value);
}
} // namespace

TEST_CASE("a database's address in any form becomes libpq's keywords", "[clients]") {
  CHECK(shown(postgres_target::keywords("postgresql://u%40x:p%2Fw@h:5433/shop?sslmode=require")) ==
        R"({"dbname":"shop","host":"h","password":"p/w","port":"5433","sslmode":"require","user":"u@x"})");
  CHECK(shown(postgres_target::keywords("postgres://[::1]:1,b/x")) == R"({"dbname":"x","host":"::1,b","port":"1,"})");
  CHECK(shown(postgres_target::keywords("host=/run/pg  user = bob password='a \\'b' dbname=x")) == R"({"dbname":"x","host":"/run/pg","password":"a 'b","user":"bob"})");
  CHECK_FALSE(postgres_target::keywords("what is this"));
  CHECK_FALSE(postgres_target::keywords("postgresql://h/x?nothing"));
  CHECK_FALSE(postgres_target::keywords("postgresql://h%2/x"));
  CHECK_FALSE(postgres_target::keywords(5));
}

TEST_CASE("a secret address stays secret, and its database can be changed", "[clients]") {
  const Value secret = Value("postgresql://u:hunter2@h/shop").as_secret();
  const auto other = postgres_target::with_database(secret, "copy");
  REQUIRE(other);
  CHECK(other->is_secret());
  CHECK(Reveal::json(*other) == R"({"dbname":"copy","host":"h","password":"hunter2","user":"u"})");
  CHECK(postgres_target::database_name(secret).empty());
  CHECK(postgres_target::resource(secret, "shop") == "postgres");
}

TEST_CASE("a service file carries every keyword but the database, and is secret with its password", "[clients]") {
  const Value target = Value::object({{"host", "h"}, {"port", 5433}, {"dbname", "shop"}, {"password", Value("p w#1").as_secret()}});
  const auto file = postgres_target::service_file(target);
  REQUIRE(file);
  CHECK(file->is_secret());
  CHECK(Reveal::text(*file) == "[belay]\nhost=h\nport=5433\npassword=p w#1\n");
  CHECK(postgres_target::database_name(target) == "shop");
  CHECK(postgres_target::resource(target, "shop") == "postgres:h:5433/shop");
  CHECK(postgres_target::resource(target, "") == "postgres:h:5433");
  CHECK_FALSE(postgres_target::service_file(Value::object({{"password", Value("a\nhost=evil").as_secret()}})));
  CHECK_FALSE(postgres_target::service_file(Value::object({{"user", "bob "}})));
}
