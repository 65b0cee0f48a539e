#include "runbook/yaml.hpp"
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace belay::yaml {

namespace {

bool digits_only(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos; }

Value whole_number(std::string_view digits, int base, bool negative, const std::string& written) {
  std::uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), magnitude, base);
  if (error != std::errc{} || end != digits.data() + digits.size()) return Value(written);
  constexpr auto k_most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (negative) return magnitude <= k_most + 1 ? Value(static_cast<std::int64_t>(0 - magnitude)) : Value(written);
  return magnitude <= k_most ? Value(static_cast<std::int64_t>(magnitude)) : Value(magnitude);
}

/// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool looks_real(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  const auto exponent = text.find_first_of("eE");
  if (exponent != std::string_view::npos) {
    auto power = text.substr(exponent + 1);
    if (!power.empty() && (power[0] == '-' || power[0] == '+')) power.remove_prefix(1);
    if (!digits_only(power)) return false;
    text = text.substr(0, exponent);
  }
  const auto point = text.find('.');
  if (point == std::string_view::npos) return digits_only(text);
  const auto before = text.substr(0, point), after = text.substr(point + 1);
  if (before.empty()) return digits_only(after);
  return digits_only(before) && (after.empty() || digits_only(after));
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const auto word : words)
    if (text == word) return true;
  return false;
}

} // namespace

Value scalar(const Node& node) {
  const std::string& text = node.text;
  if (node.style != Style::plain) return Value(text);
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return {};
  if (is_one_of(text, {"true", "True", "TRUE"})) return Value(true);
  if (is_one_of(text, {"false", "False", "FALSE"})) return Value(false);
  const char first = text[0];
  if (!((first >= '0' && first <= '9') || first == '-' || first == '+' || first == '.')) return Value(text);
  if (is_one_of(text, {".nan", ".NaN", ".NAN"})) return Value(std::nan(""));
  const bool is_signed = first == '-' || first == '+';
  const std::string_view body = std::string_view(text).substr(is_signed ? 1 : 0);
  if (is_one_of(body, {".inf", ".Inf", ".INF"})) return Value(first == '-' ? -HUGE_VAL : HUGE_VAL);
  if (!is_signed && text.starts_with("0o")) return whole_number(body.substr(2), 8, false, text);
  if (!is_signed && text.starts_with("0x")) return whole_number(body.substr(2), 16, false, text);
  if (digits_only(body)) return whole_number(body, 10, first == '-', text);
  if (!looks_real(text)) return Value(text);
  return Value(std::strtod(text.c_str(), nullptr));
}

Value value(const Node& node) {
  if (node.is_scalar()) return scalar(node);
  if (node.is_list()) {
    Value::List items;
    items.reserve(node.items.size());
    for (const auto& item : node.items) items.push_back(value(item));
    return Value(std::move(items));
  }
  Value::Map members;
  members.reserve(node.members.size());
  for (const auto& member : node.members) members.emplace_back(Value(member.key), value(member.value));
  return Value(std::move(members));
}

std::string described(const Node& node) {
  if (node.is_list()) return "a list";
  if (node.is_map()) return "a map";
  switch (scalar(node).kind()) {
  case Kind::null: return "nothing";
  case Kind::boolean: return node.text;
  case Kind::integer:
  case Kind::unsigned_integer:
  case Kind::real: return "the number " + node.text;
  default: break;
  }
  constexpr std::size_t k_shown = 40;
  return node.text.size() > k_shown ? "'" + node.text.substr(0, k_shown) + "…'" : "'" + node.text + "'";
}

Place place_in(const Node& node, std::size_t offset) {
  Place place = node.where();
  if (node.source == nullptr) return place;
  const std::string& file = node.source->text;
  std::size_t at = node.begin;
  auto step = [&] { // one code point of the file
    place.column++;
    ++at;
    while (at < file.size() && (static_cast<unsigned char>(file[at]) & 0xC0) == 0x80) ++at;
  };
  auto next_line = [&] {
    at = file.find('\n', at);
    at = at == std::string::npos ? file.size() : at + 1;
    place.line++;
    place.column = 1;
    while (at < file.size() && file[at] == ' ') step();
  };
  if (node.style == Style::literal || node.style == Style::folded) next_line();
  else if (node.style != Style::plain) step();
  for (std::size_t i = 0; i < offset && at < file.size();) {
    if (file[at] == '\n') {
      next_line();
      ++i;
    } else if (node.style == Style::double_quoted && file[at] == '\\') {
      step();
      if (at < file.size()) step();
      ++i;
    } else if (node.style == Style::single_quoted && file.compare(at, 2, "''") == 0) {
      step();
      step();
      ++i;
    } else {
      const std::size_t before = at;
      step();
      i += at - before;
    }
  }
  return place;
}

} // namespace belay::yaml
