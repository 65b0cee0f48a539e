#include "clients/backup_folder.hpp"
#include "clients/postgres_archive.hpp"
#include "clients/postgres_census.hpp"
#include "clients/postgres_properties.hpp"
#include "clients/postgres_sql.hpp"
#include "clients/postgres_target.hpp"
#include "clients/postgres_tools.hpp"
#include "modules/command_outcome.hpp"
#include "modules/postgres_backup.hpp"
#include "modules/postgres_backup_names.hpp"
#include "modules/postgres_backup_stream.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <future>

namespace belay::modules::postgres_backup {
namespace {

using backup_folder::joined;

Value folder_of(const Value& in) { return join({in["folder"], "/", in["service"], "/", in["environment"]}); }

Value outputs_of(const Manifest& m, const std::string& path) {
  return Value::object({{"id", m.id},
                        {"path", path},
                        {"size", static_cast<std::int64_t>(m.size)},
                        {"raw_size", static_cast<std::int64_t>(m.raw_size)},
                        {"sha256", m.sha256},
                        {"tables", static_cast<std::int64_t>(m.census.tables.size())},
                        {"rows", total_rows(m.census)},
                        {"taken", m.taken},
                        {"lsn", m.lsn},
                        {"server", m.server_text},
                        {"tool", m.tool},
                        {"took", std::chrono::seconds(m.finished.seconds - m.started.seconds) + std::chrono::nanoseconds(m.finished.nanos - m.started.nanos)},
                        {"warnings", Value::List{}}});
}

constexpr std::int64_t k_share = 64 << 20;

std::int64_t lock_wait_ms(const Value& in) { return std::chrono::duration_cast<std::chrono::milliseconds>(duration_or(in["lock_wait"], std::chrono::seconds(60))).count(); }

// Asking for a table's size waits for whoever has locked it, too.
Expected<void> limit_lock_wait(Session& session, const Value& in, const Stop& stop) { return postgres_sql::run(session, fmt::format("SET lock_timeout = {}", lock_wait_ms(in)), stop); }

// What names the session of a dump or restore, so that others see it is under way.
std::string session_name(const std::string& id) { return "belay " + id; }

/// One dump, from the first connection to the manifest. Until the manifest is there, `discard` takes everything away again.
class Dump {
public:
  Dump(const Intent& intent, const Call& call, Ports& ports)
      : m_intent(intent), m_call(call), m_ports(ports), m_path(intent.extra["path"].text()), m_stop(call.stop.nested(Duration{})) {}

  Expected<Manifest> run() {
    m_manifest.id = m_intent.extra["id"].text();
    m_manifest.service = m_call.in["service"].text();
    m_manifest.environment = m_call.in["environment"].text();
    m_manifest.run = m_call.id.run;
    m_manifest.step = m_call.id.path;
    m_manifest.started = m_ports.time.wall();
    if (auto done = begin(); !done) return tl::unexpected(done.error());
    if (auto done = remove_leftovers(); !done) return tl::unexpected(done.error());
    auto written = dump();
    if (written) written = commit();
    if (written) return m_manifest;
    if (auto gone = m_ports.files.change({"remove_tree", m_path, {}, 0}); !gone)
      return Unexpected({written.error().cause, Reached::yes, written.error().message + "; what it wrote could not be removed: " + gone.error().message,
                         fmt::format("remove {}; it has no manifest, so it is no backup", m_path)});
    return tl::unexpected(written.error());
  }

private:
  // The session that holds the snapshot open until the manifest is there; its name keeps others from taking the folder for a leftover.
  Expected<void> begin() {
    const std::string database = m_intent.extra["database"].text(), name = session_name(m_manifest.id);
    const auto target = postgres_target::with_database(m_call.in["target"], database);
    if (!target) return tl::unexpected(target.error());
    m_target = *target;
    auto session = m_ports.sql.open_read_only(m_target, m_stop);
    if (!session) return tl::unexpected(session.error());
    m_session = std::move(*session);
    const auto alive = postgres_sql::alive(*m_session, name, m_stop);
    if (!alive) return tl::unexpected(alive.error());
    if (*alive) return Unexpected({Cause::conflict, Reached::no, fmt::format("an earlier attempt of backup {} is still being written", m_manifest.id), "wait for it to end, then try again"});
    const auto version = postgres_sql::server_version(*m_session, m_stop);
    if (!version) return tl::unexpected(version.error());
    m_manifest.server = *version;
    m_manifest.server_text = version_text(*version);
    m_manifest.tool = version_text(static_cast<int>(m_intent.extra["tool"].integer()));
    if (auto named = postgres_sql::introduce(*m_session, name, *version, m_stop); !named) return named;
    const auto properties = database_properties(*m_session, database, m_stop);
    if (!properties) return tl::unexpected(properties.error());
    m_manifest.database = *properties;
    if (auto shared = share_out(); !shared) return shared;
    const auto exported = postgres_sql::rows(*m_session, R"(SELECT pg_export_snapshot() AS snapshot, to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS taken,
      (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END)::text AS lsn)", {}, m_stop);
    if (!exported) return tl::unexpected(exported.error());
    m_snapshot = exported->front()["snapshot"].text();
    m_manifest.lsn = text_or(exported->front()["lsn"], "");
    const auto taken = parse_rfc3339(exported->front()["taken"].text());
    if (!taken) return tl::unexpected(taken.error());
    m_manifest.taken = *taken;
    return {};
  }

  // Begins the transaction. What the second pg_dump reads is locked before the snapshot: if it were altered before that one locks it, its rows would be missing without a word.
  Expected<void> share_out() {
    if (auto limited = limit_lock_wait(*m_session, m_call.in, m_stop); !limited) return limited;
    const std::int64_t share = integer_or(m_call.in["share"], k_share);
    const auto room = m_ports.files.space(m_intent.extra["folder"].text());
    const bool fits = !room || *room >= static_cast<std::uint64_t>(integer_or(m_intent.extra["bytes"], 0)); // the second one's rows wait on the disk
    if (share >= 0 && fits && postgres_archive::knows_archives_of(static_cast<int>(m_intent.extra["tool"].integer()))) {
      const auto tables = table_sizes(*m_session, m_stop);
      if (!tables) return tl::unexpected(tables.error());
      m_aside = second_share(*tables, share);
    }
    std::vector<std::string> statements{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};
    for (const TableSize& table : m_aside)
      statements.push_back(fmt::format("LOCK TABLE ONLY {}.{} IN ACCESS SHARE MODE", postgres_sql::identifier(table.schema), postgres_sql::identifier(table.name)));
    for (const std::string& statement : statements)
      if (auto done = postgres_sql::run(*m_session, statement, m_stop); !done) return done;
    return {};
  }

  Expected<void> remove_leftovers() {
    for (const Value& name : m_intent.extra["leftovers"].list()) {
      if (auto gone = m_ports.files.change({"remove_tree", joined(m_intent.extra["folder"].text(), name.text()), {}, 0}); !gone) return gone;
      m_call.tell.output(fmt::format("removed {}, which a backup that died had left\n", name.text()));
    }
    return m_ports.files.change({"remove_tree", m_path, {}, 0}); // an earlier attempt of this very step; it has no manifest, or observe would have seen it
  }

  Expected<void> dump() {
    if (auto made = m_ports.files.change({"make_folder", m_path, {}, 0}); !made) return made;
    auto counting = std::async(std::launch::async, [&] {
      auto census = take_census(m_ports.sql, m_target, {m_snapshot, session_name(m_manifest.id), boolean_or(m_call.in["hashes"], false), 1, m_manifest.server}, m_stop);
      if (!census) m_stop.request(Stop::Why::killed); // a dump without its counts is no backup: no need to finish it
      return census;
    });
    const auto streamed = stream();
    if (!streamed) m_stop.request(Stop::Why::killed);
    auto census = counting.get();
    // Whichever failed first stopped the other.
    if (!census && census.error().cause != Cause::stopped) return tl::unexpected(census.error());
    if (!streamed) return tl::unexpected(streamed.error());
    if (!census) return tl::unexpected(census.error());
    m_manifest.census = std::move(*census);
    return {};
  }

  Expected<void> stream() {
    const std::string partial = joined(m_path, std::string(backup_folder::k_dump) + std::string(backup_folder::k_partial));
    StreamOrder order{std::get<Command>(m_intent.act), m_aside, partial, partial + ".rows", static_cast<int>(integer_or(m_call.in["level"], 1)), static_cast<int>(integer_or(m_call.in["threads"], 2)),
                      integer_or(m_intent.extra["bytes"], 0)};
    for (Value& word : order.command.argv) word = fill(word, "snapshot", m_snapshot);
    const auto streamed = stream_dump(order, m_call, m_ports, m_stop);
    if (!streamed) return tl::unexpected(streamed.error());
    m_manifest.size = streamed->size;
    m_manifest.raw_size = streamed->raw_size;
    m_manifest.sha256 = streamed->sha256;
    return m_ports.files.change({"rename", partial, joined(m_path, backup_folder::k_dump), 0});
  }

  Expected<void> commit() {
    m_manifest.finished = m_ports.time.wall();
    return m_ports.files.change({"write", joined(m_path, backup_folder::k_manifest), write_manifest(m_manifest), 0});
  }

  const Intent& m_intent;
  const Call& m_call;
  Ports& m_ports;
  std::string m_path, m_snapshot;
  Stop m_stop;
  Value m_target;
  std::unique_ptr<Session> m_session;
  std::vector<TableSize> m_aside;
  Manifest m_manifest;
};

} // namespace

Expected<Value> observe_dump(const Call& call, const Value&, const Reads& reads) {
  const std::string folder = bare_json(folder_of(call.in)), id = backup_id(call.id.run_started, call.id.run, call.id.path), path = joined(folder, id);
  const auto own = backup_folder::manifest_at(reads.files, path);
  if (own) return Value::object({{"made", outputs_of(*own, path)}});
  if (own.error().cause != Cause::missing) return tl::unexpected(own.error());
  const Value database = database_of(call.in);
  if (database.is_null()) return Unexpected({Cause::rejected, Reached::no, "which database to dump is not said", "name it with `database`, or as dbname in `target`"});
  const auto target = postgres_target::with_database(call.in["target"], database.text());
  if (!target) return tl::unexpected(target.error());
  auto session = reads.sql.open_read_only(*target, call.stop);
  if (!session) return tl::unexpected(session.error());
  const auto version = postgres_sql::server_version(**session, call.stop);
  if (!version) return tl::unexpected(version.error());
  const auto alive = postgres_sql::alive(**session, session_name(id), call.stop);
  if (!alive) return tl::unexpected(alive.error());
  if (auto limited = limit_lock_wait(**session, call.in, call.stop); !limited) return tl::unexpected(limited.error());
  const auto bytes = postgres_sql::rows(**session, "SELECT coalesce(sum(pg_table_size(oid)), 0)::bigint AS bytes FROM pg_class WHERE relkind = 'r' AND oid >= 16384", {}, call.stop);
  if (!bytes) return tl::unexpected(bytes.error());
  const auto tool = find_postgres_tool(reads, "pg_dump", *version / 10000, text_or(call.in["tools"], ""), call.stop);
  if (!tool) return tl::unexpected(tool.error());
  const auto listing = backup_folder::list(reads.files, folder);
  if (!listing) return tl::unexpected(listing.error());
  Value::List leftovers;
  for (const std::string& name : listing->unfinished) {
    const auto busy = postgres_sql::alive(**session, session_name(name), call.stop);
    if (!busy) return tl::unexpected(busy.error());
    if (!*busy && name != id) leftovers.emplace_back(name);
  }
  const auto space = reads.files.space(folder);
  return Value::object({{"alive", *alive},
                        {"server", *version},
                        {"bytes", bytes->front()["bytes"]},
                        {"tool", tool->path},
                        {"tool_version", tool->version},
                        {"leftovers", std::move(leftovers)},
                        {"space", space ? Value(static_cast<std::int64_t>(*space)) : Value()},
                        {"previous", listing->backups.empty() ? Value() : Value(static_cast<std::int64_t>(listing->backups.front().manifest.size))}});
}

Intent prepare_dump(const Value& in, const Value& seen, const Identity& id) {
  Intent intent;
  const std::string name = backup_id(id.run_started, id.run, id.path);
  const Value folder = folder_of(in), path = join({folder, "/", name}), database = database_of(in);
  intent.touches = touches_dump(in);
  if (seen.has("made")) {
    intent.nothing = true;
    intent.outputs = seen["made"];
    return intent;
  }
  for (const char* part : {"service", "environment"})
    if (in[part].kind() == Kind::text && !is_plain_name(in[part].text()))
      intent.refused = Failure{Cause::refused, Reached::no, fmt::format("'{}' cannot be part of a backup's path", in[part].text()), "letters, digits, '.', '_' and '-', not beginning with '.' or '-'"};
  const auto service = postgres_target::service_file(in["target"]);
  if (!service) intent.refused = service.error();
  const std::int64_t space = integer_or(seen["space"], -1), previous = integer_or(seen["previous"], 0);
  if (space >= 0 && space < previous)
    intent.refused = Failure{Cause::full, Reached::no, fmt::format("{} has {} MB free, and the newest backup there takes {} MB", bare_json(folder), space >> 20, previous >> 20), "make room: `belay backup prune`"};
  if (boolean_or(seen["alive"], false))
    intent.refused = Failure{Cause::conflict, Reached::no, fmt::format("backup {} is being written by another process", name), "wait for it to end"};
  Command command;
  command.argv = {seen["tool"].kind() == Kind::text ? seen["tool"] : Value("pg_dump"), "--format=custom", "--compress=0", join({"--snapshot=", Value::minted("snapshot")}), "--no-password",
                  fmt::format("--lock-wait-timeout={}", lock_wait_ms(in)),
                  lift(database, [](const Value& plain) { return plain.is_null() ? Value("service=belay") : Value("--dbname=" + conninfo(plain.text())); })};
  command.environment = {{"PGAPPNAME", session_name(name)}};
  command.private_files = {{"PGSERVICEFILE", service ? *service : Value()}};
  intent.act = std::move(command);
  intent.equivalent = fmt::format("pg_dump -Fc -Z0 {} | zstd -1 -T2 > {}/{}", shell_word(database), bare_json(path), backup_folder::k_dump);
  const std::string warning = client_warning(static_cast<int>(integer_or(seen["tool_version"], 999999)));
  intent.outputs = Value::object({{"id", name}, {"path", path}, {"warnings", warning.empty() ? Value::List{} : Value::List{warning}}});
  intent.extra = Value::object({{"id", name}, {"path", path}, {"folder", folder}, {"database", database}, {"tool", seen["tool_version"]}, {"bytes", seen["bytes"]},
                                {"leftovers", seen["leftovers"].kind() == Kind::list ? seen["leftovers"] : Value(Value::List{})}});
  return intent;
}

Outcome perform_dump(const Intent& intent, const Call& call, Ports& ports) {
  Outcome outcome;
  const auto manifest = Dump(intent, call, ports).run();
  if (manifest) {
    Value::Map outputs = outputs_of(*manifest, intent.extra["path"].text()).map();
    for (auto& [key, value] : outputs)
      if (key.text() == "warnings") value = intent.outputs["warnings"];
    outcome.outputs = Value(std::move(outputs));
    return outcome;
  }
  outcome.failure = manifest.error();
  outcome.state = State::no_effect; // without a manifest there is no backup, and what was written is gone
  return outcome;
}

Outcome judge_dump(const Intent&, const Value&, const Value& now) {
  Outcome outcome;
  if (now.has("made")) {
    outcome.outputs = now["made"];
    return outcome;
  }
  if (!now.has("alive") || now["alive"].boolean()) outcome.state = State::not_seen;
  else outcome.state = State::no_effect;
  return outcome;
}

std::vector<std::string> touches_dump(const Value& in) { return {"file:" + bare_json(folder_of(in))}; }

} // namespace belay::modules::postgres_backup
