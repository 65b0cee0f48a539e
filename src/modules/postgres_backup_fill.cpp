#include "clients/postgres_sql.hpp"
#include "clients/postgres_target.hpp"
#include "modules/postgres_backup.hpp"
#include "modules/postgres_backup_names.hpp"
#include "value/json.hpp"
#include <fmt/core.h>

/// A backup into a database made for it: on another server its owners and rights mean nothing, and nothing may be there that it would replace.
namespace belay::modules::postgres_backup {

/// What restore-in-place looks at, and {relations: how many tables, views and sequences of users there are}.
Expected<Value> observe_fill(const Call& call, const Value& handle, const Reads& reads) {
  auto seen = observe_in_place(call, handle, reads);
  if (!seen) return seen;
  const auto target = postgres_target::with_database(call.in["target"], database_of(call.in).text());
  if (!target) return tl::unexpected(target.error());
  auto session = reads.sql.open_read_only(*target, call.stop);
  if (!session) return tl::unexpected(session.error());
  const auto rows = postgres_sql::rows(**session, "select count(*) as relations from pg_class c join pg_namespace n on n.oid = c.relnamespace "
                                                  "where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'", {}, call.stop);
  if (!rows) return tl::unexpected(rows.error());
  Value::Map all = seen->map();
  all.emplace_back("relations", rows->front()["relations"]);
  return Value(std::move(all));
}

Intent prepare_fill(const Value& in, const Value& seen, const Identity& id) {
  Intent intent = prepare_in_place(in, seen, id);
  auto& argv = std::get<Command>(intent.act).argv;
  std::erase_if(argv, [](const Value& word) { return word == Value("--clean") || word == Value("--if-exists"); });
  argv.insert(argv.begin() + 1, {Value("--no-owner"), Value("--no-acl")});
  intent.equivalent = fmt::format("zstd -dc {}/dump.zst | pg_restore --no-owner --no-acl --single-transaction -d {}", bare_json(in["backup"]), shell_word(database_of(in)));
  if (const auto there = integer_or(seen["relations"], 0); !intent.refused && there > 0)
    intent.refused = Failure{Cause::refused, Reached::no, fmt::format("the database {} is not empty: it has {} tables, views and sequences", bare_json(database_of(in)), there), "make a new one for the backup, or overwrite this one with postgres.restore-in-place"};
  return intent;
}

Outcome judge_fill(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  // One transaction: something is there only if all of it is.
  outcome.state = integer_or(now["relations"], 0) > 0 ? State::done : State::not_seen;
  return outcome;
}

} // namespace belay::modules::postgres_backup
