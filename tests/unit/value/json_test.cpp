#include "value/json.hpp"
#include "catch.hpp"
#include <cmath>
#include <limits>

using namespace belay;

TEST_CASE("canonical JSON sorts names, masks secrets and names what is not known", "[value]") {
  const Value v = Value::object({{"b", Value("x").as_secret()}, {"a", Value(Value::List{1, 2.5, true, Value()})}, {"c", Value::unknown({"shift"})}});
  CHECK(canonical_json(v) == R"x({"a":[1,2.5,true,null],"b":"(secret)","c":"(known after shift)"})x");
}

TEST_CASE("JSON numbers keep their kind and all 64 bits", "[value]") {
  CHECK(*parse_json("9223372036854775807") == Value(std::numeric_limits<std::int64_t>::max()));
  CHECK(*parse_json("18446744073709551615") == Value(std::numeric_limits<std::uint64_t>::max()));
  CHECK(*parse_json("1.0") == Value(1.0));
  CHECK(canonical_json(Value(1.0)) == "1.0");
}

TEST_CASE("broken JSON is refused with its line", "[value]") {
  CHECK(parse_json("{\"a\": 1,\n\"a\": 2}").error().message.find("twice") != std::string::npos);
  CHECK(parse_json("[1,\n2,\n!]").error().message.find("line 3") != std::string::npos);
  CHECK_FALSE(parse_json(std::string(300, '[') + std::string(300, ']')));
  CHECK_FALSE(parse_json(""));
}

TEST_CASE("what the journal holds reads back as it was, but for secrets", "[value]") {
  const Value v = Value::object({{"z", Value(std::uint64_t{7})},
                                 {"a", Value(Timestamp{1'000'000, 500})},
                                 {"d", Value(Duration(1500))},
                                 {"b", Value::bytes(std::string("\0\xff", 2))},
                                 {"o", Value::optional(Value(3))},
                                 {"n", Value::absent()},
                                 {"t", Value::type("int")},
                                 {"r", Value(1.0)},
                                 {"inf", Value(-HUGE_VAL)},
                                 {"u", Value::unknown({"x"})},
                                 {"$", Value("dollar")},
                                 {"m", Value(Value::Map{{Value(1), Value("one")}, {Value(true), Value("yes")}})}});
  CHECK(*parse_journal_json(journal_json(v)) == v);
  const Value secret = *parse_journal_json(journal_json(Value("hunter2").as_secret()));
  CHECK(secret.is_secret());
  CHECK(secret.is_unknown());
  CHECK(journal_json(Value("hunter2").as_secret()).find("hunter2") == std::string::npos);
}

TEST_CASE("times need an offset and keep their nanoseconds", "[value]") {
  CHECK(rfc3339(*parse_rfc3339("2026-11-21T22:38:00.25+01:00")) == "2026-11-21T21:38:00.25Z");
  CHECK(rfc3339(*parse_rfc3339("0001-01-01T00:00:00Z")) == "0001-01-01T00:00:00Z");
  CHECK(rfc3339(*parse_rfc3339("9999-12-31T23:59:59.999999999Z")) == "9999-12-31T23:59:59.999999999Z");
  CHECK_FALSE(parse_rfc3339("2026-11-21T22:38:00"));
  CHECK_FALSE(parse_rfc3339("2026-02-30T00:00:00Z"));
  CHECK(duration_text(Duration(-1'500'000'000)) == "-1.5s");
}
