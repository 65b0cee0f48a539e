#include "expr/functions.hpp"
#include "expr/utf8.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace belay::expr {
namespace {

const std::string& text(const Call& call, std::size_t i) { return call.args[i].text(); }
std::int64_t number(const Call& call, std::size_t i) { return call.args[i].integer(); }
bool outside(Call& call, std::int64_t index) { return call.fail(fmt::format("index out of range: {}", index)); }
bool charge(Call& call) {
  std::size_t bytes = 0;
  for (const Value& v : call.args)
    if (v.kind() == Kind::text) bytes += v.text().size();
  return call.meter.charge_text(bytes);
}

bool contains(Call& call, Value& out) {
  if (!charge(call)) return false;
  out = Value(text(call, 0).find(text(call, 1)) != std::string::npos);
  return true;
}
bool starts_with(Call& call, Value& out) {
  out = Value(text(call, 0).starts_with(text(call, 1)));
  return true;
}
bool ends_with(Call& call, Value& out) {
  out = Value(text(call, 0).ends_with(text(call, 1)));
  return true;
}

bool char_at(Call& call, Value& out) {
  const std::int64_t index = number(call, 1);
  if (!charge(call)) return false;
  const std::size_t size = utf8::count(text(call, 0));
  if (index < 0 || static_cast<std::uint64_t>(index) > size) return outside(call, index);
  const std::size_t at = utf8::offset_of(text(call, 0), static_cast<std::size_t>(index));
  out = Value(at == text(call, 0).size() ? std::string() : text(call, 0).substr(at, utf8::length_at(text(call, 0), at)));
  return true;
}

bool index_of(Call& call, Value& out) {
  if (!charge(call)) return false;
  const std::string &in = text(call, 0), &wanted = text(call, 1);
  const std::int64_t from = call.args.size() > 2 ? number(call, 2) : 0;
  const auto size = static_cast<std::int64_t>(utf8::count(in));
  if (from < 0 || (call.args.size() > 2 && from > size)) return outside(call, from);
  const std::size_t at = in.find(wanted, utf8::offset_of(in, static_cast<std::size_t>(from)));
  out = Value(at == std::string::npos ? std::int64_t{-1} : static_cast<std::int64_t>(utf8::count(std::string_view(in).substr(0, at))));
  return true;
}

bool last_index_of(Call& call, Value& out) {
  if (!charge(call)) return false;
  const std::string &in = text(call, 0), &wanted = text(call, 1);
  const auto size = static_cast<std::int64_t>(utf8::count(in));
  const std::int64_t from = call.args.size() > 2 ? number(call, 2) : size;
  if (from < 0 || (call.args.size() > 2 && from > size)) return outside(call, from);
  const std::size_t at = in.rfind(wanted, utf8::offset_of(in, static_cast<std::size_t>(from)));
  out = Value(at == std::string::npos ? std::int64_t{-1} : static_cast<std::int64_t>(utf8::count(std::string_view(in).substr(0, at))));
  return true;
}

bool substring(Call& call, Value& out) {
  if (!charge(call)) return false;
  const std::string& in = text(call, 0);
  const auto size = static_cast<std::int64_t>(utf8::count(in));
  const std::int64_t from = number(call, 1), to = call.args.size() > 2 ? number(call, 2) : size;
  if (from < 0 || from > size) return outside(call, from);
  if (to < 0 || to > size) return outside(call, to);
  if (to < from) return call.fail(fmt::format("invalid substring range. start: {}, end: {}", from, to));
  const std::size_t begin = utf8::offset_of(in, static_cast<std::size_t>(from)), end = utf8::offset_of(in, static_cast<std::size_t>(to));
  out = Value(in.substr(begin, end - begin));
  return true;
}

/// Texts between separators; an empty separator parts all characters. `limit`: at most so many, the last one keeps the rest.
bool split(Call& call, Value& out) {
  if (!charge(call)) return false;
  const std::string &in = text(call, 0), &by = text(call, 1);
  const std::int64_t limit = call.args.size() > 2 ? number(call, 2) : -1;
  Value::List parts;
  if (limit != 0) {
    std::size_t from = 0;
    while (limit < 0 || static_cast<std::int64_t>(parts.size()) + 1 < limit) {
      if (by.empty() && from >= in.size()) break;
      const std::size_t at = by.empty() ? from + utf8::length_at(in, from) : in.find(by, from);
      if (at == std::string::npos || (by.empty() && at >= in.size())) break;
      if (!call.meter.charge(2)) return false; // a piece of text and its place in the list
      parts.emplace_back(in.substr(from, at - from));
      from = at + by.size();
    }
    if (!by.empty() || from < in.size()) parts.emplace_back(in.substr(from));
  }
  out = Value(std::move(parts));
  return true;
}

/// All occurrences from the left, or the first `limit`; an empty text stands before, between and after all characters.
bool replace(Call& call, Value& out) {
  const std::string &in = text(call, 0), &old = text(call, 1), &fresh = text(call, 2);
  std::int64_t left = call.args.size() > 3 ? number(call, 3) : -1;
  if (!charge(call)) return false;
  std::string result;
  std::size_t from = 0;
  while (left != 0 && from <= in.size()) {
    const std::size_t at = in.find(old, from);
    if (at == std::string::npos) break;
    if (!call.meter.charge(1) || !call.meter.charge_text(fresh.size() + at - from)) return false;
    result.append(in, from, at - from);
    result += fresh;
    from = at + old.size();
    if (left > 0) --left;
    if (!old.empty()) continue;
    if (from >= in.size()) {
      out = Value(std::move(result));
      return true;
    }
    const std::size_t length = utf8::length_at(in, from);
    result.append(in, from, length);
    from += length;
  }
  if (from < in.size()) result.append(in, from);
  out = Value(std::move(result));
  return true;
}

bool join_texts(Call& call, Value& out) {
  const auto& list = call.args[0].list();
  const std::string between = call.args.size() > 1 ? text(call, 1) : std::string();
  if (!call.meter.charge(list.size())) return false;
  std::string result;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].kind() != Kind::text) return call.fail("no such overload: join takes a list of strings");
    if (!call.meter.charge_text(list[i].text().size() + between.size())) return false;
    if (i > 0) result += between;
    result += list[i].text();
  }
  out = Value(std::move(result));
  return true;
}

bool is_space(std::uint32_t c) {
  return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}
bool trim(Call& call, Value& out) {
  if (!charge(call)) return false;
  const std::string& in = text(call, 0);
  std::size_t begin = std::string::npos, end = 0;
  for (std::size_t at = 0; at < in.size();) {
    const std::size_t length = utf8::length_at(in, at);
    if (!is_space(utf8::code_at(in, at))) {
      if (begin == std::string::npos) begin = at;
      end = at + length;
    }
    at += length;
  }
  out = Value(begin == std::string::npos ? std::string() : in.substr(begin, end - begin));
  return true;
}

template <char first, char last, int shift> bool change_case(Call& call, Value& out) {
  if (!charge(call)) return false;
  std::string result = text(call, 0);
  for (char& c : result)
    if (c >= first && c <= last) c = static_cast<char>(c + shift);
  out = Value(std::move(result));
  return true;
}

bool reverse(Call& call, Value& out) {
  if (!charge(call)) return false;
  const std::string& in = text(call, 0);
  std::string result(in.size(), '\0');
  for (std::size_t at = 0; at < in.size();) {
    const std::size_t length = utf8::length_at(in, at);
    in.copy(result.data() + (in.size() - at - length), length, at);
    at += length;
  }
  out = Value(std::move(result));
  return true;
}

/// A double-quoted CEL literal of the text.
bool quote(Call& call, Value& out) {
  if (!charge(call)) return false;
  static constexpr std::string_view k_raw = "\a\b\f\n\r\t\v\\\"", k_names = "abfnrtv\\\"";
  std::string result = "\"";
  for (char c : text(call, 0)) {
    const std::size_t at = k_raw.find(c);
    if (at == std::string_view::npos) {
      result += c;
    } else {
      result += '\\';
      result += k_names[at];
    }
  }
  out = Value(result + '"');
  return true;
}

constexpr Overload k_overloads[] = {
    {"contains", true, "string,string", "bool", &contains},
    {"startsWith", true, "string,string", "bool", &starts_with},
    {"endsWith", true, "string,string", "bool", &ends_with},
    {"matches", true, "string,string", "bool", &text_matches},
    {"matches", false, "string,string", "bool", &text_matches},
    {"charAt", true, "string,int", "string", &char_at},
    {"indexOf", true, "string,string", "int", &index_of},
    {"indexOf", true, "string,string,int", "int", &index_of},
    {"lastIndexOf", true, "string,string", "int", &last_index_of},
    {"lastIndexOf", true, "string,string,int", "int", &last_index_of},
    {"substring", true, "string,int", "string", &substring},
    {"substring", true, "string,int,int", "string", &substring},
    {"split", true, "string,string", "list<string>", &split},
    {"split", true, "string,string,int", "list<string>", &split},
    {"replace", true, "string,string,string", "string", &replace},
    {"replace", true, "string,string,string,int", "string", &replace},
    {"join", true, "list<string>", "string", &join_texts},
    {"join", true, "list<string>,string", "string", &join_texts},
    {"trim", true, "string", "string", &trim},
    {"upperAscii", true, "string", "string", &change_case<'a', 'z', -32>},
    {"lowerAscii", true, "string", "string", &change_case<'A', 'Z', 32>},
    {"reverse", true, "string", "string", &reverse},
    {"strings.quote", false, "string", "string", &quote},
    {"format", true, "string,list<A>", "string", &format_text},
};

} // namespace

std::span<const Overload> string_functions() { return k_overloads; }

} // namespace belay::expr
