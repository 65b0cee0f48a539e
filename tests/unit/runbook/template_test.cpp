#include "catch.hpp"
#include "problems.hpp"
#include "runbook/template.hpp"

using namespace belay;

namespace {

struct Made {
  yaml::Source source;
  std::vector<Problem> problems;
  Template made;
  explicit Made(std::string text) : source{"f.yaml", std::move(text), true} {
    const yaml::Node root = yaml::parse(source, problems);
    made = make_template(root, problems);
  }
};

Value evaluated(const std::string& text, const Value& bindings) {
  const Made one(text);
  INFO(said(one.problems));
  REQUIRE(one.problems.empty());
  const auto value = one.made.evaluate(bindings);
  REQUIRE(value.has_value());
  return *value;
}
std::string refusal(const std::string& text) { return said(Made(text).problems); }

const Value k_names = Value::object({{"n", 3}, {"t", "x"}, {"m", Value::object({{"a", 1}})}, {"evil", "${{ n }}"}});

} // namespace

TEST_CASE("an expression alone keeps its type, inside text it is joined", "[runbook]") {
  CHECK(evaluated("${{ n }}", k_names) == Value(3));
  CHECK(evaluated("\"${{m}}\"", k_names) == Value::object({{"a", 1}}));
  CHECK(evaluated("v${{ n }}-${{ t }}!", k_names) == Value("v3-x!"));
  CHECK(evaluated("[1, '${{ t }}', {k: \"${{ n }}\"}]", k_names) == Value(Value::List{1, "x", Value::object({{"k", 3}})}));
  CHECK(evaluated("plain", k_names) == Value("plain"));
  CHECK(evaluated("12", k_names) == Value(12));
}

TEST_CASE("braces and quotes inside an expression do not end it", "[runbook]") {
  CHECK(Made("\"${{ {t: {'a': '}}'}} }}\"").problems.empty());
  const Made made("\"${{ {steps.choose.revision: 100} }}\"");
  REQUIRE(std::holds_alternative<Template::Expression>(made.made.node));
  CHECK(std::get<Template::Expression>(made.made.node).program.source() == "{steps.choose.revision: 100}");
}

TEST_CASE("$${{ is the text ${{, and what an expression gives is not evaluated again", "[runbook]") {
  CHECK(evaluated("a $${{ n }} b", k_names) == Value("a ${{ n }} b"));
  CHECK(evaluated("$${{ n }} ${{ n }}", k_names) == Value("${{ n }} 3"));
  CHECK(evaluated("${{ evil }}", k_names) == Value("${{ n }}"));
  CHECK(evaluated("<${{ evil }}>", k_names) == Value("<${{ n }}>"));
}

TEST_CASE("what cannot be an expression is refused where it stands", "[runbook]") {
  CHECK(refusal("a ${{ n").find("f.yaml:1:3: '${{' without its '}}'") == 0);
  CHECK(refusal("a: ok\nb: x ${{ }}\n").find("f.yaml:2:9: an empty expression") == 0);
  CHECK(refusal("a: ok\nb: x ${{ n @ }}\n").find("f.yaml:2:12: ") == 0);
  CHECK(refusal("b: |\n  one\n  two ${{ @ }}\n").find("f.yaml:3:11: ") == 0);
  CHECK(refusal("\"${{ n }}\": 1\n").find("f.yaml:1:1: an expression in a key") == 0);
}

TEST_CASE("a condition is one expression, with or without its braces", "[runbook]") {
  std::vector<Problem> problems;
  auto condition = [&](const std::string& text) {
    const yaml::Source source{"f.yaml", "k: " + text, true};
    return make_condition(*yaml::parse(source, problems).find("k"), problems);
  };
  CHECK(condition("n == 1")->program.source() == "n == 1");
  CHECK(condition("${{ n == 1 }}")->program.source() == "n == 1");
  CHECK(condition("${{ n == 1 }}")->where.column == 8);
  CHECK(condition("true")->program.source() == "true");
  REQUIRE(problems.empty());
  CHECK_FALSE(condition("${{ n }} == 1").has_value());
  CHECK(said(problems).find("text around an expression") != std::string::npos);
}

TEST_CASE("a condition or template of an unknown stays unknown", "[runbook]") {
  const Value names = Value::object({{"n", Value::unknown({"shift"})}});
  CHECK(evaluated("${{ n }}", names).is_unknown());
  CHECK(evaluated("v${{ n }}", names).waits_for() == std::vector<std::string>{"shift"});
}
