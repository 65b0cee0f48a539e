#include "clients/gcp/operation.hpp"
#include "clients/gcp/proto_json.hpp"
#include "modules/catalog.hpp"
#include "modules/command_outcome.hpp"
#include "modules/inputs.hpp"
#include "value/json.hpp"
#include <fmt/core.h>

/// Memorystore for Redis.
namespace belay::modules {
namespace {

Value instance_url(const Value& in, const std::vector<Value>& path = {}) {
  std::vector<Value> pieces{"v1/projects/", gcp::segment(in["project"]), "/locations/", gcp::segment(in["region"]), "/instances/", gcp::segment(in["instance"])};
  pieces.insert(pieces.end(), path.begin(), path.end());
  return gcp::url("redis", join(pieces));
}
std::vector<std::string> touches(const Value& in) { return {gcp::resource("gcp-redis", {in["project"], in["region"], in["instance"]})}; }

std::string gcloud(const Value& in, std::vector<Value> words) {
  words.insert(words.begin(), {"gcloud", "redis", "instances"});
  words.insert(words.end(), {join({"--region=", in["region"]}), join({"--project=", in["project"]}), "--quiet"});
  return shell_line(words);
}

/// {instance}; with a handle {operation, age, instance}.
Expected<Value> observe(const Call& call, const Value& handle, const Reads& reads) {
  auto instance = gcp::read(reads, gcp::get(instance_url(call.in)), call.stop);
  if (!instance) return instance;
  const Value kept = gcp::members({{"state", (*instance)["state"]}, {"size_gb", gcp::whole((*instance)["memorySizeGb"])}, {"tier", (*instance)["tier"]}, {"zone", (*instance)["currentLocationId"]}});
  if (handle.is_null()) return Value::object({{"instance", kept}});
  const auto looked = gcp::look_at_operation(reads, gcp::url("redis", join({"v1/", handle})), call.stop);
  if (!looked) return looked;
  return Value::object({{"operation", (*looked)["operation"]}, {"age", (*looked)["age"]}, {"instance", kept}});
}

Outcome read_describe(const Call& call, const Reads& reads) {
  const auto instance = gcp::read(reads, gcp::get(instance_url(call.in)), call.stop);
  if (!instance) return unread(instance.error(), boolean_or(call.in["judge"], false), call.in["instance"]);
  Outcome outcome;
  const auto state = text_or((*instance)["state"], "unknown");
  outcome.outputs = Value::object({{"state", state},
                                   {"host", (*instance)["host"]},
                                   {"port", gcp::whole((*instance)["port"])},
                                   {"size_gb", gcp::whole((*instance)["memorySizeGb"])},
                                   {"tier", (*instance)["tier"]},
                                   {"version", (*instance)["redisVersion"]},
                                   {"zone", (*instance)["currentLocationId"]}});
  if (boolean_or(call.in["judge"], false) && state != "READY") outcome.findings.push_back({bare_json(call.in["instance"]), "the Memorystore instance is " + state, {}});
  return outcome;
}

Outcome judge(const Intent& intent, const Value& now, bool holds) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  if (now.has("operation")) {
    return gcp::followed(now, [&](const Value& operation) {
      outcome.handle = operation["name"];
      return outcome;
    });
  }
  const auto state = text_or(now["instance"]["state"], "");
  if (state == "UPDATING" || state == "FAILING_OVER") {
    outcome.state = State::pending;
    outcome.again = std::chrono::seconds(2);
  } else if (!holds) {
    outcome.state = State::not_seen;
  }
  return outcome;
}

Intent prepare_resize(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  intent.act = gcp::send("PATCH", instance_url(in, {"?updateMask=memorySizeGb"}), Value::object({{"memorySizeGb", in["size_gb"]}}));
  intent.equivalent = gcloud(in, {"update", in["instance"], join({"--size=", in["size_gb"]})});
  intent.touches = touches(in);
  const Value before = seen["instance"]["size_gb"];
  intent.outputs = Value::object({{"size_gb", in["size_gb"]}, {"before", before}});
  intent.extra = in;
  intent.nothing = !seen.is_unknown() && before == in["size_gb"];
  return intent;
}
Outcome judge_resize(const Intent& intent, const Value&, const Value& now) { return judge(intent, now, now["instance"]["size_gb"] == intent.extra["size_gb"]); }
Standing standing_resize(const Intent& intent, const Value& seen, const Value&, const Value& now) {
  const Value size = now["instance"]["size_gb"];
  if (size == intent.extra["size_gb"]) return Standing::as_left;
  return size == seen["instance"]["size_gb"] ? Standing::as_before : Standing::otherwise;
}
Value undo_resize(const Intent& intent, const Value& seen, const Value&) {
  const Value before = seen["instance"]["size_gb"], in = intent.extra;
  if (before.is_null() || before.is_unknown() || before == in["size_gb"]) return {};
  return Value::object({{"project", in["project"]}, {"region", in["region"]}, {"instance", in["instance"]}, {"size_gb", before}});
}

Intent prepare_failover(const Value& in, const Value& seen, const Identity&) {
  const bool force = boolean_or(in["lose_data"], false);
  Intent intent;
  intent.act = gcp::send("POST", instance_url(in, {":failover"}), Value::object({{"dataProtectionMode", force ? "FORCE_DATA_LOSS" : "LIMITED_DATA_LOSS"}}));
  intent.equivalent = gcloud(in, {"failover", in["instance"], force ? "--data-protection-mode=force-data-loss" : "--data-protection-mode=limited-data-loss"});
  intent.touches = touches(in);
  intent.outputs = Value::object({{"zone", seen["instance"]["zone"]}});
  if (!seen.is_unknown() && text_or(seen["instance"]["tier"], "") == "BASIC")
    intent.refused = Failure{Cause::refused, Reached::no, fmt::format("'{}' is of tier BASIC and has no replica to fail over to", bare_json(in["instance"])), "its data is a cache's: a restart of the service warms it again"};
  return intent;
}
Outcome judge_failover(const Intent& intent, const Value& seen, const Value& now) { return judge(intent, now, now["instance"]["zone"] != seen["instance"]["zone"]); }

#define BELAY_REDIS_FIELDS                                                                                                                       \
  {.name = "project", .type = k_text, .help = "the Google Cloud project"}, {.name = "region", .type = k_text, .help = "where the instance is"}, \
      {.name = "instance", .type = k_text, .help = "the instance's name"}

constexpr Field k_describe_in[] = {BELAY_REDIS_FIELDS, {.name = "judge", .type = k_boolean, .required = false, .standard = "false", .help = "whether an instance that is not READY is a finding"}};
constexpr Field k_describe_out[] = {
    {.name = "state", .type = k_text, .help = "READY, UPDATING, FAILING_OVER …"},
    {.name = "host", .type = k_text, .required = false, .help = "its address"},
    {.name = "port", .type = k_integer, .required = false, .help = "its port"},
    {.name = "size_gb", .type = k_integer, .help = "its memory"},
    {.name = "tier", .type = k_text, .help = "BASIC, or STANDARD_HA with a replica"},
    {.name = "version", .type = k_text, .required = false, .help = "of Redis"},
    {.name = "zone", .type = k_text, .required = false, .help = "where its primary is"},
};
constexpr Field k_resize_in[] = {BELAY_REDIS_FIELDS, {.name = "size_gb", .type = k_integer, .help = "its memory from now on"}};
constexpr Field k_resize_out[] = {{.name = "size_gb", .type = k_integer, .help = "the wanted size"}, {.name = "before", .type = k_integer, .help = "as it was"}};
constexpr Field k_failover_in[] = {
    BELAY_REDIS_FIELDS, {.name = "lose_data", .type = k_boolean, .required = false, .standard = "false", .help = "whether to fail over even where the replica lags behind, which loses what it lacks"}};
constexpr Field k_failover_out[] = {{.name = "zone", .type = k_text, .required = false, .help = "the zone that it left"}};
#undef BELAY_REDIS_FIELDS

constexpr Action k_actions[] = {
    {"describe", "State, address and size of an instance", k_describe_in, k_describe_out, Read{.read = read_describe, .touches = touches}},
    {"resize", "Gives an instance more or less memory", k_resize_in, k_resize_out,
     Change{.effect = Effect::changes, .repeat = Repeat::same_state, .observe = observe, .prepare = prepare_resize, .answer = gcp::started, .judge = judge_resize, .undo = undo_resize, .standing = standing_resize, .touches = touches,
            .lateness = std::chrono::seconds(60)}},
    {"failover", "Moves an instance to its replica", k_failover_in, k_failover_out,
     Change{.effect = Effect::changes, .repeat = Repeat::once, .observe = observe, .prepare = prepare_failover, .answer = gcp::started, .judge = judge_failover, .touches = touches}},
};

} // namespace

constinit const Module memorystore{"memorystore", "Memorystore for Redis", k_actions};

} // namespace belay::modules
