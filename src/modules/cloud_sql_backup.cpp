#include "modules/cloud_sql_backup.hpp"
#include "modules/command_outcome.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <fmt/core.h>

namespace belay::modules::cloud_sql {
namespace {

bool succeeded(const Value& run) { return text_or(run["status"], "") == "SUCCESSFUL"; }

Expected<Value> read_runs(const Call& call, const Reads& reads, const Value& instance_url, std::size_t at_most) {
  return gcp::read_pages(reads, gcp::get(join({instance_url, "/backupRuns?maxResults=100"})), "items", at_most, call.stop);
}

/// The API lists newest first; this does not rely on it.
Value newest_of(const Value& runs) {
  Value newest;
  for (const Value& run : elements(runs))
    if (succeeded(run) && (newest.is_null() || text_or(newest["endTime"], "") < text_or(run["endTime"], ""))) newest = run;
  return newest;
}

Duration since(Timestamp then, Timestamp now) { return std::chrono::seconds(now.seconds - then.seconds); }

Value first_of(const Value& list, std::size_t at_most) {
  auto all = elements(list);
  if (all.size() > at_most) all.resize(at_most);
  return Value(Value::List(all.begin(), all.end()));
}

std::string gcloud(const Value& in, std::vector<Value> words) {
  words.insert(words.begin(), {"gcloud", "sql", "backups"});
  words.push_back(join({"--instance=", in["instance"]}));
  words.push_back(join({"--project=", in["project"]}));
  return shell_line(words);
}

/// {id, status, description} of the newest: what a lost answer is looked for in.
Value short_forms(const Value& runs) {
  Value::List all;
  for (const Value& run : elements(runs)) all.push_back(gcp::members({{"id", run["id"]}, {"status", run["status"]}, {"description", run["description"]}, {"ended", run["endTime"]}}));
  return all;
}

} // namespace

Expected<Value> read_backup(const Call& call, const Reads& reads, const Value& instance_url, const Value& id) {
  if (text_or(id, "") != "latest") {
    auto run = gcp::read(reads, gcp::get(join({instance_url, "/backupRuns/", gcp::segment(id)})), call.stop);
    if (!run && run.error().cause == Cause::missing)
      return Unexpected(Failure{Cause::missing, Reached::yes, fmt::format("there is no backup {} of that instance", bare_json(id)), "cloud-sql.backups lists those that there are"});
    return run;
  }
  const auto runs = read_runs(call, reads, instance_url, 1000);
  if (!runs) return runs;
  auto newest = newest_of(*runs);
  if (newest.is_null()) return Unexpected(Failure{Cause::missing, Reached::yes, "no backup of that instance has succeeded", "take one: cloud-sql.backup-create"});
  return newest;
}

Value backup_shown(const Value& run) {
  return gcp::members({{"id", run["id"]},
                       {"status", run["status"]},
                       {"type", run["type"]},
                       {"description", run["description"]},
                       {"started", gcp::time_of(run["startTime"])},
                       {"ended", gcp::time_of(run["endTime"])},
                       {"location", run["location"]}});
}

Outcome read_backups(const Call& call, const Reads& reads) {
  const Duration within = duration_or(call.in["within"], {});
  const auto at_most = static_cast<std::size_t>(std::clamp<std::int64_t>(integer_or(call.in["limit"], 100), 1, 10000));
  const Request all[] = {gcp::get(join({instance_url(call.in), "/backupRuns?maxResults=100"})), gcp::get(instance_url(call.in)), gcp::get(instance_url(call.in, {"/getLatestRecoveryTime"}))};
  const auto answers = gcp::read_at_once(reads, all, call.stop);
  const auto instance = answers[1] ? answers[1] : read_instance(call, reads); // which names the nearest
  if (!instance) return unread(instance.error(), within > Duration{}, call.in["instance"]);
  if (!answers[0]) return unread(answers[0].error(), within > Duration{}, call.in["instance"]);
  const auto runs = (*answers[0])["nextPageToken"].is_null() ? Expected<Value>(first_of((*answers[0])["items"], at_most)) : read_runs(call, reads, instance_url(call.in), at_most);
  if (!runs) return unread(runs.error(), within > Duration{}, call.in["instance"]);
  Value latest;
  if (answers[2] && boolean_or((*instance)["settings"]["backupConfiguration"]["pointInTimeRecoveryEnabled"], false)) latest = gcp::time_of((*answers[2])["latestRecoveryTime"]);
  Value::List shown;
  for (const Value& run : elements(*runs)) shown.push_back(backup_shown(run));
  const Value newest = newest_of(*runs), ended = gcp::time_of(newest["endTime"]);
  Value point = ended;
  if (latest.kind() == Kind::timestamp && (point.is_null() || point.timestamp() < latest.timestamp())) point = latest;
  const Timestamp now = reads.time.wall();
  Outcome outcome;
  outcome.outputs = Value::object({{"backups", Value(std::move(shown))},
                                   {"newest", newest.is_null() ? newest : backup_shown(newest)},
                                   {"age", ended.is_null() ? ended : Value(since(ended.timestamp(), now))},
                                   {"recovery_point", point}});
  if (within > Duration{} && point.is_null()) outcome.findings.push_back({bare_json(call.in["instance"]), "there is no backup that succeeded", {}});
  else if (within > Duration{} && since(point.timestamp(), now) > within)
    outcome.findings.push_back({bare_json(call.in["instance"]), fmt::format("the newest recovery point is {} old, and {} is the most that may be lost", duration_text(since(point.timestamp(), now)), duration_text(within)), point});
  return outcome;
}

Outcome read_backup_describe(const Call& call, const Reads& reads) {
  const auto run = read_backup(call, reads, instance_url(call.in), call.in["backup"]);
  if (!run) return failed_outcome(run.error());
  Outcome outcome;
  outcome.outputs = backup_shown(*run);
  return outcome;
}

// backup-create

Expected<Value> observe_backup_create(const Call& call, const Value& handle, const Reads& reads) {
  if (!handle.is_null()) {
    auto looked = observe_operations(call, handle, reads);
    if (!looked || !gcp::progress_of((*looked)["operation"]).done) return looked;
    const Value id = (*looked)["operation"]["backupContext"]["backupId"];
    if (id.is_null()) return looked;
    const auto run = read_backup(call, reads, instance_url(call.in), id);
    if (!run) return run;
    return Value::object({{"operation", (*looked)["operation"]}, {"age", (*looked)["age"]}, {"backup", *run}});
  }
  const auto runs = gcp::read(reads, gcp::get(instance_url(call.in, {"/backupRuns?maxResults=20"})), call.stop);
  if (!runs) return runs;
  return Value::object({{"backups", short_forms((*runs)["items"])}});
}

Intent prepare_backup_create(const Value& in, const Value&, const Identity& id) {
  const Value description = join({in["description"], " [", id.key, "]"});
  Intent intent = intent_of(in, "POST", instance_url(in, {"/backupRuns"}), Value::object({{"instance", in["instance"]}, {"description", description}}), "BACKUP_VOLUME");
  intent.equivalent = gcloud(in, {"create", join({"--description=", description})});
  intent.outputs = Value::object({{"description", description}});
  return intent;
}

Outcome judge_backup_create(const Intent& intent, const Value&, const Value& now) {
  const auto of_run = [&](const Value& run, const Value& ended) {
    Outcome outcome;
    const auto status = text_or(run["status"], "");
    outcome.outputs = Value::object({{"id", run["id"]}, {"description", intent.outputs["description"]}, {"ended", gcp::time_of(ended)}});
    if (status == "ENQUEUED" || status == "RUNNING" || status == "OVERDUE") {
      outcome.state = State::pending;
      outcome.again = std::chrono::seconds(2);
    } else if (status != "SUCCESSFUL") {
      outcome.state = State::partial;
      outcome.failure = Failure{Cause::rejected, Reached::yes, fmt::format("backup {} ended {}", bare_json(run["id"]), status), text_or(run["error"]["message"], "see the instance's operations")};
    }
    return outcome;
  };
  if (now.has("operation")) {
    return gcp::followed(now, [&](const Value& operation) {
      Outcome outcome = of_run(now["backup"], now["backup"]["endTime"]);
      outcome.handle = operation["name"];
      return outcome;
    });
  }
  for (const Value& run : elements(now["backups"]))
    if (run["description"] == intent.outputs["description"]) return of_run(run, run["ended"]);
  Outcome outcome;
  outcome.outputs = intent.outputs;
  outcome.state = State::not_seen;
  return outcome;
}

// backup-delete

/// {backup: null where it is not there, others: how many others succeeded}
Expected<Value> observe_backup_delete(const Call& call, const Value& handle, const Reads& reads) {
  if (!handle.is_null()) return observe_operations(call, handle, reads);
  const auto runs = read_runs(call, reads, instance_url(call.in), 10000);
  if (!runs) return runs;
  Value found;
  std::int64_t others = 0;
  for (const Value& run : elements(*runs)) {
    if (run["id"] == call.in["backup"]) found = gcp::members({{"id", run["id"]}, {"status", run["status"]}});
    else if (succeeded(run)) ++others;
  }
  return Value::object({{"backup", found}, {"others", others}});
}

Intent prepare_backup_delete(const Value& in, const Value& seen, const Identity&) {
  Intent intent = intent_of(in, "DELETE", instance_url(in, {"/backupRuns/", gcp::segment(in["backup"])}), {}, "DELETE_BACKUP");
  intent.equivalent = gcloud(in, {"delete", in["backup"], "--quiet"});
  intent.outputs = Value::object({{"id", in["backup"]}});
  if (seen.is_unknown()) return intent;
  intent.nothing = seen["backup"].is_null();
  if (succeeded(seen["backup"]) && integer_or(seen["others"], 0) == 0)
    intent.refused = Failure{Cause::refused, Reached::no, fmt::format("backup {} is the only one of '{}' that succeeded", bare_json(in["backup"]), bare_json(in["instance"])), "take another one first: cloud-sql.backup-create"};
  return intent;
}

Outcome judge_backup_delete(const Intent& intent, const Value& seen, const Value& now) {
  if (now.has("operation")) return judge(intent, seen, now);
  Outcome outcome;
  outcome.outputs = intent.outputs;
  const auto status = text_or(now["backup"]["status"], "");
  outcome.state = now["backup"].is_null() || status == "DELETED" ? State::done : State::not_seen;
  if (status == "DELETION_PENDING") {
    outcome.state = State::pending;
    outcome.again = std::chrono::seconds(2);
  }
  return outcome;
}

} // namespace belay::modules::cloud_sql
