#include "engine/scope.hpp"
#include "expr/expr.hpp"
#include "value/duration.hpp"
#include "value/json.hpp"
#include <cmath>

namespace belay::engine {
namespace {

Value as_type(const Value& v, const Type& type);
Value standard_of(const Field& field);

/// A map's members as its table declares them, with their defaults; those that it does not name stay.
Value as_members(const Value& v, std::span<const Field> fields) {
  Value::Map map;
  for (const auto& [key, item] : v.map()) {
    const Field* declared = nullptr;
    for (const Field& field : fields)
      if (key == Value(field.name)) declared = &field;
    map.emplace_back(key, declared ? as_type(item, declared->type) : item);
  }
  for (const Field& field : fields)
    if (!v.has(field.name) && !field.standard.empty()) map.emplace_back(Value(field.name), standard_of(field));
  return Value(std::move(map));
}

/// The value as the declared type; itself where it is that already or is not known yet.
Value as_type(const Value& v, const Type& type) {
  if (v.is_unknown() || v.is_secret() || v.is_null()) return v;
  if (v.kind() == Kind::list && type.kind == Kind::list && type.of) {
    Value::List list;
    for (const Value& item : v.list()) list.push_back(as_type(item, *type.of));
    return Value(std::move(list));
  }
  if (v.kind() == Kind::map && type.kind == Kind::map && !type.members.empty()) return as_members(v, type.members);
  if (v.kind() == Kind::map && type.kind == Kind::map && type.of) {
    Value::Map map;
    for (const auto& [key, item] : v.map()) map.emplace_back(key, as_type(item, *type.of));
    return Value(std::move(map));
  }
  if (v.kind() == type.kind) return v;
  switch (type.kind) {
    case Kind::duration:
      if (v.kind() == Kind::text)
        if (auto d = parse_duration(v.text())) return Value(*d);
      break;
    case Kind::timestamp:
      if (v.kind() == Kind::text)
        if (auto t = parse_rfc3339(v.text())) return Value(*t);
      break;
    case Kind::real:
      if (v.kind() == Kind::integer) return Value(static_cast<double>(v.integer()));
      break;
    case Kind::integer:
      if (v.kind() == Kind::real && std::floor(v.real()) == v.real() && std::fabs(v.real()) < 9e15) return Value(static_cast<std::int64_t>(v.real()));
      if (v.kind() == Kind::unsigned_integer && v.unsigned_integer() <= std::uint64_t(INT64_MAX)) return Value(static_cast<std::int64_t>(v.unsigned_integer()));
      break;
    case Kind::text:
      if (v.kind() == Kind::integer || v.kind() == Kind::real || v.kind() == Kind::boolean) return join({v});
      break;
    case Kind::rule:
      // Over the names that the action binds. What does not compile stays text, and the action says so of the thing that it belongs to.
      if (v.kind() == Kind::text)
        if (auto program = expr::compile(v.text())) return Value(program->rule());
      break;
    case Kind::list:
      // A condition alone stands for a list of one, as in a step's `expect`.
      if (type.of && type.of->kind == Kind::rule && (v.kind() == Kind::text || v.kind() == Kind::rule)) return Value(Value::List{as_type(v, *type.of)});
      break;
    default: break;
  }
  return v;
}

std::string kind_name(Kind kind) {
  static constexpr std::string_view k_names[] = {"null", "a boolean", "an integer", "an unsigned integer", "a number", "text", "bytes", "a list",
                                                 "a map", "a time", "a duration", "a type", "an optional", "a condition", "anything"};
  return std::string(k_names[static_cast<std::size_t>(kind)]);
}

Value standard_of(const Field& field) {
  if (field.standard.empty()) return {};
  if (auto value = parse_json(field.standard)) return as_type(*value, field.type);
  return as_type(Value(field.standard), field.type);
}

} // namespace

Expected<Value> typed_inputs(const Action& action, const Value& given) {
  if (given.is_unknown()) return given;
  if (!given.is_null() && given.kind() != Kind::map)
    return Unexpected(Failure{Cause::rejected, Reached::no, "the inputs of " + std::string(action.name) + " are " + kind_name(given.kind()) + ", not a map", ""});
  Value::Map members;
  for (const Field& field : action.inputs) {
    Value v = given[field.name];
    if (v.is_null()) v = standard_of(field);
    if (v.is_null()) {
      if (field.required) return Unexpected(Failure{Cause::rejected, Reached::no, "the input '" + std::string(field.name) + "' is missing", std::string(field.help)});
      continue;
    }
    v = as_type(v, field.type);
    const bool checked = !v.is_unknown() && !v.is_secret() && field.type.kind != Kind::any;
    if (checked && v.kind() != field.type.kind)
      return Unexpected(Failure{Cause::rejected, Reached::no,
                                "the input '" + std::string(field.name) + "' wants " + kind_name(field.type.kind) + " and is " + kind_name(v.kind()) + ": " + show(v), std::string(field.help)});
    members.emplace_back(Value(field.name), std::move(v));
  }
  return Value(std::move(members));
}

Expected<Value> inputs(const Action& action, const Template& with, const Frame& frame) {
  auto given = frame.evaluate(with);
  if (!given) return given;
  return typed_inputs(action, *given);
}

} // namespace belay::engine
