#include "clients/postgres_sql.hpp"
#include "clients/postgres_target.hpp"
#include "modules/postgres_backup.hpp"
#include "modules/postgres_backup_names.hpp"
#include "value/json.hpp"
#include <atomic>
#include <fmt/format.h>
#include <future>

namespace belay::modules::postgres_backup {
namespace {

using postgres_sql::identifier;
using postgres_sql::literal;

constexpr std::string_view k_session = "belay swap";

struct Names {
  std::string database, from, keep_as, remark;
};

Names names_of(const Value& extra) { return {extra["database"].text(), extra["from"].text(), extra["keep_as"].text(), text_or(extra["remark"], "")}; }

Value keep_as_of(const Value& in, const Identity& id) {
  if (in["keep_as"].is_unknown() || (in["keep_as"].kind() == Kind::text && !in["keep_as"].text().empty())) return in["keep_as"];
  const Value database = database_of(in);
  return database.kind() == Kind::text ? Value(kept_name(database.text(), id.run_started)) : database;
}

// A rename holds the database's lock from its start, so nobody new gets in while the sessions that are left are being ended; what
// this one transaction does not commit never happened.
std::vector<std::string> statements_of(const Names& n, const Value& seen) {
  const Value present = seen["databases"][n.database], next = seen["databases"][n.from];
  std::vector<std::string> out{"BEGIN"};
  if (!present.is_null()) out.push_back(fmt::format("ALTER DATABASE {} RENAME TO {}", identifier(n.database), identifier(n.keep_as)));
  if (!n.from.empty()) out.push_back(fmt::format("ALTER DATABASE {} RENAME TO {}", identifier(n.from), identifier(n.database)));
  auto still = [](const std::string& name, const Value& oid) {
    return fmt::format("IF NOT EXISTS (SELECT FROM pg_database WHERE datname = {} AND oid = {}) THEN RAISE 'the databases changed meanwhile'; END IF;", literal(name), oid.integer());
  };
  std::string checks;
  if (!present.is_null()) checks += " " + still(n.keep_as, present);
  if (!n.from.empty()) checks += " " + still(n.database, next);
  out.push_back(fmt::format("DO $belay$ BEGIN{} END $belay$", checks));
  if (!present.is_null()) out.push_back(fmt::format("ALTER DATABASE {} ALLOW_CONNECTIONS false", identifier(n.keep_as)));
  if (!present.is_null() && !n.remark.empty()) out.push_back(fmt::format("COMMENT ON DATABASE {} IS {}", identifier(n.keep_as), literal(n.remark)));
  if (!n.from.empty()) out.push_back(fmt::format("ALTER DATABASE {} ALLOW_CONNECTIONS true", identifier(n.database)));
  if (const auto mark = copy_mark(text_or(seen["comment"], ""))) out.push_back(fmt::format("COMMENT ON DATABASE {} IS {}", identifier(n.database), literal(mark->comment)));
  out.emplace_back("COMMIT");
  return out;
}

/// Ends every session on the two databases, again and again until told that none is needed any more.
class Ending {
public:
  Ending(Session& session, const Names& names, const Stop& stop) : m_session(session), m_names(names), m_stop(stop), m_thread(std::async(std::launch::async, [this] { run(); })) {}
  std::int64_t finish() {
    m_finished = true;
    m_thread.get();
    return m_ended;
  }

private:
  void run() {
    while (!m_finished && !m_stop) {
      const auto ended = postgres_sql::rows(m_session, "SELECT count(pg_terminate_backend(pid))::bigint AS ended FROM pg_stat_activity WHERE datname IN ($1, $2) AND pid <> pg_backend_pid()",
                                            {m_names.database, m_names.from}, m_stop);
      if (ended && !ended->empty()) m_ended += integer_or(ended->front()["ended"], 0);
      // The server itself waits, so that no clock is needed here.
      if (!postgres_sql::run(m_session, "SELECT pg_sleep(0.05)", m_stop)) return;
    }
  }
  Session& m_session;
  const Names& m_names;
  const Stop& m_stop;
  std::atomic<bool> m_finished = false;
  std::int64_t m_ended = 0;
  std::future<void> m_thread;
};

Expected<void> in_one_transaction(Session& session, const std::vector<std::string>& statements, const Stop& stop) {
  for (const std::string& statement : statements)
    if (auto done = postgres_sql::run(session, statement, stop); !done) {
      auto failure = done.error();
      if (statement != "COMMIT") {
        if (failure.reached == Reached::perhaps) failure.reached = Reached::yes; // its connection may be gone, but without a COMMIT nothing holds
        postgres_sql::run(session, "ROLLBACK", stop);
      }
      return Unexpected(std::move(failure));
    }
  return {};
}

} // namespace

Expected<Value> observe_swap(const Call& call, const Value&, const Reads& reads) {
  const Value database = database_of(call.in);
  if (database.kind() != Kind::text) return Unexpected({Cause::rejected, Reached::no, "which database is to be replaced is not said", "name it with `database`, or as dbname in `target`"});
  auto session = postgres_sql::open_beside(reads.sql, call.in["target"], database.text(), call.stop);
  if (!session) return tl::unexpected(session.error());
  std::vector<std::pair<std::string, Value>> databases;
  const auto rows = postgres_sql::rows(**session, "SELECT datname::text AS name, oid::bigint AS oid, coalesce(shobj_description(oid, 'pg_database'), '') AS comment FROM pg_database WHERE datname IN ($1, $2, $3)",
                                       {database, call.in["from"], keep_as_of(call.in, call.id)}, call.stop);
  if (!rows) return tl::unexpected(rows.error());
  Value comment; // of what takes its place
  for (const Value& row : *rows) {
    databases.emplace_back(row["name"].text(), row["oid"]);
    if (row["name"] == call.in["from"]) comment = row["comment"];
  }
  const auto alive = postgres_sql::alive(**session, std::string(k_session), call.stop);
  if (!alive) return tl::unexpected(alive.error());
  const auto users = postgres_sql::rows(**session, "SELECT count(*)::bigint AS n FROM pg_stat_activity WHERE datname = $1", {database}, call.stop);
  if (!users) return tl::unexpected(users.error());
  return Value::object({{"databases", Value::object(std::move(databases))}, {"comment", comment}, {"alive", *alive}, {"connections", users->front()["n"]}});
}

Intent prepare_swap(const Value& in, const Value& seen, const Identity& id) {
  Intent intent;
  const Value database = database_of(in), keep_as = keep_as_of(in, id);
  intent.touches = touches_swap(in);
  intent.extra = Value::object({{"database", database}, {"from", in["from"]}, {"keep_as", keep_as}, {"remark", in["remark"]}, {"target", in["target"]}, {"databases", seen["databases"]}});
  intent.outputs = Value::object({{"database", database}, {"kept", keep_as}, {"from", in["from"]}});
  Statement act{in["target"], {}, {}};
  if (!database.known() || !in["from"].known() || !keep_as.known() || !seen.has("databases")) {
    act.sql = fmt::format("BEGIN; ALTER DATABASE {0} RENAME TO {1}; ALTER DATABASE {2} RENAME TO {0}; COMMIT", bare_json(database), bare_json(keep_as), bare_json(in["from"]));
    intent.act = std::move(act);
    return intent;
  }
  const Names names = names_of(intent.extra);
  const Value there = seen["databases"];
  for (const std::string& statement : statements_of({names.database, there.has(names.from) ? names.from : "", names.keep_as, names.remark}, seen)) act.sql += (act.sql.empty() ? "" : "; ") + statement;
  intent.equivalent = fmt::format("psql -d postgres -c {}", shell_word(act.sql));
  intent.act = std::move(act);
  if (!names.from.empty() && !there.has(names.from))
    intent.refused = Failure{Cause::missing, Reached::no, fmt::format("there is no database {} to put in the place of {}", names.from, names.database), {}};
  else if (there.has(names.keep_as))
    intent.refused = Failure{Cause::conflict, Reached::no, fmt::format("a database {} exists already, so {} cannot be kept under that name", names.keep_as, names.database), "choose another with `keep_as`"};
  else if (names.from.empty() && !there.has(names.database)) intent.nothing = true;
  return intent;
}

Outcome perform_swap(const Intent& intent, const Call& call, Ports& ports) {
  Outcome outcome;
  const Names names = names_of(intent.extra);
  auto fail = [&](const Failure& failure, State state) {
    outcome.failure = failure;
    outcome.state = state;
    return outcome;
  };
  auto session = postgres_sql::open_beside(ports.sql, call.in["target"], names.database, call.stop);
  if (!session) return fail(session.error(), State::no_effect);
  auto other = postgres_sql::open_beside(ports.sql, call.in["target"], names.database, call.stop);
  if (!other) return fail(other.error(), State::no_effect);
  if (auto named = postgres_sql::run(**session, "SET application_name = " + literal(k_session), call.stop); !named) return fail(named.error(), State::no_effect);
  const auto now = observe_swap(call, {}, ports.reads());
  if (!now) return fail(now.error(), State::no_effect);
  if ((*now)["databases"] != intent.extra["databases"])
    return fail({Cause::conflict, Reached::no, fmt::format("the databases {} and {} are not the ones any more that were to be swapped", names.database, names.from), "look at them, then start anew"}, State::no_effect);
  const std::vector<std::string> statements = statements_of(names, *now);
  Ending ending(**other, names, call.stop);
  const auto done = in_one_transaction(**session, statements, call.stop);
  const std::int64_t ended = ending.finish();
  if (!done) {
    Failure failure = done.error();
    if (failure.message.find("being accessed") != std::string::npos)
      failure.hint = "another role's sessions could not be ended: stop what uses the database, or let this role belong to pg_signal_backend";
    return fail(failure, failure.reached == Reached::perhaps ? State::unknown : State::no_effect);
  }
  outcome.outputs = Value::object({{"database", names.database}, {"kept", names.keep_as}, {"from", names.from}, {"ended", ended}});
  return outcome;
}

Outcome judge_swap(const Intent& intent, const Value& seen, const Value& now) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  const Names names = names_of(intent.extra);
  const Value before = seen["databases"], after = now["databases"];
  const bool placed = names.from.empty() ? !after.has(names.database) : after[names.database] == before[names.from];
  const bool kept = !before.has(names.database) || after[names.keep_as] == before[names.database];
  if (placed && kept) return outcome;
  if (after[names.database] == before[names.database] && after[names.from] == before[names.from] && after[names.keep_as] == before[names.keep_as])
    outcome.state = boolean_or(now["alive"], false) ? State::not_seen : State::no_effect;
  else outcome.state = State::unknown;
  return outcome;
}

Standing standing_swap(const Intent& intent, const Value& seen, const Value&, const Value& now) {
  switch (judge_swap(intent, seen, now).state) {
    case State::done: return Standing::as_left;
    case State::unknown: return Standing::otherwise;
    default: return Standing::as_before;
  }
}

Value undo_swap(const Intent& intent, const Value& seen, const Value&) {
  const Value &extra = intent.extra, database = extra["database"];
  if (!database.known() || database.kind() != Kind::text) return {};
  const bool was_there = seen["databases"].has(database.text());
  return Value::object({{"target", extra["target"]}, {"database", database}, {"from", was_there ? extra["keep_as"] : Value("")}, {"keep_as", extra["from"]}, {"remark", seen["comment"]}});
}

std::vector<std::string> touches_swap(const Value& in) { return {postgres_target::resource(in["target"], "")}; }

} // namespace belay::modules::postgres_backup
