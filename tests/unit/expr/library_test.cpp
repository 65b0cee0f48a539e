#include "catch.hpp"
#include "expr/expr.hpp"

using namespace belay;

namespace {

/// The result as typed JSON, or the error's message.
std::string told(std::string_view source) {
  auto program = expr::compile(source);
  if (!program) return "not compiled: " + program.error()[0].message;
  auto out = program->evaluate(Value(Value::Map{}));
  return out ? expr::typed_json(*out) : out.error().message;
}
bool holds(std::string_view source) {
  INFO(source << " gives " << told(source));
  CHECK(told(source) == R"({"type":"bool","value":true})");
  return true;
}

} // namespace

TEST_CASE("integers overflow as errors, never silently", "[expr]") {
  CHECK(told("9223372036854775807 + 1").find("int overflow") == 0);
  CHECK(told("-9223372036854775808 - 1").find("int overflow") == 0);
  CHECK(told("5000000000 * 5000000000").find("int overflow") == 0);
  CHECK(told("-9223372036854775808 / -1").find("int overflow") == 0);
  CHECK(told("0u - 1u").find("uint overflow") == 0);
  CHECK(told("1 / 0").find("divide by zero") == 0);
  CHECK(told("1 % 0").find("modulus by zero") == 0);
  CHECK(told("int(1e99)").find("int: int out of range") == 0);
  CHECK(told("9223372036854775808") == "not compiled: 9223372036854775808 is out of the range of its type");
}

TEST_CASE("numbers of different kinds are equal by value", "[expr]") {
  holds("1 == 1.0 && 1u == 1 && dyn(1.5) != 1 && [1] == [1.0] && {1: 2} == {1u: 2.0}");
  holds("1 < 1.5 && 2u > 1 && -1 < 0u && 18446744073709551615u > -1");
  holds("{1: 'a'}[1u] == 'a' && {1u: 'a'}[1.0] == 'a' && 1.0 in [1, 2]");
  holds("0.0 / 0.0 != 0.0 / 0.0 && !(0.0 / 0.0 < 1.0)");
}

TEST_CASE("numbers as text are the shortest that read back the same", "[expr]") {
  holds("string(1.0) == '1' && string(0.1) == '0.1' && string(1e21) == '1e+21' && string(1e20) == '100000000000000000000'");
  holds("string(-2.5e-7) == '-2.5e-7' && string(0.000001) == '0.000001' && string(123456789.125) == '123456789.125'");
  holds("string(9223372036854775808.0) == '9223372036854776000' && double('-12.5') == -12.5 && int('-7') == -7");
}

TEST_CASE("strings count in characters", "[expr]") {
  holds("'äöü'.size() == 3 && 'äöü'.charAt(1) == 'ö' && 'äöü'.substring(1) == 'öü' && 'äöüö'.lastIndexOf('ö') == 3 && 'äö'.reverse() == 'öä'");
  holds("'a,b'.split(',') == ['a', 'b'] && 'ab'.split('') == ['a', 'b'] && 'abc'.split('', 2) == ['a', 'bc'] && 'ab'.replace('', '-') == '-a-b-'");
  holds("'%s is %d, %.2f and %x'.format(['it', 5, 1.5, 255]) == 'it is 5, 1.50 and ff'");
  holds("strings.quote('a\"b') == '\"a\\\\\"b\"' && base64.decode(base64.encode(b'hi')) == b'hi'");
  CHECK(told("'abc'.charAt(4)").find("charAt: index out of range: 4") == 0);
  CHECK(told("'abc'.matches('(')").find("not compiled: no regular expression") == 0);
}

TEST_CASE("times know zones, offsets and their range", "[expr]") {
  holds("timestamp('2026-07-01T12:00:00Z').getHours('Europe/Berlin') == 14 && timestamp('2026-01-01T12:00:00Z').getHours('Europe/Berlin') == 13");
  holds("timestamp('2026-01-01T00:30:00Z').getDate('-01:00') == 31 && timestamp('2026-01-01T00:30:00Z').getFullYear('-01:00') == 2025");
  holds("timestamp('2026-01-01T00:00:00+01:00') == timestamp('2025-12-31T23:00:00Z') && timestamp(0) + duration('1h') == timestamp(3600)");
  holds("string(duration('1h30m1.5s')) == '5401.5s' && duration('-90s').getMinutes() == -1 && duration('1m') == duration('60s')");
  CHECK(told("timestamp('9999-12-31T23:59:59Z') + duration('1s')").find("timestamp out of range") == 0);
  CHECK(told("timestamp(0).getHours('Europe/Berln')").find("getHours: unknown time zone") == 0);
  CHECK(told("timestamp('2026-01-01 00:00:00')").find("timestamp: the text is no timestamp") == 0);
}

TEST_CASE("optionals reach what may be absent", "[expr]") {
  holds("{'a': {'b': 1}}.?a.b.orValue(2) == 1 && {}.?a.b.orValue(2) == 2 && [1][?3].orValue(7) == 7");
  holds("{?'a': optional.none(), ?'b': optional.of(1)} == {'b': 1} && [?optional.none(), 1] == [1]");
  holds("optional.of(1).optMap(x, x + 1).value() == 2 && optional.none().or(optional.of(3)).value() == 3 && !optional.ofNonZeroValue('').hasValue()");
  holds("optional.of(1).orValue(1 / 0) == 1");
  CHECK(told("optional.none().value()").find("value: optional.none() dereference") == 0);
}

TEST_CASE("macros go through lists and maps, with one variable or two", "[expr]") {
  holds("[1, 2, 3].map(x, x > 1, x * 2) == [4, 6] && {'a': 1}.map(k, k) == ['a'] && [1, 2].exists_one(x, x == 1)");
  holds("[5, 6].transformList(i, v, i + v) == [5, 7] && {'a': 1}.transformMap(k, v, v + 1) == {'a': 2} && ['x'].transformMapEntry(i, v, {v: i}) == {'x': 0}");
  holds("[1, 2].all(i, v, v == i + 1) && {'a': 1}.exists(k, v, k == 'a' && v == 1) && cel.bind(x, 2, x * x) == 4");
  CHECK(told("['a', 'a'].transformMapEntry(i, v, {v: i})").find("repeated key: 'a'") == 0);
  CHECK(told("{'a': 1, 'a': 2}").find("repeated key: 'a'") == 0);
}
