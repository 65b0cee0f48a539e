#include "catch.hpp"
#include "problems.hpp"
#include "runbook/load_runbook.hpp"
#include "runbook/parameters.hpp"

using namespace belay;

namespace {

Runbook runbook(const std::string& parameters) {
  std::vector<Problem> problems;
  Runbook made = load_runbook({"host/x.yaml", "runbook: host/x\ntitle: X\nsteps: [{id: a, use: b.c}]\nparameters:\n" + parameters}, "host/x", problems);
  INFO(said(problems));
  REQUIRE(problems.empty());
  return made;
}

const char* const k_all = R"(
  text: {optional: true}
  count: {type: integer, default: 3}
  share: {type: number, optional: true}
  flag: {type: boolean, default: false}
  wait: {type: duration, default: 30s}
  at: {type: timestamp, optional: true}
  names: {type: list, optional: true}
  map: {type: map, optional: true}
  where: {default: "${{ env.url }}"}
  color: {choices: [blue, green], optional: true}
  tag: {pattern: "v[0-9]+", optional: true}
  key: {secret: true, optional: true}
)";
const Value k_bindings = Value::object({{"env", Value::object({{"url", "http://x"}})}});

std::string refusal(const Runbook& book, const std::vector<Given>& given) {
  try {
    bind_parameters(book, given, k_bindings);
  } catch (const Error& error) {
    return said(error.problems);
  }
  return {};
}

} // namespace

TEST_CASE("texts become values of the declared types, defaults fill the rest", "[runbook]") {
  const Runbook book = runbook(k_all);
  const Value bound = bind_parameters(book,
                                      {{"count", "12"}, {"share", "0.5"}, {"flag", "true"}, {"wait", "1m30s"}, {"at", "2026-11-21T22:38:00+01:00"}, {"names", "a,b"}, {"map", "{\"a\": 1}"}, {"key", "long enough"}},
                                      k_bindings);
  CHECK(bound["count"] == Value(12));
  CHECK(bound["share"] == Value(0.5));
  CHECK(bound["flag"] == Value(true));
  CHECK(bound["wait"] == Value(std::chrono::seconds(90)));
  CHECK(bound["at"].kind() == Kind::timestamp);
  CHECK(bound["names"] == Value(Value::List{"a", "b"}));
  CHECK(bound["map"] == Value::object({{"a", 1}}));
  CHECK(bound["where"] == Value("http://x"));
  CHECK(bound["key"].is_secret());
  CHECK(bound.has("text"));
  CHECK(bound["text"].is_null());
  const Value standard = bind_parameters(book, {}, k_bindings);
  CHECK(standard["count"] == Value(3));
  CHECK(standard["wait"] == Value(std::chrono::seconds(30)));
  CHECK(standard["key"].is_null());
}

TEST_CASE("values that have their type already are taken, others refused", "[runbook]") {
  const Runbook book = runbook(k_all);
  CHECK(bind_parameters(book, {{"names", Value(Value::List{1, 2}), false}}, k_bindings)["names"].list().size() == 2);
  CHECK(bind_parameters(book, {{"share", Value(2), false}}, k_bindings)["share"] == Value(2.0));
  CHECK(bind_parameters(book, {{"count", Value::unknown({"a"}), false}}, k_bindings)["count"].is_unknown());
  CHECK(refusal(book, {{"count", Value("3"), false}}).find("parameter 'count'") != std::string::npos);
}

TEST_CASE("every wrong parameter is named at once, with what was meant", "[runbook]") {
  const Runbook book = runbook(k_all);
  const std::string text = refusal(book, {{"cuont", "1"}, {"count", "x"}, {"flag", "yes"}, {"wait", "5"}, {"at", "2026-11-21"}, {"color", "bleu"}, {"tag", "1"}, {"share", ""}, {"map", "x"}, {"names", "[x"}});
  INFO(text);
  for (const char* wanted : {"no parameter 'cuont' (did you mean 'count'?)", "'x' is not a whole number", "'yes' is neither true nor false", "'5' is not a duration", "'2026-11-21' is no time",
                             "is one of blue, green, not 'bleu' (did you mean 'blue'?)", "does not match v[0-9]+: '1'", "'' is not a number", "'x' is not a map", "'[x' is not a list"})
    CHECK(text.find(wanted) != std::string::npos);
  CHECK(refusal(book, {{"count", "1"}, {"count", "2"}}).find("parameter 'count' is given twice") != std::string::npos);
  CHECK(refusal(book, {{"count", "99999999999999999999"}}).find("does not fit 64 bits") != std::string::npos);
}

TEST_CASE("a parameter without value, default or leave to be absent is demanded", "[runbook]") {
  const Runbook book = runbook("  to: {help: the release}\n");
  CHECK(refusal(book, {}) == "host/x.yaml:5:3: parameter 'to' has no value (give it with -p to=VALUE: the release)\n");
}

TEST_CASE("a refusal never shows a secret", "[runbook]") {
  const Runbook book = runbook("  key: {secret: true, pattern: \"[0-9]+\"}\n  limit: {secret: true, type: duration}\n");
  const std::string text = refusal(book, {{"key", "hunter2"}, {"limit", "hunter3"}});
  CHECK(text.find("hunter") == std::string::npos);
  CHECK(text.find("(secret)") != std::string::npos);
}
