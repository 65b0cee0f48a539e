#include "engine/scope.hpp"
#include "value/duration.hpp"
#include "value/json.hpp"
#include <cmath>

namespace belay::engine {
namespace {

/// The value as the declared type; itself where it is that already or is not known yet.
Value as_type(const Value& v, const Type& type) {
  if (v.is_unknown() || v.is_secret() || v.is_null() || v.kind() == type.kind) {
    if (v.is_unknown() || v.is_secret() || v.is_null() || !type.of) return v;
    if (v.kind() == Kind::list) {
      Value::List list;
      for (const Value& item : v.list()) list.push_back(as_type(item, *type.of));
      return Value(std::move(list));
    }
    if (v.kind() == Kind::map) {
      Value::Map map;
      for (const auto& [key, item] : v.map()) map.emplace_back(key, as_type(item, *type.of));
      return Value(std::move(map));
    }
    return v;
  }
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
