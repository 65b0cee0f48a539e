#include "expr/compare.hpp"
#include "expr/types.hpp"
#include <cmath>

namespace belay::expr {
namespace {

constexpr double k_two_63 = 9223372036854775808.0, k_two_64 = 18446744073709551616.0;

template <class T> Order ordered(T a, T b) { return a < b ? Order::less : b < a ? Order::greater : Order::same; }
Order flipped(Order order) { return order == Order::less ? Order::greater : order == Order::greater ? Order::less : order; }

Order of_reals(double a, double b) { return std::isnan(a) || std::isnan(b) ? Order::unordered : ordered(a, b); }
/// A double beside an integer: outside the integer's range it is simply beyond, inside it the integer is read as a double.
Order of_real_and(double a, std::int64_t b) {
  if (std::isnan(a)) return Order::unordered;
  return a < -k_two_63 ? Order::less : a > k_two_63 ? Order::greater : ordered(a, static_cast<double>(b));
}
Order of_real_and(double a, std::uint64_t b) {
  if (std::isnan(a)) return Order::unordered;
  return a < 0 ? Order::less : a > k_two_64 ? Order::greater : ordered(a, static_cast<double>(b));
}
Order of_integers(std::int64_t a, std::uint64_t b) { return a < 0 ? Order::less : ordered(static_cast<std::uint64_t>(a), b); }

Order of_numbers(const Value& a, const Value& b) {
  const Kind x = a.kind(), y = b.kind();
  if (x == Kind::integer) {
    if (y == Kind::integer) return ordered(a.integer(), b.integer());
    if (y == Kind::unsigned_integer) return of_integers(a.integer(), b.unsigned_integer());
    return flipped(of_real_and(b.real(), a.integer()));
  }
  if (x == Kind::unsigned_integer) {
    if (y == Kind::integer) return flipped(of_integers(b.integer(), a.unsigned_integer()));
    if (y == Kind::unsigned_integer) return ordered(a.unsigned_integer(), b.unsigned_integer());
    return flipped(of_real_and(b.real(), a.unsigned_integer()));
  }
  if (y == Kind::integer) return of_real_and(a.real(), b.integer());
  if (y == Kind::unsigned_integer) return of_real_and(a.real(), b.unsigned_integer());
  return of_reals(a.real(), b.real());
}

Equal of_bool(bool same) { return same ? Equal::yes : Equal::no; }

Equal of_lists(const Value::List& a, const Value::List& b, Meter& meter) {
  if (a.size() != b.size()) return Equal::no;
  Equal out = Equal::yes;
  for (std::size_t i = 0; i < a.size() && out != Equal::no && meter.charge(1); ++i) out = std::min(out, equal(a[i], b[i], meter));
  return out;
}

Equal of_maps(const Value::Map& a, const Value::Map& b, Meter& meter) {
  if (a.size() != b.size()) return Equal::no;
  Equal out = Equal::yes;
  for (std::size_t i = 0; i < a.size() && out != Equal::no; ++i) {
    // Maps that were built alike have their keys in the same places.
    const Value* other = equal(a[i].first, b[i].first, meter) == Equal::yes ? &b[i].second : find_key(b, a[i].first);
    if (!meter.charge(1 + (other == &b[i].second ? 0 : b.size() / 4))) break;
    out = other ? std::min(out, equal(a[i].second, *other, meter)) : Equal::no;
  }
  return out;
}

} // namespace

Equal equal(const Value& a, const Value& b, Meter& meter) {
  if (a.is_unknown() || b.is_unknown()) return Equal::perhaps;
  const Kind x = a.kind(), y = b.kind();
  if (is_number(x) && is_number(y)) return of_bool(of_numbers(a, b) == Order::same);
  if (x != y) return Equal::no;
  switch (x) {
    case Kind::null: return Equal::yes;
    case Kind::boolean: return of_bool(a.boolean() == b.boolean());
    case Kind::text: meter.charge_text(a.text().size()); return of_bool(a.text() == b.text());
    case Kind::bytes: meter.charge_text(a.octets().size()); return of_bool(a.octets() == b.octets());
    case Kind::timestamp: return of_bool(a.timestamp() == b.timestamp());
    case Kind::duration: return of_bool(a.duration() == b.duration());
    case Kind::type: return of_bool(a.type_name() == b.type_name());
    case Kind::list: return of_lists(a.list(), b.list(), meter);
    case Kind::map: return of_maps(a.map(), b.map(), meter);
    case Kind::optional: {
      const Value *p = a.present(), *q = b.present();
      return p && q ? equal(*p, *q, meter) : of_bool(p == q);
    }
    case Kind::rule: return of_bool(a.rule() == b.rule());
    default: return Equal::no;
  }
}

std::optional<Order> order(const Value& a, const Value& b) {
  const Kind x = a.kind(), y = b.kind();
  if (is_number(x) && is_number(y)) return of_numbers(a, b);
  if (x != y) return std::nullopt;
  switch (x) {
    case Kind::boolean: return ordered(a.boolean(), b.boolean());
    case Kind::text: return ordered(a.text().compare(b.text()), 0);
    case Kind::bytes: return ordered(a.octets().compare(b.octets()), 0);
    case Kind::timestamp: return ordered(a.timestamp(), b.timestamp());
    case Kind::duration: return ordered(a.duration(), b.duration());
    default: return std::nullopt;
  }
}

bool is_key(const Value& v) {
  const Kind k = v.kind();
  return !v.is_unknown() && (k == Kind::text || k == Kind::integer || k == Kind::unsigned_integer || k == Kind::boolean);
}

const Value* find_key(const Value::Map& map, const Value& key) {
  const Kind k = key.kind();
  if (k == Kind::text) {
    const std::string& wanted = key.text();
    for (const auto& [have, value] : map)
      if (have.kind() == Kind::text && have.text() == wanted) return &value;
    return nullptr;
  }
  const bool number = is_number(k);
  if (!number && k != Kind::boolean) return nullptr;
  for (const auto& [have, value] : map) {
    if (number ? is_number(have.kind()) && of_numbers(have, key) == Order::same : have.kind() == Kind::boolean && have.boolean() == key.boolean()) return &value;
  }
  return nullptr;
}

std::string key_text(const Value& key) {
  switch (key.kind()) {
    case Kind::text: return "s" + key.text();
    case Kind::boolean: return key.boolean() ? "b1" : "b0";
    case Kind::integer: return std::to_string(key.integer());
    default: return std::to_string(key.unsigned_integer());
  }
}

} // namespace belay::expr
