#include "expr/types.hpp"

namespace belay::expr {
namespace {

Type unfound() {
  Type out;
  out.variable = '?';
  return out;
}

struct Named {
  std::string_view name;
  Kind kind;
};
constexpr Named k_named[] = {{"bool", Kind::boolean}, {"int", Kind::integer}, {"uint", Kind::unsigned_integer}, {"double", Kind::real},
                             {"string", Kind::text}, {"bytes", Kind::bytes}, {"null", Kind::null}, {"timestamp", Kind::timestamp},
                             {"duration", Kind::duration}, {"type", Kind::type}, {"list", Kind::list}, {"map", Kind::map}, {"optional", Kind::optional}};

} // namespace

Type part_of(const Type& type, std::size_t index) {
  if (index < type.of.size()) return type.of[index];
  if (type.object) {
    Type out;
    if (index == 0) out.kind = Kind::text;
    return out;
  }
  return {};
}

bool is_any(const Type& type) { return type.kind == Kind::any; }
bool is_number(Kind kind) { return kind == Kind::integer || kind == Kind::unsigned_integer || kind == Kind::real; }

std::string describe(Kind kind) {
  switch (kind) {
    case Kind::null: return "null_type";
    case Kind::timestamp: return "google.protobuf.Timestamp";
    case Kind::duration: return "google.protobuf.Duration";
    case Kind::optional: return "optional_type";
    case Kind::rule: return "rule";
    case Kind::any: return "dyn";
    default: break;
  }
  for (const Named& named : k_named)
    if (named.kind == kind) return std::string(named.name);
  return "dyn";
}

std::string describe(const Type& type) {
  std::string name;
  switch (type.kind) {
    case Kind::null: name = "null"; break;
    case Kind::timestamp: name = "timestamp"; break;
    case Kind::duration: name = "duration"; break;
    default: name = describe(type.kind);
  }
  if (type.object) return "object";
  if (type.of.empty()) return type.variable != 0 && type.variable != '?' ? std::string(1, type.variable) : name;
  name += '(';
  for (std::size_t i = 0; i < type.of.size(); ++i) name += (i ? ", " : "") + describe(type.of[i]);
  return name + ')';
}

std::vector<Type> types_of(std::string_view written) {
  std::vector<Type> out;
  int depth = 0;
  std::size_t from = 0;
  for (std::size_t i = 0; i <= written.size(); ++i) {
    if (i < written.size() && written[i] == '<') ++depth;
    if (i < written.size() && written[i] == '>') --depth;
    if (i == written.size() || (written[i] == ',' && depth == 0)) {
      if (i > from) out.push_back(type_of(written.substr(from, i - from)));
      from = i + 1;
    }
  }
  return out;
}

Type type_of(std::string_view written) {
  Type out;
  if (written.size() == 1 && written[0] >= 'A' && written[0] <= 'Z') {
    out.variable = written[0];
    return out;
  }
  const std::size_t open = written.find('<');
  for (const Named& named : k_named)
    if (named.name == written.substr(0, open)) out.kind = named.kind;
  if (open != std::string_view::npos) out.of = types_of(written.substr(open + 1, written.size() - open - 2));
  return out;
}

Type join(const Type& a, const Type& b) {
  if (a.variable == '?') return b;
  if (b.variable == '?') return a;
  if (is_any(a) || is_any(b)) return {};
  auto nullable = [](Kind k) { return k == Kind::optional || k == Kind::timestamp || k == Kind::duration || k == Kind::null; };
  if (a.kind == Kind::null && nullable(b.kind)) return b;
  if (b.kind == Kind::null && nullable(a.kind)) return a;
  if (a.kind != b.kind) return {};
  Type out;
  out.kind = a.kind;
  if (a.object && b.object && a.members.size() == b.members.size()) {
    bool same = true;
    out.object = true;
    for (std::size_t i = 0; same && i < a.members.size(); ++i) {
      same = a.members[i].first == b.members[i].first;
      out.members.emplace_back(a.members[i].first, join(a.members[i].second, b.members[i].second));
    }
    if (same) return out;
    out.members.clear();
    out.object = false;
  }
  const std::size_t parts = a.kind == Kind::map ? 2 : a.kind == Kind::list || a.kind == Kind::optional ? 1 : 0;
  for (std::size_t i = 0; i < parts; ++i) out.of.push_back(join(part_of(a, i), part_of(b, i)));
  return out;
}

bool comparable(const Type& a, const Type& b) {
  if (is_any(a) || is_any(b) || a.kind == Kind::null || b.kind == Kind::null) return true;
  if (is_number(a.kind) && is_number(b.kind)) return true;
  if (a.kind != b.kind) return false;
  const std::size_t parts = a.kind == Kind::map ? 2 : a.kind == Kind::list || a.kind == Kind::optional ? 1 : 0;
  for (std::size_t i = 0; i < parts; ++i)
    if (!comparable(part_of(a, i), part_of(b, i))) return false;
  return true;
}

bool fits(const Type& parameter, const Type& argument, Found& found) {
  if (parameter.variable != 0) {
    auto [at, fresh] = found.try_emplace(parameter.variable, argument);
    if (fresh) return true;
    if (!is_any(at->second) && !is_any(argument) && !comparable(at->second, argument)) return false;
    at->second = join(at->second, argument);
    return true;
  }
  if (is_any(parameter) || is_any(argument)) return true;
  if (parameter.kind != argument.kind) return false;
  for (std::size_t i = 0; i < parameter.of.size(); ++i)
    if (!fits(parameter.of[i], part_of(argument, i), found)) return false;
  return true;
}

Type filled(const Type& pattern, const Found& found) {
  if (pattern.variable != 0) {
    auto at = found.find(pattern.variable);
    return at == found.end() ? unfound() : at->second;
  }
  Type out = pattern;
  for (Type& part : out.of) part = filled(part, found);
  return out;
}

} // namespace belay::expr
