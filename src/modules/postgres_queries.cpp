#include "modules/postgres_queries.hpp"
#include "clients/postgres_target.hpp"
#include "modules/command_outcome.hpp"
#include "value/json.hpp"
#include <fmt/core.h>

namespace belay::modules::postgres_queries {
namespace {

constexpr const char* k_size_sql =
    "SELECT current_database() AS database, pg_database_size(current_database()) AS bytes, "
    "coalesce((SELECT jsonb_agg(t) FROM (SELECT n.nspname || '.' || c.relname AS name, pg_total_relation_size(c.oid) AS bytes, greatest(c.reltuples, 0)::bigint AS rows "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') "
    "ORDER BY 2 DESC, 1 LIMIT $1::bigint) t), '[]') AS tables";

constexpr const char* k_activity_sql =
    "SELECT current_setting('server_version') AS version, current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS max, "
    "count(*) FILTER (WHERE backend_type = 'client backend') AS connections, count(*) FILTER (WHERE backend_type = 'client backend' AND state = 'active') AS active, "
    "coalesce(extract(epoch FROM max(clock_timestamp() - xact_start) FILTER (WHERE backend_type = 'client backend' AND pid <> pg_backend_pid())), 0)::float8 AS longest FROM pg_stat_activity";

constexpr const char* k_blocking_sql =
    "SELECT a.pid, extract(epoch FROM clock_timestamp() - coalesce(l.since, a.query_start))::float8 AS seconds, to_jsonb(pg_blocking_pids(a.pid)) AS by, a.usename::text AS user, left(a.query, 200) AS query "
    "FROM pg_stat_activity a LEFT JOIN LATERAL (SELECT min(waitstart) AS since FROM pg_locks WHERE pid = a.pid AND NOT granted) l ON true "
    "WHERE cardinality(pg_blocking_pids(a.pid)) > 0 ORDER BY 2 DESC LIMIT 50";

/// One read-only session for one or several statements.
Expected<Value> read_rows(const Call& call, const Reads& reads, std::span<const Statement> statements) {
  auto session = reads.sql.open_read_only(call.in["target"], call.stop);
  if (!session) return Unexpected(session.error());
  Value::List results;
  for (const Statement& statement : statements) {
    auto result = (*session)->run(statement, call.stop);
    if (!result) return Unexpected(result.error());
    results.push_back((*result)["rows"]);
  }
  return Value(std::move(results));
}

Duration seconds(const Value& real) { return Duration(static_cast<std::int64_t>(real_or(real, 0) * 1e9)); }

/// psql puts no `$1` in by itself, so statements with arguments are shown with them beside.
std::string psql_line(const Value& in) {
  const std::string name = postgres_target::database_name(in["target"]);
  std::string line = fmt::format("psql {} -c {}", name.empty() ? "DATABASE" : shell_word(Value(name)), shell_word(in["sql"]));
  if (!elements(in["arguments"]).empty()) line += "   # arguments: " + bare_json(in["arguments"]);
  return line;
}

} // namespace

std::vector<std::string> touches(const Value& in) { return {postgres_target::resource(in["target"], postgres_target::database_name(in["target"]))}; }

Outcome read_query(const Call& call, const Reads& reads) {
  const Statement statement{Value(), text_or(call.in["sql"], ""), elements(call.in["arguments"])};
  const auto results = read_rows(call, reads, {&statement, 1});
  if (!results) return failed_outcome(results.error());
  const Value rows = results->list().at(0);
  Outcome outcome;
  outcome.outputs = Value::object({{"rows", rows}, {"count", static_cast<std::int64_t>(rows.list().size())}, {"row", rows.list().empty() ? Value() : rows.list().front()}});
  return outcome;
}

Outcome read_size(const Call& call, const Reads& reads) {
  const Statement statement{Value(), k_size_sql, {call.in["tables"]}};
  const auto results = read_rows(call, reads, {&statement, 1});
  if (!results) return failed_outcome(results.error());
  Outcome outcome;
  outcome.outputs = results->list().at(0).list().at(0);
  return outcome;
}

Outcome read_activity(const Call& call, const Reads& reads) {
  const Statement statements[] = {{Value(), k_activity_sql, {}}, {Value(), k_blocking_sql, {}}};
  const auto results = read_rows(call, reads, statements);
  if (!results) return failed_outcome(results.error());
  const Value row = results->list().at(0).list().at(0);
  const std::int64_t connections = integer_or(row["connections"], 0), max = integer_or(row["max"], 0);
  const double share = max > 0 ? static_cast<double>(connections) / static_cast<double>(max) : 1;
  const Duration longest = seconds(row["longest"]), patience = duration_or(call.in["blocked"], {}), allowed = duration_or(call.in["longest"], {});
  const std::string subject = postgres_target::database_name(call.in["target"]).empty() ? "PostgreSQL" : "PostgreSQL, database " + postgres_target::database_name(call.in["target"]);
  Outcome outcome;
  if (share >= real_or(call.in["alert"], 0.9))
    outcome.findings.push_back({subject, fmt::format("{} of {} connections are in use ({:.0f} %)", connections, max, share * 100), Value::object({{"connections", connections}, {"max", max}})});
  Value::List blocking;
  for (const Value& wait : results->list().at(1).list()) {
    const Duration waits = seconds(wait["seconds"]);
    blocking.push_back(Value::object({{"pid", wait["pid"]}, {"waits", Value(waits)}, {"by", wait["by"]}, {"user", wait["user"]}, {"query", wait["query"]}}));
    if (patience > Duration::zero() && waits >= patience)
      outcome.findings.push_back({subject, fmt::format("session {} has waited {} for a lock that {} holds: {}", bare_json(wait["pid"]), duration_text(std::chrono::floor<std::chrono::seconds>(waits)), bare_json(wait["by"]), text_or(wait["query"], "")), blocking.back()});
  }
  if (allowed > Duration::zero() && longest > allowed)
    outcome.findings.push_back({subject, fmt::format("a transaction has been open for {}", duration_text(std::chrono::floor<std::chrono::seconds>(longest))), Value()});
  outcome.outputs = Value::object({{"connections", connections}, {"max", max}, {"share", share}, {"active", row["active"]}, {"blocking", Value(std::move(blocking))}, {"longest", Value(longest)}, {"version", row["version"]}});
  return outcome;
}

Intent prepare_execute(const Value& in, const Value&, const Identity&) {
  Intent intent;
  Statement statement{in["target"], text_or(in["sql"], bare_json(in["sql"])), elements(in["arguments"])};
  if (in["sql"].has_secret()) intent.refused = Failure{Cause::refused, Reached::no, "a secret stands in the text of a statement, which the server's log keeps", "hand it over by `arguments`"};
  intent.act = std::move(statement);
  intent.equivalent = psql_line(in);
  intent.touches = touches(in);
  intent.outputs = Value::object({});
  return intent;
}

/// What may commit a part of its work before it fails: procedures, anonymous blocks, and what runs outside of a transaction.
bool commits_by_parts(const Intent& intent) {
  const auto* statement = std::get_if<Statement>(&intent.act);
  if (statement == nullptr) return false;
  std::string text;
  for (const char c : statement->sql) text += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto from = std::min(text.find_first_not_of(" \t\r\n("), text.size());
  const auto word = text.substr(from, text.find_first_of(" \t\r\n(;$", from) - from);
  const auto holds = [&](std::string_view part) { return text.find(part) != std::string::npos; };
  if (word == "do") return holds("commit") || holds("rollback") || holds("call") || holds("execute");
  return word == "call" || word == "vacuum" || word == "reindex" || word == "cluster" || word.starts_with("--") || word.starts_with("/*") || holds("concurrently");
}

/// Any other statement is one transaction: an error that the server reported means that nothing of it stands.
Outcome replied_execute(const Intent& intent, const Expected<Value>& reply) {
  Outcome outcome;
  if (reply) {
    outcome.outputs = *reply;
    return outcome;
  }
  outcome.failure = reply.error();
  outcome.state = reply.error().reached == Reached::perhaps ? State::unknown : State::no_effect;
  if (reply.error().reached == Reached::yes && commits_by_parts(intent)) outcome.state = State::unknown;
  if (reply.error().cause == Cause::full && reply.error().reached == Reached::yes) outcome.state = State::unknown; // its rows came, so it may have gone on to commit
  return outcome;
}

} // namespace belay::modules::postgres_queries
