#include "clients/backup_contents.hpp"
#include "clients/backup_folder.hpp"
#include "clients/postgres_sql.hpp"
#include "clients/postgres_target.hpp"
#include "clients/postgres_tools.hpp"
#include "modules/command_outcome.hpp"
#include "modules/postgres_backup.hpp"
#include "modules/postgres_backup_names.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace belay::modules::postgres_backup {

Expected<Value> observe_in_place(const Call& call, const Value&, const Reads& reads) {
  const auto manifest = backup_folder::manifest_at(reads.files, call.in["backup"].text());
  if (!manifest) return tl::unexpected(manifest.error());
  const Value database = database_of(call.in);
  if (database.kind() != Kind::text) return Unexpected({Cause::rejected, Reached::no, "which database is to be overwritten is not said", "name it with `database`, or as dbname in `target`"});
  const auto target = postgres_target::with_database(call.in["target"], database.text());
  if (!target) return tl::unexpected(target.error());
  auto session = reads.sql.open_read_only(*target, call.stop);
  if (!session) return tl::unexpected(session.error());
  const auto version = postgres_sql::server_version(**session, call.stop);
  if (!version) return tl::unexpected(version.error());
  const auto tool = find_postgres_tool(reads, "pg_restore", std::max(*version, manifest->server) / 10000, text_or(call.in["tools"], ""), call.stop);
  if (!tool) return tl::unexpected(tool.error());
  return Value::object({{"backup", manifest->id}, {"server", *version}, {"backup_server", manifest->server}, {"tool", tool->path}, {"tool_version", tool->version}});
}

Intent prepare_in_place(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  const Value database = database_of(in);
  intent.touches = touches_database(in);
  const auto service = postgres_target::service_file(in["target"]);
  if (!service) intent.refused = service.error();
  Command command;
  command.argv = {seen["tool"].kind() == Kind::text ? seen["tool"] : Value("pg_restore"), "--clean", "--if-exists", "--single-transaction", "--exit-on-error", "--no-password",
                  lift(database, [](const Value& plain) { return Value("--dbname=" + conninfo(plain.kind() == Kind::text ? plain.text() : std::string())); })};
  command.environment = {{"PGAPPNAME", "belay restore-in-place"}, {"PGOPTIONS", "-c maintenance_work_mem=256MB"}};
  command.private_files = {{"PGSERVICEFILE", service ? *service : Value()}};
  intent.act = std::move(command);
  intent.equivalent = fmt::format("zstd -dc {}/{} | pg_restore --clean --if-exists --single-transaction -d {}", bare_json(in["backup"]), backup_folder::k_dump, shell_word(database));
  const std::string warning = client_warning(static_cast<int>(integer_or(seen["tool_version"], 999999)));
  intent.outputs = Value::object({{"database", database}, {"backup", seen["backup"]}, {"warnings", warning.empty() ? Value::List{} : Value::List{warning}}});
  if (seen.has("server") && integer_or(seen["backup_server"], 0) / 10000 > integer_or(seen["server"], 0) / 10000)
    intent.refused = Failure{Cause::refused, Reached::no, fmt::format("the backup is of PostgreSQL {}, and this server is {}", seen["backup_server"].integer() / 10000, version_text(static_cast<int>(seen["server"].integer()))),
                             "restore it on a server that is at least as new"};
  return intent;
}

Outcome perform_in_place(const Intent& intent, const Call& call, Ports& ports) {
  Outcome outcome;
  auto fail = [&](Failure failure, State state) {
    outcome.failure = std::move(failure);
    outcome.state = state;
    return outcome;
  };
  const Duration began = ports.time.steady();
  const std::string path = call.in["backup"].text();
  const auto checked = backup_folder::check(ports.files, path, call.tell, call.stop);
  if (!checked) return fail(checked.error(), State::no_effect);
  if (!checked->problems.empty()) return fail({Cause::malformed, Reached::no, "the backup is damaged: " + checked->problems.front(), "the database was not touched; use another backup"}, State::no_effect);
  auto contents = BackupContents::open(ports.files, path, *checked->manifest, call.tell);
  if (!contents) return fail(contents.error(), State::no_effect);
  const auto ended = ports.process.run(std::get<Command>(intent.act), contents->get(), nullptr, &call.tell, call.stop);
  if (!ended) return fail(ended.error(), ended.error().reached == Reached::no ? State::no_effect : State::unknown);
  if (ended->status != 0 || ended->signal != 0)
    return fail({Cause::rejected, Reached::yes, fmt::format("pg_restore failed, and its one transaction with it: {}", last_line(ended->err)), "the database is as it was"}, ended->signal == 0 ? State::no_effect : State::unknown);
  Value::Map outputs = intent.outputs.map();
  outputs.emplace_back("took", ports.time.steady() - began);
  outcome.outputs = Value(std::move(outputs));
  return outcome;
}

} // namespace belay::modules::postgres_backup
