#include "engine/act_text.hpp"
#include "codec/sha256.hpp"
#include "value/json.hpp"
#include <algorithm>

namespace belay::engine {
namespace {

Value named_value(const Named& named) {
  std::vector<std::pair<std::string, Value>> members;
  for (const auto& [name, value] : named) members.emplace_back(name, value);
  return Value::object(std::move(members));
}

std::string plain(const Value& v) { return bare_json(v); }

std::string lines_of(const std::vector<Value>& values) {
  std::string out;
  for (const Value& v : values) out += (out.empty() ? "" : "\n") + plain(v);
  return out;
}

std::string quoted(const Value& v) {
  std::string text = plain(v);
  if (!v.known() || v.has_secret()) return text;
  if (!text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,") == std::string::npos) return text;
  std::string out = "'";
  for (char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

struct AsValue {
  Value operator()(const std::monostate&) const { return {}; }
  Value operator()(const Request& r) const {
    std::vector<std::pair<std::string, Value>> members{{"method", Value(r.method)}, {"url", r.url}, {"headers", named_value(r.headers)}, {"body", r.body}};
    if (!r.credentials.empty()) members.emplace_back("credentials", Value(r.credentials));
    return Value::object({{"request", Value::object(std::move(members))}});
  }
  Value operator()(const Command& c) const {
    return Value::object({{"command", Value::object({{"argv", Value(Value::List(c.argv))},
                                                     {"environment", named_value(c.environment)},
                                                     {"private_files", named_value(c.private_files)},
                                                     {"input", c.input},
                                                     {"folder", Value(c.folder)}})}});
  }
  Value operator()(const Statement& s) const {
    return Value::object({{"statement", Value::object({{"target", s.target}, {"sql", Value(s.sql)}, {"arguments", Value(Value::List(s.arguments))}})}});
  }
  Value operator()(const Exchange& e) const { return Value::object({{"lines", Value::object({{"address", e.address}, {"lines", Value(Value::List(e.lines))}})}}); }
  Value operator()(const Files& f) const {
    Value::List changes;
    for (const FileChange& c : f.changes)
      changes.push_back(Value::object({{"operation", Value(c.operation)}, {"path", c.path}, {"to", c.to}, {"mode", Value(static_cast<std::int64_t>(c.mode))}}));
    return Value::object({{"files", Value(std::move(changes))}});
  }
};

bool lost(const Value& v) {
  if (v.is_unknown()) return v.has_secret() && v.waits_for().empty();
  if (v.is_secret()) return false;
  if (v.kind() == Kind::list) return std::any_of(v.list().begin(), v.list().end(), lost);
  if (v.kind() == Kind::map) return std::any_of(v.map().begin(), v.map().end(), [](const auto& member) { return lost(member.second); });
  return v.kind() == Kind::optional && v.present() && lost(*v.present());
}

struct AsText {
  std::string operator()(const std::monostate&) const { return {}; }
  std::string operator()(const Request& r) const {
    std::string out = r.method + " " + plain(r.url);
    for (const auto& [name, value] : r.headers) out += "\n" + name + ": " + plain(value);
    if (!r.body.is_null()) out += "\n\n" + plain(r.body);
    return out;
  }
  std::string operator()(const Command& c) const {
    std::string out;
    for (const auto& [name, value] : c.environment) out += name + "=" + quoted(value) + " ";
    for (const auto& [name, value] : c.private_files) out += name + "=<file of " + plain(value) + "> ";
    for (std::size_t i = 0; i < c.argv.size(); ++i) out += (i ? " " : "") + quoted(c.argv[i]);
    if (!c.folder.empty()) out += "\nin " + c.folder;
    if (!c.input.is_null()) out += "\ninput: " + plain(c.input);
    return out;
  }
  std::string operator()(const Statement& s) const {
    std::string out = s.sql;
    for (std::size_t i = 0; i < s.arguments.size(); ++i) out += "\n$" + std::to_string(i + 1) + " = " + plain(s.arguments[i]);
    return out + "\non " + plain(s.target);
  }
  std::string operator()(const Exchange& e) const { return lines_of(e.lines) + "\nto " + plain(e.address); }
  std::string operator()(const Files& f) const {
    std::string out;
    for (const FileChange& c : f.changes) {
      out += (out.empty() ? "" : "\n") + c.operation + " " + plain(c.path);
      if (!c.to.is_null()) out += (c.operation == "write" ? ": " : " -> ") + plain(c.to);
    }
    return out;
  }
};

} // namespace

Value act_value(const Act& act) { return std::visit(AsValue{}, act); }
std::string act_shown(const Act& act) { return std::visit(AsText{}, act); }
std::optional<Failure> lost_secret(const Act& act) {
  if (!lost(act_value(act))) return {};
  return Failure{Cause::rejected, Reached::no, "what it would send holds a secret, and no journal keeps one", "a secret parameter is given again, on standard input: -p NAME=-; a step that makes a secret stores it, and gives a reference"};
}
std::string act_digest(const Act& act) { return hex(sha256(canonical_json(act_value(act)))); }

} // namespace belay::engine
