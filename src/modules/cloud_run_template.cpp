#include "modules/cloud_run_template.hpp"
#include "codec/sha256.hpp"
#include "modules/gcloud_list.hpp"
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

Value whole_connector(const Value& name, const Value& in) {
  return !name.known() || text(name).find('/') != std::string::npos ? name : join({"projects/", in["project"], "/locations/", in["region"], "/connectors/", name});
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

/// The one that takes requests: it has a port; the others stand beside it.
std::size_t main_of(const Value::List& containers) {
  for (std::size_t i = 0; i < containers.size(); ++i)
    if (containers[i].has("ports")) return i;
  return 0;
}

Value main_container(const Value& made) {
  const auto containers = elements(made["containers"]);
  return containers.empty() ? Value() : containers[main_of(containers)];
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
  const std::size_t at = main_of(containers);
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
    Value access = with(made["vpcAccess"], "connector", whole_connector(connector, in));
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

std::optional<std::vector<Value>> gcloud_flags(const Value& in, const Value& made_of) {
  struct Row {
    std::string_view name, flag;
  };
  static constexpr Row k_rows[] = {{"cpu", "--cpu="}, {"memory", "--memory="}, {"min_instances", "--min-instances="}, {"max_instances", "--max-instances="}, {"concurrency", "--concurrency="},
                                   {"timeout", "--timeout="}, {"port", "--port="}, {"ingress", "--ingress="}, {"connector", "--vpc-connector="}, {"egress", "--vpc-egress="}};
  std::vector<Value> out;
  if (is_there(in["image"])) out.push_back(join({"--image=", in["image"]}));
  const bool all = boolean_or(in["replace_env"], false);
  std::vector<Value> variables, secrets, gone, gone_secrets;
  const auto env_now = both(in, "env"), secrets_now = both(in, "secrets");
  for (const auto& [name, value] : env_now) variables.push_back(join({name, "=", value.is_unknown() ? value : Value(bare_json(value))}));
  for (const auto& [name, reference] : secrets_now) secrets.push_back(join({name, "=", text(reference).find(':') == std::string::npos && reference.known() ? join({reference, ":latest"}) : reference}));
  const auto removed = elements(in["remove_env"]);
  for (const Value& one : elements(main_container(made_of)["env"])) {
    const auto is_it = [&](const auto& member) { return Value(member.first) == one["name"]; };
    const bool is_secret = one.has("valueSource"), in_env = std::any_of(env_now.begin(), env_now.end(), is_it), in_secrets = std::any_of(secrets_now.begin(), secrets_now.end(), is_it);
    if (is_secret ? in_env : in_secrets) return {}; // gcloud makes no variable of a secret, and no secret of a variable
    if (in_env || in_secrets || !(all || std::find(removed.begin(), removed.end(), one["name"]) != removed.end())) continue;
    if (is_secret) gone_secrets.push_back(one["name"]);
    else if (!all) gone.push_back(one["name"]);
  }
  if (all && variables.empty()) out.emplace_back("--clear-env-vars");
  else if (!variables.empty()) out.push_back(gcloud_list(all ? "--set-env-vars" : "--update-env-vars", variables));
  if (!secrets.empty()) out.push_back(gcloud_list("--update-secrets", secrets));
  if (!gone.empty()) out.push_back(gcloud_list("--remove-env-vars", gone));
  if (!gone_secrets.empty()) out.push_back(gcloud_list("--remove-secrets", gone_secrets));
  if (const Value account = given(in, "service_account"); is_there(account))
    out.push_back(join({"--service-account=", text(account).find('@') == std::string::npos ? join({account, "@", in["project"], ".iam.gserviceaccount.com"}) : account}));
  std::vector<Value> instances;
  for (const Value& one : elements(in["sql_instances"])) instances.push_back(whole_instance(one, in));
  if (!instances.empty()) out.push_back(gcloud_list("--set-cloudsql-instances", instances));
  else if (is_there(in["sql_instances"])) out.emplace_back("--clear-cloudsql-instances");
  for (const char* name : {"command", "args"})
    if (is_there(in[name])) out.push_back(gcloud_list(fmt::format("--{}", name), elements(in[name])));
  for (const auto& [name, flag] : k_rows)
    if (const Value value = given(in, name); is_there(value)) out.push_back(join({Value(flag), name == "timeout" ? seconds_text(value) : name == "connector" ? whole_connector(value, in) : value}));
  return out;
}

} // namespace belay::modules::cloud_run
