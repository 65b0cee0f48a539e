#include "clients/backup_folder.hpp"
#include "clients/postgres_sql.hpp"
#include "clients/postgres_target.hpp"
#include "modules/postgres_backup.hpp"
#include "modules/postgres_backup_names.hpp"
#include "value/json.hpp"
#include <fmt/format.h>

/// What restores leave behind: their own copies, the databases that they replaced, and what those and dumps left when they died.
namespace belay::modules::postgres_backup {
namespace {

using postgres_sql::identifier;

constexpr std::int64_t k_in_use = 24 * 3600; // seconds in which the run that made a copy may still be about to use it

Expected<std::unique_ptr<Session>> beside(const Call& call, const Reads& reads, const std::string& database) {
  return postgres_sql::open_beside(reads.sql, call.in["target"], database, call.stop);
}

std::string statements_of(const Value& names) {
  std::string out;
  for (const Value& name : names.list()) out += (out.empty() ? "" : "; ") + fmt::format("DROP DATABASE IF EXISTS {} WITH (FORCE)", identifier(name.text()));
  return out;
}

Expected<void> drop_all(const Call& call, Ports& ports, const std::string& database, const Value& names) {
  if (names.list().empty()) return {};
  auto session = postgres_sql::open_beside(ports.sql, call.in["target"], database, call.stop);
  if (!session) return tl::unexpected(session.error());
  for (const Value& name : names.list())
    if (auto gone = postgres_sql::run(**session, fmt::format("DROP DATABASE IF EXISTS {} WITH (FORCE)", identifier(name.text())), call.stop); !gone) return gone;
  return {};
}

Outcome outcome_of(const Expected<void>& done, Value outputs) {
  Outcome outcome;
  outcome.outputs = std::move(outputs);
  if (!done) {
    outcome.failure = done.error();
    outcome.state = done.error().reached == Reached::no ? State::no_effect : State::unknown;
  }
  return outcome;
}

} // namespace

Expected<Value> observe_drop_copy(const Call& call, const Value&, const Reads& reads) {
  const std::string name = call.in["database"].text();
  auto session = beside(call, reads, name);
  if (!session) return tl::unexpected(session.error());
  const auto found = postgres_sql::rows(**session, "SELECT coalesce(shobj_description(oid, 'pg_database'), '') AS comment FROM pg_database WHERE datname = $1", {name}, call.stop);
  if (!found) return tl::unexpected(found.error());
  return Value::object({{"there", !found->empty()}, {"marked", !found->empty() && copy_mark(found->front()["comment"].text()).has_value()}});
}

Intent prepare_drop_copy(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  const Value name = in["database"];
  intent.touches = touches_database(in);
  intent.outputs = Value::object({{"database", name}, {"dropped", seen.has("there") ? seen["there"] : Value(true)}});
  intent.act = Statement{in["target"], fmt::format("DROP DATABASE IF EXISTS {} WITH (FORCE)", name.kind() == Kind::text ? identifier(name.text()) : show(name)), {}};
  const bool unmarked = boolean_or(seen["there"], false) && !boolean_or(seen["marked"], false); // a name alone is easily like ours: shop_restore_20241101
  if (name.kind() == Kind::text && (unmarked || !is_copy(name.text())))
    intent.refused = Failure{Cause::refused, Reached::no, fmt::format("{} is no copy that postgres.restore made, so it is not dropped", name.text()), {}};
  intent.nothing = seen.has("there") && !seen["there"].boolean();
  return intent;
}

Outcome perform_drop_copy(const Intent& intent, const Call& call, Ports& ports) {
  const std::string name = call.in["database"].text();
  return outcome_of(drop_all(call, ports, name, Value::List{name}), intent.outputs);
}

Outcome judge_drop_copy(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  if (boolean_or(now["there"], true)) outcome.state = State::not_seen;
  return outcome;
}

Expected<Value> observe_prune_old(const Call& call, const Value&, const Reads& reads) {
  const Value database = database_of(call.in);
  if (database.kind() != Kind::text) return Unexpected({Cause::rejected, Reached::no, "whose former databases to drop is not said", "name the database with `database`, or as dbname in `target`"});
  auto session = beside(call, reads, "");
  if (!session) return tl::unexpected(session.error());
  const auto rows = postgres_sql::rows(**session, R"(SELECT d.datname::text AS name, (SELECT count(*) FROM pg_stat_activity a WHERE a.datname = d.datname)::bigint AS sessions,
    EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = 'belay restoring-' || right(d.datname, 8)) AS busy,
    coalesce(shobj_description(d.oid, 'pg_database'), '') AS comment FROM pg_database d ORDER BY 1)", {}, call.stop);
  if (!rows) return tl::unexpected(rows.error());
  Value::List kept, copies, foreign, leftovers;
  for (const Value& row : *rows) {
    const std::string name = row["name"].text();
    if (kept_since(name, database.text())) kept.emplace_back(name);
    else if (is_copy_of(name, database.text()) && !row["busy"].boolean() && row["sessions"].integer() == 0) {
      const auto mark = copy_mark(row["comment"].text());
      // Without the mark it may be somebody's own, named like ours by chance (shop_restore_20241101): better one too many than one too few.
      if (!mark) foreign.emplace_back(name);
      else if (call.id.run_started.seconds - mark->begun > k_in_use) copies.emplace_back(name);
    }
  }
  const std::string folder = text_or(call.in["folder"], "");
  if (!folder.empty()) {
    const auto listing = backup_folder::list(reads.files, folder);
    if (!listing) return tl::unexpected(listing.error());
    for (const std::string& name : listing->unfinished) {
      const auto alive = postgres_sql::alive(**session, "belay " + name, call.stop);
      if (!alive) return tl::unexpected(alive.error());
      if (!*alive) leftovers.emplace_back(name);
    }
  }
  return Value::object({{"kept", std::move(kept)}, {"copies", std::move(copies)}, {"unmarked", std::move(foreign)}, {"leftovers", std::move(leftovers)}});
}

Intent prepare_prune_old(const Value& in, const Value& seen, const Identity& id) {
  Intent intent;
  intent.touches = touches_prune_old(in);
  const Value database = database_of(in);
  Value::List drop, remove, keep;
  if (database.kind() == Kind::text && seen.has("kept")) {
    const auto limit = std::chrono::duration_cast<std::chrono::seconds>(duration_or(in["older_than"], std::chrono::hours(168))).count();
    for (const Value& name : seen["kept"].list()) {
      const auto since = kept_since(name.text(), database.text());
      (since && id.run_started.seconds - since->seconds >= limit ? drop : keep).push_back(name);
    }
    for (const Value& name : seen["copies"].list()) drop.push_back(name);
    for (const Value& name : elements(seen["unmarked"])) keep.push_back(name);
    for (const Value& name : seen["leftovers"].list()) remove.push_back(join({in["folder"], "/", name}));
  }
  intent.nothing = seen.has("kept") && drop.empty() && remove.empty();
  intent.act = Statement{in["target"], statements_of(Value(drop)), {}};
  intent.outputs = Value::object({{"dropped", std::move(drop)}, {"removed", std::move(remove)}, {"kept", std::move(keep)}});
  return intent;
}

Outcome perform_prune_old(const Intent& intent, const Call& call, Ports& ports) {
  Expected<void> done = drop_all(call, ports, "", intent.outputs["dropped"]);
  for (const Value& path : intent.outputs["removed"].list())
    if (done) done = ports.files.change({"remove_tree", path, {}, 0});
  return outcome_of(done, intent.outputs);
}

std::vector<std::string> touches_prune_old(const Value& in) {
  std::vector<std::string> out{postgres_target::resource(in["target"], "")}; // databases beside the one that is named
  if (!in["folder"].is_null()) out.push_back("file:" + bare_json(in["folder"]));
  return out;
}

Outcome judge_prune_old(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  for (const Value& name : intent.outputs["dropped"].list())
    for (const char* list : {"kept", "copies"})
      for (const Value& there : now[list].list())
        if (there == name) outcome.state = State::not_seen;
  if (!now["leftovers"].list().empty() && !intent.outputs["removed"].list().empty()) outcome.state = State::not_seen;
  return outcome;
}

} // namespace belay::modules::postgres_backup
