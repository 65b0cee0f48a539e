#include "modules/cloud_sql_parts.hpp"
#include "value/json.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <fmt/core.h>

namespace belay::modules::cloud_sql {
namespace {

constexpr Duration k_wait_for_others = std::chrono::minutes(30);

bool is_known_text(const Value& value, std::string_view text) { return !value.is_unknown() && !value.is_secret() && value.kind() == Kind::text && value.text() == text; }

/// The instance's word for having something else to do, in the reason of its refusal.
bool in_progress(const Expected<Answer>& answer) {
  if (!answer || answer->status != 409) return false;
  const auto body = parse_json(answer->body);
  if (!body) return false;
  for (const Value& error : elements((*body)["error"]["errors"]))
    if (is_known_text(error["reason"], "operationInProgress")) return true;
  return false;
}

std::string running_of(const Value& operations) {
  for (const Value& one : elements(operations))
    if (!is_known_text(one["status"], "DONE")) return fmt::format("{} ({})", text_or(one["type"], "an operation"), text_or(one["name"], ""));
  return {};
}

Outcome stopped_while_waiting(const std::string& other, bool by_stop) {
  Outcome outcome;
  outcome.state = State::no_effect;
  outcome.failure = Failure{by_stop ? Cause::stopped : Cause::conflict, Reached::yes, fmt::format("the instance is busy with {}, and nothing else can begin before its end", other.empty() ? "another operation" : other),
                            "when it has ended, try again"};
  return outcome;
}

} // namespace

Value project_url(const Value& in, const std::vector<Value>& path) {
  std::vector<Value> pieces{"v1/projects/", gcp::segment(in["project"])};
  pieces.insert(pieces.end(), path.begin(), path.end());
  return gcp::url("sqladmin", join(pieces));
}

Value instance_url(const Value& in, const std::vector<Value>& path) {
  std::vector<Value> pieces{"/instances/", gcp::segment(in["instance"])};
  pieces.insert(pieces.end(), path.begin(), path.end());
  return project_url(in, pieces);
}

std::vector<std::string> touches(const Value& in) { return {gcp::resource("gcp-sql", {in["project"], in["instance"]})}; }

Expected<Value> read_instance(const Call& call, const Reads& reads) {
  auto instance = gcp::read(reads, gcp::get(instance_url(call.in)), call.stop);
  if (instance || instance.error().cause != Cause::missing) return instance;
  Failure failure = instance.error();
  std::vector<std::string> names;
  if (const auto all = gcp::read_pages(reads, gcp::get(project_url(call.in, {"/instances?maxResults=1000"})), "items", 1000, call.stop))
    for (const Value& one : elements(*all)) names.push_back(text_or(one["name"], ""));
  failure.message = fmt::format("project {} has no Cloud SQL instance '{}'", bare_json(call.in["project"]), bare_json(call.in["instance"]));
  failure.hint = did_you_mean(text_or(call.in["instance"], ""), names);
  return Unexpected(std::move(failure));
}

Expected<Value> read_operations(const Call& call, const Reads& reads) {
  const auto all = gcp::read(reads, gcp::get(project_url(call.in, {"/operations?instance=", gcp::segment(call.in["instance"]), "&maxResults=20"})), call.stop);
  if (!all) return all;
  Value::List short_forms;
  for (const Value& one : elements((*all)["items"])) {
    const Value& from = one["exportContext"].is_null() ? one["importContext"] : one["exportContext"];
    short_forms.push_back(gcp::members({{"name", one["name"]}, {"type", one["operationType"]}, {"status", one["status"]}, {"uri", from["uri"]}, {"backup", one["backupContext"]["backupId"]}}));
  }
  return Value(std::move(short_forms));
}

Expected<Value> observe_operations(const Call& call, const Value& handle, const Reads& reads) {
  if (!handle.is_null()) return gcp::look_at_operation(reads, project_url(call.in, {"/operations/", gcp::segment(handle)}), call.stop);
  auto operations = read_operations(call, reads);
  if (!operations) return operations;
  return Value::object({{"operations", std::move(*operations)}});
}

Expected<Value> observe(const Call& call, const Value& handle, const Reads& reads) {
  if (!handle.is_null()) return observe_operations(call, handle, reads);
  auto instance = read_instance(call, reads);
  if (!instance) return instance;
  auto operations = read_operations(call, reads);
  if (!operations) return operations;
  return Value::object({{"instance", std::move(*instance)}, {"operations", std::move(*operations)}});
}

Outcome send(const Intent& intent, const Call& call, Ports& ports) {
  const auto& request = std::get<Request>(intent.act);
  const Stop patience = call.stop.nested(k_wait_for_others);
  std::string other;
  for (auto pause = Duration(std::chrono::milliseconds(250));; pause = std::min<Duration>(pause * 3 / 2, std::chrono::seconds(10))) {
    const auto answer = ports.http.send(request, nullptr, call.stop);
    if (!in_progress(answer)) return gcp::started(intent, answer);
    // The refusal is certain, so sending again repeats nothing.
    const auto operations = read_operations(call, ports.reads());
    if (const auto running = operations ? running_of(*operations) : std::string(); !running.empty() && running != other) {
      other = running;
      call.tell.output(fmt::format("waiting for {} on {} to end\n", other, bare_json(call.in["instance"])));
    }
    if (!ports.time.sleep(pause, patience)) return stopped_while_waiting(other, bool(call.stop));
  }
}

Outcome judge_lost(const Intent& intent, const Value& seen, const Value& now) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  outcome.state = State::not_seen;
  const auto before = elements(seen["operations"]);
  std::vector<Value> candidates;
  for (const Value& one : elements(now["operations"])) {
    const bool is_new = std::none_of(before.begin(), before.end(), [&](const Value& old) { return old["name"] == one["name"]; });
    const bool fits = one["type"] == intent.extra["type"] && (intent.extra["uri"].is_null() || one["uri"] == intent.extra["uri"]);
    if (is_new && fits) candidates.push_back(one["name"]);
  }
  if (candidates.size() == 1) {
    outcome.state = State::pending;
    outcome.handle = candidates.front();
    outcome.again = std::chrono::milliseconds(200);
  } else if (candidates.size() > 1) {
    outcome.state = State::unknown;
    outcome.failure = Failure{Cause::transport, Reached::perhaps, fmt::format("the answer was lost, and {} operations of that kind have begun since: which is this run's cannot be told", candidates.size()), "see `gcloud sql operations list`"};
  }
  return outcome;
}

Outcome judge(const Intent& intent, const Value& seen, const Value& now) {
  if (!now.has("operation")) return judge_lost(intent, seen, now);
  return gcp::followed(now, [&](const Value& operation) {
    Outcome outcome;
    outcome.outputs = intent.outputs;
    outcome.handle = operation["name"];
    return outcome;
  });
}

Intent intent_of(const Value& in, std::string method, Value url, Value body, std::string_view type) {
  Intent intent;
  intent.act = gcp::send(std::move(method), std::move(url), std::move(body));
  intent.touches = touches(in);
  intent.outputs = Value::object({{"instance", in["instance"]}});
  intent.extra = Value::object({{"type", type}});
  return intent;
}

} // namespace belay::modules::cloud_sql
