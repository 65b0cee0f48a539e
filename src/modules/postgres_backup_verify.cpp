#include "clients/backup_folder.hpp"
#include "clients/postgres_census.hpp"
#include "clients/postgres_sql.hpp"
#include "clients/postgres_target.hpp"
#include "modules/command_outcome.hpp"
#include "modules/postgres_backup.hpp"
#include "modules/postgres_backup_names.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace belay::modules::postgres_backup {
namespace {

constexpr std::size_t k_named = 20; // findings in full; the rest as a number

Expected<Census> census_of(const Call& call, const Reads& reads, const Census& recorded) {
  const Value database = database_of(call.in);
  if (database.is_null()) return Unexpected({Cause::rejected, Reached::no, "which database to compare is not said", "name it with `database`, or as dbname in `target`"});
  const auto target = postgres_target::with_database(call.in["target"], database.text());
  if (!target) return tl::unexpected(target.error());
  int server = 0;
  {
    auto session = reads.sql.open_read_only(*target, call.stop);
    if (!session) return tl::unexpected(session.error());
    const auto version = postgres_sql::server_version(**session, call.stop);
    if (!version) return tl::unexpected(version.error());
    server = *version;
  }
  const bool hashes = std::any_of(recorded.tables.begin(), recorded.tables.end(), [](const TableCount& t) { return !t.hash.empty(); });
  return take_census(reads.sql, *target, {{}, "belay verify", hashes, static_cast<unsigned>(std::max<std::int64_t>(1, integer_or(call.in["sessions"], 2))), server}, call.stop);
}

} // namespace

Outcome read_verify(const Call& call, const Reads& reads) {
  const Duration began = reads.time.steady();
  const auto manifest = backup_folder::manifest_at(reads.files, call.in["backup"].text());
  if (!manifest) return failed_outcome(manifest.error());
  const auto census = census_of(call, reads, manifest->census);
  if (!census) return failed_outcome(census.error());
  const auto differing = differences(manifest->census, *census);
  Outcome outcome;
  Value::List told;
  const std::string subject = "backup " + manifest->id;
  for (const std::string& difference : differing) {
    if (told.size() < k_named) outcome.findings.push_back({subject, difference, {}});
    told.emplace_back(difference);
  }
  if (differing.size() > k_named) outcome.findings.push_back({subject, fmt::format("and {} more differences", differing.size() - k_named), {}});
  std::vector<std::pair<std::string, Value>> objects;
  for (const auto& [kind, number] : census->objects) objects.emplace_back(kind, number);
  outcome.outputs = Value::object({{"matches", differing.empty()}, {"differences", std::move(told)}, {"tables", static_cast<std::int64_t>(census->tables.size())},
                                   {"rows", total_rows(*census)}, {"objects", Value::object(std::move(objects))}, {"took", reads.time.steady() - began}});
  return outcome;
}

std::vector<std::string> touches_database(const Value& in) {
  const Value database = database_of(in);
  return {postgres_target::resource(in["target"], database.is_null() || database.is_unknown() ? "" : database.text())};
}

} // namespace belay::modules::postgres_backup
