#include "expr/arithmetic.hpp"
#include "expr/functions.hpp"
#include "expr/types.hpp"
#include "expr/utf8.hpp"
#include "value/json.hpp"
#include <charconv>
#include <cmath>
#include <fmt/format.h>

namespace belay::expr {
namespace {

bool same(Call& call, Value& out) {
  out = call.args[0];
  return true;
}

bool to_type(Call& call, Value& out) {
  out = Value::type(describe(call.args[0].kind()));
  return true;
}

template <class T> bool parsed(const std::string& text, T& out) {
  const char* from = text.data();
  const char* end = from + text.size();
  if (text.size() > 1 && *from == '+' && from[1] != '-') ++from;
  auto [at, problem] = std::from_chars(from, end, out);
  return problem == std::errc() && at == end && from != end;
}
bool unreadable(Call& call, const char* type) { return call.fail(fmt::format("the text is no {}", type)); }

bool to_int(Call& call, Value& out) {
  const Value& v = call.args[0];
  std::int64_t result = 0;
  switch (v.kind()) {
    case Kind::unsigned_integer:
      if (v.unsigned_integer() > static_cast<std::uint64_t>(INT64_MAX)) return call.fail("int out of range");
      result = static_cast<std::int64_t>(v.unsigned_integer());
      break;
    case Kind::real:
      if (!(v.real() > -9223372036854775808.0 && v.real() < 9223372036854775808.0)) return call.fail("int out of range");
      result = static_cast<std::int64_t>(v.real());
      break;
    case Kind::text:
      if (!parsed(v.text(), result)) return unreadable(call, "int");
      break;
    default: result = v.timestamp().seconds;
  }
  out = Value(result);
  return true;
}

bool to_uint(Call& call, Value& out) {
  const Value& v = call.args[0];
  std::uint64_t result = 0;
  switch (v.kind()) {
    case Kind::integer:
      if (v.integer() < 0) return call.fail("uint out of range");
      result = static_cast<std::uint64_t>(v.integer());
      break;
    case Kind::real:
      if (!(v.real() > -1 && v.real() < 18446744073709551616.0) || v.real() < 0) return call.fail("uint out of range");
      result = static_cast<std::uint64_t>(v.real());
      break;
    default:
      if (!parsed(v.text(), result)) return unreadable(call, "uint");
  }
  out = Value(result);
  return true;
}

bool to_double(Call& call, Value& out) {
  const Value& v = call.args[0];
  if (v.kind() == Kind::integer) {
    out = Value(static_cast<double>(v.integer()));
  } else if (v.kind() == Kind::unsigned_integer) {
    out = Value(static_cast<double>(v.unsigned_integer()));
  } else {
    static constexpr std::pair<std::string_view, double> k_words[] = {{"NaN", NAN}, {"Infinity", INFINITY}, {"+Infinity", INFINITY}, {"-Infinity", -INFINITY}, {"Inf", INFINITY}, {"+Inf", INFINITY}, {"-Inf", -INFINITY}};
    for (const auto& [word, means] : k_words) {
      if (v.text() != word) continue;
      out = Value(means);
      return true;
    }
    double result = 0;
    const std::string& text = v.text();
    if (text.find_first_not_of("+-.0123456789eE") != std::string::npos || !parsed(text, result)) return unreadable(call, "double");
    out = Value(result);
  }
  return true;
}

bool to_string(Call& call, Value& out) {
  const Value& v = call.args[0];
  switch (v.kind()) {
    case Kind::boolean: out = Value(v.boolean() ? "true" : "false"); break;
    case Kind::integer: out = Value(std::to_string(v.integer())); break;
    case Kind::unsigned_integer: out = Value(std::to_string(v.unsigned_integer())); break;
    case Kind::real: out = Value(number_text(v.real())); break;
    case Kind::timestamp: out = Value(rfc3339(v.timestamp())); break;
    case Kind::duration: out = Value(duration_text(v.duration())); break;
    default:
      if (!utf8::valid(v.octets())) return call.fail("the bytes are no valid UTF-8");
      out = Value(v.octets());
  }
  return true;
}

bool to_bytes(Call& call, Value& out) {
  out = Value::bytes(call.args[0].text());
  return true;
}

bool to_bool(Call& call, Value& out) {
  const std::string& text = call.args[0].text();
  for (std::string_view word : {"1", "t", "true", "TRUE", "True"})
    if (text == word) return out = Value(true), true;
  for (std::string_view word : {"0", "f", "false", "FALSE", "False"})
    if (text == word) return out = Value(false), true;
  return unreadable(call, "bool");
}

bool timestamp_of_seconds(Call& call, Value& out) {
  const Timestamp t{call.args[0].integer(), 0};
  if (!in_range(t)) return call.fail("timestamp out of range: years go from 1 to 9999");
  out = Value(t);
  return true;
}
bool timestamp_of_text(Call& call, Value& out) {
  const std::string& text = call.args[0].text();
  auto t = parse_rfc3339(text);
  if (!t || text[10] == ' ') return call.fail("the text is no timestamp: it is written 2026-11-21T22:38:00Z");
  if (!in_range(*t)) return call.fail("timestamp out of range: years go from 1 to 9999");
  out = Value(*t);
  return true;
}

struct Unit {
  std::string_view name;
  std::int64_t nanos;
};
constexpr Unit k_units[] = {{"ns", 1}, {"us", 1000}, {"µs", 1000}, {"μs", 1000}, {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};

/// Signed decimal numbers, each with its unit: `1h2m3.5s`; `0` alone.
bool duration_of_text(Call& call, Value& out) {
  std::string_view text = call.args[0].text();
  auto refuse = [&] { return call.fail("the text is no duration: it is written 1h30m or 2.5s"); };
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return out = Value(Duration(0)), true;
  if (text.empty()) return refuse();
  std::int64_t total = 0;
  while (!text.empty()) {
    std::size_t digits = 0, end = 0;
    std::int64_t whole = 0;
    long double fraction = 0, scale = 0.1L;
    for (; end < text.size() && text[end] >= '0' && text[end] <= '9'; ++end, ++digits)
      if (__builtin_mul_overflow(whole, std::int64_t{10}, &whole) || __builtin_add_overflow(whole, std::int64_t{text[end] - '0'}, &whole)) return call.fail("duration out of range: it reaches 292 years");
    if (end < text.size() && text[end] == '.')
      for (++end; end < text.size() && text[end] >= '0' && text[end] <= '9'; ++end, ++digits, scale /= 10) fraction += scale * (text[end] - '0');
    if (digits == 0) return refuse();
    text.remove_prefix(end);
    const Unit* unit = nullptr;
    for (const Unit& one : k_units)
      if (text.starts_with(one.name) && (!unit || one.name.size() > unit->name.size())) unit = &one;
    if (!unit) return refuse();
    text.remove_prefix(unit->name.size());
    std::int64_t part = 0;
    const auto extra = static_cast<std::int64_t>(fraction * static_cast<long double>(unit->nanos) + 1e-6L);
    if (__builtin_mul_overflow(whole, unit->nanos, &part) || __builtin_add_overflow(part, extra, &part) || __builtin_add_overflow(total, part, &total))
      return call.fail("duration out of range: it reaches 292 years");
  }
  out = Value(Duration(negative ? -total : total));
  return true;
}
/// An integer is a number of seconds, as in timestamp().
bool duration_of_seconds(Call& call, Value& out) {
  std::int64_t nanos = 0;
  if (__builtin_mul_overflow(call.args[0].integer(), std::int64_t{1'000'000'000}, &nanos)) return call.fail("duration out of range: it reaches 292 years");
  out = Value(Duration(nanos));
  return true;
}

constexpr Overload k_overloads[] = {
    {"dyn", false, "A", "dyn", &same, true},
    {"type", false, "A", "type", &to_type, true},
    {"int", false, "int", "int", &same},
    {"int", false, "uint", "int", &to_int},
    {"int", false, "double", "int", &to_int},
    {"int", false, "string", "int", &to_int},
    {"int", false, "timestamp", "int", &to_int},
    {"uint", false, "uint", "uint", &same},
    {"uint", false, "int", "uint", &to_uint},
    {"uint", false, "double", "uint", &to_uint},
    {"uint", false, "string", "uint", &to_uint},
    {"double", false, "double", "double", &same},
    {"double", false, "int", "double", &to_double},
    {"double", false, "uint", "double", &to_double},
    {"double", false, "string", "double", &to_double},
    {"string", false, "string", "string", &same},
    {"string", false, "bool", "string", &to_string},
    {"string", false, "int", "string", &to_string},
    {"string", false, "uint", "string", &to_string},
    {"string", false, "double", "string", &to_string},
    {"string", false, "bytes", "string", &to_string},
    {"string", false, "timestamp", "string", &to_string},
    {"string", false, "duration", "string", &to_string},
    {"bytes", false, "bytes", "bytes", &same},
    {"bytes", false, "string", "bytes", &to_bytes},
    {"bool", false, "bool", "bool", &same},
    {"bool", false, "string", "bool", &to_bool},
    {"timestamp", false, "timestamp", "timestamp", &same},
    {"timestamp", false, "int", "timestamp", &timestamp_of_seconds},
    {"timestamp", false, "string", "timestamp", &timestamp_of_text},
    {"duration", false, "duration", "duration", &same},
    {"duration", false, "int", "duration", &duration_of_seconds},
    {"duration", false, "string", "duration", &duration_of_text},
};

} // namespace

std::span<const Overload> conversion_functions() { return k_overloads; }

std::string number_text(double v) {
  if (std::isnan(v)) return "NaN";
  if (std::isinf(v)) return v < 0 ? "-Infinity" : "Infinity";
  // The shortest digits that read back the same, as ECMAScript lays them out: plain from 1e-6 up to 1e21, else with an exponent.
  char buffer[32];
  auto [end, problem] = std::to_chars(buffer, buffer + sizeof buffer, std::fabs(v), std::chars_format::scientific);
  const std::string_view shortest(buffer, static_cast<std::size_t>(end - buffer));
  const std::size_t e = shortest.find('e');
  std::string digits(shortest.substr(0, e));
  if (digits.size() > 1) digits.erase(1, 1);
  const std::string sign = std::signbit(v) ? "-" : "";
  if (v == 0) return sign + "0";
  const int exponent = std::atoi(std::string(shortest.substr(e + 1)).c_str());
  const int count = static_cast<int>(digits.size());
  if (exponent >= 21 || exponent < -6) return sign + std::string(shortest.substr(0, e)) + fmt::format("e{:+}", exponent);
  if (exponent < 0) return sign + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  if (count <= exponent + 1) return sign + digits + std::string(static_cast<std::size_t>(exponent + 1 - count), '0');
  return sign + digits.insert(static_cast<std::size_t>(exponent + 1), ".");
}

} // namespace belay::expr
