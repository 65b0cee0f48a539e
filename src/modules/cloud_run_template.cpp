#include "modules/cloud_run_template.hpp"
#include "codec/sha256.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <fmt/core.h>

namespace belay::modules::cloud_run {
namespace {

std::string text(const Value& value) { return text_or(value, ""); }
bool is_there(const Value& value) { return value.is_unknown() || value.is_secret() || !value.is_null(); }
Failure refuse(std::string message, std::string hint) { return {Cause::refused, Reached::no, std::move(message), std::move(hint)}; }

/// `map` with one member replaced, or taken away where `value` is null; the order stays.
Value with(const Value& map, std::string_view name, const Value& value) {
  Value::Map out;
  bool found = false;
  if (map.kind() == Kind::map && !map.is_unknown())
    for (const auto& member : map.map()) {
      if (!(member.first == Value(name))) {
        out.push_back(member);
        continue;
      }
      found = true;
      if (is_there(value)) out.emplace_back(member.first, value);
    }
  if (!found && is_there(value)) out.emplace_back(Value(name), value);
  return Value(std::move(out));
}

Value list_or_empty(const Value& list) { return list.kind() == Kind::list && !list.is_unknown() ? list : Value(Value::List{}); }

/// A list of maps with a member `name`: that one replaced or added at the end.
void put(Value::List& list, const Value& one) {
  for (Value& there : list)
    if (there["name"] == one["name"]) {
      there = one;
      return;
    }
  list.push_back(one);
}

/// A map of the settings and the input's own over it.
Named both(const Value& in, std::string_view name) {
  Named out = named(in["settings"][name]);
  for (const auto& one : named(in[name])) {
    std::erase_if(out, [&](const auto& there) { return there.first == one.first; });
    out.push_back(one);
  }
  return out;
}

Value environment(const Value& before, const Value& in, std::optional<Failure>& refused) {
  Value::List out = boolean_or(in["replace_env"], false) ? Value::List{} : list_or_empty(before).list();
  for (const Value& name : elements(in["remove_env"])) std::erase_if(out, [&](const Value& one) { return one["name"] == name; });
  for (const auto& [name, value] : both(in, "env")) {
    if (value.has_secret()) refused = refuse(fmt::format("the variable {} is a secret, and a revision's variables can be read by everyone who may look at it", name), "store it in Secret Manager and name it under `secrets`: NAME:VERSION");
    put(out, Value::object({{"name", Value(name)}, {"value", value.is_unknown() ? value : Value(bare_json(value))}}));
  }
  for (const auto& [name, reference] : both(in, "secrets")) {
    const std::string whole = text(reference);
    const auto colon = whole.rfind(':');
    if (!reference.is_unknown() && (whole.empty() || colon == 0 || colon == whole.size() - 1)) refused = refuse(fmt::format("the secret of {} is '{}'", name, whole), "write NAME:VERSION of Secret Manager");
    const Value secret = colon == std::string::npos ? reference : Value(whole.substr(0, colon));
    const Value version = colon == std::string::npos ? Value("latest") : Value(whole.substr(colon + 1));
    put(out, Value::object({{"name", Value(name)}, {"valueSource", Value::object({{"secretKeyRef", Value::object({{"secret", secret}, {"version", version}})}})}}));
  }
  return Value(std::move(out));
}

Value resources(const Value& before, const Value& in) {
  const Value cpu = given(in, "cpu"), memory = given(in, "memory");
  if (!is_there(cpu) && !is_there(memory)) return before;
  Value limits = before["limits"];
  if (is_there(cpu)) limits = with(limits, "cpu", cpu);
  if (is_there(memory)) limits = with(limits, "memory", memory);
  Value out = with(before, "limits", limits);
  // Once `resources` is sent, a missing cpuIdle means that processors stay on between requests, which costs.
  return before.is_null() ? with(out, "cpuIdle", Value(true)) : out;
}

Value container(const Value& before, const Value& in, std::optional<Failure>& refused) {
  Value out = before.is_null() ? Value(Value::Map{}) : before;
  if (const Value image = in["image"]; is_there(image)) out = with(out, "image", image);
  const Value env = environment(out["env"], in, refused);
  if (!out["env"].is_null() || !env.list().empty()) out = with(out, "env", env);
  if (const Value made = resources(out["resources"], in); is_there(made)) out = with(out, "resources", made);
  for (const char* name : {"command", "args"})
    if (is_there(in[name])) out = with(out, name, in[name]);
  if (const Value port = given(in, "port"); is_there(port)) {
    const Value former = elements(out["ports"]).empty() ? Value() : elements(out["ports"]).front()["containerPort"];
    out = with(out, "ports", Value(Value::List{Value::object({{"name", "http1"}, {"containerPort", port}})}));
    // The probe that the API makes by itself asks at the port that was.
    if (!former.is_null() && out["startupProbe"]["tcpSocket"]["port"] == former)
      out = with(out, "startupProbe", with(out["startupProbe"], "tcpSocket", Value::object({{"port", port}})));
  }
  return out;
}

Value whole_instance(const Value& name, const Value& in) {
  return !name.known() || text(name).find(':') != std::string::npos ? name : join({in["project"], ":", in["region"], ":", name});
}

Value with_cloud_sql(const Value& made, const Value& instances, const Value& in) {
  Value::List all;
  for (const Value& one : elements(instances)) all.push_back(whole_instance(one, in));
  Value::List volumes = list_or_empty(made["volumes"]).list();
  std::string name = "cloudsql";
  for (const Value& volume : volumes)
    if (volume.has("cloudSqlInstance")) name = text(volume["name"]);
  put(volumes, Value::object({{"name", Value(name)}, {"cloudSqlInstance", Value::object({{"instances", Value(std::move(all))}})}}));
  Value::List containers = list_or_empty(made["containers"]).list();
  if (!containers.empty()) {
    Value::List mounts = list_or_empty(containers.front()["volumeMounts"]).list();
    put(mounts, Value::object({{"name", Value(name)}, {"mountPath", "/cloudsql"}}));
    containers.front() = with(containers.front(), "volumeMounts", Value(std::move(mounts)));
  }
  return with(with(made, "volumes", Value(std::move(volumes))), "containers", Value(std::move(containers)));
}

Value seconds_text(const Value& timeout) {
  if (timeout.is_unknown() || timeout.is_secret() || timeout.kind() != Kind::duration) return timeout;
  return Value(fmt::format("{}s", std::chrono::duration_cast<std::chrono::seconds>(timeout.duration()).count()));
}

} // namespace

Value given(const Value& in, std::string_view name) {
  const Value own = in[name];
  return is_there(own) ? own : in["settings"][name];
}

Edited edited(const Value& made_of, const Value& in) {
  Edited out;
  Value made = with(made_of.is_null() ? Value(Value::Map{}) : made_of, "revision", {});
  Value::List containers = list_or_empty(made["containers"]).list();
  if (containers.empty()) containers.emplace_back();
  // The one that takes requests: it has a port; the others stand beside it.
  std::size_t at = 0;
  for (std::size_t i = containers.size(); i-- > 0;)
    if (containers[i].has("ports")) at = i;
  containers[at] = container(containers[at], in, out.refused);
  if (at != 0) std::swap(containers[0], containers[at]);
  made = with(made, "containers", Value(containers));
  if (const Value account = given(in, "service_account"); is_there(account))
    made = with(made, "serviceAccount", account.known() && text(account).find('@') == std::string::npos ? join({account, "@", in["project"], ".iam.gserviceaccount.com"}) : account);
  Value scaling = made["scaling"];
  if (const Value least = given(in, "min_instances"); is_there(least)) scaling = with(scaling, "minInstanceCount", least == Value(0) ? Value() : least);
  if (const Value most = given(in, "max_instances"); is_there(most)) scaling = with(scaling, "maxInstanceCount", most);
  if (is_there(scaling)) made = with(made, "scaling", scaling);
  const auto least = integer_or(given(in, "min_instances"), 0), most = integer_or(given(in, "max_instances"), 1000000);
  if (least > most) out.refused = refuse(fmt::format("min_instances {} is more than max_instances {}", least, most), "the range must not be empty");
  if (most == 0) out.refused = refuse("max_instances 0 does not stop a service: Cloud Run refuses it", "take the traffic away, or restrict who may reach it (ingress: internal)");
  if (const Value count = given(in, "concurrency"); is_there(count)) made = with(made, "maxInstanceRequestConcurrency", count);
  if (const Value limit = given(in, "timeout"); is_there(limit)) made = with(made, "timeout", seconds_text(limit));
  if (const Value connector = given(in, "connector"); is_there(connector)) {
    const bool whole = !connector.known() || text(connector).find('/') != std::string::npos;
    Value access = with(made["vpcAccess"], "connector", whole ? connector : join({"projects/", in["project"], "/locations/", in["region"], "/connectors/", connector}));
    if (!access.has("egress")) access = with(access, "egress", Value("PRIVATE_RANGES_ONLY"));
    made = with(made, "vpcAccess", access);
  }
  if (const std::string egress = text(in["egress"]); !egress.empty())
    made = with(made, "vpcAccess", with(made["vpcAccess"], "egress", Value(egress == "all-traffic" ? "ALL_TRAFFIC" : "PRIVATE_RANGES_ONLY")));
  if (is_there(in["sql_instances"])) made = with_cloud_sql(made, in["sql_instances"], in);
  out.made = std::move(made);
  return out;
}

Value template_of(const Value& revision) {
  static constexpr std::string_view k_members[] = {"labels", "annotations", "scaling", "vpcAccess", "timeout", "serviceAccount", "containers", "volumes", "executionEnvironment", "encryptionKey",
                                                   "maxInstanceRequestConcurrency", "serviceMesh", "sessionAffinity", "healthCheckDisabled", "nodeSelector", "gpuZonalRedundancyDisabled"};
  std::vector<std::pair<std::string, Value>> out;
  for (const std::string_view name : k_members)
    if (const Value member = revision[name]; is_there(member)) out.emplace_back(name, member);
  return Value::object(std::move(out));
}

std::string next_revision(const std::string& service, std::int64_t generation, const Value& made) {
  const auto digest = sha256(canonical_json(made));
  std::string letters;
  for (std::size_t i = 0; i < 3; ++i) letters += static_cast<char>('a' + static_cast<unsigned char>(digest[i]) % 26);
  return fmt::format("{}-{:05d}-{}", service, generation + 1, letters);
}

std::string ingress_of(const std::string& wanted) {
  if (wanted == "all") return "INGRESS_TRAFFIC_ALL";
  if (wanted == "internal") return "INGRESS_TRAFFIC_INTERNAL_ONLY";
  if (wanted == "internal-and-cloud-load-balancing") return "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER";
  return {};
}

std::vector<Value> gcloud_flags(const Value& in) {
  struct Row {
    std::string_view name, flag;
  };
  static constexpr Row k_rows[] = {{"cpu", "--cpu="}, {"memory", "--memory="}, {"min_instances", "--min-instances="}, {"max_instances", "--max-instances="}, {"concurrency", "--concurrency="},
                                   {"timeout", "--timeout="}, {"port", "--port="}, {"ingress", "--ingress="}, {"connector", "--vpc-connector="}, {"egress", "--vpc-egress="}};
  std::vector<Value> out;
  if (is_there(in["image"])) out.push_back(join({"--image=", in["image"]}));
  // `^~^` makes ~ the separator, for values that hold commas.
  const auto list = [&](const Named& map, const std::string& flag) {
    std::vector<Value> pieces;
    for (const auto& [name, value] : map) {
      pieces.emplace_back((pieces.empty() ? "^~^" : "~") + name + "=");
      pieces.push_back(value);
    }
    if (!pieces.empty()) out.push_back(join({flag, join(pieces)}));
  };
  const bool all = boolean_or(in["replace_env"], false);
  list(both(in, "env"), all ? "--set-env-vars=" : "--update-env-vars=");
  list(both(in, "secrets"), all ? "--set-secrets=" : "--update-secrets=");
  std::string removed;
  for (const Value& name : elements(in["remove_env"])) removed += (removed.empty() ? "" : ",") + text(name);
  if (!removed.empty() && !all) out.emplace_back("--remove-env-vars=" + removed);
  if (const Value account = given(in, "service_account"); is_there(account))
    out.push_back(join({"--service-account=", text(account).find('@') == std::string::npos ? join({account, "@", in["project"], ".iam.gserviceaccount.com"}) : account}));
  std::vector<Value> instances;
  for (const Value& one : elements(in["sql_instances"])) instances.push_back(join({instances.empty() ? "" : ",", whole_instance(one, in)}));
  if (!instances.empty()) out.push_back(join({"--set-cloudsql-instances=", join(instances)}));
  for (const char* name : {"command", "args"}) {
    std::vector<Value> words;
    for (const Value& one : elements(in[name])) words.push_back(join({words.empty() ? "^~^" : "~", one}));
    if (!words.empty()) out.push_back(join({fmt::format("--{}=", name), join(words)}));
  }
  for (const auto& [name, flag] : k_rows)
    if (const Value value = given(in, name); is_there(value)) out.push_back(join({Value(flag), name == "timeout" ? seconds_text(value) : value}));
  return out;
}

} // namespace belay::modules::cloud_run
