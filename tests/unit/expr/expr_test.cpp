#include "catch.hpp"
#include "expr/expr.hpp"
#include <chrono>

using namespace belay;
using expr::Scope;
using expr::Type;

namespace {

Value object(std::vector<std::pair<std::string, Value>> members) { return Value::object(std::move(members)); }
Expected<Value> evaluated(std::string_view source, const Value& bindings = object({})) {
  auto program = expr::compile(source);
  INFO(source);
  INFO((program ? "" : program.error()[0].message));
  REQUIRE(program);
  return program->evaluate(bindings);
}
Value result(std::string_view source, const Value& bindings = object({})) {
  auto out = evaluated(source, bindings);
  INFO(source);
  INFO((out ? "" : out.error().message));
  REQUIRE(out);
  return *out;
}
std::string error(std::string_view source, const Value& bindings = object({})) {
  auto out = evaluated(source, bindings);
  INFO(source);
  REQUIRE_FALSE(out);
  return out.error().message;
}
expr::Issue issue(std::string_view source, const Scope& scope = {{}, true}) {
  auto program = expr::compile(source, scope);
  INFO(source);
  REQUIRE_FALSE(program);
  return program.error()[0];
}
Type of(Kind kind) {
  Type out;
  out.kind = kind;
  return out;
}
Type fixed(std::vector<Type::Member> members) {
  Type out = of(Kind::map);
  out.members = std::move(members);
  out.object = true;
  return out;
}

const Value k_unknown = Value::unknown({"shift"});
const Value k_secret = Value("hunter2").as_secret();

} // namespace

TEST_CASE("a member that an object does not have is an issue at its column, with the nearest name", "[expr]") {
  const Scope scope{{{"steps", fixed({{"choose", fixed({{"revision", of(Kind::text)}})}})}}, false};
  CHECK(expr::compile("steps.choose.revision == 'a'", scope));
  auto wrong = issue("1 == 1 && steps.choose.revison == 'a'", scope);
  CHECK(wrong.column == 24);
  CHECK(wrong.message == "no member 'revison'");
  CHECK(wrong.hint.find("revision") != std::string::npos);
  CHECK(issue("steps['chose']", scope).message == "no member 'chose'");
  CHECK(issue("stepps.choose", scope).message == "unknown name 'stepps'");
  CHECK(issue("steps.choose.revision + 1", scope).message == "no overload: string + int");
  CHECK(issue("steps.choose.revision.startWith('a')", scope).hint.find("startsWith") != std::string::npos);
}

TEST_CASE("columns count characters, not bytes", "[expr]") {
  CHECK(issue("'äöü' == )").column == 10);
  CHECK(issue("'äöü' + 1").column == 7);
  CHECK(issue("").column == 1);
  CHECK(issue("\"open").column == 1);
  CHECK(issue("a = b").message == "'=' means nothing here: '==' compares");
}

TEST_CASE("types that are known are checked before anything is evaluated", "[expr]") {
  CHECK(issue("1 + 'a'").message == "no overload: int + string");
  CHECK(issue("!1").message == "! takes bool, not int");
  CHECK(issue("'a'.charAt('b')").message == "no overload: string.charAt(string)");
  CHECK(issue("'a' == 1").message == "no overload: string == int");
  CHECK(issue("nothing(1)").message == "unknown function 'nothing'");
  CHECK(issue("[1].map(x.y, 1)").message == "the variable of 'map' must be a plain name");
  CHECK(issue("'a'.matches('(')").message.find("no regular expression") == 0);
  CHECK(expr::compile("1 == 1.0"));
  CHECK(expr::compile("[1, 2].map(x, string(x))")->type().of[0].kind == Kind::text);
}

TEST_CASE("references are the constant chains from free names", "[expr]") {
  auto program = expr::compile("steps.choose.revision == params.to && has(env.url) && [service.name].exists(x, x.y == steps['a'].b[i].c)");
  REQUIRE(program);
  CHECK(program->references() == std::vector<std::string>{"steps.choose.revision", "params.to", "env.url", "service.name", "steps.a.b", "i"});
}

TEST_CASE("logic absorbs what does not decide it, and unknown wins over an error", "[expr]") {
  const Value in = object({{"u", k_unknown}});
  CHECK(result("false && u", in) == Value(false));
  CHECK(result("u && false", in) == Value(false));
  CHECK(result("u || true", in) == Value(true));
  CHECK(result("u && true", in).is_unknown());
  CHECK(result("1 / 0 > 1 || true") == Value(true));
  CHECK(result("1 / 0 > 1 && u", in).is_unknown());
  CHECK(result("1 / 0 + u", in).is_unknown());
  CHECK(error("1 / 0 > 1 || false") == "divide by zero (column 3)");
  CHECK(result("u ? 1 : 2", in).waits_for() == std::vector<std::string>{"shift"});
  CHECK(result("[false].all(x, x && u)", in) == Value(false));
  CHECK(result("[1, 2].exists(x, x == 2 || u)", in) == Value(true));
  CHECK(result("[1, 2].filter(x, u)", in).is_unknown());
}

TEST_CASE("what is known of a partly unknown value stays known", "[expr]") {
  const Value in = object({{"m", object({{"known", Value(1)}, {"later", k_unknown}})}, {"u", k_unknown}});
  CHECK(result("m.known", in) == Value(1));
  CHECK(result("m.later + 1", in).is_unknown());
  CHECK(result("size(m)", in) == Value(2));
  CHECK(result("has(m.later)", in) == Value(true));
  CHECK(result("m == {'known': 2, 'later': 1}", in) == Value(false));
  CHECK(result("m == {'known': 1, 'later': 1}", in).is_unknown());
  CHECK(result("[1, u].size()", in) == Value(2));
  CHECK(result("1 in [u, 1]", in) == Value(true));
  CHECK(result("2 in [u, 1]", in).is_unknown());
  CHECK(result("[1, u].map(x, x)[0]", in) == Value(1));
  CHECK(result("u.a.b[0]", in).is_unknown());
  CHECK(result("u.?a.orValue(1)", in).is_unknown());
  CHECK(result("{'a': u}.a", in).is_unknown());
  CHECK(result("[u].join(',')", in).is_unknown());
}

TEST_CASE("what comes from a secret is a secret, through every operator and function", "[expr]") {
  const Value in = object({{"s", k_secret},
                           {"n", Value(5).as_secret()},
                           {"b", Value(true).as_secret()},
                           {"list", Value(Value::List{Value("a"), k_secret})},
                           {"box", object({{"inside", Value("x")}}).as_secret()},
                           {"u", k_unknown}});
  for (const char* source :
       {"s", "s + 'a'", "'a' + s", "s == 'hunter2'", "s != 'x'", "s < 'z'", "s in ['a']", "'a' in [s]", "size(s)", "s.contains('h')", "n + 1", "-n", "n * 2 - 1", "!b", "b && true", "true && b",
        "false || b", "b ? 1 : 2", "[1, 2].filter(x, x < n)", "[s].map(x, x + '!')[0]", "[s][0]", "{'a': s}.a", "{'a': s}['a']", "{s: 1}", "box.inside", "box['inside']", "box.size()", "list[1]", "list.join(',')",
        "list == ['a', 'b']", "list.exists(x, x == 'q')", "[1].exists(x, b)", "optional.of(s).value()", "optional.of(s).orValue('a')", "[?optional.of(s)]", "cel.bind(x, s, x + 'y')",
        "'%s'.format([s])", "s.matches('h.*')", "base64.encode(bytes(s))", "math.greatest(n, 1)", "string(n)", "type(s)", "{'a': 1}.transformMap(k, v, b, v)", "[s].transformMapEntry(i, v, {v: i})",
        "box.map(k, k)", "box.?inside", "optional.of(box).?inside", "has(box.inside)", "[1, 2][n - 4]", "s + u", "optional.of(s).optMap(x, x)", "optional.none().or(optional.of(s)).value()"}) {
    INFO(source);
    CHECK(result(source, in).has_secret());
  }
  CHECK_FALSE(result("size(list)", in).has_secret());
  CHECK_FALSE(result("list[0]", in).has_secret());
  CHECK_FALSE(result("false && b", in).has_secret());
  CHECK(result("s.size() == 7 ? 'yes' : 'no'", in).is_secret());
}

TEST_CASE("no error tells a secret", "[expr]") {
  const Value in = object({{"s", k_secret}, {"n", Value(31337).as_secret()}, {"m", object({{"hunter2", Value(1)}})}, {"box", object({{"hunter2", Value(1)}}).as_secret()}});
  for (const char* source : {"int(s)", "m[s + 'x']", "[1][n]", "{s: 1, s: 2}", "'a'.charAt(n)", "box.other", "'a'.matches(s + '(')", "['a'].transformMapEntry(i, v, {s: 1, 'hunter2': 2})", "timestamp(s)"}) {
    const std::string said = error(source, in);
    INFO(source << ": " << said);
    CHECK(said.find("hunter2") == std::string::npos);
    CHECK(said.find("31337") == std::string::npos);
  }
}

TEST_CASE("sources, depth and steps are bounded", "[expr]") {
  CHECK(issue(std::string(64 * 1024 + 1, ' ')).message.find("65536 is the most") != std::string::npos);
  for (const char* one : {"(", "[", "!", "-", "{1:", "a(", "x?y:", "a.b("}) {
    std::string deep;
    while (deep.size() < 10'000) deep += one;
    INFO(one);
    CHECK(issue(deep).message.find("nested deeper than 200") == 0);
  }
  CHECK(issue("a" + std::string(400, '.') + "b").column > 0);
  std::string chain = "a";
  for (int i = 0; i < 300; ++i) chain += ".b";
  CHECK(issue(chain).message == "nested deeper than 200");
  std::string sum = "1";
  for (int i = 0; i < 5000; ++i) sum += " + 1";
  CHECK(result(sum) == Value(5001));
  CHECK(result(std::string(150, '(') + "7" + std::string(150, ')')) == Value(7));
}

TEST_CASE("towers of macros and growing text stop at the step budget", "[expr]") {
  const std::string ten = "[0,1,2,3,4,5,6,7,8,9]";
  std::string tower = "1";
  for (const char* v : {"a", "b", "c", "d", "e", "f", "g", "h", "i"}) tower = ten + ".map(" + v + ", " + tower + ")";
  CHECK(error(tower).find("steps") != std::string::npos);
  CHECK(error(tower + " == [] || true").find("steps") != std::string::npos);
  std::string doubling = "x", list = "y";
  for (int i = 0; i < 60; ++i) {
    doubling = "cel.bind(x, x + x, " + doubling + ")";
    list = "cel.bind(y, y + y, " + list + ")";
  }
  CHECK(error("cel.bind(x, 'aaaaaaaaaaaaaaaa', " + doubling + ")").find("steps") != std::string::npos);
  CHECK(error("cel.bind(y, [1, 2, 3], " + list + ")").find("steps") != std::string::npos);
}

TEST_CASE("an evaluated program is a rule for an action", "[expr]") {
  auto rule = expr::compile("status == 200")->rule();
  CHECK(*rule->of(object({{"status", Value(200)}})) == Value(true));
  CHECK(rule->of(object({{"status", Value("x")}})) .value() == Value(false));
  CHECK(rule->source() == "status == 200");
  CHECK(rule->of(object({})).error().message == "no such attribute: 'status' (column 1)");
}

TEST_CASE("typed JSON tells every kind exactly", "[expr]") {
  CHECK(expr::typed_json(result("9223372036854775807")) == R"({"type":"int","value":9223372036854775807})");
  CHECK(expr::typed_json(result("18446744073709551615u")) == R"({"type":"uint","value":18446744073709551615})");
  CHECK(expr::typed_json(result("[1, 'a']")) == R"({"type":"list","value":[{"type":"int","value":1},{"type":"string","value":"a"}]})");
  CHECK(expr::typed_json(result("{1: true}")) == R"({"type":"map","value":[[{"type":"int","value":1},{"type":"bool","value":true}]]})");
  CHECK(expr::typed_json(result("0.0 / 0.0")) == R"({"type":"double","value":"NaN"})");
  CHECK(expr::typed_json(result("-1.0 / 0.0")) == R"({"type":"double","value":"-Infinity"})");
  CHECK(expr::typed_json(result("timestamp('2026-11-21T22:38:00+01:00')")) == R"({"type":"google.protobuf.Timestamp","value":"2026-11-21T21:38:00Z"})");
  CHECK(expr::typed_json(result("duration('1h1.5s')")) == R"({"type":"google.protobuf.Duration","value":"3601.5s"})");
  CHECK(expr::typed_json(result("b'ab'")) == R"({"type":"bytes","value":"YWI="})");
  CHECK(expr::typed_json(result("type(1)")) == R"({"type":"type","value":"int"})");
  CHECK(expr::typed_json(result("null")) == R"({"type":"null_type","value":null})");
  CHECK(expr::typed_json(result("optional.of(1)")) == R"({"type":"optional_type","value":{"type":"int","value":1}})");
  CHECK(expr::typed_json(k_secret) == R"({"type":"secret"})");
  CHECK(expr::typed_json(Value::unknown({"b", "a"})) == R"({"type":"unknown","value":["a","b"]})");
}
