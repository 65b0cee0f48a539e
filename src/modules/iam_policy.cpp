#include "modules/command_outcome.hpp"
#include "modules/iam.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <fmt/core.h>

/// A project's policy: read, changed and written back under its etag, so that nobody else's change is lost.
namespace belay::modules::iam_parts {
namespace {

Value policy_url(const Value& in, const char* verb) { return gcp::url("cloudresourcemanager", join({"v1/projects/", gcp::segment(in["project"]), verb})); }

Expected<Value> policy_of(const Call& call, const Reads& reads) {
  Request request = gcp::send("POST", policy_url(call.in, ":getIamPolicy"), Value::object({{"options", Value::object({{"requestedPolicyVersion", 3}})}}));
  request.reads_by_post = true;
  return gcp::read(reads, request, call.stop);
}

bool contains(const Value& list, const Value& one) {
  const auto all = elements(list);
  return std::find(all.begin(), all.end(), one) != all.end();
}

/// Whether the policy gives the role without a condition; a conditional binding is another thing and stays.
bool has(const Value& policy, const Value& role, const Value& member) {
  const auto bindings = elements(policy["bindings"]);
  return std::any_of(bindings.begin(), bindings.end(), [&](const Value& one) { return one["role"] == role && one["condition"].is_null() && contains(one["members"], member); });
}

bool is_absent(const Value& in) { return text_or(in["state"], "present") == "absent"; }

/// Of the wanted roles, those that the policy does not have as wanted.
std::vector<Value> differing(const Value& in, const Value& policy) {
  std::vector<Value> roles;
  for (const Value& role : elements(in["roles"]))
    if (has(policy, role, in["member"]) == is_absent(in)) roles.push_back(role);
  return roles;
}

Value with_members(const Value& binding, Value::List members) {
  Value::Map map;
  for (const auto& [name, value] : binding.map()) map.emplace_back(name, name == Value("members") ? Value(members) : value);
  return Value(std::move(map));
}

Value changed(const Value& in, const Value& policy) {
  Value::List bindings;
  auto roles = differing(in, policy);
  for (const Value& binding : elements(policy["bindings"])) {
    const auto at = std::find(roles.begin(), roles.end(), binding["role"]);
    if (at == roles.end() || !binding["condition"].is_null()) {
      bindings.push_back(binding);
      continue;
    }
    Value::List members = elements(binding["members"]);
    if (is_absent(in)) std::erase(members, in["member"]);
    else members.push_back(in["member"]);
    if (!members.empty()) bindings.push_back(with_members(binding, members));
    if (!is_absent(in)) roles.erase(at);
  }
  if (!is_absent(in))
    for (const Value& role : roles) bindings.push_back(Value::object({{"role", role}, {"members", Value::List{in["member"]}}}));
  Value::Map out;
  for (const auto& [name, value] : policy.map())
    if (name != Value("bindings") && name != Value("version")) out.emplace_back(name, value);
  out.emplace_back(Value("bindings"), Value(std::move(bindings)));
  out.emplace_back(Value("version"), Value(3));
  return Value(std::move(out));
}

} // namespace

std::vector<std::string> touches_policy(const Value& in) { return {gcp::resource("gcp-policy", {in["project"]})}; }

Outcome read_policy(const Call& call, const Reads& reads) {
  const auto policy = policy_of(call, reads);
  if (!policy) return failed_outcome(policy.error());
  Outcome outcome;
  const Value member = call.in["member"];
  Value::List roles, missing;
  for (const Value& binding : elements((*policy)["bindings"]))
    if (!member.is_null() && contains(binding["members"], member)) roles.push_back(binding["role"]);
  for (const Value& role : elements(call.in["roles"]))
    if (!has(*policy, role, member)) {
      missing.push_back(role);
      outcome.findings.push_back({show(member), fmt::format("it lacks {}", bare_json(role)), {}});
    }
  outcome.outputs = Value::object({{"bindings", elements((*policy)["bindings"])}, {"roles", Value(std::move(roles))}, {"missing", Value(std::move(missing))}});
  return outcome;
}

/// {policy}
Expected<Value> observe_policy(const Call& call, const Value&, const Reads& reads) {
  auto policy = policy_of(call, reads);
  if (!policy) return policy;
  return Value::object({{"policy", std::move(*policy)}});
}

Intent prepare_binding(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  const Value policy = seen["policy"];
  const bool known = policy.kind() == Kind::map && in.known();
  intent.act = gcp::send("POST", policy_url(in, ":setIamPolicy"), Value::object({{"policy", known ? changed(in, policy) : in.known() ? policy : join({in["member"], in["roles"]})}}));
  const auto roles = known ? differing(in, policy) : elements(in["roles"]);
  for (const Value& role : roles)
    intent.equivalent += (intent.equivalent.empty() ? "" : " && ") + shell_line({"gcloud", "projects", is_absent(in) ? "remove-iam-policy-binding" : "add-iam-policy-binding", in["project"], join({"--member=", in["member"]}),
                                                                                 join({"--role=", role}), "--condition=None"});
  intent.touches = touches_policy(in);
  intent.outputs = Value::object({{"changed", known ? Value(roles) : policy}});
  intent.extra = in;
  intent.nothing = known && roles.empty();
  const auto state = text_or(in["state"], "present");
  if (state != "present" && state != "absent") intent.refused = Failure{Cause::refused, Reached::no, fmt::format("'{}' is no state of a binding", state), "present or absent"};
  if (known && policy["etag"].is_null()) intent.refused = Failure{Cause::malformed, Reached::no, "the policy came without an etag: writing it could undo what others do", ""};
  return intent;
}

Outcome judge_binding(const Intent& intent, const Value& seen, const Value& now) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  if (differing(intent.extra, now["policy"]).empty()) return outcome;
  outcome.state = now["policy"]["etag"] == seen["policy"]["etag"] ? State::not_seen : State::no_effect;
  return outcome;
}

/// A role is given or not: what is not as left is as before.
Standing standing_binding(const Intent& intent, const Value& seen, const Value&, const Value& now) {
  return differing(intent.extra, now["policy"]).size() == differing(intent.extra, seen["policy"]).size() ? Standing::as_before : Standing::as_left;
}

Value undo_binding(const Intent& intent, const Value& seen, const Value&) {
  const Value& in = intent.extra;
  if (seen["policy"].kind() != Kind::map) return {};
  const auto roles = differing(in, seen["policy"]);
  if (roles.empty()) return {};
  return Value::object({{"project", in["project"]}, {"member", in["member"]}, {"roles", Value(roles)}, {"state", is_absent(in) ? "present" : "absent"}});
}

} // namespace belay::modules::iam_parts
