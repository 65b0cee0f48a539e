#include "clients/gcp/operation.hpp"
#include "clients/gcp/proto_json.hpp"
#include "modules/catalog.hpp"
#include "modules/command_outcome.hpp"
#include "modules/inputs.hpp"
#include <algorithm>

/// Which of Google's APIs a project may use.
namespace belay::modules {
namespace {

std::vector<std::string> touches(const Value& in) { return {gcp::resource("gcp-services", {in["project"]})}; }

Value project_path(const Value& in) { return join({"v1/projects/", gcp::segment(in["project"]), "/services"}); }

Expected<Value> read_enabled(const Call& call, const Reads& reads) {
  const auto all = gcp::read_pages(reads, gcp::get(gcp::url("serviceusage", join({project_path(call.in), "?filter=state%3AENABLED&pageSize=200"}))), "services", 10000, call.stop);
  if (!all) return all;
  Value::List names;
  for (const Value& one : elements(*all)) {
    const Value configured = one["config"]["name"];
    names.push_back(configured.is_null() ? Value(gcp::last_part(text_or(one["name"], ""))) : configured);
  }
  return Value(std::move(names));
}

Value missing_of(const Value& wanted, const Value& enabled) {
  Value::List missing;
  const auto there = elements(enabled);
  for (const Value& one : elements(wanted))
    if (std::find(there.begin(), there.end(), one) == there.end()) missing.push_back(one);
  return missing;
}

Outcome read_list(const Call& call, const Reads& reads) {
  const auto enabled = read_enabled(call, reads);
  if (!enabled) return failed_outcome(enabled.error());
  Outcome outcome;
  outcome.outputs = Value::object({{"enabled", *enabled}, {"missing", missing_of(call.in["needs"], *enabled)}});
  for (const Value& one : elements(outcome.outputs["missing"])) outcome.findings.push_back({text_or(one, ""), "the API is not enabled", {}});
  return outcome;
}

/// {missing}: those that are wanted and not enabled; with a handle {operation, age}.
Expected<Value> observe(const Call& call, const Value& handle, const Reads& reads) {
  if (!handle.is_null()) return gcp::look_at_operation(reads, gcp::url("serviceusage", join({"v1/", handle})), call.stop);
  const auto enabled = read_enabled(call, reads);
  if (!enabled) return enabled;
  return Value::object({{"missing", missing_of(call.in["services"], *enabled)}});
}

Intent prepare(const Value& in, const Value& seen, const Identity&) {
  const Value missing = seen.is_unknown() ? seen : seen["missing"];
  Intent intent;
  intent.act = gcp::send("POST", gcp::url("serviceusage", join({project_path(in), ":batchEnable"})), Value::object({{"serviceIds", missing}}));
  std::vector<Value> words{"gcloud", "services", "enable"};
  for (const Value& one : elements(missing)) words.push_back(one);
  words.push_back(join({"--project=", in["project"]}));
  intent.equivalent = shell_line(words);
  intent.touches = touches(in);
  intent.outputs = Value::object({{"enabled", missing}});
  intent.nothing = !seen.is_unknown() && elements(missing).empty();
  if (elements(missing).size() > 20) intent.refused = Failure{Cause::refused, Reached::no, "Google enables no more than 20 services at once", "enable them in several steps"};
  return intent;
}

Outcome judge(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  if (now.has("operation"))
    return gcp::followed(now, [&](const Value& operation) {
      outcome.handle = operation["name"];
      return outcome;
    });
  if (!elements(now["missing"]).empty()) outcome.state = State::not_seen;
  return outcome;
}

constexpr Field k_list_in[] = {
    {.name = "project", .type = k_text, .help = "the Google Cloud project"},
    {.name = "needs", .type = k_texts, .required = false, .help = "services of which one that is not enabled is a finding"},
};
constexpr Field k_list_out[] = {{.name = "enabled", .type = k_texts, .help = "run.googleapis.com …"}, {.name = "missing", .type = k_texts, .help = "of `needs`, those that are not enabled"}};
constexpr Field k_enable_in[] = {
    {.name = "project", .type = k_text, .help = "the Google Cloud project"},
    {.name = "services", .type = k_texts, .help = "run.googleapis.com …; those that are enabled already stay so"},
};
constexpr Field k_enable_out[] = {{.name = "enabled", .type = k_texts, .help = "those that were not before"}};

constexpr Action k_actions[] = {
    {"list", "The APIs that a project may use", k_list_in, k_list_out, Read{.read = read_list, .touches = touches}},
    {"enable", "Enables APIs", k_enable_in, k_enable_out,
     Change{.effect = Effect::adds, .repeat = Repeat::same_state, .observe = observe, .prepare = prepare, .answer = gcp::started, .judge = judge, .touches = touches, .lateness = std::chrono::seconds(60)}},
};

} // namespace

constinit const Module service_usage{"service-usage", "Which of Google's APIs a project may use", k_actions};

} // namespace belay::modules
