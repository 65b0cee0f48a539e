#include "clients/gcp/operation.hpp"
#include "clients/gcp/proto_json.hpp"
#include "modules/command_outcome.hpp"
#include "modules/compute.hpp"
#include "modules/inputs.hpp"
#include "value/json.hpp"
#include <fmt/core.h>

namespace belay::modules::compute_parts {
namespace {

Value global_url(const Value& in, const std::vector<Value>& path) {
  std::vector<Value> pieces{"compute/v1/projects/", gcp::segment(in["project"]), "/global"};
  pieces.insert(pieces.end(), path.begin(), path.end());
  return gcp::url("compute", join(pieces));
}

bool is_absent(const Value& in) { return text_or(in["state"], "present") == "absent"; }

/// `tcp:8080` → {IPProtocol, ports}
Value sent_rules(const Value& rules) {
  Value::List all;
  for (const Value& rule : elements(rules)) {
    const auto text = text_or(rule, "");
    if (text.empty()) return rule;
    const auto colon = text.find(':');
    all.push_back(gcp::members({{"IPProtocol", text.substr(0, colon)}, {"ports", colon == std::string::npos ? Value() : Value(Value::List{text.substr(colon + 1)})}}));
  }
  return Value(std::move(all));
}
Value shown_rules(const Value& sent) {
  Value::List all;
  for (const Value& rule : elements(sent)) {
    const auto protocol = text_or(rule["IPProtocol"], "");
    if (rule["ports"].is_null()) all.emplace_back(protocol);
    for (const Value& port : elements(rule["ports"])) all.emplace_back(protocol + ":" + text_or(port, ""));
  }
  return Value(std::move(all));
}

/// In the names of the action's inputs.
Value shown(const Value& firewall) {
  const bool allows = firewall["denied"].is_null();
  return gcp::members({{"network", gcp::last_part(text_or(firewall["network"], ""))},
                       {"direction", firewall["direction"]},
                       {"action", allows ? "allow" : "deny"},
                       {"rules", shown_rules(allows ? firewall["allowed"] : firewall["denied"])},
                       {"sources", firewall["direction"] == Value("EGRESS") ? firewall["destinationRanges"] : firewall["sourceRanges"]},
                       {"priority", gcp::whole(firewall["priority"])}});
}

Value with_name(const Value& in, const char* state, const Value& more) {
  std::vector<std::pair<std::string, Value>> all{{"project", in["project"]}, {"name", in["name"]}, {"state", state}};
  for (auto& one : named(more)) all.push_back(std::move(one));
  return Value::object(std::move(all));
}

Value comma_joined(const Value& list) {
  std::vector<Value> pieces;
  for (const Value& one : elements(list)) {
    if (!pieces.empty()) pieces.emplace_back(",");
    pieces.push_back(one);
  }
  return join(pieces);
}

bool same(const Value& in, const Value& there) {
  for (const char* name : {"network", "direction", "action", "rules", "sources", "priority"})
    if (!in[name].is_null() && in[name] != there[name]) return false;
  return true;
}

} // namespace

std::vector<std::string> touches_firewalls(const Value& in) { return {gcp::resource("gcp-firewall", {in["project"]})}; }

Outcome read_firewalls(const Call& call, const Reads& reads) {
  const auto all = gcp::read_pages(reads, gcp::get(global_url(call.in, {"/firewalls?maxResults=500"})), "items", 10000, call.stop);
  if (!all) return failed_outcome(all.error());
  Value::List rules;
  for (const Value& one : elements(*all)) {
    std::vector<std::pair<std::string, Value>> members{{"name", one["name"]}, {"disabled", boolean_or(one["disabled"], false)}};
    for (auto& member : named(shown(one))) members.push_back(std::move(member));
    rules.push_back(Value::object(std::move(members)));
  }
  Outcome outcome;
  outcome.outputs = Value::object({{"rules", Value(std::move(rules))}});
  return outcome;
}

/// {firewall: null where there is none, more: what it has that this action cannot make}; with a handle {operation, age}.
Expected<Value> observe_firewall(const Call& call, const Value& handle, const Reads& reads) {
  if (!handle.is_null()) return gcp::look_at_operation(reads, global_url(call.in, {"/operations/", gcp::segment(handle)}), call.stop);
  const auto firewall = gcp::read(reads, gcp::get(global_url(call.in, {"/firewalls/", gcp::segment(call.in["name"])})), call.stop);
  if (!firewall && firewall.error().cause == Cause::missing) return Value::object({{"firewall", Value()}});
  if (!firewall) return firewall;
  Value::List more;
  for (const char* name : {"sourceTags", "targetTags", "sourceServiceAccounts", "targetServiceAccounts"})
    if (!(*firewall)[name].is_null()) more.emplace_back(name);
  if (boolean_or((*firewall)["disabled"], false)) more.emplace_back("disabled");
  if (boolean_or((*firewall)["logConfig"]["enable"], false)) more.emplace_back("logConfig");
  return Value::object({{"firewall", shown(*firewall)}, {"more", Value(std::move(more))}});
}

Intent prepare_firewall(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  const Value there = seen["firewall"];
  const bool absent = is_absent(in), allow = text_or(in["action"], "deny") == "allow", egress = text_or(in["direction"], "INGRESS") == "EGRESS";
  std::vector<Value> words{"gcloud", "compute", "firewall-rules", absent ? "delete" : "create", in["name"]};
  if (absent) {
    intent.act = gcp::send("DELETE", global_url(in, {"/firewalls/", gcp::segment(in["name"])}), {});
    intent.nothing = !seen.is_unknown() && there.is_null();
    words.emplace_back("--quiet");
    if (!elements(seen["more"]).empty() && !seen.is_unknown())
      intent.refused = Failure{Cause::refused, Reached::no, fmt::format("the rule '{}' has {}, and could not be made again as it is", bare_json(in["name"]), bare_json(seen["more"])), "delete it by hand if that is meant"};
  } else {
    const Value network = join({"projects/", in["project"], "/global/networks/", in["network"]});
    intent.act = gcp::send("POST", global_url(in, {"/firewalls"}),
                           gcp::members({{"name", in["name"]},
                                         {"network", network},
                                         {"direction", in["direction"]},
                                         {"priority", in["priority"]},
                                         {allow ? "allowed" : "denied", sent_rules(in["rules"])},
                                         {egress ? "destinationRanges" : "sourceRanges", in["sources"]}}));
    words.insert(words.end(), {join({"--network=", in["network"]}), allow ? "--action=ALLOW" : "--action=DENY", join({"--rules=", comma_joined(in["rules"])}), join({"--direction=", in["direction"]}), join({"--priority=", in["priority"]})});
    if (!elements(in["sources"]).empty()) words.push_back(join({egress ? "--destination-ranges=" : "--source-ranges=", comma_joined(in["sources"])}));
    intent.nothing = !seen.is_unknown() && !there.is_null();
    if (intent.nothing && !same(in, there))
      intent.refused = Failure{Cause::refused, Reached::no, fmt::format("a firewall rule '{}' is there already, and says otherwise: {}", bare_json(in["name"]), bare_json(there)), "choose another name, or make that one absent first"};
    else if (intent.nothing && !elements(seen["more"]).empty())
      intent.refused = Failure{Cause::refused, Reached::no, fmt::format("a firewall rule '{}' is there already, and has {} besides, which changes whom it applies to", bare_json(in["name"]), bare_json(seen["more"])), "choose another name, or put that one right by hand"};
    if (!egress && (in["sources"].is_null() || (in["sources"].kind() == Kind::list && elements(in["sources"]).empty())))
      intent.refused = Failure{Cause::refused, Reached::no, "without sources the rule would apply to everybody", "sources: [203.0.113.0/24], or [0.0.0.0/0] where everybody is meant"};
  }
  words.push_back(join({"--project=", in["project"]}));
  intent.equivalent = shell_line(words);
  intent.touches = touches_firewalls(in);
  intent.outputs = Value::object({{"state", in["state"]}});
  intent.extra = in;
  return intent;
}

Outcome judge_firewall(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  if (now.has("operation"))
    return gcp::followed(now, [&](const Value& operation) {
      outcome.handle = operation["name"];
      return outcome;
    });
  if (now["firewall"].is_null() != is_absent(intent.extra)) outcome.state = State::not_seen;
  return outcome;
}

Standing standing_firewall(const Intent& intent, const Value& seen, const Value&, const Value& now) {
  const Value &in = intent.extra, there = now["firewall"];
  if (there == seen["firewall"]) return Standing::as_before;
  const bool ours = is_absent(in) ? there.is_null() : !there.is_null() && same(in, there);
  return ours ? Standing::as_left : Standing::otherwise;
}

Value undo_firewall(const Intent& intent, const Value& seen, const Value&) {
  const Value there = seen["firewall"];
  if (seen.is_unknown()) return {};
  if (is_absent(intent.extra)) return there.is_null() ? Value() : with_name(intent.extra, "present", there);
  return there.is_null() ? with_name(intent.extra, "absent", {}) : Value();
}

} // namespace belay::modules::compute_parts
