#include "clients/gcp/operation.hpp"
#include "clients/gcp/proto_json.hpp"
#include "modules/command_outcome.hpp"
#include "modules/compute.hpp"
#include "modules/inputs.hpp"
#include "value/json.hpp"
#include <fmt/core.h>

namespace belay::modules::compute_parts {
namespace {

Value connectors_url(const Value& in, const std::vector<Value>& path) {
  std::vector<Value> pieces{"v1/projects/", gcp::segment(in["project"]), "/locations/", gcp::segment(in["region"]), "/connectors"};
  pieces.insert(pieces.end(), path.begin(), path.end());
  return gcp::url("vpcaccess", join(pieces));
}
Value connector_url(const Value& in) { return connectors_url(in, {"/", gcp::segment(in["connector"])}); }

/// In the names of the action's inputs.
Value shown(const Value& connector) {
  return gcp::members({{"network", connector["network"]},
                       {"range", connector["ipCidrRange"]},
                       {"min_instances", gcp::whole(connector["minInstances"])},
                       {"max_instances", gcp::whole(connector["maxInstances"])},
                       {"machine_type", connector["machineType"]}});
}

bool is_absent(const Value& in) { return text_or(in["state"], "present") == "absent"; }

Value with_place(const Value& in, const char* state, const Value& more) {
  std::vector<std::pair<std::string, Value>> all{{"project", in["project"]}, {"region", in["region"]}, {"connector", in["connector"]}, {"state", state}};
  for (auto& one : named(more)) all.push_back(std::move(one));
  return Value::object(std::move(all));
}

} // namespace

std::vector<std::string> touches_connector(const Value& in) { return {gcp::resource("gcp-connector", {in["project"], in["region"], in["connector"]})}; }

Outcome read_connector(const Call& call, const Reads& reads) {
  const auto connector = gcp::read(reads, gcp::get(connector_url(call.in)), call.stop);
  if (!connector) return unread(connector.error(), boolean_or(call.in["judge"], false), call.in["connector"]);
  const auto state = text_or((*connector)["state"], "unknown");
  std::vector<std::pair<std::string, Value>> members{{"state", state}};
  for (auto& one : named(shown(*connector))) members.push_back(std::move(one));
  Outcome outcome;
  outcome.outputs = Value::object(std::move(members));
  if (boolean_or(call.in["judge"], false) && state != "READY") outcome.findings.push_back({bare_json(call.in["connector"]), "the VPC connector is " + state, {}});
  return outcome;
}

/// {connector: null where there is none, state}; with a handle {operation, age}.
Expected<Value> observe_connector(const Call& call, const Value& handle, const Reads& reads) {
  if (!handle.is_null()) return gcp::look_at_operation(reads, gcp::url("vpcaccess", join({"v1/", handle})), call.stop);
  const auto connector = gcp::read(reads, gcp::get(connector_url(call.in)), call.stop);
  if (!connector && connector.error().cause == Cause::missing) return Value::object({{"connector", Value()}});
  if (!connector) return connector;
  return Value::object({{"connector", shown(*connector)}, {"state", (*connector)["state"]}});
}

Intent prepare_connector(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  const Value there = seen["connector"];
  const bool absent = is_absent(in);
  std::vector<Value> words{"gcloud", "compute", "networks", "vpc-access", "connectors", absent ? "delete" : "create", in["connector"], join({"--region=", in["region"]})};
  if (absent) {
    intent.act = gcp::send("DELETE", connector_url(in), {});
    intent.nothing = !seen.is_unknown() && there.is_null();
    words.emplace_back("--quiet");
  } else {
    intent.act = gcp::send("POST", connectors_url(in, {"?connectorId=", gcp::segment(in["connector"])}),
                           gcp::members({{"network", in["network"]}, {"ipCidrRange", in["range"]}, {"minInstances", in["min_instances"]}, {"maxInstances", in["max_instances"]}, {"machineType", in["machine_type"]}}));
    words.insert(words.end(), {join({"--network=", in["network"]}), join({"--range=", in["range"]}), join({"--min-instances=", in["min_instances"]}), join({"--max-instances=", in["max_instances"]}),
                               join({"--machine-type=", in["machine_type"]})});
    intent.nothing = !seen.is_unknown() && !there.is_null();
    const auto differs = [&](const char* name) { return !in[name].is_null() && !there[name].is_null() && !in[name].is_unknown() && in[name] != there[name]; };
    if (intent.nothing && (differs("network") || differs("range")))
      intent.refused = Failure{Cause::refused, Reached::no, fmt::format("the connector '{}' is there already, in network {} with {}", bare_json(in["connector"]), bare_json(there["network"]), bare_json(there["range"])),
                               "make it absent first: what uses it has no way out meanwhile"};
    if (!intent.nothing && in["range"].is_null()) intent.refused = Failure{Cause::refused, Reached::no, "a connector cannot be made without a range of addresses", "range: 10.8.0.0/28, one that nobody else uses"};
    if (!intent.refused && text_or(in["state"], "present") != "present") intent.refused = Failure{Cause::refused, Reached::no, fmt::format("'{}' is no state of a connector", text_or(in["state"], "")), "present or absent"};
  }
  words.push_back(join({"--project=", in["project"]}));
  intent.equivalent = shell_line(words);
  intent.touches = touches_connector(in);
  intent.outputs = Value::object({{"state", in["state"]}, {"before", there}});
  intent.extra = in;
  return intent;
}

Outcome judge_connector(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  if (now.has("operation"))
    return gcp::followed(now, [&](const Value& operation) {
      outcome.handle = operation["name"];
      return outcome;
    });
  const auto state = text_or(now["state"], "");
  if (state == "CREATING" || state == "DELETING") {
    outcome.state = State::pending;
    outcome.again = std::chrono::seconds(5);
  } else if (state == "ERROR" && !is_absent(intent.extra)) {
    outcome.state = State::partial;
    outcome.failure = Failure{Cause::rejected, Reached::yes, "the connector was made and is in state ERROR", "delete it before the next attempt: state: absent"};
  } else if (now["connector"].is_null() != is_absent(intent.extra)) {
    outcome.state = State::not_seen;
  }
  return outcome;
}

Standing standing_connector(const Intent& intent, const Value& seen, const Value&, const Value& now) {
  const Value &in = intent.extra, there = now["connector"];
  if (there == seen["connector"]) return Standing::as_before;
  const bool ours = is_absent(in) ? there.is_null() : !there.is_null() && there["network"] == in["network"] && there["range"] == in["range"];
  return ours ? Standing::as_left : Standing::otherwise;
}

Value undo_connector(const Intent& intent, const Value& seen, const Value&) {
  const Value there = seen["connector"];
  if (seen.is_unknown()) return {};
  if (is_absent(intent.extra)) return there.is_null() ? Value() : with_place(intent.extra, "present", there);
  return there.is_null() ? with_place(intent.extra, "absent", {}) : Value();
}

} // namespace belay::modules::compute_parts
