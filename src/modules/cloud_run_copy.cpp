#include "modules/cloud_run_copy.hpp"
#include "value/json.hpp"
#include <fmt/core.h>

namespace belay::modules::cloud_run {
namespace {

constexpr const char* k_label = "belay-copy-of";
constexpr Duration k_again = std::chrono::milliseconds(300);

std::string text(const Value& value) { return text_or(value, ""); }
Value place(const Value& in, const Value& service) { return Value::object({{"project", in["project"]}, {"region", in["region"]}, {"service", service}}); }

/// The service of that name, waiting first for an operation that is followed; null where there is none.
Expected<Value> look(const Call& call, const Value& service, const Value& handle, const Reads& reads) {
  const Value in = place(call.in, service);
  auto seen = observe(Call{in, call.id, call.stop, call.tell}, handle, reads);
  return seen ? Expected<Value>((*seen)["service"]) : seen;
}

} // namespace

std::vector<std::string> touches_copy(const Value& in) {
  auto names = touches(in);
  names.push_back(gcp::resource("gcp-run", {in["project"], in["region"], in["to"]}));
  return names;
}
std::vector<std::string> touches_deleted_copy(const Value& in) { return touches(in); }

Expected<Value> observe_copy(const Call& call, const Value& handle, const Reads& reads) {
  auto copy = look(call, call.in["to"], handle, reads);
  if (!copy) return copy;
  if (!handle.is_null()) return Value::object({{"copy", std::move(*copy)}});
  const auto source = observe_existing(call, {}, reads);
  if (!source) return source;
  const auto now = serving((*source)["service"]);
  const Value* revision = now.empty() ? nullptr : find_revision((*source)["revisions"], now.front().first);
  if (!revision) return Unexpected(Failure{Cause::missing, Reached::yes, fmt::format("no revision of {} serves, so there is none to copy", text(call.in["service"])), "cloud-run.describe tells what is wrong with it"});
  return Value::object({{"copy", std::move(*copy)}, {"template", template_of(*revision)}, {"ingress", (*source)["service"]["ingress"]}});
}

Intent prepare_copy(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  intent.touches = {gcp::resource("gcp-run", {in["project"], in["region"], in["to"]})};
  const Value parent = join({"v2/projects/", gcp::segment(in["project"]), "/locations/", gcp::segment(in["region"]), "/services"});
  const Edited edit = seen.known() ? edited(seen["template"], in) : Edited{seen.is_unknown() ? seen : seen["template"], {}};
  intent.act = gcp::send("POST", gcp::with_query(gcp::url("run", parent), {{"serviceId", in["to"]}}),
                         gcp::members({{"labels", Value::object({{k_label, in["service"]}})}, {"template", edit.made}, {"ingress", seen["ingress"]}}));
  intent.outputs = Value::object({{"service", in["to"]}, {"url", Value::minted("url")}});
  intent.extra = Value::object({{"service", in["to"]}});
  intent.refused = edit.refused;
  if (!intent.refused && !seen.is_unknown() && !seen["copy"].is_null())
    intent.refused = Failure{Cause::refused, Reached::no, fmt::format("there is a service '{}' already", bare_json(in["to"])),
                             "if an earlier run left it there and nobody needs it: " + shell_line({"gcloud", "run", "services", "delete", in["to"], join({"--region=", in["region"]}), join({"--project=", in["project"]})})};
  return intent;
}

Outcome answer_copy(const Intent&, const Expected<Answer>& answer) {
  return gcp::answered(answer, [](const Value& operation) {
    Outcome outcome;
    outcome.state = State::pending;
    outcome.handle = operation["name"];
    outcome.again = std::chrono::milliseconds(1);
    return outcome;
  });
}

Outcome judge_copy(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  const Value copy = now["copy"];
  if (copy.is_null()) {
    outcome.state = State::not_seen;
  } else if (boolean_or(copy["reconciling"], false)) {
    outcome.state = State::pending;
    outcome.again = k_again;
  } else if (short_name(copy["latestReadyRevision"]).empty()) {
    outcome.state = State::partial;
    outcome.failure = Failure{Cause::rejected, Reached::yes, fmt::format("the copy {} did not become ready: {}", bare_json(intent.extra["service"]), complaint(copy)), "see its log"};
  } else {
    outcome.outputs = fill(intent.outputs, "url", copy["uri"]);
  }
  return outcome;
}

Expected<Value> observe_delete_copy(const Call& call, const Value& handle, const Reads& reads) {
  auto copy = look(call, call.in["service"], handle, reads);
  if (!copy) return copy;
  if (copy->is_null()) return Value::object({{"copy", Value()}});
  return Value::object({{"copy", gcp::members({{"etag", (*copy)["etag"]}, {"of", (*copy)["labels"][k_label]}, {"going", (*copy)["deleteTime"]}})}});
}

Intent prepare_delete_copy(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  intent.act = gcp::send("DELETE", service_url(in), {});
  intent.equivalent = shell_line({"gcloud", "run", "services", "delete", in["service"], join({"--region=", in["region"]}), join({"--project=", in["project"]}), "--quiet"});
  intent.touches = touches(in);
  intent.outputs = Value::object({{"service", in["service"]}});
  if (seen.is_unknown()) return intent;
  intent.nothing = seen["copy"].is_null();
  if (!intent.nothing && !in["of"].is_unknown() && seen["copy"]["of"] != in["of"])
    intent.refused = Failure{Cause::refused, Reached::no, fmt::format("'{}' is no copy of '{}' that belay made, so it is not deleted", bare_json(in["service"]), bare_json(in["of"])), "is the name right?"};
  return intent;
}

Outcome judge_delete_copy(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  if (now["copy"].is_null()) return outcome;
  outcome.state = now["copy"]["going"].is_null() ? State::not_seen : State::pending;
  outcome.again = k_again;
  return outcome;
}

} // namespace belay::modules::cloud_run
