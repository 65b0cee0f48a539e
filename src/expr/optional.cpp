#include "expr/functions.hpp"

namespace belay::expr {
namespace {

bool of(Call& call, Value& out) {
  out = Value::optional(call.args[0]);
  return true;
}

bool is_zero(const Value& v) {
  switch (v.kind()) {
    case Kind::null: return true;
    case Kind::boolean: return !v.boolean();
    case Kind::integer: return v.integer() == 0;
    case Kind::unsigned_integer: return v.unsigned_integer() == 0;
    case Kind::real: return v.real() == 0;
    case Kind::text: return v.text().empty();
    case Kind::bytes: return v.octets().empty();
    case Kind::list: return v.list().empty();
    case Kind::map: return v.map().empty();
    case Kind::timestamp: return v.timestamp() == Timestamp{};
    case Kind::duration: return v.duration().count() == 0;
    case Kind::optional: return v.present() == nullptr;
    default: return false;
  }
}
bool of_non_zero(Call& call, Value& out) {
  out = is_zero(call.args[0]) ? Value::absent() : Value::optional(call.args[0]);
  return true;
}
bool none(Call&, Value& out) {
  out = Value::absent();
  return true;
}
bool has_value(Call& call, Value& out) {
  out = Value(call.args[0].present() != nullptr);
  return true;
}
bool value(Call& call, Value& out) {
  const Value* present = call.args[0].present();
  if (!present) return call.fail("optional.none() dereference");
  out = *present;
  return true;
}
bool unwrap(Call& call, Value& out) {
  Value::List list;
  for (const Value& one : call.args[0].list()) {
    if (one.kind() != Kind::optional) return call.fail("no such overload: unwrap takes a list of optionals");
    if (const Value* present = one.present()) list.push_back(*present);
  }
  if (!call.meter.charge(call.args[0].list().size())) return false;
  out = Value(std::move(list));
  return true;
}

constexpr Overload k_overloads[] = {
    {"optional.of", false, "A", "optional<A>", &of, true},
    {"optional.ofNonZeroValue", false, "A", "optional<A>", &of_non_zero, true},
    {"optional.none", false, "", "optional<A>", &none},
    {"optional.unwrap", false, "list<optional<A>>", "list<A>", &unwrap},
    {"unwrapOpt", true, "list<optional<A>>", "list<A>", &unwrap},
    {"hasValue", true, "optional<A>", "bool", &has_value, true},
    {"value", true, "optional<A>", "A", &value, true},
};

} // namespace

std::span<const Overload> optional_functions() { return k_overloads; }

} // namespace belay::expr
