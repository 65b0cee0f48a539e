#include "clients/gcp/proto_json.hpp"
#include "value/json.hpp"
#include <charconv>

namespace belay::gcp {

Value whole(const Value& value) {
  if (value.is_unknown() || value.is_secret()) return value;
  if (value.kind() == Kind::integer) return value;
  if (value.kind() != Kind::text) return {};
  const std::string& text = value.text();
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() ? Value(number) : Value();
}

Value time_of(const Value& value) {
  if (value.is_unknown() || value.is_secret() || value.kind() == Kind::timestamp) return value;
  if (value.kind() != Kind::text) return {};
  const auto time = parse_rfc3339(value.text());
  return time ? Value(*time) : Value();
}

Value time_text(const Value& value) {
  if (value.is_unknown() || value.is_secret() || value.kind() != Kind::timestamp) return value;
  return rfc3339(value.timestamp());
}

Value members(std::vector<std::pair<std::string, Value>> all) {
  std::erase_if(all, [](const auto& member) { return member.second.is_null(); });
  return Value::object(std::move(all));
}

std::string last_part(std::string_view name) {
  const auto slash = name.rfind('/');
  return std::string(slash == std::string_view::npos ? name : name.substr(slash + 1));
}

std::string resource(std::string_view kind, const std::vector<Value>& parts) {
  std::string name;
  for (const Value& part : parts) {
    if (!part.known() || part.has_secret() || part.is_null()) break;
    name += (name.empty() ? std::string(kind) + ":" : "/") + bare_json(part);
  }
  return name;
}

} // namespace belay::gcp
