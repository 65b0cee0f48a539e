#include "modules/cloud_run_access.hpp"
#include <algorithm>

namespace belay::modules::cloud_run {
namespace {

constexpr const char *k_invoker = "roles/run.invoker", *k_anybody = "allUsers";

bool is_public(const Value& policy) {
  for (const Value& binding : elements(policy["bindings"]))
    if (binding["role"] == Value(k_invoker) && binding["condition"].is_null())
      for (const Value& member : elements(binding["members"]))
        if (member == Value(k_anybody)) return true;
  return false;
}

Value bindings_with(const Value& policy, bool open) {
  Value::List out;
  bool added = !open;
  for (const Value& binding : elements(policy["bindings"])) {
    if (!(binding["role"] == Value(k_invoker)) || !binding["condition"].is_null()) {
      out.push_back(binding);
      continue;
    }
    Value::List members;
    for (const Value& member : elements(binding["members"]))
      if (!(member == Value(k_anybody))) members.push_back(member);
    if (!added) members.emplace_back(k_anybody);
    added = true;
    if (!members.empty()) out.push_back(Value::object({{"role", Value(k_invoker)}, {"members", Value(std::move(members))}}));
  }
  if (!added) out.push_back(Value::object({{"role", Value(k_invoker)}, {"members", Value(Value::List{Value(k_anybody)})}}));
  return Value(std::move(out));
}

} // namespace

Expected<Value> observe_access(const Call& call, const Value&, const Reads& reads) {
  return gcp::read(reads, gcp::get(gcp::with_query(join({service_url(call.in), ":getIamPolicy"}), {{"options.requestedPolicyVersion", Value("3")}})), call.stop);
}

Intent prepare_access(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  intent.touches = touches(in);
  const bool open = boolean_or(in["public"], false), known = seen.known() && in["public"].known();
  const Value later = known ? Value() : Value::unknown(join({seen, in["public"]}).waits_for());
  const Value policy = known ? gcp::members({{"bindings", bindings_with(seen, open)}, {"etag", seen["etag"]}, {"version", seen["version"].is_null() ? Value(1) : seen["version"]}}) : later;
  intent.act = gcp::send("POST", join({service_url(in), ":setIamPolicy"}), Value::object({{"policy", policy}}));
  intent.nothing = known && is_public(seen) == open;
  intent.extra = Value::object({{"project", in["project"]}, {"region", in["region"]}, {"service", in["service"]}, {"public", in["public"]}});
  intent.outputs = Value::object({{"public", in["public"]}, {"before", known ? Value(is_public(seen)) : later}});
  intent.equivalent = shell_line({"gcloud", "run", "services", open ? "add-iam-policy-binding" : "remove-iam-policy-binding", in["service"], join({"--project=", in["project"]}), join({"--region=", in["region"]}),
                                  "--member=allUsers", "--role=roles/run.invoker"});
  return intent;
}

Outcome answer_access(const Intent& intent, const Expected<Answer>& answer) {
  return gcp::answered(answer, [&](const Value&) {
    Outcome out;
    out.outputs = intent.outputs;
    return out;
  });
}

Outcome judge_access(const Intent& intent, const Value& seen, const Value& now) {
  Outcome out;
  out.outputs = intent.outputs;
  if (is_public(now) == boolean_or(intent.extra["public"], false)) return out;
  out.state = seen["etag"] == now["etag"] ? State::not_seen : State::no_effect;
  if (out.state == State::no_effect) out.failure = Failure{Cause::conflict, Reached::yes, "somebody else changed who may call the service", "look at its policy, then decide anew"};
  return out;
}

Standing standing_access(const Intent& intent, const Value& seen, const Value&, const Value& now) {
  if (is_public(now) == boolean_or(intent.extra["public"], false)) return Standing::as_left;
  return is_public(now) == is_public(seen) ? Standing::as_before : Standing::otherwise;
}

Value undo_access(const Intent& intent, const Value& seen, const Value&) {
  const auto& in = intent.extra;
  if (!seen.known() || is_public(seen) == boolean_or(in["public"], false)) return {};
  return Value::object({{"project", in["project"]}, {"region", in["region"]}, {"service", in["service"]}, {"public", Value(is_public(seen))}});
}

} // namespace belay::modules::cloud_run
