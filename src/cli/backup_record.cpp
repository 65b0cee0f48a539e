#include "cli/backup_record.hpp"
#include "value/json.hpp"
#include <chrono>
#include <ostream>

namespace belay::cli {
namespace {

std::string text_of(const Value& outputs, const char* name) {
  const Value v = outputs[name];
  return v.is_null() || v.is_unknown() || v.is_secret() ? std::string() : bare_json(v);
}
std::int64_t number_of(const Value& outputs, const char* name) {
  const Value v = outputs[name];
  return v.kind() == Kind::integer && !v.is_secret() ? v.integer() : 0;
}

std::string details_of(const engine::Finished& finished) {
  if (finished.failure) return finished.failure->message;
  return finished.findings.empty() ? std::string() : finished.findings.front().subject + ": " + finished.findings.front().message;
}

std::vector<backups::Fact> facts_of(const std::string& procedure, const Service& service, const engine::Finished& finished, Duration took, Timestamp now) {
  const Value& out = finished.outputs;
  const bool good = finished.exit == Exit::done;
  std::string id = text_of(out, "id");
  if (procedure == "backup/create" && good) {
    backups::Created created;
    created.id = id;
    created.kind = "dump";
    created.path = text_of(out, "path");
    created.environment = service.environment;
    created.run = finished.run;
    created.sha256 = text_of(out, "sha256");
    created.stored_bytes = number_of(out, "size");
    created.plain_bytes = number_of(out, "raw_size");
    created.counts = out["tables"];
    if (out["taken"].kind() == Kind::timestamp) created.taken = out["taken"].timestamp();
    created.finished = created.at = now;
    return {created};
  }
  if (procedure == "backup/verify") return {backups::Verified{id, finished.run, details_of(finished), good, took, now}};
  if (procedure == "backup/drill") return {backups::Drilled{id, finished.run, details_of(finished), good, took, now}};
  if (procedure == "restore" && good) return {backups::Restored{text_of(out, "backup"), finished.run, text_of(out, "database"), text_of(out, "kept"), now}};
  std::vector<backups::Fact> pruned;
  if (const Value removed = out["removed"]; procedure == "backup/prune" && removed.kind() == Kind::list)
    for (const Value& each : removed.list()) pruned.push_back(backups::Pruned{bare_json(each), finished.run, "too old or too many", now});
  return pruned;
}

Value proof(bool ok, const std::string& run, const std::string& details, Duration took, Timestamp at) {
  return Value::object({{"ok", ok}, {"at", at}, {"run", run}, {"seconds", std::chrono::duration<double>(took).count()}, {"details", details}});
}

} // namespace

void record_backup(const Runbook& runbook, const Service& service, const engine::Finished& finished, Duration took, Context& c) {
  if (finished.run.empty() || finished.plan) return;
  const auto slash = runbook.name.find('/');
  if (slash == std::string::npos) return;
  for (const backups::Fact& fact : facts_of(runbook.name.substr(slash + 1), service, finished, took, c.outside.ports.time.wall()))
    if (const auto noted = backups::note(c.store(), service.name, fact); !noted) c.outside.err << "belay: the history of backups could not be written: " << noted.error().message << '\n';
}

Value recorded_backups(const std::string& service, const std::string& environment, Context& c) {
  const auto catalogue = backups::read(c.store(), service);
  if (!catalogue) throw Error(Exit::finding, "the record of backups cannot be read: " + catalogue.error().message, catalogue.error().hint);
  Value::List list;
  for (auto backup = catalogue->backups.rbegin(); backup != catalogue->backups.rend(); ++backup) {
    const backups::Created& made = backup->created;
    if (!backup->exists() || made.environment != environment) continue;
    list.push_back(Value::object({{"id", made.id}, {"path", made.path}, {"taken", made.taken}, {"size", made.stored_bytes}, {"raw_size", made.plain_bytes}, {"verified", backup->is_good()}, {"drilled", backup->drilled && backup->drilled->ok}}));
  }
  return Value(std::move(list));
}

Value backup_history(const std::string& service, const std::string& id, Context& c) {
  const auto catalogue = backups::read(c.store(), service);
  const backups::Backup* backup = catalogue ? catalogue->find(id) : nullptr;
  if (!backup) return {};
  const auto& v = backup->verified;
  const auto& d = backup->drilled;
  const auto& r = backup->restored;
  return Value::object({{"created", Value::object({{"run", backup->created.run}, {"at", backup->created.at}})},
                        {"verified", v ? proof(v->ok, v->run, v->details, v->took, v->at) : Value()},
                        {"drilled", d ? proof(d->ok, d->run, d->details, d->took, d->at) : Value()},
                        {"restored", r ? Value::object({{"run", r->run}, {"into", r->into}, {"kept", r->kept}, {"at", r->at}}) : Value()}});
}

} // namespace belay::cli
