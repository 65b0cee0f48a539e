#include "modules/cloud_sql_copy.hpp"
#include "value/json.hpp"
#include <fmt/core.h>

namespace belay::modules::cloud_sql {
namespace {

/// The last part of a run's id: what its copies are named by, since a whole id leaves little of the 63 bytes that names in PostgreSQL may have.
std::string letters_of(const std::string& run) { return run.substr(run.rfind('-') + 1); }

} // namespace

/// {instance: {state, protected}, null where there is none}
Expected<Value> observe_delete_copy(const Call& call, const Value& handle, const Reads& reads) {
  if (!handle.is_null()) return observe_operations(call, handle, reads);
  const auto instance = gcp::read(reads, gcp::get(instance_url(call.in)), call.stop);
  if (!instance && instance.error().cause == Cause::missing) return Value::object({{"instance", Value()}});
  if (!instance) return instance;
  return Value::object({{"instance", Value::object({{"state", (*instance)["state"]}, {"protected", boolean_or((*instance)["settings"]["deletionProtectionEnabled"], false)}})}});
}

Intent prepare_delete_copy(const Value& in, const Value& seen, const Identity& id) {
  Intent intent = intent_of(in, "DELETE", instance_url(in), {}, "DELETE");
  intent.equivalent = shell_line({"gcloud", "sql", "instances", "delete", in["instance"], join({"--project=", in["project"]}), "--quiet"});
  const bool known = !in["instance"].is_unknown() && !in["of"].is_unknown();
  if (known && !text_or(in["instance"], "").starts_with(text_or(in["of"], "") + "-" + letters_of(id.run)))
    intent.refused = Failure{Cause::refused, Reached::no, fmt::format("'{}' was not made by this run beside '{}', so it is not deleted", bare_json(in["instance"]), bare_json(in["of"])),
                             "an instance that nobody needs any more is deleted by hand: gcloud sql instances delete"};
  if (intent.refused || seen.is_unknown()) return intent;
  intent.nothing = seen["instance"].is_null();
  if (boolean_or(seen["instance"]["protected"], false))
    intent.refused = Failure{Cause::refused, Reached::no, fmt::format("'{}' is protected against deletion", bare_json(in["instance"])), "take the protection away first: cloud-sql.patch with deletion_protection: false"};
  return intent;
}

Outcome judge_delete_copy(const Intent& intent, const Value& seen, const Value& now) {
  if (now.has("operation")) return judge(intent, seen, now);
  Outcome outcome;
  outcome.outputs = intent.outputs;
  if (now["instance"].is_null()) return outcome;
  outcome.state = text_or(now["instance"]["state"], "") == "PENDING_DELETE" ? State::pending : State::not_seen;
  outcome.again = std::chrono::seconds(2);
  return outcome;
}

} // namespace belay::modules::cloud_sql
