#include "clients/postgres_sql.hpp"
#include "clients/postgres_target.hpp"
#include <fmt/format.h>

namespace belay::postgres_sql {
namespace {

std::string quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += quote;
    out += c;
  }
  return out + quote;
}

template <class Open> Expected<std::unique_ptr<Session>> beside_of(const Value& target, const std::string& beside, Open open) {
  Failure last;
  for (const char* name : {"postgres", "template1"}) {
    if (beside == name) continue;
    const auto there = postgres_target::with_database(target, name);
    if (!there) return tl::unexpected(there.error());
    auto session = open(*there);
    if (session) return session;
    last = session.error();
  }
  return Unexpected(std::move(last));
}

} // namespace

std::string identifier(std::string_view name) { return quoted(name, '"'); }

std::string literal(std::string_view text) {
  if (text.find('\\') == std::string_view::npos) return quoted(text, '\'');
  std::string doubled;
  for (const char c : text) doubled += c == '\\' ? std::string("\\\\") : std::string(1, c);
  return " E" + quoted(doubled, '\'');
}

Expected<Value::List> rows(Session& session, std::string sql, std::vector<Value> arguments, const Stop& stop) {
  const auto result = session.run({{}, std::move(sql), std::move(arguments)}, stop);
  if (!result) return tl::unexpected(result.error());
  const Value all = (*result)["rows"];
  return all.kind() == Kind::list ? all.list() : Value::List{};
}

Expected<void> run(Session& session, std::string sql, const Stop& stop) {
  const auto result = session.run({{}, std::move(sql), {}}, stop);
  if (!result) return tl::unexpected(result.error());
  return {};
}

Expected<std::unique_ptr<Session>> open_beside(Sql& sql, const Value& target, const std::string& beside, const Stop& stop) {
  return beside_of(target, beside, [&](const Value& there) { return sql.open(there, stop); });
}
Expected<std::unique_ptr<Session>> open_beside(SqlReads& sql, const Value& target, const std::string& beside, const Stop& stop) {
  return beside_of(target, beside, [&](const Value& there) { return sql.open_read_only(there, stop); });
}

Expected<bool> alive(Session& session, const std::string& name, const Stop& stop) {
  const auto found = rows(session, "SELECT pid::bigint AS pid FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()", {name}, stop);
  if (!found) return tl::unexpected(found.error());
  return !found->empty();
}

Expected<void> introduce(Session& session, const std::string& name, int server, const Stop& stop) {
  if (auto named = run(session, "SET application_name = " + literal(name), stop); !named) return named;
  return server >= 140000 ? run(session, "SET client_connection_check_interval = '1s'", stop) : Expected<void>();
}

Expected<int> server_version(Session& session, const Stop& stop) {
  const auto found = rows(session, "SELECT current_setting('server_version_num')::bigint AS version", {}, stop);
  if (!found) return tl::unexpected(found.error());
  if (found->size() != 1 || found->front()["version"].kind() != Kind::integer) return Unexpected({Cause::malformed, Reached::yes, "the server did not tell its version", {}});
  return static_cast<int>(found->front()["version"].integer());
}

} // namespace belay::postgres_sql
