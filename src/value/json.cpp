#include "value/json.hpp"
#include "belay/rule.hpp"
#include "value/base64.hpp"
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>

namespace belay {
namespace {

using nlohmann::json;

/// Builds a Value while the text is read, so that names twice and depth are seen where they stand.
class Builder : public nlohmann::json_sax<json> {
public:
  Value result;
  std::string error;
  std::size_t error_at = 0;

  bool null() override { return put(Value()); }
  bool boolean(bool v) override { return put(Value(v)); }
  bool number_integer(number_integer_t v) override { return put(Value(std::int64_t{v})); }
  bool number_unsigned(number_unsigned_t v) override { return v <= std::uint64_t(INT64_MAX) ? put(Value(std::int64_t(v))) : put(Value(std::uint64_t{v})); }
  bool number_float(number_float_t v, const string_t&) override { return put(Value(v)); }
  bool string(string_t& v) override { return put(Value(std::move(v))); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(true); }
  bool start_array(std::size_t) override { return open(false); }
  bool key(string_t& v) override {
    Level& level = m_levels.back();
    if (!level.seen.insert(v).second) {
      error = "the name \"" + v + "\" stands twice in one object";
      return false;
    }
    level.key = std::move(v);
    return true;
  }
  bool end_object() override {
    Value v(std::move(m_levels.back().map));
    m_levels.pop_back();
    return put(std::move(v));
  }
  bool end_array() override {
    Value v(std::move(m_levels.back().list));
    m_levels.pop_back();
    return put(std::move(v));
  }
  bool parse_error(std::size_t at, const std::string&, const nlohmann::detail::exception& e) override {
    error_at = at;
    error = e.what();
    if (auto from = error.find("] "); from != std::string::npos) error = error.substr(from + 2);
    return false;
  }

private:
  struct Level {
    bool object;
    std::string key;
    std::set<std::string> seen;
    Value::Map map;
    Value::List list;
  };
  std::vector<Level> m_levels;

  bool open(bool object) {
    if (m_levels.size() >= 200) {
      error = "nested deeper than 200";
      return false;
    }
    m_levels.push_back({object, {}, {}, {}, {}});
    return true;
  }
  bool put(Value v) {
    if (m_levels.empty()) {
      result = std::move(v);
      return true;
    }
    Level& level = m_levels.back();
    if (level.object)
      level.map.emplace_back(Value(std::move(level.key)), std::move(v));
    else
      level.list.push_back(std::move(v));
    return true;
  }
};

std::string json_text(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 127 && c != '"' && c != '\\'; });
  if (!plain) return json(std::string(text)).dump(-1, ' ', false, json::error_handler_t::replace);
  std::string out;
  out.reserve(text.size() + 2);
  out += '"';
  out += text;
  out += '"';
  return out;
}

std::string number(double v) {
  if (std::isnan(v)) return "\"NaN\"";
  if (std::isinf(v)) return v > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  std::string out = fmt::format("{}", v);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

std::string key_text(const Value& key) { return key.kind() == Kind::text && !key.is_secret() ? key.text() : key.is_secret() ? "(secret)" : bare_json(key); }

enum class Form { canonical, pretty };

void write(std::string& out, const Value& v, Form form, int depth) {
  auto line = [&](int d) {
    if (form == Form::pretty) out += "\n" + std::string(static_cast<std::size_t>(d) * 2, ' ');
  };
  if (v.is_secret() || v.is_unknown()) {
    out += json_text(show(v));
    return;
  }
  switch (v.kind()) {
    case Kind::null: out += "null"; return;
    case Kind::boolean: out += v.boolean() ? "true" : "false"; return;
    case Kind::integer: out += std::to_string(v.integer()); return;
    case Kind::unsigned_integer: out += std::to_string(v.unsigned_integer()); return;
    case Kind::real: out += number(v.real()); return;
    case Kind::text: out += json_text(v.text()); return;
    case Kind::bytes: out += json_text(base64(v.octets())); return;
    case Kind::timestamp: out += json_text(rfc3339(v.timestamp())); return;
    case Kind::duration: out += json_text(duration_text(v.duration())); return;
    case Kind::type: out += json_text(v.type_name()); return;
    case Kind::rule: out += json_text(v.rule() ? v.rule()->source() : ""); return;
    case Kind::optional:
      if (const Value* present = v.present())
        write(out, *present, form, depth);
      else
        out += "null";
      return;
    case Kind::list: {
      if (v.list().empty()) {
        out += "[]";
        return;
      }
      out += '[';
      bool first = true;
      for (const Value& item : v.list()) {
        if (!first) out += ',';
        first = false;
        line(depth + 1);
        write(out, item, form, depth + 1);
      }
      line(depth);
      out += ']';
      return;
    }
    case Kind::map: {
      if (v.map().empty()) {
        out += "{}";
        return;
      }
      std::vector<std::pair<std::string, const Value*>> members;
      for (const auto& [key, item] : v.map()) members.emplace_back(key_text(key), &item);
      if (form == Form::canonical) std::stable_sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      out += '{';
      bool first = true;
      for (const auto& [key, item] : members) {
        if (!first) out += ',';
        first = false;
        line(depth + 1);
        out += json_text(key) + (form == Form::pretty ? ": " : ":");
        write(out, *item, form, depth + 1);
      }
      line(depth);
      out += '}';
      return;
    }
    case Kind::any: out += "null"; return;
  }
}

/// {"$": tag, "v": …}: a kind that JSON does not have; a map whose keys JSON does not allow becomes a list of pairs.
void tagged(std::string& out, std::string_view tag, std::string_view of) {
  out += "{\"$\":\"";
  out += tag;
  out += "\",\"v\":";
  out += of;
  out += '}';
}

void journal(std::string& out, const Value& v);

void journal_map(std::string& out, const Value::Map& map) {
  bool plain = true;
  for (const auto& [key, item] : map) plain = plain && key.kind() == Kind::text && !key.has_secret() && key.text() != "$";
  out += plain ? "{" : R"({"$":"map","v":[)";
  bool first = true;
  for (const auto& [key, item] : map) {
    if (!first) out += ',';
    first = false;
    if (!plain) out += '[';
    journal(out, key);
    out += plain ? ':' : ',';
    journal(out, item);
    if (!plain) out += ']';
  }
  out += plain ? "}" : "]}";
}

void journal(std::string& out, const Value& v) {
  if (v.is_secret()) return tagged(out, "secret", "null");
  if (v.is_unknown()) {
    std::string names;
    for (const std::string& name : v.waits_for()) names += (names.empty() ? "" : ",") + json_text(name);
    return tagged(out, "unknown", "[" + names + "]");
  }
  switch (v.kind()) {
    case Kind::null: out += "null"; return;
    case Kind::boolean: out += v.boolean() ? "true" : "false"; return;
    case Kind::integer: out += std::to_string(v.integer()); return;
    case Kind::unsigned_integer: return tagged(out, "uint", json_text(std::to_string(v.unsigned_integer())));
    case Kind::real: return std::isfinite(v.real()) ? void(out += number(v.real())) : tagged(out, "real", json_text(number(v.real())));
    case Kind::text: out += json_text(v.text()); return;
    case Kind::bytes: return tagged(out, "bytes", json_text(base64(v.octets())));
    case Kind::timestamp: return tagged(out, "time", json_text(rfc3339(v.timestamp())));
    case Kind::duration: return tagged(out, "duration", std::to_string(v.duration().count()));
    case Kind::type: return tagged(out, "type", json_text(v.type_name()));
    case Kind::rule: return tagged(out, "rule", json_text(v.rule()->source()));
    case Kind::optional:
      if (!v.present()) return tagged(out, "none", "null");
      return tagged(out, "some", journal_json(*v.present()));
    case Kind::list: {
      out += '[';
      bool first = true;
      for (const Value& item : v.list()) {
        if (!first) out += ',';
        first = false;
        journal(out, item);
      }
      out += ']';
      return;
    }
    case Kind::map: return journal_map(out, v.map());
    case Kind::any: out += "null"; return;
  }
}

struct BadJournal {};

/// Throws BadJournal or std::logic_error where a tag does not fit its value.
Value from_journal(const Value& read) {
  if (read.kind() == Kind::list) {
    Value::List out;
    for (const Value& item : read.list()) out.push_back(from_journal(item));
    return Value(std::move(out));
  }
  if (read.kind() != Kind::map) return read;
  if (!read.has("$")) {
    Value::Map out;
    for (const auto& [name, item] : read.map()) out.emplace_back(name, from_journal(item));
    return Value(std::move(out));
  }
  const std::string kind = read["$"].text();
  const Value v = read["v"];
  if (kind == "secret") return Value::unknown({}).as_secret();
  if (kind == "unknown") {
    std::vector<std::string> names;
    for (const Value& name : v.list()) names.push_back(name.text());
    return Value::unknown(std::move(names));
  }
  if (kind == "uint") return Value(std::uint64_t{std::stoull(v.text())});
  if (kind == "real") return v.text() == "\"NaN\"" ? Value(std::nan("")) : Value(v.text() == "\"Infinity\"" ? HUGE_VAL : -HUGE_VAL);
  if (kind == "bytes") {
    auto octets = parse_base64(v.text());
    if (!octets) throw BadJournal{};
    return Value::bytes(std::move(*octets));
  }
  if (kind == "time") {
    auto t = parse_rfc3339(v.text());
    if (!t) throw BadJournal{};
    return Value(*t);
  }
  if (kind == "duration") return Value(Duration(v.integer()));
  if (kind == "type") return Value::type(v.text());
  if (kind == "rule") return Value(v.text());
  if (kind == "some") return Value::optional(from_journal(v));
  if (kind == "none") return Value::absent();
  if (kind == "map") {
    Value::Map out;
    for (const Value& pair : v.list()) {
      if (pair.list().size() != 2) throw BadJournal{};
      out.emplace_back(from_journal(pair.list()[0]), from_journal(pair.list()[1]));
    }
    return Value(std::move(out));
  }
  throw BadJournal{};
}

} // namespace

Expected<Value> parse_json(std::string_view text) {
  Builder builder;
  if (json::sax_parse(text.begin(), text.end(), &builder)) return builder.result;
  std::size_t at = std::min(builder.error_at, text.size());
  auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  std::string why = builder.error.empty() ? "not JSON" : builder.error;
  return Unexpected({Cause::malformed, Reached::yes, fmt::format("no valid JSON (line {}): {}", line, why), {}});
}

std::string canonical_json(const Value& v) {
  std::string out;
  write(out, v, Form::canonical, 0);
  return out;
}
std::string bare_json(const Value& v) {
  if (v.is_secret() || v.is_unknown()) return show(v);
  switch (v.kind()) {
    case Kind::text: return v.text();
    case Kind::timestamp: return rfc3339(v.timestamp());
    case Kind::duration: return duration_text(v.duration());
    case Kind::bytes: return base64(v.octets());
    case Kind::type: return v.type_name();
    case Kind::real: {
      if (!std::isfinite(v.real())) return std::isnan(v.real()) ? "NaN" : v.real() > 0 ? "Infinity" : "-Infinity";
      return fmt::format("{}", v.real());
    }
    default: return canonical_json(v);
  }
}
std::string pretty_json(const Value& v) {
  std::string out;
  write(out, v, Form::pretty, 0);
  return out;
}
std::string journal_json(const Value& v) {
  std::string out;
  journal(out, v);
  return out;
}
Expected<Value> parse_journal_json(std::string_view text) {
  const auto read = parse_json(text);
  if (!read) return Unexpected(read.error());
  try {
    return from_journal(*read);
  } catch (const BadJournal&) {
  } catch (const std::logic_error&) { // of stoull, and of a member of another kind than its tag says
  }
  return Unexpected({Cause::malformed, Reached::yes, "a value of the journal cannot be read", {}});
}

} // namespace belay
