#include "clients/postgres_census.hpp"
#include "clients/postgres_sql.hpp"
#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <future>

namespace belay {
namespace {

using postgres_sql::identifier;
using postgres_sql::rows;

// What an extension brings along is not in a dump, so it is not counted.
constexpr std::string_view k_tables = R"(
SELECT n.nspname::text AS schema, c.relname::text AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY pg_table_size(c.oid) DESC, 1, 2)";

// An index left invalid by a failed CREATE INDEX CONCURRENTLY is not dumped; not-null constraints are catalogued from 18 only.
constexpr std::string_view k_objects = R"(
WITH space AS (SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'),
  brought AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
  class AS (SELECT c.oid, c.relkind FROM pg_class c WHERE c.relnamespace IN (SELECT oid FROM space) AND c.relpersistence <> 't'
            AND NOT EXISTS (SELECT FROM brought b WHERE b.classid = 'pg_class'::regclass AND b.objid = c.oid))
SELECT CASE contype WHEN 'p' THEN 'primary keys' WHEN 'f' THEN 'foreign keys' WHEN 'u' THEN 'unique constraints' WHEN 'c' THEN 'checks' ELSE 'other constraints' END AS kind,
  count(*)::bigint AS number
FROM pg_constraint WHERE connamespace IN (SELECT oid FROM space) AND contype <> 'n' AND (conrelid = 0 OR conrelid IN (SELECT oid FROM class)) GROUP BY 1
UNION ALL SELECT 'indexes', count(*) FROM pg_index i JOIN class t ON t.oid = i.indrelid WHERE (i.indisvalid OR t.relkind = 'p') AND i.indisready
UNION ALL SELECT 'sequences', count(*) FROM class WHERE relkind = 'S'
UNION ALL SELECT 'views', count(*) FROM class WHERE relkind IN ('v', 'm')
UNION ALL SELECT 'partitioned tables', count(*) FROM class WHERE relkind = 'p'
UNION ALL SELECT 'functions', count(*) FROM pg_proc p WHERE p.pronamespace IN (SELECT oid FROM space)
  AND NOT EXISTS (SELECT FROM brought b WHERE b.classid = 'pg_proc'::regclass AND b.objid = p.oid)
UNION ALL SELECT 'triggers', count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgrelid IN (SELECT oid FROM class)
UNION ALL SELECT 'policies', count(*) FROM pg_policy WHERE polrelid IN (SELECT oid FROM class))";

struct Counting {
  SqlReads& sql;
  const Value& target;
  const CensusOrder& order;
  const Stop& stop;
  std::vector<TableCount>& tables;
  std::atomic<std::size_t>& next;
};

Expected<std::unique_ptr<Session>> opened(SqlReads& sql, const Value& target, const CensusOrder& order, const Stop& stop) {
  auto session = sql.open_read_only(target, stop);
  if (!session) return session;
  if (auto named = postgres_sql::introduce(**session, order.name, order.server, stop); !named) return tl::unexpected(named.error());
  std::vector<std::string> statements{"SET row_security = off"};
  if (order.hashes)
    statements.insert(statements.end(), {"SET TimeZone = 'UTC'", "SET DateStyle = 'ISO, YMD'", "SET IntervalStyle = 'postgres'", "SET bytea_output = 'hex'", "SET extra_float_digits = 3"});
  if (!order.snapshot.empty())
    statements.insert(statements.end(), {"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "SET TRANSACTION SNAPSHOT " + postgres_sql::literal(order.snapshot)});
  for (const std::string& statement : statements)
    if (auto done = postgres_sql::run(**session, statement, stop); !done) return tl::unexpected(done.error());
  return session;
}

// Each session takes the next table that none has taken.
Expected<void> count(Session& session, const Counting& at) {
  for (std::size_t i = at.next++; i < at.tables.size(); i = at.next++) {
    TableCount& table = at.tables[i];
    const std::string hash = at.order.hashes ? ", coalesce(sum(('x' || substr(md5(belay_row::text), 1, 16))::bit(64)::bigint::numeric), 0)::text AS hash" : "";
    const auto found = rows(session, fmt::format("SELECT count(*)::bigint AS rows{} FROM ONLY {}.{} AS belay_row", hash, identifier(table.schema), identifier(table.name)), {}, at.stop);
    if (!found) return Unexpected({found.error().cause, found.error().reached, fmt::format("counting {}.{}: {}", table.schema, table.name, found.error().message), found.error().hint});
    table.rows = found->front()["rows"].integer();
    if (at.order.hashes) table.hash = found->front()["hash"].text();
  }
  return {};
}

Expected<void> count_beside(const Counting& at) {
  auto session = opened(at.sql, at.target, at.order, at.stop);
  if (!session) return tl::unexpected(session.error());
  return count(**session, at);
}

} // namespace

Expected<Census> take_census(SqlReads& sql, const Value& target, const CensusOrder& order, const Stop& stop) {
  auto session = opened(sql, target, order, stop);
  if (!session) return tl::unexpected(session.error());
  Census out;
  const auto tables = rows(**session, std::string(k_tables), {}, stop);
  if (!tables) return tl::unexpected(tables.error());
  for (const Value& row : *tables) out.tables.push_back({row["schema"].text(), row["name"].text(), 0, {}});

  std::atomic<std::size_t> next = 0;
  const Counting counting{sql, target, order, stop, out.tables, next};
  std::vector<std::future<Expected<void>>> others;
  for (unsigned i = 1; i < order.sessions && i < out.tables.size(); ++i) others.push_back(std::async(std::launch::async, count_beside, counting));
  Expected<void> counted = count(**session, counting);
  for (auto& other : others)
    if (auto done = other.get(); !done && counted) counted = done;
  if (!counted) return tl::unexpected(counted.error());

  const auto objects = rows(**session, std::string(k_objects), {}, stop);
  if (!objects) return tl::unexpected(objects.error());
  for (const Value& row : *objects) out.objects.emplace_back(row["kind"].text(), row["number"].integer());
  const auto extensions = rows(**session, "SELECT extname::text AS name, extversion::text AS version FROM pg_extension ORDER BY 1", {}, stop);
  if (!extensions) return tl::unexpected(extensions.error());
  for (const Value& row : *extensions) out.extensions.emplace_back(row["name"].text(), row["version"].text());
  std::sort(out.tables.begin(), out.tables.end(), [](const TableCount& a, const TableCount& b) { return std::tie(a.schema, a.name) < std::tie(b.schema, b.name); });
  std::sort(out.objects.begin(), out.objects.end());
  return out;
}

std::int64_t total_rows(const Census& census) {
  std::int64_t rows = 0;
  for (const auto& table : census.tables) rows += table.rows;
  return rows;
}

} // namespace belay
