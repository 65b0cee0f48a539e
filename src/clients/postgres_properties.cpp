#include "clients/postgres_properties.hpp"
#include "clients/postgres_sql.hpp"
#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace belay {
namespace {

using postgres_sql::identifier;
using postgres_sql::literal;

// Through jsonb, because the columns of a locale have other names, or are not there, in other versions.
constexpr std::string_view k_database = R"(
SELECT d.datname::text AS name, d.oid::bigint AS oid, r.rolname::text AS owner, pg_encoding_to_char(d.encoding)::text AS encoding, d.datcollate::text AS collate,
  d.datctype::text AS ctype, coalesce(to_jsonb(d)->>'datlocprovider', 'c') AS provider, coalesce(to_jsonb(d)->>'daticulocale', to_jsonb(d)->>'datlocale', '') AS locale,
  d.datconnlimit::bigint AS "limit", coalesce(shobj_description(d.oid, 'pg_database'), '') AS comment, d.datacl IS NOT NULL AS granted
FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname = $1)";
constexpr std::string_view k_settings = R"(
SELECT coalesce(r.rolname::text, '') AS role, split_part(u.setting, '=', 1) AS name, substr(u.setting, strpos(u.setting, '=') + 1) AS value
FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole CROSS JOIN LATERAL unnest(s.setconfig) AS u(setting)
WHERE d.datname = $1 ORDER BY 1, 2)";
constexpr std::string_view k_grants = R"(
SELECT coalesce(g.rolname::text, '') AS role, a.privilege_type::text AS privilege, a.is_grantable AS grantable
FROM pg_database d CROSS JOIN LATERAL aclexplode(d.datacl) a LEFT JOIN pg_roles g ON g.oid = a.grantee WHERE d.datname = $1 ORDER BY 1, 2)";

// Lists of names are stored quoted as a whole; as one literal they would become one long name.
constexpr std::array<std::string_view, 5> k_lists{"search_path", "temp_tablespaces", "local_preload_libraries", "session_preload_libraries", "shared_preload_libraries"};

std::string value_of(std::string_view name, const std::string& value) {
  if (std::find(k_lists.begin(), k_lists.end(), name) == k_lists.end()) return literal(value);
  std::vector<std::string> parts(1);
  bool quoted = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '"' && quoted && i + 1 < value.size() && value[i + 1] == '"') parts.back() += value[++i];
    else if (c == '"') quoted = !quoted;
    else if (c == ',' && !quoted) parts.emplace_back();
    else if (c != ' ' || quoted) parts.back() += c;
  }
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + literal(part);
  return out;
}

std::string role_of(const Value& row) { return row["role"].text().empty() ? std::string("PUBLIC") : identifier(row["role"].text()); }

} // namespace

Expected<Value> database_properties(Session& session, const std::string& name, const Stop& stop) {
  const auto found = postgres_sql::rows(session, std::string(k_database), {name}, stop);
  if (!found) return tl::unexpected(found.error());
  if (found->empty()) return Value();
  const auto settings = postgres_sql::rows(session, std::string(k_settings), {name}, stop);
  if (!settings) return tl::unexpected(settings.error());
  const auto grants = postgres_sql::rows(session, std::string(k_grants), {name}, stop);
  if (!grants) return tl::unexpected(grants.error());
  Value::Map members = found->front().map();
  members.emplace_back("settings", *settings);
  members.emplace_back("grants", *grants);
  return Value(std::move(members));
}

std::string creation_of(const std::string& name, const Value& p) {
  std::string out = fmt::format("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {}", identifier(name), identifier(p["owner"].text()),
                                literal(p["encoding"].text()), literal(p["collate"].text()), literal(p["ctype"].text()));
  if (p["provider"].text() == "i") out += fmt::format(" LOCALE_PROVIDER icu ICU_LOCALE {}", literal(p["locale"].text()));
  if (p["provider"].text() == "b") out += fmt::format(" LOCALE_PROVIDER builtin BUILTIN_LOCALE {}", literal(p["locale"].text()));
  return out;
}

std::vector<std::string> completion_of(const std::string& name, const Value& p) {
  std::vector<std::string> out;
  const std::string database = identifier(name);
  for (const Value& row : p["settings"].list()) {
    const std::string setting = row["name"].text();
    const std::string whose = row["role"].text().empty() ? fmt::format("DATABASE {}", database) : fmt::format("ROLE {} IN DATABASE {}", identifier(row["role"].text()), database);
    std::string quoted;
    for (std::size_t at = 0; at <= setting.size();) { // a custom setting's name has a dot between two names
      const auto dot = std::min(setting.find('.', at), setting.size());
      quoted += (at == 0 ? "" : ".") + identifier(setting.substr(at, dot - at));
      at = dot + 1;
    }
    out.push_back(fmt::format("ALTER {} SET {} TO {}", whose, quoted, value_of(setting, row["value"].text())));
  }
  if (p["granted"].boolean()) out.push_back(fmt::format("REVOKE ALL ON DATABASE {} FROM PUBLIC, {}", database, identifier(p["owner"].text())));
  for (const Value& row : p["grants"].list())
    out.push_back(fmt::format("GRANT {} ON DATABASE {} TO {}{}", row["privilege"].text(), database, role_of(row), row["grantable"].boolean() ? " WITH GRANT OPTION" : ""));
  if (p["limit"].integer() >= 0) out.push_back(fmt::format("ALTER DATABASE {} CONNECTION LIMIT {}", database, p["limit"].integer()));
  return out;
}

} // namespace belay
