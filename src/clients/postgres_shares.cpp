#include "clients/postgres_shares.hpp"
#include "clients/postgres_sql.hpp"

namespace belay {
namespace {

constexpr std::string_view k_sizes = R"(
SELECT n.nspname::text AS schema, c.relname::text AS name, pg_table_size(c.oid) AS bytes
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
ORDER BY 3 DESC, 1, 2)";
constexpr std::size_t k_most = 200; // each is a word of pg_dump's command line, and small ones weigh nothing

} // namespace

Expected<std::vector<TableSize>> table_sizes(Session& session, const Stop& stop) {
  const auto found = postgres_sql::rows(session, std::string(k_sizes), {}, stop);
  if (!found) return tl::unexpected(found.error());
  std::vector<TableSize> out;
  for (const Value& row : *found)
    if (row["bytes"].kind() == Kind::integer) out.push_back({row["schema"].text(), row["name"].text(), row["bytes"].integer()}); // null: dropped meanwhile
  return out;
}

std::vector<TableSize> second_share(const std::vector<TableSize>& largest_first, std::int64_t at_least) {
  std::vector<TableSize> halves[2];
  std::int64_t bytes[2] = {0, 0};
  for (std::size_t i = k_most; i < largest_first.size(); ++i) bytes[0] += largest_first[i].bytes; // those stay with the main dump
  for (std::size_t i = 0; i < largest_first.size() && i < k_most; ++i) {
    const int lighter = bytes[1] < bytes[0] ? 1 : 0;
    halves[lighter].push_back(largest_first[i]);
    bytes[lighter] += largest_first[i].bytes;
  }
  const int second = bytes[0] < bytes[1] && largest_first.size() <= k_most ? 0 : 1;
  return bytes[second] < at_least ? std::vector<TableSize>() : std::move(halves[second]);
}

} // namespace belay
