#include "clients/postgres_target.hpp"
#include <fmt/format.h>
#include <optional>
#include <vector>

namespace belay::postgres_target {
namespace {

using Pairs = std::vector<std::pair<std::string, Value>>;

void put(Pairs& pairs, std::string name, std::string value) {
  if (value.empty()) return;
  for (auto& [key, old] : pairs)
    if (key == name) {
      old = Value(std::move(value));
      return;
    }
  pairs.emplace_back(std::move(name), Value(std::move(value)));
}

std::optional<std::string> unescaped(std::string_view text) {
  auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || digit(text[i + 1]) < 0 || digit(text[i + 2]) < 0) return std::nullopt;
    out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
    i += 2;
  }
  return out;
}

// One of the comma-separated hosts of a URI, with its port where it has one; IPv6 addresses stand in brackets.
bool add_host(std::string_view one, std::string& hosts, std::string& ports, bool first) {
  std::string_view host = one, port;
  if (one.starts_with('[')) {
    const auto end = one.find(']');
    if (end == std::string_view::npos) return false;
    host = one.substr(1, end - 1);
    if (end + 1 < one.size()) {
      if (one[end + 1] != ':') return false;
      port = one.substr(end + 2);
    }
  } else if (const auto colon = one.find(':'); colon != std::string_view::npos) {
    host = one.substr(0, colon);
    port = one.substr(colon + 1);
  }
  const auto name = unescaped(host);
  if (!name) return false;
  hosts += (first ? "" : ",") + *name;
  ports += (first ? "" : ",") + std::string(port);
  return true;
}

// RFC 3986 as libpq reads it: postgresql://user:password@host:port,host:port/database?keyword=value&…
std::optional<Pairs> from_uri(std::string_view text) {
  Pairs out;
  text.remove_prefix(text.find("://") + 3);
  const auto query = text.find('?');
  std::string_view parameters = query == std::string_view::npos ? std::string_view() : text.substr(query + 1);
  text = text.substr(0, query);
  const auto slash = text.find('/');
  std::string_view authority = text.substr(0, slash), path = slash == std::string_view::npos ? std::string_view() : text.substr(slash + 1);
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    const auto person = authority.substr(0, at);
    authority.remove_prefix(at + 1);
    const auto colon = person.find(':');
    const auto user = unescaped(person.substr(0, colon));
    if (!user) return std::nullopt;
    put(out, "user", *user);
    if (colon != std::string_view::npos) {
      const auto password = unescaped(person.substr(colon + 1));
      if (!password) return std::nullopt;
      put(out, "password", *password);
    }
  }
  std::string hosts, ports;
  for (bool first = true; !authority.empty(); first = false) {
    const auto comma = authority.find(',');
    if (!add_host(authority.substr(0, comma), hosts, ports, first)) return std::nullopt;
    authority = comma == std::string_view::npos ? std::string_view() : authority.substr(comma + 1);
  }
  put(out, "host", hosts);
  if (ports.find_first_not_of(',') != std::string::npos) put(out, "port", ports);
  const auto database = unescaped(path);
  if (!database) return std::nullopt;
  put(out, "dbname", *database);
  while (!parameters.empty()) {
    const auto end = parameters.find('&');
    const auto one = parameters.substr(0, end);
    const auto equals = one.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const auto name = unescaped(one.substr(0, equals)), value = unescaped(one.substr(equals + 1));
    if (!name || !value) return std::nullopt;
    put(out, *name, *value);
    parameters = end == std::string_view::npos ? std::string_view() : parameters.substr(end + 1);
  }
  return out;
}

// keyword=value pairs separated by blanks; a value may stand in single quotes, and a backslash takes the next character as it is.
std::optional<Pairs> from_conninfo(std::string_view text) {
  Pairs out;
  std::size_t i = 0;
  auto blank = [&] { return i < text.size() && (text[i] == ' ' || text[i] == '\t' || text[i] == '\n'); };
  auto skip = [&] {
    while (blank()) ++i;
  };
  for (skip(); i < text.size(); skip()) {
    std::string name, value;
    while (i < text.size() && text[i] != '=' && !blank()) name += text[i++];
    skip();
    if (name.empty() || i >= text.size() || text[i] != '=') return std::nullopt;
    ++i;
    skip();
    const bool quoted = i < text.size() && text[i] == '\'';
    if (quoted) ++i;
    while (i < text.size() && (quoted ? text[i] != '\'' : !blank())) {
      if (text[i] == '\\' && i + 1 < text.size()) ++i;
      value += text[i++];
    }
    if (quoted && i++ >= text.size()) return std::nullopt;
    put(out, name, value);
  }
  return out;
}

Value parsed(const Value& plain) {
  const std::string& text = plain.text();
  const bool uri = text.starts_with("postgresql://") || text.starts_with("postgres://");
  auto pairs = uri ? from_uri(text) : from_conninfo(text);
  return pairs ? Value::object(std::move(*pairs)) : Value();
}

Failure malformed(std::string message) {
  return {Cause::malformed, Reached::no, std::move(message), "write postgresql://user@host:port/database, or a map of host, port, dbname, user, password, sslmode"};
}

Value text_form(const Value& plain) { return plain.kind() == Kind::text ? plain : join({plain}); }

std::string plain_member(const Value& map, std::string_view name) {
  const Value member = map[name];
  if (member.is_null() || member.is_secret() || member.is_unknown()) return {};
  const Value text = text_form(member);
  return text.kind() == Kind::text ? text.text() : std::string();
}

} // namespace

Expected<Value> keywords(const Value& target) {
  if (target.is_unknown() || target.kind() == Kind::map) return target;
  if (target.kind() != Kind::text) return Unexpected(malformed("a database's address must be text or a map"));
  Value map = lift(target, parsed);
  if (map.kind() != Kind::map) return Unexpected(malformed("the database's address is neither a URI nor keyword=value pairs"));
  return map;
}

Expected<Value> with_database(const Value& target, const std::string& name) {
  const auto map = keywords(target);
  if (!map || map->is_unknown()) return map;
  const Value both = Value::object({{"map", *map}, {"name", name}});
  // A map that is secret as a whole stays one: only its members are looked at, inside lift.
  auto merge = [](const Value& plain) {
    Pairs out;
    for (const auto& [key, value] : plain["map"].map())
      if (key.text() != "dbname") out.emplace_back(key.text(), value);
    out.emplace_back("dbname", plain["name"]);
    return Value::object(std::move(out));
  };
  return map->is_secret() ? lift(both.as_secret(), merge) : merge(both);
}

Expected<Value> service_file(const Value& target) {
  const auto map = keywords(target);
  if (!map || map->is_unknown()) return map;
  // A line break would begin another keyword; a value that ends in a blank would lose it.
  auto lines = [](const Value& plain) {
    std::string out = "[belay]\n";
    for (const auto& [key, value] : plain.map()) {
      if (key.text() == "dbname" || value.is_null()) continue;
      const std::string text = text_form(value).text();
      if (text.find_first_of("\r\n") != std::string::npos || text.ends_with(' ') || text.ends_with('\t')) return Value();
      out += fmt::format("{}={}\n", key.text(), text);
    }
    return Value(out);
  };
  const Value text = lift(*map, lines);
  if (text.is_null()) return Unexpected(malformed("a part of the database's address holds a line break or ends in a blank, which PostgreSQL's service files cannot carry"));
  return text;
}

std::string database_name(const Value& target) {
  const auto map = keywords(target);
  if (!map || map->is_secret() || map->is_unknown()) return {};
  return plain_member(*map, "dbname");
}

std::string resource(const Value& target, std::string_view database) {
  const auto map = keywords(target);
  if (!map || map->is_secret() || map->is_unknown()) return "postgres";
  const std::string host = plain_member(*map, "host"), port = plain_member(*map, "port");
  const std::string server = fmt::format("postgres:{}:{}", host.empty() ? "localhost" : host, port.empty() ? "5432" : port);
  return database.empty() ? server : fmt::format("{}/{}", server, database);
}

} // namespace belay::postgres_target
