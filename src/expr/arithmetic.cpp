#include "expr/arithmetic.hpp"
#include "expr/types.hpp"
#include <fmt/format.h>
#include <cmath>
#include <limits>

namespace belay::expr {
namespace {

constexpr std::int64_t k_nanos = 1'000'000'000;

bool fail(std::string& error, std::string message) {
  error = std::move(message);
  return false;
}
bool overflow(std::string& error, const char* type) { return fail(error, fmt::format("{} overflow", type)); }

template <class T> bool integers(Symbol symbol, T a, T b, Value& out, std::string& error) {
  constexpr const char* k_type = std::is_signed_v<T> ? "int" : "uint";
  T result = 0;
  switch (symbol) {
    case Symbol::add:
      if (__builtin_add_overflow(a, b, &result)) return overflow(error, k_type);
      break;
    case Symbol::subtract:
      if (__builtin_sub_overflow(a, b, &result)) return overflow(error, k_type);
      break;
    case Symbol::multiply:
      if (__builtin_mul_overflow(a, b, &result)) return overflow(error, k_type);
      break;
    default:
      if (b == 0) return fail(error, symbol == Symbol::divide ? "divide by zero" : "modulus by zero");
      if constexpr (std::is_signed_v<T>) {
        if (a == std::numeric_limits<T>::min() && b == -1) return overflow(error, k_type);
      }
      result = symbol == Symbol::divide ? a / b : a % b;
  }
  out = Value(result);
  return true;
}

bool shifted(Timestamp t, Duration by, bool back, Value& out, std::string& error) {
  std::int64_t seconds = by.count() / k_nanos, nanos = by.count() % k_nanos;
  if (back) {
    seconds = -seconds;
    nanos = -nanos;
  }
  nanos += t.nanos;
  seconds += t.seconds;
  if (nanos < 0) {
    nanos += k_nanos;
    --seconds;
  } else if (nanos >= k_nanos) {
    nanos -= k_nanos;
    ++seconds;
  }
  const Timestamp result{seconds, static_cast<std::int32_t>(nanos)};
  if (!in_range(result)) return fail(error, "timestamp out of range: years go from 1 to 9999");
  out = Value(result);
  return true;
}

bool between(Timestamp a, Timestamp b, Value& out, std::string& error) {
  std::int64_t nanos = 0;
  if (__builtin_mul_overflow(a.seconds - b.seconds, k_nanos, &nanos) || __builtin_add_overflow(nanos, std::int64_t{a.nanos} - b.nanos, &nanos))
    return fail(error, "duration out of range: it reaches 292 years");
  out = Value(Duration(nanos));
  return true;
}

bool sums(Symbol symbol, const Value& a, const Value& b, Meter& meter, Value& out, std::string& error, bool& taken) {
  const Kind x = a.kind(), y = b.kind();
  const bool add = symbol == Symbol::add;
  taken = true;
  if (x == Kind::timestamp && y == Kind::duration) return shifted(a.timestamp(), b.duration(), !add, out, error);
  if (x == Kind::duration && y == Kind::timestamp && add) return shifted(b.timestamp(), a.duration(), false, out, error);
  if (x == Kind::timestamp && y == Kind::timestamp && !add) return between(a.timestamp(), b.timestamp(), out, error);
  if (x == Kind::duration && y == Kind::duration) {
    std::int64_t result = 0;
    const std::int64_t p = a.duration().count(), q = b.duration().count();
    if (add ? __builtin_add_overflow(p, q, &result) : __builtin_sub_overflow(p, q, &result)) return fail(error, "duration out of range: it reaches 292 years");
    out = Value(Duration(result));
    return true;
  }
  if (add && x == y && x == Kind::text) {
    if (!meter.charge_text(a.text().size() + b.text().size())) return false;
    out = Value(a.text() + b.text());
    return true;
  }
  if (add && x == y && x == Kind::bytes) {
    if (!meter.charge_text(a.octets().size() + b.octets().size())) return false;
    out = Value::bytes(a.octets() + b.octets());
    return true;
  }
  if (add && x == y && x == Kind::list) {
    if (!meter.charge(a.list().size() + b.list().size())) return false;
    Value::List list;
    list.reserve(a.list().size() + b.list().size());
    list.insert(list.end(), a.list().begin(), a.list().end());
    list.insert(list.end(), b.list().begin(), b.list().end());
    out = Value(std::move(list));
    return true;
  }
  taken = false;
  return false;
}

} // namespace

bool in_range(Timestamp t) { return t.seconds >= -62135596800 && t.seconds <= 253402300799; }

bool arithmetic(Symbol symbol, const Value& a, const Value& b, Meter& meter, Value& out, std::string& error) {
  const Kind x = a.kind(), y = b.kind();
  if (x == y && x == Kind::integer) return integers(symbol, a.integer(), b.integer(), out, error);
  if (x == y && x == Kind::unsigned_integer) return integers(symbol, a.unsigned_integer(), b.unsigned_integer(), out, error);
  if (x == y && x == Kind::real && symbol != Symbol::remainder) {
    const double p = a.real(), q = b.real();
    // IEEE 754: dividing by zero gives an infinity or NaN, which the sanitizer would otherwise object to.
    if (symbol == Symbol::divide && q == 0) {
      const double sign = std::signbit(p) != std::signbit(q) ? -1 : 1;
      out = Value(p == 0 || p != p ? std::numeric_limits<double>::quiet_NaN() : sign * std::numeric_limits<double>::infinity());
      return true;
    }
    out = Value(symbol == Symbol::add ? p + q : symbol == Symbol::subtract ? p - q : symbol == Symbol::multiply ? p * q : p / q);
    return true;
  }
  if (symbol == Symbol::add || symbol == Symbol::subtract) {
    bool taken = false;
    const bool ok = sums(symbol, a, b, meter, out, error, taken);
    if (taken) return ok;
  }
  return fail(error, fmt::format("no such overload: {} {} {}", describe(x), written(symbol), describe(y)));
}

bool negated(const Value& a, Value& out, std::string& error) {
  if (a.kind() == Kind::real) {
    out = Value(-a.real());
    return true;
  }
  if (a.kind() != Kind::integer) return fail(error, fmt::format("no such overload: -{}", describe(a.kind())));
  if (a.integer() == std::numeric_limits<std::int64_t>::min()) return overflow(error, "int");
  out = Value(-a.integer());
  return true;
}

std::optional<Type> arithmetic_type(Symbol symbol, const Type& a, const Type& b) {
  const bool sum = symbol == Symbol::add || symbol == Symbol::subtract;
  auto of = [](Kind kind) {
    Type out;
    out.kind = kind;
    return out;
  };
  auto takes = [&](Kind kind) {
    if (kind == Kind::integer || kind == Kind::unsigned_integer) return true;
    if (kind == Kind::real) return symbol != Symbol::remainder;
    return (kind == Kind::text || kind == Kind::bytes || kind == Kind::list) && symbol == Symbol::add;
  };
  auto is_time = [&](Kind kind) { return sum && (kind == Kind::timestamp || kind == Kind::duration); };
  if (is_any(a) || is_any(b)) {
    const Type& known = is_any(a) ? b : a;
    if (is_any(known) || is_time(known.kind)) return Type{};
    if (!takes(known.kind)) return std::nullopt;
    return known.kind == Kind::list ? of(Kind::list) : known;
  }
  if (is_time(a.kind) && is_time(b.kind)) {
    if (a.kind == Kind::duration && b.kind == Kind::duration) return a;
    if (symbol == Symbol::subtract) return a.kind == Kind::timestamp ? std::optional(of(b.kind == Kind::timestamp ? Kind::duration : Kind::timestamp)) : std::nullopt;
    return a.kind == b.kind ? std::nullopt : std::optional(of(Kind::timestamp));
  }
  if (a.kind != b.kind || !takes(a.kind)) return std::nullopt;
  return a.kind == Kind::list ? join(a, b) : a;
}

} // namespace belay::expr
