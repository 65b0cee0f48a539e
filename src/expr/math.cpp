#include "expr/compare.hpp"
#include "expr/functions.hpp"
#include <cmath>

namespace belay::expr {
namespace {

template <double (*f)(double)> bool real(Call& call, Value& out) {
  out = Value(f(call.args[0].real()));
  return true;
}
double ceiling(double v) { return std::ceil(v); }
double floor_of(double v) { return std::floor(v); }
double rounded(double v) { return std::round(v); } // halves away from zero
double truncated(double v) { return std::trunc(v); }
double sign_of(double v) { return std::isnan(v) ? v : v > 0 ? 1 : v < 0 ? -1 : 0; }
double absolute(double v) { return std::fabs(v); }
double root(double v) { return std::sqrt(v); }

template <bool (*f)(double)> bool test(Call& call, Value& out) {
  out = Value(f(call.args[0].real()));
  return true;
}
bool nan(double v) { return std::isnan(v); }
bool infinite(double v) { return std::isinf(v); }
bool finite(double v) { return std::isfinite(v); }

bool sqrt_int(Call& call, Value& out) {
  out = Value(std::sqrt(static_cast<double>(call.args[0].integer())));
  return true;
}
bool sqrt_uint(Call& call, Value& out) {
  out = Value(std::sqrt(static_cast<double>(call.args[0].unsigned_integer())));
  return true;
}
bool abs_int(Call& call, Value& out) {
  const std::int64_t v = call.args[0].integer();
  if (v == INT64_MIN) return call.fail("int overflow");
  out = Value(v < 0 ? -v : v);
  return true;
}
bool itself(Call& call, Value& out) {
  out = call.args[0];
  return true;
}
bool sign_int(Call& call, Value& out) {
  const std::int64_t v = call.args[0].integer();
  out = Value(std::int64_t{(v > 0) - (v < 0)});
  return true;
}
bool sign_uint(Call& call, Value& out) {
  out = Value(std::uint64_t{call.args[0].unsigned_integer() > 0});
  return true;
}

enum class Bits : std::uint8_t { all, any, either };
template <Bits how, class T> T combined(T a, T b) { return how == Bits::all ? a & b : how == Bits::any ? a | b : a ^ b; }
template <Bits how> bool bits_int(Call& call, Value& out) {
  out = Value(combined<how>(call.args[0].integer(), call.args[1].integer()));
  return true;
}
template <Bits how> bool bits_uint(Call& call, Value& out) {
  out = Value(combined<how>(call.args[0].unsigned_integer(), call.args[1].unsigned_integer()));
  return true;
}
bool not_int(Call& call, Value& out) {
  out = Value(~call.args[0].integer());
  return true;
}
bool not_uint(Call& call, Value& out) {
  out = Value(~call.args[0].unsigned_integer());
  return true;
}

/// Bits that leave the word are lost; to the right zeros come in, of a negative integer too.
template <bool left, bool is_signed> bool shift(Call& call, Value& out) {
  const std::int64_t by = call.args[1].integer();
  if (by < 0) return call.fail("negative offset");
  const std::uint64_t v = is_signed ? static_cast<std::uint64_t>(call.args[0].integer()) : call.args[0].unsigned_integer();
  const std::uint64_t result = by >= 64 ? 0 : left ? v << by : v >> by;
  out = is_signed ? Value(static_cast<std::int64_t>(result)) : Value(result);
  return true;
}

/// The greatest or least of numbers of any kind; of equal ones the first.
bool extreme(std::span<const Value> among, bool greatest, Call& call, Value& out) {
  const Value* best = nullptr;
  for (const Value& v : among) {
    const Kind k = v.kind();
    if (k != Kind::integer && k != Kind::unsigned_integer && k != Kind::real) return call.fail("no such overload: math.greatest and math.least take numbers");
    if (!best || order(v, *best) == (greatest ? Order::greater : Order::less)) best = &v;
  }
  if (!best) return call.fail("the list is empty");
  out = *best;
  return true;
}
template <bool greatest> bool extreme_of_list(Call& call, Value& out) {
  const auto& list = call.args[0].list();
  return call.meter.charge(list.size()) && extreme(list, greatest, call, out);
}

constexpr Overload k_overloads[] = {
    {"math.greatest", false, "list<A>", "A", &extreme_of_list<true>},
    {"math.least", false, "list<A>", "A", &extreme_of_list<false>},
    // One number is its own extreme; several arguments are a list by the time they come here.
    {"math.greatest", false, "int", "int", &itself},
    {"math.greatest", false, "uint", "uint", &itself},
    {"math.greatest", false, "double", "double", &itself},
    {"math.least", false, "int", "int", &itself},
    {"math.least", false, "uint", "uint", &itself},
    {"math.least", false, "double", "double", &itself},
    {"math.ceil", false, "double", "double", &real<ceiling>},
    {"math.floor", false, "double", "double", &real<floor_of>},
    {"math.round", false, "double", "double", &real<rounded>},
    {"math.trunc", false, "double", "double", &real<truncated>},
    {"math.sqrt", false, "double", "double", &real<root>},
    {"math.sqrt", false, "int", "double", &sqrt_int},
    {"math.sqrt", false, "uint", "double", &sqrt_uint},
    {"math.abs", false, "double", "double", &real<absolute>},
    {"math.abs", false, "int", "int", &abs_int},
    {"math.abs", false, "uint", "uint", &itself},
    {"math.sign", false, "double", "double", &real<sign_of>},
    {"math.sign", false, "int", "int", &sign_int},
    {"math.sign", false, "uint", "uint", &sign_uint},
    {"math.isNaN", false, "double", "bool", &test<nan>},
    {"math.isInf", false, "double", "bool", &test<infinite>},
    {"math.isFinite", false, "double", "bool", &test<finite>},
    {"math.bitAnd", false, "int,int", "int", &bits_int<Bits::all>},
    {"math.bitAnd", false, "uint,uint", "uint", &bits_uint<Bits::all>},
    {"math.bitOr", false, "int,int", "int", &bits_int<Bits::any>},
    {"math.bitOr", false, "uint,uint", "uint", &bits_uint<Bits::any>},
    {"math.bitXor", false, "int,int", "int", &bits_int<Bits::either>},
    {"math.bitXor", false, "uint,uint", "uint", &bits_uint<Bits::either>},
    {"math.bitNot", false, "int", "int", &not_int},
    {"math.bitNot", false, "uint", "uint", &not_uint},
    {"math.bitShiftLeft", false, "int,int", "int", &shift<true, true>},
    {"math.bitShiftLeft", false, "uint,int", "uint", &shift<true, false>},
    {"math.bitShiftRight", false, "int,int", "int", &shift<false, true>},
    {"math.bitShiftRight", false, "uint,int", "uint", &shift<false, false>},
};

} // namespace

std::span<const Overload> math_functions() { return k_overloads; }

} // namespace belay::expr
