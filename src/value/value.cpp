#include "belay/value.hpp"
#include "belay/reveal.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <stdexcept>

namespace belay {

struct Value::Text { std::string of; };
struct Value::Bytes { std::string of; };
struct Value::TypeName { std::string of; };
struct Value::Optional { Value of; bool present; };
/// `pieces`: of joined text; `mint`: the placeholder's name.
struct Value::Unknown {
  std::vector<std::string> waits_for;
  std::vector<Value> pieces;
  std::string mint;
};

namespace {

void sort_once(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

[[noreturn]] void wrong(const char* wanted) { throw std::logic_error(std::string("a value was read as ") + wanted + " that is none, or is unknown or secret"); }

} // namespace

Value::Value() noexcept = default;
Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(const Value&) = default;
Value& Value::operator=(Value&&) noexcept = default;
Value::~Value() = default;
Value::Value(bool v) : m_data(v) {}
Value::Value(int v) : m_data(std::int64_t{v}) {}
Value::Value(std::int64_t v) : m_data(v) {}
Value::Value(std::uint64_t v) : m_data(v) {}
Value::Value(double v) : m_data(v) {}
Value::Value(const char* v) : Value(std::string(v)) {}
Value::Value(std::string_view v) : Value(std::string(v)) {}
Value::Value(std::string v) : m_data(std::make_shared<const Text>(Text{std::move(v)})) {}
Value::Value(List v) : m_data(std::make_shared<const List>(std::move(v))) {}
Value::Value(Map v) : m_data(std::make_shared<const Map>(std::move(v))) {}
Value::Value(Timestamp v) : m_data(v) {}
Value::Value(Duration v) : m_data(v) {}
Value::Value(std::shared_ptr<const Rule> v) : m_data(std::move(v)) {}

Value Value::bytes(std::string v) {
  Value out;
  out.m_data = std::make_shared<const Bytes>(Bytes{std::move(v)});
  return out;
}
Value Value::type(std::string name) {
  Value out;
  out.m_data = std::make_shared<const TypeName>(TypeName{std::move(name)});
  return out;
}
Value Value::optional(Value present) {
  Value out;
  out.m_data = std::make_shared<const Optional>(Optional{std::move(present), true});
  return out;
}
Value Value::absent() {
  Value out;
  out.m_data = std::make_shared<const Optional>(Optional{Value(), false});
  return out;
}
Value Value::object(std::vector<std::pair<std::string, Value>> members) {
  Map map;
  map.reserve(members.size());
  for (auto& [name, value] : members) map.emplace_back(Value(std::move(name)), std::move(value));
  return Value(std::move(map));
}
Value Value::unknown(std::vector<std::string> waits_for) {
  sort_once(waits_for);
  Value out;
  out.m_data = std::make_shared<const Unknown>(Unknown{std::move(waits_for), {}, {}});
  return out;
}
Value Value::minted(std::string name) {
  Value out;
  out.m_data = std::make_shared<const Unknown>(Unknown{{}, {}, std::move(name)});
  return out;
}

Kind Value::kind() const {
  static constexpr Kind k_kinds[] = {Kind::null, Kind::boolean, Kind::integer, Kind::unsigned_integer, Kind::real, Kind::text, Kind::bytes, Kind::list,
                                     Kind::map, Kind::timestamp, Kind::duration, Kind::type, Kind::optional, Kind::rule, Kind::any};
  return k_kinds[m_data.index()];
}
bool Value::is_unknown() const { return std::holds_alternative<std::shared_ptr<const Unknown>>(m_data); }

bool Value::known() const {
  if (is_unknown()) return false;
  if (auto* l = std::get_if<std::shared_ptr<const List>>(&m_data)) return std::all_of((*l)->begin(), (*l)->end(), [](const Value& v) { return v.known(); });
  if (auto* m = std::get_if<std::shared_ptr<const Map>>(&m_data)) return std::all_of((*m)->begin(), (*m)->end(), [](const auto& e) { return e.second.known(); });
  if (auto* o = std::get_if<std::shared_ptr<const Optional>>(&m_data)) return (*o)->of.known();
  return true;
}
bool Value::has_secret() const {
  if (m_secret) return true;
  if (auto* l = std::get_if<std::shared_ptr<const List>>(&m_data)) return std::any_of((*l)->begin(), (*l)->end(), [](const Value& v) { return v.has_secret(); });
  if (auto* m = std::get_if<std::shared_ptr<const Map>>(&m_data))
    return std::any_of((*m)->begin(), (*m)->end(), [](const auto& e) { return e.first.has_secret() || e.second.has_secret(); });
  if (auto* o = std::get_if<std::shared_ptr<const Optional>>(&m_data)) return (*o)->of.has_secret();
  if (auto* u = std::get_if<std::shared_ptr<const Unknown>>(&m_data))
    return std::any_of((*u)->pieces.begin(), (*u)->pieces.end(), [](const Value& v) { return v.has_secret(); });
  return false;
}
Value Value::as_secret() const {
  Value out = *this;
  out.m_secret = true;
  return out;
}
std::vector<std::string> Value::waits_for() const {
  std::vector<std::string> out;
  auto take = [&](const Value& v) {
    auto more = v.waits_for();
    out.insert(out.end(), more.begin(), more.end());
  };
  if (auto* u = std::get_if<std::shared_ptr<const Unknown>>(&m_data)) {
    out = (*u)->waits_for;
    for (const Value& piece : (*u)->pieces) take(piece);
  } else if (auto* l = std::get_if<std::shared_ptr<const List>>(&m_data)) {
    for (const Value& v : **l) take(v);
  } else if (auto* m = std::get_if<std::shared_ptr<const Map>>(&m_data)) {
    for (const auto& [key, v] : **m) take(v);
  } else if (auto* o = std::get_if<std::shared_ptr<const Optional>>(&m_data)) {
    take((*o)->of);
  }
  sort_once(out);
  return out;
}

bool Value::boolean() const {
  if (auto* v = std::get_if<bool>(&m_data); v && !m_secret) return *v;
  wrong("a boolean");
}
std::int64_t Value::integer() const {
  if (auto* v = std::get_if<std::int64_t>(&m_data); v && !m_secret) return *v;
  wrong("an integer");
}
std::uint64_t Value::unsigned_integer() const {
  if (auto* v = std::get_if<std::uint64_t>(&m_data); v && !m_secret) return *v;
  wrong("an unsigned integer");
}
double Value::real() const {
  if (auto* v = std::get_if<double>(&m_data); v && !m_secret) return *v;
  wrong("a real number");
}
const std::string& Value::text() const {
  if (auto* v = std::get_if<std::shared_ptr<const Text>>(&m_data); v && !m_secret) return (*v)->of;
  wrong("text");
}
const std::string& Value::octets() const {
  if (auto* v = std::get_if<std::shared_ptr<const Bytes>>(&m_data); v && !m_secret) return (*v)->of;
  wrong("bytes");
}
const std::string& Value::type_name() const {
  if (auto* v = std::get_if<std::shared_ptr<const TypeName>>(&m_data); v && !m_secret) return (*v)->of;
  wrong("a type");
}
const Value::List& Value::list() const {
  if (auto* v = std::get_if<std::shared_ptr<const List>>(&m_data); v && !m_secret) return **v;
  wrong("a list");
}
const Value::Map& Value::map() const {
  if (auto* v = std::get_if<std::shared_ptr<const Map>>(&m_data); v && !m_secret) return **v;
  wrong("a map");
}
Timestamp Value::timestamp() const {
  if (auto* v = std::get_if<Timestamp>(&m_data); v && !m_secret) return *v;
  wrong("a timestamp");
}
Duration Value::duration() const {
  if (auto* v = std::get_if<Duration>(&m_data); v && !m_secret) return *v;
  wrong("a duration");
}
const Value* Value::present() const {
  if (auto* v = std::get_if<std::shared_ptr<const Optional>>(&m_data); v && !m_secret) return (*v)->present ? &(*v)->of : nullptr;
  wrong("an optional");
}
const std::shared_ptr<const Rule>& Value::rule() const {
  if (auto* v = std::get_if<std::shared_ptr<const Rule>>(&m_data); v && !m_secret) return *v;
  wrong("a rule");
}

Value Value::operator[](std::string_view name) const {
  if (is_unknown()) {
    Value out = unknown(waits_for());
    return m_secret ? out.as_secret() : out;
  }
  auto* m = std::get_if<std::shared_ptr<const Map>>(&m_data);
  if (!m) return {};
  for (const auto& [key, v] : **m) {
    auto* text = std::get_if<std::shared_ptr<const Text>>(&key.m_data);
    if (text && (*text)->of == name) return m_secret ? v.as_secret() : v;
  }
  return {};
}
bool Value::has(std::string_view name) const {
  auto* m = std::get_if<std::shared_ptr<const Map>>(&m_data);
  if (!m) return false;
  return std::any_of((*m)->begin(), (*m)->end(), [&](const auto& e) {
    auto* text = std::get_if<std::shared_ptr<const Text>>(&e.first.m_data);
    return text && (*text)->of == name;
  });
}

bool operator==(const Value& a, const Value& b) {
  if (a.m_secret != b.m_secret || a.m_data.index() != b.m_data.index()) return false;
  using V = Value;
  return std::visit(
      [&](const auto& x) -> bool {
        using X = std::decay_t<decltype(x)>;
        const auto& y = std::get<X>(b.m_data);
        if constexpr (std::is_same_v<X, std::shared_ptr<const V::Text>> || std::is_same_v<X, std::shared_ptr<const V::Bytes>> ||
                      std::is_same_v<X, std::shared_ptr<const V::TypeName>>)
          return x->of == y->of;
        else if constexpr (std::is_same_v<X, std::shared_ptr<const V::List>>)
          return x == y || *x == *y;
        else if constexpr (std::is_same_v<X, std::shared_ptr<const V::Map>>) {
          if (x->size() != y->size()) return false;
          for (const auto& member : *x) {
            auto at = std::find_if(y->begin(), y->end(), [&](const auto& e) { return e.first == member.first; });
            if (at == y->end() || !(at->second == member.second)) return false;
          }
          return true;
        } else if constexpr (std::is_same_v<X, std::shared_ptr<const V::Optional>>)
          return x->present == y->present && (!x->present || x->of == y->of);
        else if constexpr (std::is_same_v<X, std::shared_ptr<const V::Unknown>>)
          return x->waits_for == y->waits_for && x->pieces == y->pieces && x->mint == y->mint;
        else
          return x == y;
      },
      a.m_data);
}

std::string show(const Value& v) {
  if (v.is_secret()) return "(secret)";
  auto* u = std::get_if<std::shared_ptr<const Value::Unknown>>(&v.m_data);
  if (!u) return canonical_json(v);
  if (!(*u)->mint.empty()) return "(known when it runs)";
  std::string out;
  for (const Value& piece : (*u)->pieces) out += !piece.is_secret() && !piece.is_unknown() && piece.kind() == Kind::text ? piece.text() : show(piece);
  if (!(*u)->pieces.empty()) return out;
  for (const std::string& name : (*u)->waits_for) out += (out.empty() ? "" : ", ") + name;
  return "(known after " + (out.empty() ? "it runs" : out) + ")";
}

Value fill(const Value& in, std::string_view name, const Value& with) {
  Value out = in;
  if (auto* u = std::get_if<std::shared_ptr<const Value::Unknown>>(&in.m_data)) {
    if ((*u)->mint == name && !name.empty())
      out = with;
    else if (!(*u)->pieces.empty()) {
      std::vector<Value> pieces;
      for (const Value& piece : (*u)->pieces) pieces.push_back(fill(piece, name, with));
      out = join(pieces);
    }
  } else if (auto* l = std::get_if<std::shared_ptr<const Value::List>>(&in.m_data)) {
    Value::List list;
    for (const Value& v : **l) list.push_back(fill(v, name, with));
    out = Value(std::move(list));
  } else if (auto* m = std::get_if<std::shared_ptr<const Value::Map>>(&in.m_data)) {
    Value::Map map;
    for (const auto& [key, v] : **m) map.emplace_back(key, fill(v, name, with));
    out = Value(std::move(map));
  }
  return in.is_secret() ? out.as_secret() : out;
}

Value join(const std::vector<Value>& pieces) {
  bool secret = false, unknown = false;
  for (const Value& piece : pieces) {
    secret |= piece.has_secret();
    unknown |= !piece.known();
  }
  Value out;
  if (unknown) {
    std::vector<Value> flat;
    for (const Value& piece : pieces) {
      auto* u = std::get_if<std::shared_ptr<const Value::Unknown>>(&piece.m_data);
      if (u && !(*u)->pieces.empty())
        flat.insert(flat.end(), (*u)->pieces.begin(), (*u)->pieces.end());
      else
        flat.push_back(piece);
    }
    out.m_data = std::make_shared<const Value::Unknown>(Value::Unknown{{}, std::move(flat), {}});
  } else {
    std::string text;
    for (const Value& piece : pieces) {
      Value plain = Reveal::plain(piece);
      text += plain.kind() == Kind::text ? plain.text() : plain.kind() == Kind::bytes ? plain.octets() : bare_json(plain);
    }
    out = Value(std::move(text));
  }
  return secret ? out.as_secret() : out;
}

Value lift(const Value& in, Value (*f)(const Value& plain)) {
  if (!in.known()) {
    Value out = Value::unknown(in.waits_for());
    return in.has_secret() ? out.as_secret() : out;
  }
  if (!in.has_secret()) return f(in);
  return f(Reveal::plain(in)).as_secret();
}

Value Reveal::plain(const Value& in) {
  if (!in.has_secret()) return in;
  Value out = in;
  out.m_secret = false;
  if (auto* l = std::get_if<std::shared_ptr<const Value::List>>(&in.m_data)) {
    Value::List list;
    for (const Value& v : **l) list.push_back(plain(v));
    out.m_data = std::make_shared<const Value::List>(std::move(list));
  } else if (auto* m = std::get_if<std::shared_ptr<const Value::Map>>(&in.m_data)) {
    Value::Map map;
    for (const auto& [key, v] : **m) map.emplace_back(plain(key), plain(v));
    out.m_data = std::make_shared<const Value::Map>(std::move(map));
  } else if (auto* o = std::get_if<std::shared_ptr<const Value::Optional>>(&in.m_data)) {
    out.m_data = std::make_shared<const Value::Optional>(Value::Optional{plain((*o)->of), (*o)->present});
  }
  return out;
}
const std::string& Reveal::text(const Value& v) {
  if (auto* t = std::get_if<std::shared_ptr<const Value::Text>>(&v.m_data)) return (*t)->of;
  if (auto* b = std::get_if<std::shared_ptr<const Value::Bytes>>(&v.m_data)) return (*b)->of;
  wrong("text");
}
std::string Reveal::json(const Value& v) { return canonical_json(plain(v)); }

} // namespace belay
