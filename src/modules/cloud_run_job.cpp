#include "modules/cloud_run_job.hpp"
#include "modules/gcloud_list.hpp"
#include "value/json.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <fmt/core.h>

namespace belay::modules::cloud_run {
namespace {

constexpr Duration k_again = std::chrono::milliseconds(500);

std::string text(const Value& value) { return text_or(value, ""); }
Value jobs_path(const Value& in) { return join({"v2/projects/", gcp::segment(in["project"]), "/locations/", gcp::segment(in["region"]), "/jobs"}); }
Value job_url(const Value& in) { return gcp::url("run", join({jobs_path(in), "/", gcp::segment(in["job"])})); }
std::vector<Value> place(const Value& in) { return {in["job"], join({"--project=", in["project"]}), join({"--region=", in["region"]})}; }
Value place_of(const Value& in) { return Value::object({{"project", in["project"]}, {"region", in["region"]}, {"job", in["job"]}}); }

/// The execution's containers.
std::string image_of(const Value& job) {
  const auto all = elements(job["template"]["template"]["containers"]);
  return all.empty() ? "" : text(all.front()["image"]);
}

Value with(const Value& map, std::string_view name, Value value) {
  Value::Map out;
  bool found = false;
  if (map.kind() == Kind::map)
    for (const auto& member : map.map()) {
      const bool here = member.first == Value(name);
      out.emplace_back(member.first, here ? value : member.second);
      found = found || here;
    }
  if (!found) out.emplace_back(Value(name), value);
  return Value(std::move(out));
}

Outcome ended(State state, Cause cause, std::string message, std::string hint) {
  Outcome out;
  out.state = state;
  out.failure = Failure{cause, Reached::yes, std::move(message), std::move(hint)};
  return out;
}

} // namespace

std::vector<std::string> touches_job(const Value& in) { return {gcp::resource("gcp-run-job", {in["project"], in["region"], in["job"]})}; }

Expected<Value> observe_job(const Call& call, const Value& handle, const Reads& reads) {
  if (handle.kind() == Kind::text && !handle.is_unknown()) {
    const auto execution = gcp::read(reads, gcp::get(gcp::url("run", join({"v2/", handle}))), call.stop);
    if (!execution) return execution;
    return Value::object({{"job", Value()}, {"executions", Value(Value::List{})}, {"execution", *execution}});
  }
  const Request both[] = {gcp::get(job_url(call.in)), gcp::get(gcp::with_query(join({job_url(call.in), "/executions"}), {{"pageSize", Value(50)}}))};
  std::vector<Expected<Answer>> answers(2, Unexpected(Failure{}));
  reads.http.read_all(both, 2, [&](std::size_t i, Expected<Answer> answer) { answers[i] = std::move(answer); }, call.stop);
  const auto job = gcp::body_of(answers[0]), executions = gcp::body_of(answers[1]);
  if (!job && job.error().cause == Cause::missing) {
    std::vector<std::string> known;
    if (const auto all = gcp::read_pages(reads, gcp::get(gcp::url("run", jobs_path(call.in))), "jobs", 500, call.stop))
      for (const Value& one : all->list()) known.push_back(short_name(one["name"]));
    return Unexpected(Failure{Cause::missing, Reached::yes, fmt::format("there is no Cloud Run job '{}' in {} of {}", text(call.in["job"]), text(call.in["region"]), text(call.in["project"])), did_you_mean(text(call.in["job"]), known)});
  }
  if (!job) return job;
  if (!executions) return executions;
  Value::List names;
  for (const Value& one : elements((*executions)["executions"])) names.push_back(one["name"]);
  return Value::object({{"job", *job}, {"executions", Value(std::move(names))}, {"execution", Value()}});
}

Intent prepare_job_image(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  intent.touches = touches_job(in);
  const Value job = seen["job"];
  Value body;
  if (seen.known()) {
    Value task = job["template"]["template"];
    Value::List containers = elements(task["containers"]);
    if (containers.empty()) containers.emplace_back();
    containers.front() = with(containers.front(), "image", in["image"]);
    task = with(task, "containers", Value(std::move(containers)));
    std::vector<std::pair<std::string, Value>> all{{"name", job["name"]}, {"etag", job["etag"]}, {"template", with(job["template"], "template", task)}};
    for (const char* name : {"labels", "annotations", "launchStage", "binaryAuthorization"})
      if (!job[name].is_null()) all.emplace_back(name, job[name]);
    body = Value::object(std::move(all));
  } else {
    const Value later = Value::unknown(seen.waits_for());
    body = Value::object({{"etag", later}, {"template", later}, {"image", in["image"]}});
  }
  intent.act = gcp::send("PATCH", job_url(in), body);
  intent.nothing = seen.known() && in["image"].known() && image_of(job) == text(in["image"]) && text(in["image"]).find("@sha256:") != std::string::npos;
  intent.extra = with(place_of(in), "image", in["image"]);
  intent.outputs = Value::object({{"image", in["image"]}, {"before", seen.known() ? Value(image_of(job)) : Value::unknown(seen.waits_for())}});
  auto words = std::vector<Value>{"gcloud", "run", "jobs", "update"};
  for (const Value& one : place(in)) words.push_back(one);
  words.push_back(join({"--image=", in["image"]}));
  intent.equivalent = shell_line(words);
  return intent;
}

Outcome answer_job_image(const Intent&, const Expected<Answer>& answer) {
  return gcp::answered(answer, [](const Value&) {
    Outcome out;
    out.state = State::pending;
    out.again = std::chrono::milliseconds(1);
    return out;
  });
}

Outcome judge_job_image(const Intent& intent, const Value& seen, const Value& now) {
  const Value job = now["job"];
  Outcome out;
  out.outputs = intent.outputs;
  const bool ours = image_of(job) == text(intent.extra["image"]);
  if (ours && boolean_or(job["reconciling"], false)) {
    out.state = State::pending;
    out.again = k_again;
    return out;
  }
  if (ours && text(job["terminalCondition"]["state"]) == "CONDITION_FAILED") return ended(State::partial, Cause::rejected, "the job is not ready: " + complaint(job), "");
  if (ours) return out;
  if (job["etag"] != seen["job"]["etag"]) return ended(State::no_effect, Cause::conflict, fmt::format("somebody else changed the job {}", text(intent.extra["job"])), "look at it, then decide anew");
  out.state = State::not_seen;
  return out;
}

Standing standing_job_image(const Intent& intent, const Value& seen, const Value&, const Value& now) {
  const std::string image = image_of(now["job"]);
  if (image == text(intent.extra["image"])) return Standing::as_left;
  return image == image_of(seen["job"]) ? Standing::as_before : Standing::otherwise;
}

Value undo_job_image(const Intent& intent, const Value& seen, const Value&) {
  const std::string before = image_of(seen["job"]);
  if (before.empty() || before == text(intent.extra["image"])) return {};
  return with(place_of(intent.extra), "image", Value(before));
}

Intent prepare_job_run(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  intent.touches = touches_job(in);
  std::vector<std::pair<std::string, Value>> container;
  Value::List variables;
  std::vector<Value> set;
  for (const auto& [name, value] : named(in["env"])) {
    variables.push_back(Value::object({{"name", Value(name)}, {"value", value.is_unknown() ? value : Value(bare_json(value))}}));
    if (value.has_secret()) intent.refused = Failure{Cause::refused, Reached::no, fmt::format("the variable {} is a secret, and an execution's variables can be read by everyone who may look at it", name), "give it to the job from Secret Manager"};
    set.emplace_back(fmt::format("{}={}", name, bare_json(value)));
  }
  if (!in["args"].is_null()) container.emplace_back("args", in["args"]);
  if (!variables.empty()) container.emplace_back("env", Value(std::move(variables)));
  const Value overrides = container.empty() ? Value() : Value::object({{"containerOverrides", Value(Value::List{Value::object(std::move(container))})}});
  const Value etag = seen["job"]["etag"];
  intent.act = gcp::send("POST", join({job_url(in), ":run"}), gcp::members({{"etag", etag}, {"overrides", overrides}}));
  intent.extra = place_of(in);
  intent.outputs = Value::object({{"execution", Value::minted("execution")}});
  auto words = std::vector<Value>{"gcloud", "run", "jobs", "execute"};
  for (const Value& one : place(in)) words.push_back(one);
  if (const auto args = elements(in["args"]); !args.empty()) words.push_back(gcloud_list("--args", args));
  if (!set.empty()) words.push_back(gcloud_list("--update-env-vars", set));
  words.emplace_back("--wait");
  intent.equivalent = shell_line(words);
  return intent;
}

Outcome answer_job_run(const Intent&, const Expected<Answer>& answer) {
  return gcp::answered(answer, [](const Value& operation) {
    Outcome out;
    out.state = State::pending;
    out.handle = operation["metadata"]["name"];
    out.again = std::chrono::milliseconds(100);
    if (text(out.handle).empty()) {
      out.handle = {};
      out.state = State::unknown;
      out.failure = Failure{Cause::malformed, Reached::yes, "the answer does not name the execution", ""};
    }
    return out;
  });
}

Outcome judge_job_run(const Intent& intent, const Value& seen, const Value& now) {
  const Value execution = now["execution"];
  Outcome out;
  if (execution.is_null()) {
    std::vector<Value> fresh;
    const auto before = elements(seen["executions"]);
    for (const Value& name : elements(now["executions"]))
      if (std::find(before.begin(), before.end(), name) == before.end()) fresh.push_back(name);
    if (fresh.size() > 1) return ended(State::unknown, Cause::conflict, fmt::format("{} executions of {} began meanwhile, and which is this run's cannot be told", fresh.size(), text(intent.extra["job"])), "look at them: gcloud run jobs executions list");
    out.state = fresh.empty() ? State::not_seen : State::pending;
    if (!fresh.empty()) out.handle = fresh.front();
    out.again = k_again;
    return out;
  }
  const std::string name = short_name(execution["name"]), log = text(execution["logUri"]);
  const bool over = !text(execution["completionTime"]).empty();
  std::string state;
  for (const Value& condition : elements(execution["conditions"]))
    if (text(condition["type"]) == "Completed") state = text(condition["state"]);
  if (!over && state != "CONDITION_FAILED" && state != "CONDITION_SUCCEEDED") {
    out.state = State::pending;
    out.handle = execution["name"];
    out.again = k_again;
    return out;
  }
  const auto count = [&](const char* member) { return integer_or(gcp::whole(execution[member]), 0); };
  if (state == "CONDITION_FAILED" || count("failedCount") > 0 || count("cancelledCount") > 0)
    return ended(State::partial, Cause::rejected, fmt::format("execution {} failed: {}", name, complaint(execution)), log.empty() ? "" : "its log: " + log);
  out.outputs = Value::object({{"execution", Value(name)}, {"succeeded", Value(count("succeededCount"))}, {"log", Value(log)}});
  return out;
}

} // namespace belay::modules::cloud_run
