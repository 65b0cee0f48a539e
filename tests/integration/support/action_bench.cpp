#include "integration/support/action_bench.hpp"
#include "catch.hpp"
#include "value/json.hpp"
#include <charconv>

using namespace belay;

namespace support {
namespace {

Value default_of(const Field& field) {
  if (field.standard.empty()) return {};
  const std::string text(field.standard);
  if (field.type.kind == Kind::duration) {
    std::int64_t n = 0;
    std::from_chars(text.data(), text.data() + text.size(), n);
    return text.ends_with("h") ? Value(Duration(std::chrono::hours(n))) : text.ends_with("m") ? Value(Duration(std::chrono::minutes(n))) : Value(Duration(std::chrono::seconds(n)));
  }
  if (field.type.kind == Kind::text) return text;
  const auto value = parse_json(text);
  if (!value) FAIL("the default of " << field.name << " is no JSON: " << text);
  return *value;
}

} // namespace

Value ActionBench::complete(const Action& action, std::vector<std::pair<std::string, Value>> given) {
  std::vector<std::pair<std::string, Value>> out;
  for (const Field& field : action.inputs) {
    Value value = default_of(field);
    for (const auto& [name, wanted] : given)
      if (name == field.name) value = wanted;
    out.emplace_back(std::string(field.name), std::move(value));
  }
  for (const auto& [name, value] : given) {
    bool known = false;
    for (const Field& field : action.inputs) known = known || field.name == name;
    if (!known) FAIL("the action has no input " << name);
  }
  return Value::object(std::move(out));
}

ActionBench::Made ActionBench::change(const Action& action, const Value& in, Ports with) {
  const auto& does = std::get<Change>(action.does);
  Made made;
  const Call call{in, id, stop, tell};
  const auto seen = does.observe(call, {}, with.reads());
  if (!seen) {
    made.outcome.state = State::failed;
    made.outcome.failure = seen.error();
    return made;
  }
  made.seen = *seen;
  made.intent = does.prepare(in, *seen, id);
  if (made.intent.refused) {
    made.outcome.state = State::failed;
    made.outcome.failure = made.intent.refused;
    return made;
  }
  if (made.intent.nothing) {
    made.outcome.outputs = made.intent.outputs;
    return made;
  }
  if (does.perform) made.outcome = does.perform(made.intent, call, with);
  else
    for (const FileChange& change : std::get<Files>(made.intent.act).changes)
      if (auto done = with.files.change(change); !done) {
        made.outcome.state = State::failed;
        made.outcome.failure = done.error();
      }
  const auto now = does.observe(call, {}, with.reads());
  if (now && does.judge) {
    made.now = *now;
    made.judged = does.judge(made.intent, made.seen, *now);
  }
  return made;
}

Outcome ActionBench::read(const Action& action, const Value& in) { return std::get<Read>(action.does).read({in, id, stop, tell}, ports().reads()); }

} // namespace support
