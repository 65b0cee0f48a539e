#include "expr/functions.hpp"
#include "expr/types.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace belay::expr {
namespace {

constexpr int k_most_digits = 1000;

bool refuse(Call& call, std::string_view rule, const Value& v) { return call.fail(fmt::format("error during formatting: {}, was given {}", rule, describe(v.kind()))); }

bool plain(Call& call, const Value& v, std::string& out) {
  if (!call.meter.charge(1)) return false;
  switch (v.kind()) {
    case Kind::null: out += "null"; return true;
    case Kind::boolean: out += v.boolean() ? "true" : "false"; return true;
    case Kind::integer: out += std::to_string(v.integer()); return true;
    case Kind::unsigned_integer: out += std::to_string(v.unsigned_integer()); return true;
    case Kind::real: out += number_text(v.real()); return true;
    case Kind::text: out += v.text(); return call.meter.charge_text(v.text().size());
    case Kind::bytes: out += v.octets(); return call.meter.charge_text(v.octets().size());
    case Kind::timestamp: out += rfc3339(v.timestamp()); return true;
    case Kind::duration: out += duration_text(v.duration()); return true;
    case Kind::type: out += v.type_name(); return true;
    case Kind::list: {
      out += '[';
      for (std::size_t i = 0; i < v.list().size(); ++i) {
        if (i > 0) out += ", ";
        if (!plain(call, v.list()[i], out)) return false;
      }
      out += ']';
      return true;
    }
    case Kind::map: {
      std::vector<std::pair<std::string, const Value*>> entries;
      for (const auto& [key, value] : v.map()) {
        std::string name;
        if (!plain(call, key, name)) return false;
        entries.emplace_back(std::move(name), &value);
      }
      std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      out += '{';
      for (std::size_t i = 0; i < entries.size(); ++i) {
        out += (i > 0 ? ", " : "") + entries[i].first + ": ";
        if (!plain(call, *entries[i].second, out)) return false;
      }
      out += '}';
      return true;
    }
    default: return refuse(call, "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps", v);
  }
}

bool real_clause(Call& call, char clause, int digits, const Value& v, std::string& out) {
  const Kind k = v.kind();
  if (!is_number(k)) return refuse(call, clause == 'e' ? "scientific clause can only be used on doubles" : "fixed-point clause can only be used on doubles", v);
  const double d = k == Kind::real ? v.real() : k == Kind::integer ? static_cast<double>(v.integer()) : static_cast<double>(v.unsigned_integer());
  if (!std::isfinite(d)) {
    out += number_text(d);
    return true;
  }
  if (!call.meter.charge(static_cast<std::uint64_t>(digits))) return false;
  out += clause == 'e' ? fmt::format("{:.{}e}", d, digits) : fmt::format("{:.{}f}", d, digits);
  return true;
}

bool based_clause(Call& call, char clause, const Value& v, std::string& out) {
  const Kind k = v.kind();
  const bool hex = clause == 'x' || clause == 'X';
  if (hex && (k == Kind::text || k == Kind::bytes)) {
    const std::string& octets = k == Kind::text ? v.text() : v.octets();
    if (!call.meter.charge_text(octets.size() * 2)) return false;
    for (unsigned char c : octets) out += clause == 'x' ? fmt::format("{:02x}", c) : fmt::format("{:02X}", c);
    return true;
  }
  if (clause == 'b' && k == Kind::boolean) {
    out += v.boolean() ? '1' : '0';
    return true;
  }
  if (k != Kind::integer && k != Kind::unsigned_integer)
    return refuse(call, clause == 'b' ? "only integers and bools can be formatted as binary" : clause == 'o' ? "octal clause can only be used on integers" : "only integers, byte buffers, and strings can be formatted as hex", v);
  auto put = [&](auto n) { out += clause == 'b' ? fmt::format("{:b}", n) : clause == 'o' ? fmt::format("{:o}", n) : clause == 'x' ? fmt::format("{:x}", n) : fmt::format("{:X}", n); };
  if (k == Kind::integer)
    put(v.integer());
  else
    put(v.unsigned_integer());
  return true;
}

} // namespace

bool format_text(Call& call, Value& out) {
  const std::string& pattern = call.args[0].text();
  const auto& values = call.args[1].list();
  if (!call.meter.charge_text(pattern.size())) return false;
  std::string result;
  std::size_t used = 0;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] != '%') {
      result += pattern[at];
      continue;
    }
    if (++at >= pattern.size()) return call.fail("could not parse formatting clause: unexpected end of string");
    if (pattern[at] == '%') {
      result += '%';
      continue;
    }
    int digits = 6;
    if (pattern[at] == '.') {
      digits = 0;
      const std::size_t from = ++at;
      for (; at < pattern.size() && pattern[at] >= '0' && pattern[at] <= '9'; ++at) digits = std::min(k_most_digits + 1, digits * 10 + (pattern[at] - '0'));
      if (at == from || at >= pattern.size() || digits > k_most_digits) return call.fail("could not parse formatting clause: a precision is a number up to 1000, then a letter");
    }
    const char clause = pattern[at];
    if (std::string_view("sdfeboxX").find(clause) == std::string_view::npos) return call.fail(fmt::format("could not parse formatting clause: unrecognized formatting clause \"{}\"", clause));
    if (used >= values.size()) return call.fail(fmt::format("index {} out of range", used));
    const Value& v = values[used++];
    bool ok = false;
    switch (clause) {
      case 's': ok = plain(call, v, result); break;
      case 'd':
        ok = v.kind() == Kind::integer || v.kind() == Kind::unsigned_integer || (v.kind() == Kind::real && !std::isfinite(v.real()));
        ok = ok ? plain(call, v, result) : refuse(call, "decimal clause can only be used on integers", v);
        break;
      case 'f':
      case 'e': ok = real_clause(call, clause, digits, v, result); break;
      default: ok = based_clause(call, clause, v, result);
    }
    if (!ok) return false;
  }
  out = Value(std::move(result));
  return true;
}

} // namespace belay::expr
