#include "clients/postgres_statistics.hpp"
#include "clients/postgres_sql.hpp"
#include <atomic>
#include <fmt/format.h>
#include <future>

namespace belay {
namespace {

// ANALYZE of a partitioned table goes through its partitions by itself.
constexpr std::string_view k_tables = R"(
SELECT n.nspname::text AS schema, c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 'p') AND NOT c.relispartition AND NOT c.relisshared AND c.relpersistence <> 't'
ORDER BY CASE WHEN c.relkind = 'p' THEN (SELECT sum(pg_table_size(relid)) FROM pg_partition_tree(c.oid)) ELSE pg_table_size(c.oid) END DESC, 1, 2)";

// Each session takes the next table that none has taken.
Expected<void> analyze(Session& session, const Value::List& tables, std::atomic<std::size_t>& next, const Stop& stop) {
  for (std::size_t i = next++; i < tables.size(); i = next++) {
    const std::string table = postgres_sql::identifier(tables[i]["schema"].text()) + "." + postgres_sql::identifier(tables[i]["name"].text());
    if (auto done = postgres_sql::run(session, "ANALYZE " + table, stop); !done) {
      done.error().message = fmt::format("the statistics of {}: {}", table, done.error().message);
      return done;
    }
  }
  return {};
}

} // namespace

Expected<void> gather_statistics(Sql& sql, const Value& target, unsigned sessions, const Stop& stop) {
  auto session = sql.open(target, stop);
  if (!session) return tl::unexpected(session.error());
  const auto tables = postgres_sql::rows(**session, std::string(k_tables), {}, stop);
  if (!tables) return tl::unexpected(tables.error());
  std::atomic<std::size_t> next = 0;
  std::vector<std::future<Expected<void>>> others;
  for (unsigned i = 1; i < sessions && i < tables->size(); ++i)
    others.push_back(std::async(std::launch::async, [&]() -> Expected<void> {
      auto beside = sql.open(target, stop);
      return beside ? analyze(**beside, *tables, next, stop) : tl::unexpected(beside.error());
    }));
  Expected<void> done = analyze(**session, *tables, next, stop);
  for (auto& other : others)
    if (auto one = other.get(); !one && done) done = std::move(one);
  return done;
}

} // namespace belay
