#include "clients/backup_contents.hpp"
#include "clients/backup_folder.hpp"
#include "clients/postgres_properties.hpp"
#include "clients/postgres_sql.hpp"
#include "clients/postgres_statistics.hpp"
#include "clients/postgres_target.hpp"
#include "clients/postgres_tools.hpp"
#include "modules/command_outcome.hpp"
#include "modules/postgres_backup.hpp"
#include "modules/postgres_backup_names.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace belay::modules::postgres_backup {
namespace {

using backup_folder::joined;
using postgres_sql::identifier;

Value copy_of(const Value& in, const Identity& id) {
  if (in["as"].is_unknown() || (in["as"].kind() == Kind::text && !in["as"].text().empty())) return in["as"];
  const Value database = database_of(in);
  return database.kind() == Kind::text ? Value(copy_name(database.text(), text_or(in["kind"], "restore"), id)) : database;
}

Value workspace_of(const Value& in) {
  if (in["workspace"].is_unknown() || (in["workspace"].kind() == Kind::text && !in["workspace"].text().empty())) return in["workspace"];
  return lift(in["backup"], [](const Value& plain) {
    if (plain.kind() != Kind::text) return Value();
    const std::string& path = plain.text();
    const auto slash = path.find_last_of('/', path.find_last_not_of('/'));
    return Value(slash == std::string::npos ? std::string(".") : path.substr(0, slash));
  });
}

/// Whether a database of that name may be dropped and made again: it says itself that it is a copy of ours, or its name is this very step's
/// (a crash between its creation and its mark).
bool is_own(const Value& properties, const std::string& name, const Identity& id) {
  return is_copy(name) && (name.ends_with(suffix_of(id)) || copy_mark(text_or(properties["comment"], "")).has_value());
}

/// The backup that a whole copy is of; empty of one that is not whole, and of any other database.
std::string marked(const Value& properties) {
  const auto mark = copy_mark(text_or(properties["comment"], ""));
  return mark && mark->whole ? mark->backup : std::string();
}

bool wants_absence(const Value& in) { return text_or(in["state"], "present") == "absent"; }

/// The bytes free where the server keeps its data, when that is on this machine and may be looked at.
Value server_space(Session& session, const Value& target, FileReads& files, const Stop& stop) {
  const auto map = postgres_target::keywords(target);
  if (!map || map->is_secret()) return {};
  const std::string host = text_or((*map)["host"], "");
  if (!host.empty() && !host.starts_with('/') && host != "localhost" && host != "127.0.0.1" && host != "::1") return {};
  const auto folder = postgres_sql::rows(session, "SELECT current_setting('data_directory', true) AS folder", {}, stop);
  if (!folder || folder->empty() || (*folder)[0]["folder"].kind() != Kind::text) return {};
  const auto space = files.space((*folder)[0]["folder"].text());
  return space ? Value(static_cast<std::int64_t>(*space)) : Value();
}

unsigned jobs_of(const Value& in) { return static_cast<unsigned>(std::clamp<std::int64_t>(integer_or(in["jobs"], 2), 1, 64)); }

Command restoring(const Value& in, const Value& tool, const Value& service, const Value& copy, const Value& file) {
  Command command;
  command.argv = {tool.kind() == Kind::text ? tool : Value("pg_restore"), "--exit-on-error", "--no-password", fmt::format("--jobs={}", jobs_of(in)),
                  lift(copy, [](const Value& plain) { return Value("--dbname=" + conninfo(plain.text())); }), file};
  // A copy that a crash takes away is made again, so its own commits need not reach the disk one by one: the mark that it is whole is durable, and with it all that was committed before.
  command.environment = {{"PGAPPNAME", "belay restore"}, {"PGOPTIONS", "-c synchronous_commit=off -c maintenance_work_mem=256MB -c max_parallel_maintenance_workers=2 -c jit=off"}};
  command.private_files = {{"PGSERVICEFILE", service}};
  return command;
}

/// One restore beside the database. Whatever ends it early, the copy is dropped and the decompressed file removed.
class Restore {
public:
  Restore(const Intent& intent, const Call& call, Ports& ports)
      : m_call(call), m_ports(ports), m_command(std::get<Command>(intent.act)), m_extra(intent.extra), m_copy(m_extra["copy"].text()), m_file(m_extra["file"].text()) {}

  Expected<Manifest> run() {
    const auto manifest = backup_folder::manifest_at(m_ports.files, m_call.in["backup"].text());
    if (!manifest) return tl::unexpected(manifest.error());
    auto session = postgres_sql::open_beside(m_ports.sql, m_call.in["target"], m_copy, m_call.stop);
    if (!session) return tl::unexpected(session.error());
    m_session = std::move(*session);
    auto done = begin();
    if (done) done = from_scratch(*manifest);
    if (done) return *manifest;
    if (m_made) {
      const Stop own(m_ports.time); // a stop ended the restore; what it began is still taken away
      if (auto dropped = postgres_sql::run(*m_session, fmt::format("DROP DATABASE IF EXISTS {} WITH (FORCE)", identifier(m_copy)), own.nested(std::chrono::seconds(30))); !dropped)
        done.error().hint = fmt::format("the unfinished copy {} could not be dropped ({}); `belay backup prune` will", m_copy, dropped.error().message);
    }
    return tl::unexpected(done.error());
  }

  const std::vector<std::string>& warnings() const { return m_warnings; }

private:
  Expected<void> run_sql(const std::string& sql) { return postgres_sql::run(*m_session, sql, m_call.stop); }

  Expected<void> begin() {
    const std::string name = "belay " + backup_folder::last_part(m_file);
    const auto alive = postgres_sql::alive(*m_session, name, m_call.stop);
    if (!alive) return tl::unexpected(alive.error());
    if (*alive) return Unexpected({Cause::conflict, Reached::no, "an earlier attempt of this restore is still going on", "wait for it to end, then try again"});
    if (auto named = postgres_sql::introduce(*m_session, name, static_cast<int>(m_extra["server"].integer()), m_call.stop); !named) return named;
    return m_ports.files.change({"remove", m_file, {}, 0});
  }

  Expected<void> from_scratch(const Manifest& manifest) {
    auto file = expand_backup(m_ports.files, m_call.in["backup"].text(), manifest, m_file, m_call.tell, m_call.stop);
    if (!file) return tl::unexpected(file.error());
    m_expanded = file->get();
    auto done = make(manifest);
    m_expanded = nullptr;
    return done;
  }

  // The live database's owner, encoding and settings hold; those of the backup's day where it is gone.
  Expected<void> make(const Manifest& manifest) {
    const auto live = database_properties(*m_session, m_extra["database"].text(), m_call.stop);
    if (!live) return tl::unexpected(live.error());
    const Value properties = live->is_null() ? manifest.database : *live;
    const auto there = database_properties(*m_session, m_copy, m_call.stop);
    if (!there) return tl::unexpected(there.error());
    if (!there->is_null()) { // observed absent, or this step's own from an attempt that died
      if (!is_own(*there, m_copy, m_call.id) || !marked(*there).empty()) return Unexpected({Cause::conflict, Reached::no, fmt::format("a database {} appeared meanwhile", m_copy), {}});
      if (auto dropped = run_sql(fmt::format("DROP DATABASE {} WITH (FORCE)", identifier(m_copy))); !dropped) return dropped;
    }
    if (auto created = run_sql(creation_of(m_copy, properties)); !created) return created;
    m_made = true;
    CopyMark mark{manifest.id, m_call.id.run_started.seconds, false, text_or(properties["comment"], "")};
    if (auto earlier = copy_mark(mark.comment)) mark.comment = earlier->comment;
    if (auto noted = note(mark); !noted) return noted;
    if (auto filled = fill_copy(manifest); !filled) return filled;
    for (const std::string& statement : completion_of(m_copy, properties))
      if (auto completed = run_sql(statement); !completed) {
        if (completed.error().reached != Reached::yes || m_call.stop) return completed;
        m_warnings.push_back(fmt::format("{}: {}", statement, completed.error().message)); // what needs more rights than a restore has must not hinder it
      }
    mark.whole = true;
    return note(mark);
  }

  Expected<void> note(const CopyMark& mark) { return run_sql(fmt::format("COMMENT ON DATABASE {} IS {}", identifier(m_copy), postgres_sql::literal(text_of(mark)))); }

  Expected<void> fill_copy(const Manifest& manifest) {
    m_call.tell.output(fmt::format("restoring {} tables, {} MB, into {}\n", manifest.census.tables.size(), manifest.raw_size >> 20, m_copy));
    const auto ended = m_ports.process.run(m_command, nullptr, nullptr, &m_call.tell, m_call.stop);
    if (!ended) return tl::unexpected(ended.error());
    if (ended->status != 0 || ended->signal != 0) {
      const std::string said = last_line(ended->err);
      return Unexpected({Cause::rejected, Reached::yes, fmt::format("pg_restore ended with {} {}: {}", ended->signal != 0 ? "signal" : "status", ended->signal != 0 ? ended->signal : ended->status, said),
                         said.find("role") != std::string::npos ? "create the roles that the backup's objects belong to, then try again" : "the database itself is as it was"});
    }
    if (const auto kept = m_expanded->finish(); !kept) return tl::unexpected(kept.error()); // the disk gave pg_restore what was written
    const auto target = postgres_target::with_database(m_call.in["target"], m_copy);
    if (!target) return tl::unexpected(target.error());
    return gather_statistics(m_ports.sql, *target, jobs_of(m_call.in), m_call.stop); // without them the first queries would choose bad plans
  }

  const Call& m_call;
  Ports& m_ports;
  Command m_command;
  const Value& m_extra;
  std::string m_copy, m_file;
  std::unique_ptr<Session> m_session;
  Sink* m_expanded = nullptr; ///< while it is there
  std::vector<std::string> m_warnings;
  bool m_made = false;
};

Value outputs_of(const Manifest& manifest, const std::string& copy) {
  return Value::object({{"database", copy}, {"backup", manifest.id}, {"bytes", static_cast<std::int64_t>(manifest.raw_size)}, {"taken", manifest.taken}, {"warnings", Value::List{}}});
}

Outcome dropped(const Intent& intent, const Call& call, Ports& ports) {
  Outcome outcome;
  const std::string copy = intent.extra["copy"].text();
  auto session = postgres_sql::open_beside(ports.sql, call.in["target"], copy, call.stop);
  Expected<void> gone = session ? postgres_sql::run(**session, fmt::format("DROP DATABASE IF EXISTS {} WITH (FORCE)", identifier(copy)), call.stop) : tl::unexpected(session.error());
  if (!gone) {
    outcome.failure = gone.error();
    outcome.state = gone.error().reached == Reached::perhaps ? State::unknown : State::no_effect;
  }
  outcome.outputs = intent.outputs;
  return outcome;
}

} // namespace

Expected<Value> observe_restore(const Call& call, const Value&, const Reads& reads) {
  const Value copy = copy_of(call.in, call.id);
  if (copy.kind() != Kind::text) return Unexpected({Cause::rejected, Reached::no, "which database the backup is of is not said", "name it with `database`, or as dbname in `target`"});
  auto session = postgres_sql::open_beside(reads.sql, call.in["target"], copy.text(), call.stop);
  if (!session) return tl::unexpected(session.error());
  const auto there = database_properties(**session, copy.text(), call.stop);
  if (!there) return tl::unexpected(there.error());
  if (wants_absence(call.in)) return Value::object({{"there", !there->is_null()}, {"own", is_own(*there, copy.text(), call.id)}});
  const auto manifest = backup_folder::manifest_at(reads.files, call.in["backup"].text());
  if (!manifest) return tl::unexpected(manifest.error());
  const auto version = postgres_sql::server_version(**session, call.stop);
  if (!version) return tl::unexpected(version.error());
  const int major = std::max(*version, manifest->server) / 10000;
  const auto tool = find_postgres_tool(reads, "pg_restore", major, text_or(call.in["tools"], ""), call.stop);
  if (!tool) return tl::unexpected(tool.error());
  const std::string file = std::string(backup_folder::k_workspace) + suffix_of(call.id);
  const auto alive = postgres_sql::alive(**session, "belay " + file, call.stop);
  if (!alive) return tl::unexpected(alive.error());
  const auto space = reads.files.space(bare_json(workspace_of(call.in)));
  return Value::object({{"there", !there->is_null()},
                        {"mark", marked(*there)},
                        {"own", is_own(*there, copy.text(), call.id)},
                        {"alive", *alive},
                        {"server", *version},
                        {"tool", tool->path},
                        {"tool_version", tool->version},
                        {"manifest", outputs_of(*manifest, copy.text())},
                        {"backup_server", manifest->server},
                        {"size", static_cast<std::int64_t>(manifest->raw_size)},
                        {"space", space ? Value(static_cast<std::int64_t>(*space)) : Value()},
                        {"server_space", server_space(**session, call.in["target"], reads.files, call.stop)}});
}

Intent prepare_restore(const Value& in, const Value& seen, const Identity& id) {
  Intent intent;
  intent.touches = touches_restore(in);
  const Value copy = copy_of(in, id), file = join({workspace_of(in), "/", backup_folder::k_workspace, suffix_of(id)});
  intent.extra = Value::object({{"copy", copy}, {"file", file}, {"database", database_of(in)}, {"absent", wants_absence(in)}, {"server", seen["server"]},
                                {"target", in["target"]}, {"backup", in["backup"]}, {"by_name", copy.kind() == Kind::text && copy.text().ends_with(suffix_of(id))}});
  if (wants_absence(in)) {
    intent.act = Statement{in["target"], "DROP DATABASE IF EXISTS " + (copy.kind() == Kind::text ? identifier(copy.text()) : show(copy)) + " WITH (FORCE)", {}};
    intent.outputs = Value::object({{"database", copy}});
    intent.nothing = seen.has("there") && !seen["there"].boolean();
    const bool unmarked = boolean_or(seen["there"], false) && !boolean_or(seen["own"], false); // named like ours by chance: shop_restore_20241101
    if (copy.kind() == Kind::text && (unmarked || !is_copy(copy.text())))
      intent.refused = Failure{Cause::refused, Reached::no, fmt::format("{} is no copy that postgres.restore made, so it is not dropped", copy.text()), {}};
    return intent;
  }
  const auto service = postgres_target::service_file(in["target"]);
  if (!service) intent.refused = service.error();
  intent.act = restoring(in, seen["tool"], service ? *service : Value(), copy, file);
  intent.equivalent = fmt::format("createdb -T template0 {0} && zstd -dc {1}/{2} > {3} && pg_restore -j2 -d {0} {3}", shell_word(copy), bare_json(in["backup"]), backup_folder::k_dump, bare_json(file));
  const std::string warning = client_warning(static_cast<int>(integer_or(seen["tool_version"], 999999)));
  intent.outputs = Value::object({{"database", copy}, {"backup", seen["manifest"]["backup"]}, {"taken", seen["manifest"]["taken"]}, {"warnings", warning.empty() ? Value::List{} : Value::List{warning}}});
  if (!seen.has("there")) return intent;
  const std::int64_t size = integer_or(seen["size"], 0), space = integer_or(seen["space"], -1), server_room = integer_or(seen["server_space"], -1);
  auto refuse = [&](Cause cause, std::string message, std::string hint) { intent.refused = Failure{cause, Reached::no, std::move(message), std::move(hint)}; };
  if (integer_or(seen["backup_server"], 0) / 10000 > integer_or(seen["server"], 0) / 10000)
    refuse(Cause::refused, fmt::format("the backup is of PostgreSQL {}, and this server is {}", integer_or(seen["backup_server"], 0) / 10000, version_text(static_cast<int>(seen["server"].integer()))),
           "restore it on a server that is at least as new");
  if (space >= 0 && space < size) refuse(Cause::full, fmt::format("{} MB are needed for the decompressed copy, {} MB are free in {}", size >> 20, space >> 20, bare_json(workspace_of(in))), "make room, or name another `workspace`");
  if (server_room >= 0 && server_room < size) refuse(Cause::full, fmt::format("the database needs about {} MB, and the server's disk has {} MB free", size >> 20, server_room >> 20), "make room; `belay backup prune` drops databases kept from earlier restores");
  if (boolean_or(seen["alive"], false)) refuse(Cause::conflict, "an earlier attempt of this restore is still going on", "wait for it to end");
  if (seen["there"].boolean()) {
    if (is_copy(copy.text()) && seen["mark"] == seen["manifest"]["backup"]) {
      intent.nothing = true;
      intent.outputs = seen["manifest"];
    } else if (!boolean_or(seen["own"], false) || seen["mark"] != Value("")) refuse(Cause::conflict, fmt::format("a database {} exists already", copy.text()), "choose another name with `as`");
  }
  return intent;
}

Outcome perform_restore(const Intent& intent, const Call& call, Ports& ports) {
  if (intent.extra["absent"].boolean()) return dropped(intent, call, ports);
  Outcome outcome;
  const Duration began = ports.time.steady();
  Restore restore(intent, call, ports);
  const auto manifest = restore.run();
  if (!manifest) {
    outcome.failure = manifest.error();
    outcome.state = State::no_effect; // the copy is dropped, or is known for an unfinished one; the database was not touched
    return outcome;
  }
  Value::Map outputs = outputs_of(*manifest, intent.extra["copy"].text()).map();
  Value::List warnings = intent.outputs["warnings"].list();
  for (const std::string& warning : restore.warnings()) warnings.emplace_back(warning);
  for (auto& [key, value] : outputs)
    if (key.text() == "warnings") value = Value(warnings);
  outputs.emplace_back("took", ports.time.steady() - began);
  outcome.outputs = Value(std::move(outputs));
  return outcome;
}

Outcome judge_restore(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  const bool there = boolean_or(now["there"], false);
  if (intent.extra["absent"].boolean()) {
    if (there) outcome.state = State::not_seen;
    return outcome;
  }
  if (boolean_or(now["alive"], false)) outcome.state = State::not_seen;
  else if (there && now["mark"] == now["manifest"]["backup"]) outcome.outputs = now["manifest"];
  else outcome.state = State::no_effect; // an unfinished copy is none: the next attempt drops it first
  return outcome;
}

Standing standing_restore(const Intent& intent, const Value&, const Value&, const Value& now) {
  if (!boolean_or(now["there"], false)) return Standing::as_before; // dropped, or it took its database's place, and is taken back there
  return boolean_or(now["own"], false) || boolean_or(intent.extra["by_name"], false) ? Standing::as_left : Standing::otherwise;
}

Value undo_restore(const Intent& intent, const Value& seen, const Value& outputs) {
  if (intent.extra["absent"].kind() == Kind::boolean && intent.extra["absent"].boolean()) return {};
  if (boolean_or(seen["there"], false) && seen["mark"] != Value("")) return {};
  const Value copy = outputs["database"].is_null() ? intent.extra["copy"] : outputs["database"];
  if (copy.kind() != Kind::text || !is_copy(copy.text())) return {};
  return Value::object({{"target", intent.extra["target"]}, {"database", intent.extra["database"]}, {"backup", intent.extra["backup"]}, {"as", copy}, {"state", "absent"}});
}

std::vector<std::string> touches_restore(const Value& in) { return {postgres_target::resource(in["target"], "")}; }

} // namespace belay::modules::postgres_backup
