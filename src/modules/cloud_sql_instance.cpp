#include "modules/cloud_sql_instance.hpp"
#include "modules/command_outcome.hpp"
#include "value/json.hpp"
#include <fmt/core.h>

namespace belay::modules::cloud_sql {
namespace {

Failure refusal(std::string message, std::string hint = {}) { return {Cause::refused, Reached::no, std::move(message), std::move(hint)}; }

std::string state_of(const Value& instance) {
  return text_or(instance["settings"]["activationPolicy"], "") == "NEVER" ? "STOPPED" : text_or(instance["state"], "unknown");
}

Value settings_of(const Value& instance) {
  std::vector<std::pair<std::string, Value>> wanted_all;
  for (const Setting& setting : settings()) wanted_all.emplace_back(setting.input, true);
  std::vector<std::pair<std::string, Value>> flags;
  for (const Value& flag : elements(instance["settings"]["databaseFlags"])) flags.emplace_back(text_or(flag["name"], ""), flag["value"]);
  wanted_all.emplace_back("flags", Value::object(std::move(flags)));
  return former_settings(Value::object(std::move(wanted_all)), instance);
}

std::string gcloud(const Value& in, std::vector<Value> words, std::vector<Value> flags = {}) {
  words.insert(words.begin(), {"gcloud", "sql", "instances"});
  words.push_back(join({"--project=", in["project"]}));
  words.insert(words.end(), flags.begin(), flags.end());
  return shell_line(words);
}

} // namespace

std::vector<std::string> touches_project(const Value& in) { return {gcp::resource("gcp-sql", {in["project"]})}; }

Outcome read_describe(const Call& call, const Reads& reads) {
  const auto instance = read_instance(call, reads);
  if (!instance) return unread(instance.error(), boolean_or(call.in["judge"], false), call.in["instance"]);
  const auto state = state_of(*instance);
  std::vector<std::pair<std::string, Value>> addresses;
  for (const Value& address : elements((*instance)["ipAddresses"])) addresses.emplace_back(text_or(address["type"], ""), address["ipAddress"]);
  Outcome outcome;
  outcome.outputs = Value::object({{"state", state},
                                   {"running", state == "RUNNABLE"},
                                   {"version", (*instance)["databaseVersion"]},
                                   {"region", (*instance)["region"]},
                                   {"connection_name", (*instance)["connectionName"]},
                                   {"addresses", Value::object(std::move(addresses))},
                                   {"settings", settings_of(*instance)},
                                   {"settings_version", (*instance)["settings"]["settingsVersion"]},
                                   {"created", gcp::time_of((*instance)["createTime"])},
                                   {"raw", *instance}});
  if (boolean_or(call.in["judge"], false) && state != "RUNNABLE") outcome.findings.push_back({bare_json(call.in["instance"]), "the Cloud SQL instance is " + state, {}});
  return outcome;
}

Outcome read_list(const Call& call, const Reads& reads) {
  const auto all = gcp::read_pages(reads, gcp::get(project_url(call.in, {"/instances?maxResults=500"})), "items", 10000, call.stop);
  if (!all) return failed_outcome(all.error());
  Value::List instances;
  for (const Value& one : elements(*all))
    instances.push_back(Value::object({{"name", one["name"]}, {"state", state_of(one)}, {"version", one["databaseVersion"]}, {"region", one["region"]}, {"tier", one["settings"]["tier"]}}));
  Outcome outcome;
  outcome.outputs = Value::object({{"instances", Value(std::move(instances))}});
  return outcome;
}

Outcome read_operations_list(const Call& call, const Reads& reads) {
  const auto all = read_operations(call, reads);
  if (!all) return failed_outcome(all.error());
  Value::List running;
  for (const Value& one : elements(*all))
    if (text_or(one["status"], "") != "DONE") running.push_back(one["name"]);
  Outcome outcome;
  outcome.outputs = Value::object({{"operations", *all}, {"running", Value(std::move(running))}});
  return outcome;
}

// create

/// {instance}: the one of that name, null where there is none.
Expected<Value> observe_create(const Call& call, const Value& handle, const Reads& reads) {
  if (!handle.is_null()) return observe_operations(call, handle, reads);
  auto instance = gcp::read(reads, gcp::get(instance_url(call.in)), call.stop);
  if (!instance && instance.error().cause == Cause::missing) return Value::object({{"instance", Value()}});
  if (!instance) return instance;
  return Value::object({{"instance", std::move(*instance)}});
}

Intent prepare_create(const Value& in, const Value& seen, const Identity&) {
  Value::Map settings_map = wanted_settings(in, Value::object({})).map();
  const auto put = [&](const char* name, Value value) {
    if (!value.is_null()) settings_map.emplace_back(Value(name), std::move(value));
  };
  put("edition", in["edition"]);
  put("dataDiskType", in["storage_type"].is_null() ? Value() : join({"PD_", in["storage_type"]}));
  if (!in["network"].is_null()) put("ipConfiguration", Value::object({{"privateNetwork", in["network"]}, {"ipv4Enabled", false}}));
  Intent intent = intent_of(in, "POST", project_url(in, {"/instances"}),
                            Value::object({{"name", in["instance"]}, {"databaseVersion", in["version"]}, {"region", in["region"]}, {"settings", Value(std::move(settings_map))}}), "CREATE");
  std::vector<Value> flags{join({"--database-version=", in["version"]}), join({"--region=", in["region"]})};
  if (!in["edition"].is_null()) flags.push_back(join({"--edition=", in["edition"]}));
  if (!in["storage_type"].is_null()) flags.push_back(join({"--storage-type=", in["storage_type"]}));
  if (!in["network"].is_null()) flags.insert(flags.end(), {join({"--network=", in["network"]}), "--no-assign-ip"});
  const auto more = setting_flags(in, Value::object({}));
  flags.insert(flags.end(), more.begin(), more.end());
  intent.equivalent = gcloud(in, {"create", in["instance"]}, flags);
  const Value there = seen["instance"];
  if (!there.is_unknown() && !there.is_null()) {
    intent.nothing = true;
    for (const auto& [member, input] : {std::pair{"databaseVersion", "version"}, {"region", "region"}})
      if (!in[input].is_unknown() && there[member] != in[input])
        intent.refused = refusal(fmt::format("the instance '{}' is there already, and its {} is {}, not {}", bare_json(in["instance"]), input, bare_json(there[member]), bare_json(in[input])),
                                 "choose another name, or correct the settings");
  }
  return intent;
}

Outcome judge_create(const Intent& intent, const Value& seen, const Value& now) {
  if (now.has("operation")) return judge(intent, seen, now);
  Outcome outcome;
  outcome.outputs = intent.outputs;
  const auto state = text_or(now["instance"]["state"], "");
  if (now["instance"].is_null()) {
    outcome.state = State::not_seen;
  } else if (state == "PENDING_CREATE") {
    outcome.state = State::pending;
    outcome.again = std::chrono::seconds(5);
  } else if (state == "FAILED") {
    outcome.state = State::partial;
    outcome.failure = Failure{Cause::rejected, Reached::yes, "the instance was made and has FAILED", "see its operations and logs; it has to be deleted before its name can be used again"};
  }
  return outcome;
}

// patch

Intent prepare_patch(const Value& in, const Value& seen, const Identity&) {
  const Value instance = seen["instance"];
  Value::Map body_settings = wanted_settings(in, instance).map();
  // Without the version the API takes the change whatever others did meanwhile.
  body_settings.emplace_back(Value("settingsVersion"), instance["settings"]["settingsVersion"]);
  Intent intent = intent_of(in, "PATCH", instance_url(in), Value::object({{"settings", Value(std::move(body_settings))}}), "UPDATE");
  // Backups end only after the log has, and gcloud takes one of the two at a time.
  if (in["backups"] == Value(false) && in["point_in_time"] == Value(false) && boolean_or(instance["settings"]["backupConfiguration"]["pointInTimeRecoveryEnabled"], true))
    intent.equivalent = gcloud(in, {"patch", in["instance"], "--quiet"}, {"--no-enable-point-in-time-recovery"}) + " && ";
  intent.equivalent += gcloud(in, {"patch", in["instance"], "--quiet"}, setting_flags(in, instance));
  intent.nothing = settings_hold(in, instance);
  intent.outputs = Value::object({{"instance", in["instance"]}, {"before", instance.is_unknown() ? instance : former_settings(in, instance)}});
  intent.extra = Value::object({{"type", "UPDATE"}, {"in", in}});
  const Value size = in["storage_gb"], size_now = gcp::whole(instance["settings"]["dataDiskSizeGb"]);
  if (!size.is_unknown() && size.kind() == Kind::integer && size_now.kind() == Kind::integer && size.integer() < size_now.integer())
    intent.refused = refusal(fmt::format("the disk of '{}' has {} GB and cannot shrink to {}", bare_json(in["instance"]), size_now.integer(), size.integer()), "restore into a smaller instance");
  return intent;
}

Outcome judge_patch(const Intent& intent, const Value& seen, const Value& now) {
  if (now.has("operation")) return judge(intent, seen, now);
  Outcome outcome = judge_lost(intent, seen, now);
  if (outcome.state == State::pending || outcome.state == State::unknown) return outcome;
  const Value instance = now["instance"];
  if (settings_hold(intent.extra["in"], instance)) outcome.state = State::done;
  // The version has moved on and the settings are not ours: a late original fails by its precondition.
  else if (instance["settings"]["settingsVersion"] != seen["instance"]["settings"]["settingsVersion"]) outcome.state = State::no_effect;
  return outcome;
}

Standing standing_patch(const Intent& intent, const Value& seen, const Value&, const Value& now) {
  return settings_are_ours(intent.extra["in"], seen["instance"], now["instance"]) ? Standing::as_left : Standing::otherwise;
}

Value undo_patch(const Intent& intent, const Value& seen, const Value&) {
  const Value in = intent.extra["in"], instance = seen["instance"];
  if (instance.is_null() || instance.is_unknown()) return {};
  std::vector<std::pair<std::string, Value>> back{{"project", in["project"]}, {"instance", in["instance"]}};
  for (const auto& [name, value] : named(former_settings(in, instance)))
    if (name != "storage_gb") back.emplace_back(name, value); // a disk that has grown stays
  return back.size() == 2 ? Value() : Value::object(std::move(back));
}

// restart, failover

Intent prepare_restart(const Value& in, const Value&, const Identity&) {
  Intent intent = intent_of(in, "POST", instance_url(in, {"/restart"}), {}, "RESTART");
  intent.equivalent = gcloud(in, {"restart", in["instance"], "--quiet"});
  return intent;
}

Intent prepare_failover(const Value& in, const Value& seen, const Identity&) {
  const Value instance = seen["instance"], settings_now = instance["settings"];
  Intent intent = intent_of(in, "POST", instance_url(in, {"/failover"}), Value::object({{"failoverContext", Value::object({{"settingsVersion", settings_now["settingsVersion"]}})}}), "FAILOVER");
  intent.equivalent = gcloud(in, {"failover", in["instance"], "--quiet"});
  intent.outputs = Value::object({{"instance", in["instance"]}, {"zone", instance["gceZone"]}});
  if (!instance.is_unknown() && text_or(settings_now["availabilityType"], "ZONAL") != "REGIONAL")
    intent.refused = refusal(fmt::format("the instance '{}' has no standby to fail over to", bare_json(in["instance"])), "make it REGIONAL first: cloud-sql.patch with availability: REGIONAL");
  return intent;
}

} // namespace belay::modules::cloud_sql
