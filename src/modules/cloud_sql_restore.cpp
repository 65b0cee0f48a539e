#include "modules/cloud_sql_restore.hpp"
#include "modules/command_outcome.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <fmt/core.h>

namespace belay::modules::cloud_sql {
namespace {

Failure refusal(std::string message, std::string hint) { return {Cause::refused, Reached::no, std::move(message), std::move(hint)}; }

std::string gcloud(const Value& in, std::vector<Value> words) {
  words.insert(words.begin(), {"gcloud", "sql"});
  words.push_back(join({"--project=", in["project"]}));
  return shell_line(words);
}

/// {enabled, earliest, latest}. The API tells the latest time; the earliest is as far back as the log is kept, and not before the instance was made.
Expected<Value> window(const Call& call, const Reads& reads, const Value& instance) {
  const Value backups = instance["settings"]["backupConfiguration"];
  if (!boolean_or(backups["pointInTimeRecoveryEnabled"], false)) return Value::object({{"enabled", false}});
  const auto answer = gcp::read(reads, gcp::get(instance_url(call.in, {"/getLatestRecoveryTime"})), call.stop);
  if (!answer) return answer;
  Timestamp earliest = reads.time.wall();
  earliest.seconds -= integer_or(gcp::whole(backups["transactionLogRetentionDays"]), 7) * 24 * 3600;
  const Value created = gcp::time_of(instance["createTime"]), told = gcp::time_of((*answer)["earliestRecoveryTime"]);
  if (created.kind() == Kind::timestamp) earliest = std::max(earliest, created.timestamp());
  return Value::object({{"enabled", true}, {"earliest", told.is_null() ? Value(earliest) : told}, {"latest", gcp::time_of((*answer)["latestRecoveryTime"])}});
}

Intent restore_intent(const Value& in, const Value& seen, const Value& source) {
  const Value backup = seen["backup"], id = text_or(in["backup"], "") == "latest" ? backup["id"] : in["backup"];
  Intent intent = intent_of(in, "POST", instance_url(in, {"/restoreBackup"}),
                            Value::object({{"restoreBackupContext", Value::object({{"backupRunId", id}, {"instanceId", source}, {"project", in["project"]}})}}), "RESTORE_VOLUME");
  intent.outputs = Value::object({{"instance", in["instance"]}, {"backup", id}, {"ended", gcp::time_of(backup["endTime"])}});
  intent.equivalent = gcloud(in, {"backups", "restore", id, join({"--restore-instance=", in["instance"]}), join({"--backup-instance=", source}), "--quiet"});
  if (!backup.is_unknown() && text_or(backup["status"], "") != "SUCCESSFUL")
    intent.refused = refusal(fmt::format("backup {} is {}, and only one that is SUCCESSFUL can be restored", bare_json(id), bare_json(backup["status"])), "cloud-sql.backups lists the others");
  const auto state = text_or(seen["instance"]["state"], "RUNNABLE");
  if (!intent.refused && !seen.is_unknown() && state != "RUNNABLE")
    intent.refused = refusal(fmt::format("the instance '{}' is {}, and nothing can be restored into it", bare_json(in["instance"]), state), "when it is RUNNABLE, try again");
  return intent;
}

Expected<Value> observe_for_restore(const Call& call, const Value& handle, const Reads& reads, const Value& source) {
  auto seen = observe(call, handle, reads);
  if (!seen || !handle.is_null()) return seen;
  const auto backup = read_backup(call, reads, project_url(call.in, {"/instances/", gcp::segment(source)}), call.in["backup"]);
  if (!backup) return backup;
  return Value::object({{"instance", gcp::members({{"state", (*seen)["instance"]["state"]}, {"created", (*seen)["instance"]["createTime"]}})},
                        {"operations", (*seen)["operations"]},
                        {"backup", gcp::members({{"id", (*backup)["id"]}, {"status", (*backup)["status"]}, {"startTime", (*backup)["startTime"]}, {"endTime", (*backup)["endTime"]}})}});
}

} // namespace

Outcome read_recovery(const Call& call, const Reads& reads) {
  const auto instance = read_instance(call, reads);
  if (!instance) return failed_outcome(instance.error());
  const auto found = window(call, reads, *instance);
  if (!found) return failed_outcome(found.error());
  Outcome outcome;
  outcome.outputs = *found;
  return outcome;
}

// restore

/// How far Google's clock and this machine's may be apart, in seconds.
constexpr std::int64_t k_slack = 600;

std::vector<std::string> touches_restore(const Value& in) {
  auto names = touches(in);
  names.push_back(gcp::resource("gcp-sql", {in["project"], in["from"]}));
  return names;
}

Expected<Value> observe_restore(const Call& call, const Value& handle, const Reads& reads) { return observe_for_restore(call, handle, reads, call.in["from"]); }
Expected<Value> observe_restore_over(const Call& call, const Value& handle, const Reads& reads) { return observe_for_restore(call, handle, reads, call.in["instance"]); }

Intent prepare_restore(const Value& in, const Value& seen, const Identity& id) {
  Intent intent = restore_intent(in, seen, in["from"]);
  if (intent.refused) return intent;
  if (!in["from"].is_unknown() && in["from"] == in["instance"]) {
    intent.refused = refusal(fmt::format("'{}' is the instance that the backup is of: everything since would be lost", bare_json(in["instance"])), "restore into a new instance, or say that it is meant with cloud-sql.restore-over");
    return intent;
  }
  const Value made = gcp::time_of(seen["instance"]["created"]), taken = gcp::time_of(seen["backup"]["startTime"]);
  if (made.kind() == Kind::timestamp && taken.kind() == Kind::timestamp && made.timestamp() < taken.timestamp())
    intent.refused = refusal(fmt::format("the instance '{}' is older than the backup, so it was not made for it, and what it holds would be lost", bare_json(in["instance"])),
                             "make a new instance for it: cloud-sql.create");
  else if (made.kind() == Kind::timestamp && made.timestamp().seconds + k_slack < id.run_started.seconds)
    intent.refused = refusal(fmt::format("the instance '{}' was there before this run, so it may be in use, and what it holds would be lost", bare_json(in["instance"])),
                             "make a new instance for it in the same run, or say that it is meant: cloud-sql.import into it, or cloud-sql.restore-over of its own backup");
  return intent;
}

Intent prepare_restore_over(const Value& in, const Value& seen, const Identity&) { return restore_intent(in, seen, in["instance"]); }

/// A restore that ended with an error has replaced what was there, or a part of it.
Outcome judge_restore(const Intent& intent, const Value& seen, const Value& now) {
  Outcome outcome = judge(intent, seen, now);
  if (outcome.state == State::partial && outcome.failure)
    outcome.failure->hint = "the instance may hold neither its former data nor the backup's: restore again before anything uses it" + (outcome.failure->hint.empty() ? "" : "; " + outcome.failure->hint);
  return outcome;
}

// clone

std::vector<std::string> touches_clone(const Value& in) { return {gcp::resource("gcp-sql", {in["project"], in["instance"]}), gcp::resource("gcp-sql", {in["project"], in["to"]})}; }

Expected<Value> observe_clone(const Call& call, const Value& handle, const Reads& reads) {
  if (!handle.is_null()) return observe_operations(call, handle, reads);
  const auto instance = read_instance(call, reads);
  if (!instance) return instance;
  auto recovery = call.in["at"].is_null() ? Expected<Value>(Value()) : window(call, reads, *instance);
  if (!recovery) return recovery;
  auto there = gcp::read(reads, gcp::get(project_url(call.in, {"/instances/", gcp::segment(call.in["to"])})), call.stop);
  if (!there && there.error().cause != Cause::missing) return there;
  return Value::object({{"state", (*instance)["state"]}, {"recovery", *recovery}, {"to", there ? Value::object({{"state", (*there)["state"]}}) : Value()}});
}

Intent prepare_clone(const Value& in, const Value& seen, const Identity&) {
  const Value at = in["at"], recovery = seen["recovery"];
  Intent intent = intent_of(in, "POST", instance_url(in, {"/clone"}),
                            Value::object({{"cloneContext", gcp::members({{"destinationInstanceName", in["to"]}, {"pointInTime", gcp::time_text(at)}})}}), "CLONE");
  intent.outputs = Value::object({{"instance", in["to"]}, {"at", at}});
  intent.touches = touches_clone(in);
  std::vector<Value> words{"instances", "clone", in["instance"], in["to"]};
  if (!at.is_null()) words.push_back(join({"--point-in-time=", gcp::time_text(at)}));
  intent.equivalent = gcloud(in, words);
  if (seen.is_unknown()) return intent;
  const auto name = bare_json(in["instance"]);
  if (!seen["to"].is_null()) {
    intent.refused = refusal(fmt::format("there is an instance '{}' already", bare_json(in["to"])), "a clone needs a name that is free; that of a deleted instance stays taken for a week");
  } else if (!at.is_null() && !boolean_or(recovery["enabled"], false)) {
    intent.refused = refusal(fmt::format("'{}' keeps no log (point-in-time recovery is off), so it can be cloned as it is now only", name), "restore a backup instead: cloud-sql.backups lists them");
  } else if (at.kind() == Kind::timestamp && !at.is_secret()) {
    const Value earliest = recovery["earliest"], latest = recovery["latest"];
    const bool early = earliest.kind() == Kind::timestamp && at.timestamp() < earliest.timestamp(), late = latest.kind() == Kind::timestamp && at.timestamp() > latest.timestamp();
    if (early || late)
      intent.refused = refusal(fmt::format("'{}' cannot be cloned to {}: its log reaches from {} to {}", name, rfc3339(at.timestamp()), show(gcp::time_text(earliest)), show(gcp::time_text(latest))),
                               early ? "an older state is in its backups: cloud-sql.backups lists them" : "choose a time within");
  }
  return intent;
}

Outcome judge_clone(const Intent& intent, const Value& seen, const Value& now) {
  if (now.has("operation")) return judge(intent, seen, now);
  Outcome outcome;
  outcome.outputs = intent.outputs;
  const auto state = text_or(now["to"]["state"], "");
  if (now["to"].is_null()) {
    outcome.state = State::not_seen;
  } else if (state == "FAILED") {
    outcome.state = State::partial;
    outcome.failure = Failure{Cause::rejected, Reached::yes, fmt::format("the new instance '{}' was made and has FAILED", bare_json(intent.outputs["instance"])), "see its operations; delete it before the next attempt"};
  } else if (state != "RUNNABLE") {
    outcome.state = State::pending;
    outcome.again = std::chrono::seconds(5);
  }
  return outcome;
}

} // namespace belay::modules::cloud_sql
