#include "modules/monitoring.hpp"
#include "value/json.hpp"
#include <fmt/core.h>

/// Alert policies, kept by their display name: made, or brought to what is wanted.
namespace belay::modules::monitoring {
namespace {

Value seconds_text(const Value& duration) { return duration.kind() == Kind::duration && !duration.is_secret() && !duration.is_unknown() ? Value(fmt::format("{}s", duration.duration() / std::chrono::seconds(1))) : duration; }

Value wanted_policy(const Value& in) {
  Value::List group_by = elements(in["group_by"]);
  const Value aggregation = gcp::members({{"alignmentPeriod", seconds_text(in["period"])},
                                          {"perSeriesAligner", in["align"]},
                                          {"crossSeriesReducer", in["reduce"]},
                                          {"groupByFields", group_by.empty() ? Value() : Value(std::move(group_by))}});
  const bool below = text_or(in["comparison"], "above") == "below";
  const Value threshold = gcp::members({{"filter", in["filter"]},
                                        {"comparison", below ? "COMPARISON_LT" : "COMPARISON_GT"},
                                        {"thresholdValue", in["threshold"]},
                                        {"duration", seconds_text(in["lasting"])},
                                        {"aggregations", Value::List{aggregation}}});
  const Value documentation = in["documentation"].is_null() ? Value() : Value::object({{"content", in["documentation"]}, {"mimeType", "text/markdown"}});
  return gcp::members({{"displayName", in["name"]},
                       {"combiner", "OR"},
                       {"enabled", true},
                       {"conditions", Value::List{Value::object({{"displayName", in["name"]}, {"conditionThreshold", threshold}})}},
                       {"notificationChannels", elements(in["channels"]).empty() ? Value() : in["channels"]},
                       {"documentation", documentation},
                       {"userLabels", in["labels"]},
                       {"severity", in["severity"]}});
}

bool same_number(const Value& a, const Value& b) { return (a.kind() == Kind::real || a.kind() == Kind::integer) && (b.kind() == Kind::real || b.kind() == Kind::integer) && real_or(a, 0) == real_or(b, 0); }

/// Whether `kept` has every member of `wanted`, at any depth: what the API adds (names, times) is no difference.
bool holds(const Value& wanted, const Value& kept) {
  if (wanted == kept || same_number(wanted, kept)) return true;
  if (wanted.is_unknown() || kept.is_unknown() || wanted.is_secret() || kept.is_secret() || wanted.kind() != kept.kind()) return false;
  if (wanted.kind() == Kind::map) {
    for (const auto& [name, value] : wanted.map())
      if (!holds(value, kept[name.text()])) return false;
    return true;
  }
  if (wanted.kind() != Kind::list || wanted.list().size() != kept.list().size()) return false;
  for (std::size_t i = 0; i < wanted.list().size(); ++i)
    if (!holds(wanted.list()[i], kept.list()[i])) return false;
  return true;
}

/// The whole policy with the wanted members in it: gcloud replaces the whole, and takes no list of members.
Value over(const Value& policy, const Value& wanted) {
  auto all = named(wanted);
  for (const auto& [name, value] : named(policy))
    if (!wanted.has(name) && name != "name" && name != "creationRecord" && name != "mutationRecord") all.emplace_back(name, value);
  return Value::object(std::move(all));
}

} // namespace

std::vector<std::string> touches_policy(const Value& in) { return {gcp::resource("gcp-alerts", {in["project"], in["name"]})}; }

/// {policy: null where none has that name, same: how many have it}
Expected<Value> observe_policy(const Call& call, const Value&, const Reads& reads) {
  const auto all = gcp::read_pages(reads, gcp::get(gcp::url("monitoring", join({"v3/projects/", gcp::segment(call.in["project"]), "/alertPolicies?pageSize=500"}))), "alertPolicies", 10000, call.stop);
  if (!all) return all;
  Value found;
  std::int64_t same = 0;
  for (const Value& policy : elements(*all))
    if (policy["displayName"] == call.in["name"] && same++ == 0) found = policy;
  return Value::object({{"policy", found}, {"same", same}});
}

Intent prepare_policy(const Value& in, const Value& seen, const Identity&) {
  const Value wanted = wanted_policy(in), policy = seen["policy"];
  const bool there = !policy.is_null();
  Intent intent;
  Value url = there ? gcp::url("monitoring", join({"v3/", policy["name"]})) : gcp::url("monitoring", join({"v3/projects/", gcp::segment(in["project"]), "/alertPolicies"}));
  std::string mask; // without one the API replaces the whole, with all that others have set
  for (const auto& [name, value] : named(wanted)) mask += (mask.empty() ? "" : ",") + name;
  if (there) url = gcp::with_query(url, {{"updateMask", Value(mask)}});
  if (policy.is_unknown()) url = policy; // POST for a new one, PATCH for one that is there
  intent.act = gcp::send(there ? "PATCH" : "POST", std::move(url), wanted);
  std::vector<Value> words{"gcloud", "alpha", "monitoring", "policies", there ? "update" : "create"};
  if (there) words.push_back(policy["name"]);
  words.push_back(join({"--policy=", canonical_json(there && !policy.is_unknown() ? over(policy, wanted) : wanted)}));
  words.push_back(join({"--project=", in["project"]}));
  intent.equivalent = shell_line(words);
  intent.touches = touches_policy(in);
  intent.outputs = there ? Value::object({{"policy", policy["name"]}}) : Value::object({});
  intent.extra = Value::object({{"wanted", wanted}});
  intent.nothing = there && !policy.is_unknown() && holds(wanted, policy);
  if (integer_or(seen["same"], 0) > 1)
    intent.refused = Failure{Cause::refused, Reached::no, fmt::format("{} alert policies are called {}: which is meant cannot be told", integer_or(seen["same"], 0), bare_json(in["name"])), "delete or rename the others"};
  const auto comparison = text_or(in["comparison"], "above");
  if (comparison != "above" && comparison != "below") intent.refused = Failure{Cause::refused, Reached::no, fmt::format("'{}' is no comparison", comparison), "above or below"};
  return intent;
}

Outcome answer_policy(const Intent&, const Expected<Answer>& answer) {
  return gcp::answered(answer, [](const Value& policy) {
    Outcome outcome;
    outcome.outputs = Value::object({{"policy", policy["name"]}});
    return outcome;
  });
}

Outcome judge_policy(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome;
  outcome.outputs = Value::object({{"policy", now["policy"]["name"]}});
  if (!holds(intent.extra["wanted"], now["policy"])) outcome.state = State::not_seen;
  return outcome;
}

} // namespace belay::modules::monitoring
