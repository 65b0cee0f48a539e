#include "belay/reveal.hpp"
#include "belay/value.hpp"
#include "catch.hpp"
#include <stdexcept>

using namespace belay;

TEST_CASE("a secret's text cannot be read, only revealed", "[value]") {
  const Value secret = Value("hunter2").as_secret();
  CHECK_THROWS_AS(secret.text(), std::logic_error);
  CHECK(show(secret) == "(secret)");
  CHECK(Reveal::text(secret) == "hunter2");
}

TEST_CASE("a member of a secret map is secret, a member of an unknown one is unknown", "[value]") {
  const Value map = Value::object({{"a", 1}});
  CHECK(map.as_secret()["a"].is_secret());
  const Value unknown = Value::unknown({"shift", "choose"});
  CHECK(unknown["a"].is_unknown());
  CHECK(unknown["a"].waits_for() == std::vector<std::string>{"choose", "shift"});
  CHECK(map["b"].is_null());
}

TEST_CASE("joined text keeps its known pieces around an unknown one, and fill puts it in", "[value]") {
  const Value url = join({Value("https://"), Value::minted("port"), Value("/health?n="), Value(3)});
  CHECK(url.is_unknown());
  CHECK(show(url) == "https://(known when it runs)/health?n=3");
  CHECK(fill(url, "port", Value(8080)) == Value("https://8080/health?n=3"));
  CHECK(fill(url, "other", Value(8080)) == url);
  CHECK(show(join({Value("to "), Value::unknown({"choose"})})) == "to (known after choose)");
}

TEST_CASE("joined text is secret when a piece is", "[value]") {
  const Value dsn = join({Value("password="), Value("hunter2").as_secret()});
  CHECK(dsn.is_secret());
  CHECK(Reveal::text(dsn) == "password=hunter2");
  const Value later = join({Value("hunter2").as_secret(), Value::unknown({"a"})});
  CHECK(later.is_unknown());
  CHECK(later.is_secret());
}

TEST_CASE("values are equal by structure, whatever the order of a map's keys", "[value]") {
  CHECK(Value::object({{"a", 1}, {"b", 2}}) == Value::object({{"b", 2}, {"a", 1}}));
  CHECK_FALSE(Value(1) == Value(1.0));
  CHECK_FALSE(Value("x") == Value("x").as_secret());
  CHECK(Value(Value::List{1, "x"}) == Value(Value::List{1, "x"}));
}

TEST_CASE("lift leaves unknowns alone and keeps what came from a secret a secret", "[value]") {
  auto twice = [](const Value& v) { return Value(v.integer() * 2); };
  CHECK(lift(Value(4), twice) == Value(8));
  CHECK(lift(Value::unknown({"s"}), twice).is_unknown());
  CHECK(lift(Value(4).as_secret(), twice) == Value(8).as_secret());
}
