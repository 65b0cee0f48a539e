#include "typed_value.hpp"
#include "expr/types.hpp"
#include "value/base64.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace belay::conformance {
namespace {

double real_of(const Value& v) {
  if (v.kind() == Kind::real) return v.real();
  if (v.kind() == Kind::integer) return static_cast<double>(v.integer());
  if (v.kind() == Kind::unsigned_integer) return static_cast<double>(v.unsigned_integer());
  return std::strtod(v.text().c_str(), nullptr);
}

std::optional<Value> well_known(const Value& object) {
  const std::string type = object["@type"].text();
  if (type.ends_with("google.protobuf.Timestamp")) {
    auto t = parse_rfc3339(object["value"].text());
    return t ? std::optional<Value>(Value(*t)) : std::nullopt;
  }
  if (type.ends_with("google.protobuf.Duration")) {
    const double seconds = std::strtod(object["value"].text().c_str(), nullptr);
    return Value(Duration(std::llround(seconds * 1e9)));
  }
  return std::nullopt;
}

} // namespace

std::optional<Value> value_of(const Value& json) {
  if (json.kind() != Kind::map || json.map().size() != 1) return std::nullopt;
  const std::string& kind = json.map()[0].first.text();
  const Value& v = json.map()[0].second;
  if (kind == "nullValue") return Value();
  if (kind == "boolValue") return v;
  if (kind == "int64Value") return Value(static_cast<std::int64_t>(std::strtoll(v.text().c_str(), nullptr, 10)));
  if (kind == "uint64Value") return Value(static_cast<std::uint64_t>(std::strtoull(v.text().c_str(), nullptr, 10)));
  if (kind == "doubleValue") return Value(real_of(v));
  if (kind == "stringValue") return v;
  if (kind == "bytesValue") return Value::bytes(parse_base64(v.text()).value_or(""));
  if (kind == "typeValue") return Value::type(v.text());
  if (kind == "objectValue") return well_known(v);
  if (kind == "momentValue") {
    const std::int64_t seconds = std::strtoll(v["seconds"].text().c_str(), nullptr, 10), nanos = v["nanos"].integer();
    if (v["name"].text() == "google.protobuf.Timestamp") return Value(Timestamp{seconds, static_cast<std::int32_t>(nanos)});
    std::int64_t all = 0;
    if (__builtin_mul_overflow(seconds, std::int64_t{1'000'000'000}, &all)) return std::nullopt;
    return Value(Duration(all + nanos));
  }
  if (kind == "listValue") {
    Value::List list;
    if (v.has("values"))
      for (const Value& element : v["values"].list()) {
        auto one = value_of(element);
        if (!one) return std::nullopt;
        list.push_back(*one);
      }
    return Value(std::move(list));
  }
  if (kind == "mapValue") {
    Value::Map map;
    if (v.has("entries"))
      for (const Value& entry : v["entries"].list()) {
        auto key = value_of(entry["key"]), value = value_of(entry["value"]);
        if (!key || !value) return std::nullopt;
        map.emplace_back(*key, *value);
      }
    return Value(std::move(map));
  }
  return std::nullopt;
}

std::optional<expr::Type> type_of(const Value& json) {
  if (json.kind() != Kind::map || json.map().size() != 1) return std::nullopt;
  const std::string& kind = json.map()[0].first.text();
  const Value& v = json.map()[0].second;
  expr::Type out;
  auto named = [&](std::string_view name) { return std::optional(expr::type_of(name)); };
  if (kind == "dyn") return out;
  if (kind == "null") return named("null");
  if (kind == "primitive") {
    static constexpr std::pair<std::string_view, std::string_view> k_names[] = {{"BOOL", "bool"}, {"INT64", "int"}, {"UINT64", "uint"}, {"DOUBLE", "double"}, {"STRING", "string"}, {"BYTES", "bytes"}};
    for (const auto& [theirs, ours] : k_names)
      if (theirs == v.text()) return named(ours);
    return std::nullopt;
  }
  if (kind == "wellKnown") return v.text() == "TIMESTAMP" ? named("timestamp") : v.text() == "DURATION" ? named("duration") : std::nullopt;
  if (kind == "messageType") {
    if (v.text() == "google.protobuf.Timestamp") return named("timestamp");
    if (v.text() == "google.protobuf.Duration") return named("duration");
    return std::nullopt;
  }
  if (kind == "type") return named("type");
  std::vector<Value> parts;
  if (kind == "listType") {
    out.kind = Kind::list;
    parts = {v["elemType"]};
  } else if (kind == "mapType") {
    out.kind = Kind::map;
    parts = {v["keyType"], v["valueType"]};
  } else if (kind == "abstractType" && v["name"].text() == "optional_type") {
    out.kind = Kind::optional;
    parts = v["parameterTypes"].list();
  } else {
    return std::nullopt;
  }
  for (const Value& part : parts) {
    auto one = type_of(part);
    if (!one) return std::nullopt;
    out.of.push_back(*one);
  }
  return out;
}

bool same(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  if (a.kind() == Kind::real) return a.real() == b.real() || (std::isnan(a.real()) && std::isnan(b.real()));
  if (a.kind() == Kind::list) return std::equal(a.list().begin(), a.list().end(), b.list().begin(), b.list().end(), same);
  if (a.kind() == Kind::map) {
    if (a.map().size() != b.map().size()) return false;
    return std::all_of(a.map().begin(), a.map().end(), [&](const auto& entry) {
      return std::any_of(b.map().begin(), b.map().end(), [&](const auto& other) { return same(entry.first, other.first) && same(entry.second, other.second); });
    });
  }
  return a == b;
}

} // namespace belay::conformance
