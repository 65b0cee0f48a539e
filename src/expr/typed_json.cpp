#include "expr/expr.hpp"
#include "expr/types.hpp"
#include "value/base64.hpp"
#include "value/json.hpp"
#include <cmath>

namespace belay::expr {
namespace {

std::string quoted(const std::string& text) { return canonical_json(Value(text)); }

std::string value_of(const Value& v) {
  switch (v.kind()) {
    case Kind::boolean: return v.boolean() ? "true" : "false";
    case Kind::integer: return std::to_string(v.integer());
    case Kind::unsigned_integer: return std::to_string(v.unsigned_integer());
    case Kind::real: return std::isnan(v.real()) ? "\"NaN\"" : std::isinf(v.real()) ? (v.real() > 0 ? "\"Infinity\"" : "\"-Infinity\"") : canonical_json(v);
    case Kind::text: return quoted(v.text());
    case Kind::bytes: return quoted(base64(v.octets()));
    case Kind::timestamp: return quoted(rfc3339(v.timestamp()));
    case Kind::duration: return quoted(duration_text(v.duration()));
    case Kind::type: return quoted(v.type_name());
    case Kind::optional: return v.present() ? typed_json(*v.present()) : "null";
    case Kind::list: {
      std::string out = "[";
      for (const Value& element : v.list()) out += (out.size() > 1 ? "," : "") + typed_json(element);
      return out + "]";
    }
    case Kind::map: {
      std::string out = "[";
      for (const auto& [key, value] : v.map()) out += (out.size() > 1 ? ",[" : "[") + typed_json(key) + "," + typed_json(value) + "]";
      return out + "]";
    }
    default: return "null";
  }
}

} // namespace

std::string typed_json(const Value& v) {
  if (v.is_secret()) return R"({"type":"secret"})";
  if (v.is_unknown()) {
    std::string names;
    for (const std::string& name : v.waits_for()) names += (names.empty() ? "" : ",") + quoted(name);
    return R"({"type":"unknown","value":[)" + names + "]}";
  }
  return "{\"type\":" + quoted(describe(v.kind())) + ",\"value\":" + value_of(v) + "}";
}

} // namespace belay::expr
