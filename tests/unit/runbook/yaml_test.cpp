#include "catch.hpp"
#include "problems.hpp"
#include "runbook/yaml.hpp"
#include <chrono>
#include <cmath>

using namespace belay;

namespace {

struct Read {
  yaml::Source source;
  std::vector<Problem> problems;
  yaml::Node root;
  explicit Read(std::string text) : source{"f.yaml", std::move(text), true}, root(yaml::parse(source, problems)) {}
};

Value value_of(const std::string& text) {
  const Read read("k: " + text + "\n");
  INFO(text << " -> " << said(read.problems));
  REQUIRE(read.problems.empty());
  return yaml::value(*read.root.find("k"));
}
std::string refusal(const std::string& text) { return said(Read(text).problems); }

} // namespace

TEST_CASE("plain scalars follow the core schema of YAML 1.2", "[runbook]") {
  for (const char* text : {"yes", "no", "on", "off", "Yes", "0b11", "1_000", "12:30", "2026-11-21", "1.2.3", "+", ".", "1e", "e1", "0o9", "0xg", "nUll"}) CHECK(value_of(text) == Value(text));
  for (const char* text : {"null", "Null", "NULL", "~", ""}) CHECK(value_of(text).is_null());
  CHECK(value_of("true") == Value(true));
  CHECK(value_of("FALSE") == Value(false));
  CHECK(value_of("0o17") == Value(15));
  CHECK(value_of("0x1F") == Value(31));
  CHECK(value_of("017") == Value(17));
  CHECK(value_of("-12") == Value(-12));
  CHECK(value_of("+12") == Value(12));
  CHECK(value_of("-9223372036854775808") == Value(INT64_MIN));
  CHECK(value_of("9223372036854775808") == Value(std::uint64_t{1} << 63));
  CHECK(value_of("18446744073709551616") == Value("18446744073709551616"));
  CHECK(value_of("1e3") == Value(1000.0));
  CHECK(value_of("+1.5") == Value(1.5));
  CHECK(value_of(".5") == Value(0.5));
  CHECK(value_of("5.") == Value(5.0));
  CHECK(value_of("-.inf") == Value(-HUGE_VAL));
  CHECK(value_of("1e999") == Value(HUGE_VAL));
  CHECK(std::isnan(value_of(".nan").real()));
}

TEST_CASE("quoted and block scalars are text whatever they look like", "[runbook]") {
  CHECK(value_of("'12'") == Value("12"));
  CHECK(value_of("\"true\"") == Value("true"));
  CHECK(value_of("\"\"") == Value(""));
  CHECK(value_of("|\n  12\n  a\tb") == Value("12\na\tb\n"));
  CHECK(value_of(">-\n  a\n  b") == Value("a b"));
  CHECK(value_of("\"{{ text }}\"") == Value("{{ text }}"));
}

TEST_CASE("every node knows its line and column, counted in characters", "[runbook]") {
  const Read read("a: 1\nü:\n  - x\n  - \"é\": y\n");
  REQUIRE(read.problems.empty());
  const auto& list = *read.root.find("ü");
  CHECK(list.items[1].line == 4);
  CHECK(list.items[1].column == 5);
  CHECK(list.items[1].members[0].value.column == 10);
  CHECK(list.items[1].members[0].value.where().file == "f.yaml");
  CHECK(read.root.members[1].line == 2);
}

TEST_CASE("an offset in a text is found in its file, through quotes, escapes and blocks", "[runbook]") {
  const Read read("k: \"a\\\"é ${{ x }}\"\nb: |\n  one\n  two ${{ y }}\np: 'it''s ${{ z }}'\nf: >-\n  one\n  two ${{ w }}\n");
  REQUIRE(read.problems.empty());
  auto place = [&](const char* key) {
    const auto& node = *read.root.find(key);
    return yaml::place_in(node, node.text.find("${{"));
  };
  CHECK(place("k").line == 1);
  CHECK(place("k").column == 10);
  CHECK(place("b").line == 4);
  CHECK(place("b").column == 7);
  CHECK(place("p").line == 5);
  CHECK(place("p").column == 11);
  CHECK(place("f").line == 8);
  CHECK(place("f").column == 7);
}

TEST_CASE("what YAML allows and people regret is refused with its place", "[runbook]") {
  CHECK(refusal("a: 1\nb: 2\na: 3\n") == "f.yaml:3:1: the key 'a' a second time (it stands in line 1 already: keep one of them)\n");
  CHECK(refusal("a: &x 1\n").find("f.yaml:1:4: an anchor ('&x')") == 0);
  CHECK(refusal("a: &x [1]\nb: *x\n").find("f.yaml:2:4: an alias ('*x')") != std::string::npos);
  CHECK(refusal("a: !!str 1\n").find("f.yaml:1:4: a tag") == 0);
  CHECK(refusal("a: !thing {b: 1}\n").find("f.yaml:1:4: a tag") == 0);
  CHECK(refusal("%YAML 1.2\n---\na: 1\n").find("a directive") != std::string::npos);
  CHECK(refusal("a: 1\n---\nb: 2\n").find("f.yaml:2:1: a second document") == 0);
  CHECK(refusal("[a, b]: 1\n").find("f.yaml:1:1: a list or map as a key") == 0);
  CHECK(refusal("a:\n\tb: 1\n").find("f.yaml:2:1: a tab in the indentation (indent with spaces)") == 0);
  CHECK(refusal("a: {\n\tb: 1}\n").find("f.yaml:2:1: a tab in the indentation") == 0);
  CHECK(refusal("a: x\n \tb: 1\n").find(": a tab in the indentation") != std::string::npos);
  CHECK(refusal("k: {{ x }}\n").find("f.yaml:1:4: an unquoted '{{' (an expression is written ${{ … }}") == 0);
  CHECK(refusal("k: a {{ x }}\n").find("f.yaml:1:6: an unquoted '{{'") == 0);
  CHECK(refusal("k: ${{ x }} {{ y }}\n").find("f.yaml:1:13: an unquoted '{{'") == 0);
  CHECK(refusal("k: ${{ {'a': {'b': 1}} }}\n").find("put the whole value in quotes") != std::string::npos);
  CHECK(refusal("k: [${{ x }}]\n").find("put the whole value in quotes") != std::string::npos);
  CHECK(refusal("k: \"\\q\"\n").find("an escape that YAML does not know") != std::string::npos);
  CHECK(refusal("k: 'open\n").find("the file ends inside a quoted text") != std::string::npos);
  CHECK(refusal("k: a: b\n").find("f.yaml:1:5: a ':' stands where no key can begin") == 0);
  CHECK(refusal("k: [a, b\n").find("is not closed") != std::string::npos);
  CHECK(refusal("k: \xff\n").find("f.yaml:1:4: bytes that are not UTF-8 (save the file as UTF-8)") == 0);
  CHECK(refusal(std::string("k: a\0b\n", 7)).find("a control character") != std::string::npos);
  CHECK(refusal("k: ${{ x }}/${{ y }}\n").empty());
}

TEST_CASE("depth and size are bounded", "[runbook]") {
  std::string deep, closed;
  for (int i = 0; i < 63; ++i) deep += '[', closed += ']';
  CHECK(refusal("k: " + deep + closed + "\n").empty());
  CHECK(refusal("k: [" + deep + closed + "]\n").find("nested deeper than 64 levels") != std::string::npos);
  CHECK(refusal(std::string(yaml::k_largest_file + 1, ' ')).find("f.yaml:0:0: larger than 1 MiB") == 0);
}

TEST_CASE("10 KB of brackets are refused at once", "[runbook]") {
  for (const char* bracket : {"[", "{", "- ", "? ", "{{", "[{"}) {
    std::string text;
    while (text.size() < 10'000) text += bracket;
    const auto begin = std::chrono::steady_clock::now();
    CHECK_FALSE(refusal(text).empty());
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(500)); // unoptimised and under sanitizers: ten times the promise
  }
}
