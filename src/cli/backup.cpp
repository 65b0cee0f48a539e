#include "cli/backup_record.hpp"
#include "cli/commands.hpp"
#include "cli/invoke.hpp"
#include "report/style.hpp"
#include "report/table.hpp"
#include "runbook/settings.hpp"
#include "value/json.hpp"
#include "value/nearest.hpp"
#include <fmt/format.h>
#include <optional>
#include <ostream>

namespace belay::cli {
namespace {

struct BackupOptions {
  std::vector<std::string> services, parameters, more;
  std::string environment, id;
};

void needs_environment(const BackupOptions& o, Context& c, const char* procedure) {
  if (o.environment.empty()) throw Error(Exit::usage, std::string("backup ") + procedure + " needs to know where: -e ENV", "known: " + known_environments(c.project()));
}

void add_backup_procedure(Flags& flags, const char* name, const char* summary) {
  auto o = std::make_shared<BackupOptions>();
  Flags command = flags.command(name, summary);
  command.positionals("SERVICE", o->services, "one service or several", true);
  command.text("-e,--env", o->environment, "the environment", "ENV");
  command.texts("-p,--param", o->parameters, "a parameter of the runbook; every one is an option as well", "NAME=VALUE");
  command.keep_unknown(o->more);
  command.runs([o, name](Context& c) {
    needs_environment(*o, c, name);
    return invoke_for_each(o->services, o->environment, std::string("backup/") + name, o->more, parameters_of_pairs(o->parameters, c), c);
  });
}

/// The runbook that lists a service's backups, run as the reads it consists of.
engine::Finished listed(const Service& service, Context& c) {
  const Runbook& runbook = procedure_of(service, "backup/list", c);
  const engine::Invocation invocation = invocation_of(runbook, service, {}, {});
  engine::World world = c.world({});
  return engine::start(invocation, world);
}

/// Nothing where a file that it needs is broken: then there is the record.
std::optional<engine::Finished> listed_where_it_can(const std::string& name, const std::string& environment, Context& c) {
  try {
    return listed(c.service(name, environment), c);
  } catch (const Error& e) {
    if (e.problems.empty() || e.problems.front().where.file.empty()) throw;
    c.outside.err << "belay: " << printable(e.problems.front().where.file) << " cannot be loaded: these are the backups of " << name << " as they were recorded; their folder was not looked at\n";
    return {};
  }
}

Exit list_backups(const BackupOptions& o, Context& c) {
  needs_environment(o, c, "list");
  Exit exit = Exit::done;
  Value::List documents;
  for (const std::string& name : o.services) {
    const std::optional<engine::Finished> asked = listed_where_it_can(name, o.environment, c);
    if (!asked) {
      const Value backups = recorded_backups(name, o.environment, c);
      documents.push_back(Value::object({{"service", name}, {"environment", o.environment}, {"source", "record"}, {"backups", backups}}));
      if (!c.json() && !c.ndjson()) c.outside.out << report::outputs_text(Value::object({{"backups", backups}}));
      continue;
    }
    const engine::Finished& finished = *asked;
    exit = worst(exit, finished.exit);
    if (finished.failure) c.outside.err << "belay: " << finished.failure->message << (finished.failure->hint.empty() ? "" : "\n       " + finished.failure->hint) << '\n';
    if (c.json() || c.ndjson())
      documents.push_back(Value::object({{"service", name}, {"environment", o.environment}, {"source", "folder"}, {"backups", finished.outputs["backups"]}}));
    else
      c.outside.out << report::outputs_text(finished.outputs);
    for (const Finding& finding : finished.findings) c.outside.err << finding.subject << ": " << finding.message << '\n';
  }
  if (c.json()) c.outside.out << pretty_json(Value(std::move(documents))) << '\n';
  if (c.ndjson())
    for (const Value& document : documents) c.outside.out << canonical_json(document) << '\n';
  return exit;
}

/// One backup, wherever it is: ids are unique over all services.
Exit show_backup(const BackupOptions& o, Context& c) {
  std::vector<std::string> ids;
  for (const std::string& name : c.project().services)
    for (const std::string& environment : environments_of(c.project(), name)) {
      const Service service = c.service(name, environment);
      if (!c.project().find(service.platform + "/backup/list")) continue;
      const Value backups = listed(service, c).outputs["backups"];
      if (backups.kind() != Kind::list) continue;
      for (const Value& backup : backups.list()) {
        const std::string id = bare_json(backup["id"]);
        ids.push_back(id);
        if (id != o.id) continue;
        Value::Map document = backup.map();
        document.emplace_back(Value("history"), backup_history(name, id, c));
        const Value whole{std::move(document)};
        if (c.json() || c.ndjson()) c.outside.out << (c.json() ? pretty_json(whole) : canonical_json(whole)) << '\n';
        else
          c.outside.out << name << " in " << environment << '\n' << report::outputs_text(whole);
        return Exit::done;
      }
    }
  const std::string hint = did_you_mean(o.id, ids);
  throw Error(Exit::usage, "there is no backup '" + o.id + "'", hint.empty() ? "`belay backup list SERVICE -e ENV` shows them" : hint);
}

} // namespace

void add_backup(Flags& flags) {
  add_backup_procedure(flags, "create", "Take a backup; it exists only once it is whole");
  auto o = std::make_shared<BackupOptions>();
  Flags list = flags.command("list", "The backups of a service, newest first");
  list.positionals("SERVICE", o->services, "one service or several", true);
  list.text("-e,--env", o->environment, "the environment", "ENV");
  list.runs([o](Context& c) { return list_backups(*o, c); });
  Flags show = flags.command("show", "One backup: what it holds, and whether it was proved");
  show.positional("ID", o->id, "its id");
  show.runs([o](Context& c) { return show_backup(*o, c); });
  add_backup_procedure(flags, "verify", "Prove a backup: restore it aside, and compare");
  add_backup_procedure(flags, "prune", "Remove what is too old or too many, never the last that was verified");
  add_backup_procedure(flags, "drill", "Restore aside, start the service on it, and ask its health");
}

} // namespace belay::cli
