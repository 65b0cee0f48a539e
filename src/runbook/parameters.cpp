#include "runbook/parameters.hpp"
#include "value/duration.hpp"
#include "runbook/yaml.hpp"
#include "value/json.hpp"
#include "value/nearest.hpp"
#include "value/secret_forms.hpp"
#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <re2/re2.h>

namespace belay {

std::string_view type_name(Kind kind) {
  switch (kind) {
  case Kind::text: return "string";
  case Kind::integer: return "integer";
  case Kind::real: return "number";
  case Kind::boolean: return "boolean";
  case Kind::duration: return "duration";
  case Kind::timestamp: return "timestamp";
  case Kind::list: return "list";
  case Kind::map: return "map";
  default: return "value";
  }
}

namespace {

Unexpected wrong(std::string message, std::string hint = {}) { return Unexpected(Failure{Cause::malformed, Reached::no, std::move(message), std::move(hint)}); }

Expected<Value> read_collection(Kind kind, const std::string& text) {
  const yaml::Source source{"value", text, false};
  std::vector<Problem> problems;
  const yaml::Node node = yaml::parse(source, problems);
  if (problems.empty() && node.is_list() && kind == Kind::list) return yaml::value(node);
  if (problems.empty() && node.is_map() && kind == Kind::map) return yaml::value(node);
  if (kind == Kind::map) return wrong(fmt::format("'{}' is not a map", text), "write it as JSON: {\"key\": \"value\"}");
  if (text.starts_with('[')) return wrong(fmt::format("'{}' is not a list", text), "write a,b or JSON: [\"a\", \"b\"]");
  Value::List items;
  for (std::size_t at = 0; at <= text.size() && !text.empty();) {
    const auto end = std::min(text.find(',', at), text.size());
    items.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return Value(std::move(items));
}

Expected<Value> read_number(Kind kind, const std::string& text) {
  const char *begin = text.data(), *end = begin + text.size();
  if (kind == Kind::integer) {
    std::int64_t number = 0;
    const auto [stop, error] = std::from_chars(begin, end, number);
    if (error == std::errc::result_out_of_range) return wrong(fmt::format("'{}' does not fit 64 bits", text));
    if (error != std::errc{} || stop != end || text.empty()) return wrong(fmt::format("'{}' is not a whole number", text));
    return Value(number);
  }
  double number = 0;
  const auto [stop, error] = std::from_chars(begin, end, number);
  if (error != std::errc{} || stop != end || text.empty()) return wrong(fmt::format("'{}' is not a number", text));
  return Value(number);
}

} // namespace

Expected<Value> read_as(Kind kind, const std::string& text) {
  switch (kind) {
  case Kind::boolean:
    if (text == "true") return Value(true);
    if (text == "false") return Value(false);
    return wrong(fmt::format("'{}' is neither true nor false", text));
  case Kind::integer:
  case Kind::real: return read_number(kind, text);
  case Kind::duration:
    if (const auto duration = parse_duration(text)) return Value(*duration);
    return wrong(fmt::format("'{}' is not a duration", text), "write it with its unit, as in 250ms, 90s, 1h30m");
  case Kind::timestamp:
    if (auto when = parse_rfc3339(text)) return Value(*when);
    else return wrong(when.error().message, when.error().hint.empty() ? "write it with its offset, as in 2026-11-21T22:38:00Z" : when.error().hint);
  case Kind::list:
  case Kind::map: return read_collection(kind, text);
  default: return Value(text);
  }
}

namespace {

/// A value that has the parameter's type already, or one that becomes it without loss.
Expected<Value> as_kind(Kind kind, const Value& value) {
  if (value.is_unknown() || value.is_secret() || value.kind() == kind) return value;
  if (kind == Kind::real && value.kind() == Kind::integer) return Value(static_cast<double>(value.integer()));
  if (kind == Kind::integer && value.kind() == Kind::unsigned_integer && value.unsigned_integer() <= INT64_MAX) return Value(static_cast<std::int64_t>(value.unsigned_integer()));
  if (value.kind() == Kind::text && (kind == Kind::duration || kind == Kind::timestamp)) return read_as(kind, value.text());
  return wrong(fmt::format("{} is not a {}", show(value), type_name(kind)));
}

class Binder {
public:
  Binder(const Runbook& runbook, const Value& bindings) : m_runbook(runbook), m_bindings(bindings) {}

  Value bind(const std::vector<Given>& given) {
    refuse_unknown(given);
    for (const auto& parameter : m_runbook.parameters) one(parameter, given);
    if (!m_problems.empty()) throw Error(Exit::usage, std::move(m_problems));
    return Value(std::move(m_bound));
  }

private:
  void refuse_unknown(const std::vector<Given>& given) {
    std::vector<std::string> names, seen;
    for (const auto& parameter : m_runbook.parameters) names.push_back(parameter.name);
    for (const auto& one : given) {
      if (std::find(names.begin(), names.end(), one.name) == names.end())
        say({}, fmt::format("runbook {} has no parameter '{}'", m_runbook.name, one.name), names.empty() ? "it has none" : did_you_mean(one.name, names));
      else if (std::find(seen.begin(), seen.end(), one.name) != seen.end()) say({}, fmt::format("parameter '{}' is given twice", one.name), "keep one of them");
      seen.push_back(one.name);
    }
  }

  void one(const Parameter& parameter, const std::vector<Given>& given) {
    const auto found = std::find_if(given.begin(), given.end(), [&](const Given& g) { return g.name == parameter.name; });
    if (found != given.end()) {
      const bool is_plain_text = found->is_text && found->value.kind() == Kind::text && !found->value.is_secret();
      return keep(parameter, is_plain_text ? read_as(parameter.type, found->value.text()) : as_kind(parameter.type, found->value));
    }
    if (parameter.standard) {
      Value::Map names;
      if (m_bindings.kind() == Kind::map) names = m_bindings.map();
      std::erase_if(names, [](const auto& member) { return member.first == Value("params"); });
      names.emplace_back(Value("params"), Value(m_bound));
      auto value = parameter.standard->evaluate(Value(std::move(names)));
      return keep(parameter, value ? as_kind(parameter.type, *value) : value);
    }
    if (parameter.optional) return m_bound.emplace_back(Value(parameter.name), Value()), void();
    say(parameter.where, fmt::format("parameter '{}' has no value", parameter.name), fmt::format("give it with -p {}=VALUE{}", parameter.name, parameter.help.empty() ? "" : ": " + parameter.help));
  }

  void keep(const Parameter& parameter, Expected<Value> value) {
    if (!value && parameter.secret) return say({}, fmt::format("parameter '{}' is not a {}", parameter.name, type_name(parameter.type)), {});
    if (!value) return say({}, fmt::format("parameter '{}': {}", parameter.name, value.error().message), value.error().hint);
    if (parameter.secret && value->known() && !value->is_secret() && value->kind() == Kind::text && value->text().size() < k_shortest_secret)
      return say({}, fmt::format("parameter '{}' is a secret shorter than {} bytes", parameter.name, k_shortest_secret), "so short a one cannot be kept out of journals and outputs: take a longer one");
    const bool is_open = value->known() && !value->is_secret() && value->kind() == Kind::text;
    if (is_open && !parameter.choices.empty() && std::find(parameter.choices.begin(), parameter.choices.end(), value->text()) == parameter.choices.end())
      return say({}, fmt::format("parameter '{}' is one of {}, not '{}'", parameter.name, fmt::join(parameter.choices, ", "), parameter.secret ? "(secret)" : value->text()), did_you_mean(value->text(), parameter.choices));
    if (is_open && !parameter.pattern.empty() && !re2::RE2::FullMatch(value->text(), parameter.pattern))
      return say({}, fmt::format("parameter '{}' does not match {}: '{}'", parameter.name, parameter.pattern, parameter.secret ? "(secret)" : value->text()), parameter.help);
    m_bound.emplace_back(Value(parameter.name), parameter.secret ? value->as_secret() : std::move(*value));
  }

  void say(Place where, std::string message, std::string hint) { m_problems.push_back({std::move(where), std::move(message), std::move(hint)}); }

  const Runbook& m_runbook;
  const Value& m_bindings;
  Value::Map m_bound;
  std::vector<Problem> m_problems;
};

} // namespace

Value bind_parameters(const Runbook& runbook, const std::vector<Given>& given, const Value& bindings) { return Binder(runbook, bindings).bind(given); }

} // namespace belay
