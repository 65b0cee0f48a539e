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

std::string json_text(std::string_view text) { return json(std::string(text)).dump(-1, ' ', false, json::error_handler_t::replace); }

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

json tagged(const char* tag, json of) { return json{{"$", tag}, {"v", std::move(of)}}; }

json journal(const Value& v) {
  if (v.is_secret()) return tagged("secret", nullptr);
  if (v.is_unknown()) return tagged("unknown", v.waits_for());
  switch (v.kind()) {
    case Kind::null: return nullptr;
    case Kind::boolean: return v.boolean();
    case Kind::integer: return v.integer();
    case Kind::unsigned_integer: return tagged("uint", std::to_string(v.unsigned_integer()));
    case Kind::real: return std::isfinite(v.real()) ? json(v.real()) : tagged("real", number(v.real()));
    case Kind::text: return v.text();
    case Kind::bytes: return tagged("bytes", base64(v.octets()));
    case Kind::timestamp: return tagged("time", rfc3339(v.timestamp()));
    case Kind::duration: return tagged("duration", v.duration().count());
    case Kind::type: return tagged("type", v.type_name());
    case Kind::rule: return tagged("rule", v.rule()->source());
    case Kind::optional: return v.present() ? tagged("some", journal(*v.present())) : tagged("none", nullptr);
    case Kind::list: {
      json out = json::array();
      for (const Value& item : v.list()) out.push_back(journal(item));
      return out;
    }
    case Kind::map: {
      json names = json::array();
      bool plain = true;
      for (const auto& [key, item] : v.map()) plain = plain && key.kind() == Kind::text && !key.has_secret() && key.text() != "$";
      if (plain) {
        nlohmann::json out = json::object();
        std::vector<std::string> order;
        for (const auto& [key, item] : v.map()) {
          out[key.text()] = journal(item);
          order.push_back(key.text());
        }
        if (std::is_sorted(order.begin(), order.end())) return out;
      }
      for (const auto& [key, item] : v.map()) names.push_back(json::array({journal(key), journal(item)}));
      return tagged("map", std::move(names));
    }
    case Kind::any: return nullptr;
  }
  return nullptr;
}

struct BadJournal {};

Value from_journal(const json& j) {
  switch (j.type()) {
    case json::value_t::null: return {};
    case json::value_t::boolean: return Value(j.get<bool>());
    case json::value_t::number_integer: return Value(j.get<std::int64_t>());
    case json::value_t::number_unsigned: return Value(j.get<std::int64_t>());
    case json::value_t::number_float: return Value(j.get<double>());
    case json::value_t::string: return Value(j.get<std::string>());
    case json::value_t::array: {
      Value::List out;
      for (const json& item : j) out.push_back(from_journal(item));
      return Value(std::move(out));
    }
    case json::value_t::object: break;
    default: throw BadJournal{};
  }
  auto tag = j.find("$");
  if (tag == j.end()) {
    Value::Map out;
    for (const auto& [name, item] : j.items()) out.emplace_back(Value(name), from_journal(item));
    return Value(std::move(out));
  }
  const std::string kind = tag->get<std::string>();
  const json& v = j.at("v");
  if (kind == "secret") return Value::unknown({}).as_secret();
  if (kind == "unknown") return Value::unknown(v.get<std::vector<std::string>>());
  if (kind == "uint") return Value(std::uint64_t{std::stoull(v.get<std::string>())});
  if (kind == "real") {
    const std::string text = v.get<std::string>();
    return text == "\"NaN\"" ? Value(std::nan("")) : Value(text == "\"Infinity\"" ? HUGE_VAL : -HUGE_VAL);
  }
  if (kind == "bytes") {
    auto octets = parse_base64(v.get<std::string>());
    if (!octets) throw BadJournal{};
    return Value::bytes(std::move(*octets));
  }
  if (kind == "time") {
    auto t = parse_rfc3339(v.get<std::string>());
    if (!t) throw BadJournal{};
    return Value(*t);
  }
  if (kind == "duration") return Value(Duration(v.get<std::int64_t>()));
  if (kind == "type") return Value::type(v.get<std::string>());
  if (kind == "rule") return Value(v.get<std::string>());
  if (kind == "some") return Value::optional(from_journal(v));
  if (kind == "none") return Value::absent();
  if (kind == "map") {
    Value::Map out;
    for (const json& pair : v) out.emplace_back(from_journal(pair.at(0)), from_journal(pair.at(1)));
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
std::string journal_json(const Value& v) { return journal(v).dump(-1, ' ', false, json::error_handler_t::replace); }
Expected<Value> parse_journal_json(std::string_view text) {
  try {
    return from_journal(json::parse(text.begin(), text.end()));
  } catch (const BadJournal&) {
  } catch (const json::exception&) {
  } catch (const std::logic_error&) { // of stoull
  }
  return Unexpected({Cause::malformed, Reached::yes, "a value of the journal cannot be read", {}});
}

} // namespace belay
