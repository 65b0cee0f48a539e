#include "database.hpp"
#include <stdexcept>
#include <utility>

namespace shop {
namespace {

struct Migration {
  const char* name;
  const char* since; ///< the first version that needs it
  const char* sql;
};
constexpr Migration k_migrations[] = {
    {"items", "1.0.0", "CREATE TABLE items (id bigserial PRIMARY KEY, name text NOT NULL, at timestamptz NOT NULL DEFAULT now())"},
    {"items_by_name", "1.1.0", "CREATE INDEX items_by_name ON items (name)"},
};
// The ledgers have no unique keys on purpose: an effect that happens twice must be seen, not refused.
constexpr const char* k_ledgers = "CREATE TABLE IF NOT EXISTS shop_migrations (id bigserial PRIMARY KEY, name text NOT NULL, version text NOT NULL, run text NOT NULL, at "
                                  "timestamptz NOT NULL DEFAULT clock_timestamp());"
                                  "CREATE TABLE IF NOT EXISTS shop_starts (id bigserial PRIMARY KEY, version text NOT NULL, port int NOT NULL, run text NOT NULL, at timestamptz "
                                  "NOT NULL DEFAULT clock_timestamp())";

} // namespace

Database::Connection Database::connect() {
  Connection connection(PQconnectdb("application_name=shop connect_timeout=3"), PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(connection.get()));
  PQsetNoticeProcessor(connection.get(), [](void*, const char*) {}, nullptr);
  return connection;
}

Database::Result Database::run(PGconn* connection, const std::string& sql, const std::vector<std::string>& arguments) {
  std::vector<const char*> values;
  for (const auto& argument : arguments) values.push_back(argument.c_str());
  Result result(arguments.empty() ? PQexec(connection, sql.c_str())
                                  : PQexecParams(connection, sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr, nullptr, 0),
                PQclear);
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) throw std::runtime_error(PQerrorMessage(connection));
  return result;
}

template <class Work> auto Database::with(Work work) {
  Connection connection(nullptr, PQfinish);
  {
    const std::lock_guard lock(m_mutex);
    if (!m_idle.empty()) connection = std::move(m_idle.back()), m_idle.pop_back();
  }
  // One that the server closed meanwhile is replaced before it is used, so that a restart of the database costs no request.
  if (connection && (PQconsumeInput(connection.get()) == 0 || PQstatus(connection.get()) != CONNECTION_OK)) connection.reset();
  if (!connection) connection = connect();
  auto result = work(connection.get());
  const std::lock_guard lock(m_mutex);
  m_idle.push_back(std::move(connection));
  return result;
}

void Database::migrate(const Origin& origin) {
  with([&](PGconn* c) {
    run(c, "BEGIN");
    run(c, "SELECT pg_advisory_xact_lock(7305)");
    run(c, k_ledgers);
    for (const auto& migration : k_migrations) {
      if (origin.version < migration.since) continue;
      if (PQntuples(run(c, "SELECT 1 FROM shop_migrations WHERE name = $1", {migration.name}).get()) > 0) continue;
      run(c, migration.sql);
      run(c, "INSERT INTO shop_migrations (name, version, run) VALUES ($1, $2, $3)", {migration.name, origin.version, origin.run});
    }
    run(c, "COMMIT");
    return 0;
  });
}

void Database::record_start(const Origin& origin) {
  with([&](PGconn* c) { return run(c, "INSERT INTO shop_starts (version, port, run) VALUES ($1, $2, $3)", {origin.version, std::to_string(origin.port), origin.run}); });
}

void Database::ping() {
  with([](PGconn* c) { return run(c, "SELECT 1 FROM items LIMIT 1"); });
}

std::string Database::items() {
  return with([](PGconn* c) {
    const auto rows = run(c, "SELECT coalesce(json_agg(i ORDER BY id DESC), '[]') FROM (SELECT id, name FROM items ORDER BY id DESC LIMIT 20) i");
    return std::string(PQgetvalue(rows.get(), 0, 0));
  });
}

std::string Database::add(const std::string& name) {
  return with([&](PGconn* c) {
    const auto rows = run(c, "INSERT INTO items (name) VALUES ($1) RETURNING json_build_object('id', id, 'name', name)", {name});
    return std::string(PQgetvalue(rows.get(), 0, 0));
  });
}

} // namespace shop
