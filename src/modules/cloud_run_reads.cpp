#include "modules/cloud_run_reads.hpp"
#include "modules/cloud_run_traffic.hpp"
#include "modules/command_outcome.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <fmt/core.h>

namespace belay::modules::cloud_run {
namespace {

std::string text(const Value& value) { return text_or(value, ""); }
bool has(const std::vector<std::string>& all, const std::string& name) { return std::find(all.begin(), all.end(), name) != all.end(); }
Value list_of(const std::vector<std::string>& all) {
  Value::List out;
  for (const auto& one : all) out.emplace_back(one);
  return Value(std::move(out));
}

/// The container that takes requests.
Value container_of(const Value& made) {
  const auto all = elements(made["containers"]);
  for (const Value& one : all)
    if (one.has("ports")) return one;
  return all.empty() ? Value() : all.front();
}

Value tags_value(const Value& service) {
  std::vector<std::pair<std::string, Value>> out;
  for (const auto& [tag, revision] : tags(service)) out.emplace_back(tag, Value::object({{"revision", Value(revision)}, {"url", Value(tag_url(service, tag))}}));
  return Value::object(std::move(out));
}

/// What is wrong with how the service stands; empty: nothing.
std::vector<std::string> troubles(const Value& service, const Value& revisions) {
  std::vector<std::string> out;
  const auto now = serving(service);
  if (now.empty()) out.emplace_back("no revision gets traffic");
  for (const auto& [name, percent] : now)
    if (const Value* revision = find_revision(revisions, name); !revision || !is_ready(*revision))
      out.push_back(fmt::format("revision {} gets {} % of the traffic and is not ready{}", name, percent, revision && !complaint(*revision).empty() ? ": " + complaint(*revision) : ""));
  if (text(service["terminalCondition"]["state"]) == "CONDITION_FAILED") out.push_back(complaint(service).empty() ? "its last change failed" : complaint(service));
  return out;
}

Value revision_value(const Value& revision, const Value& service) {
  const std::string name = short_name(revision["name"]);
  const auto record = record_of(service);
  std::int64_t percent = 0;
  for (const auto& [one, share] : serving(service))
    if (one == name) percent = share;
  std::vector<std::string> own_tags;
  for (const auto& [tag, of] : tags(service))
    if (of == name) own_tags.push_back(tag);
  return Value::object({{"name", Value(name)}, {"image", container_of(revision)["image"]}, {"created", gcp::time_of(revision["createTime"])}, {"ready", Value(is_ready(revision))}, {"percent", Value(percent)},
                        {"tags", list_of(own_tags)}, {"served", Value(percent > 0 || has(record.served, name))}, {"left", Value(has(record.left, name))}, {"message", Value(complaint(revision))},
                        {"log", Value(text(revision["logUri"]))}, {"creator", Value(text(revision["creator"]))}});
}

} // namespace

Outcome read_describe(const Call& call, const Reads& reads) {
  const auto seen = read_service(call, reads);
  if (!seen) return unread(seen.error(), boolean_or(call.in["judge"], false), call.in["service"]);
  const Value service = (*seen)["service"], revisions = (*seen)["revisions"];
  const auto now = serving(service);
  const std::string first = now.empty() ? "" : now.front().first;
  const Value* revision = find_revision(revisions, first);
  const Value made = revision ? *revision : service["template"];
  const Value taking = container_of(made);
  std::vector<std::string> names;
  for (const Value& one : elements(taking["env"])) names.push_back(text(one["name"]));
  const auto wrong = troubles(service, revisions);
  Outcome out;
  const auto number = [](const Value& value) { return value.is_null() ? Value(0) : gcp::whole(value); };
  out.outputs = Value::object({{"revision", Value(first)}, {"split", split_value(now)}, {"tags", tags_value(service)}, {"url", service["uri"]}, {"image", taking["image"]}, {"ready", Value(wrong.empty())},
                               {"reconciling", Value(boolean_or(service["reconciling"], false))}, {"follows_latest", Value(asked_split(service) == Split{{std::string(k_latest), 100}})},
                               {"latest_ready", Value(short_name(service["latestReadyRevision"]))}, {"latest_created", Value(short_name(service["latestCreatedRevision"]))}, {"message", Value(complaint(service))},
                               {"min_instances", number(made["scaling"]["minInstanceCount"])}, {"max_instances", number(made["scaling"]["maxInstanceCount"])}, {"cpu", Value(text(taking["resources"]["limits"]["cpu"]))},
                               {"memory", Value(text(taking["resources"]["limits"]["memory"]))}, {"concurrency", number(made["maxInstanceRequestConcurrency"])}, {"timeout", Value(text(made["timeout"]))}, {"ingress", Value(text(service["ingress"]))},
                               {"service_account", Value(text(made["serviceAccount"]))}, {"variables", list_of(names)}, {"generation", gcp::whole(service["generation"])}, {"creator", Value(text(service["lastModifier"]))},
                               {"changed", gcp::time_of(service["updateTime"])}});
  if (boolean_or(call.in["judge"], false))
    for (const std::string& why : wrong) out.findings.push_back({text(call.in["service"]), why, Value::object({{"split", split_value(now)}})});
  return out;
}

Outcome read_revisions(const Call& call, const Reads& reads) {
  const auto seen = read_service(call, reads);
  if (!seen) return failed_outcome(seen.error());
  Value::List all;
  for (const Value& one : elements((*seen)["revisions"]))
    if (all.size() < static_cast<std::size_t>(std::max<std::int64_t>(1, integer_or(call.in["limit"], 20)))) all.push_back(revision_value(one, (*seen)["service"]));
  Outcome out;
  out.outputs = Value::object({{"revisions", Value(std::move(all))}});
  return out;
}

Choice choose_last_good(const Value& seen, std::string before, const std::string& wanted) {
  const Value service = seen["service"], revisions = seen["revisions"];
  const auto now = serving(service);
  const auto record = record_of(service);
  if (before.empty() && !now.empty()) before = now.front().first;
  Choice out;
  if (!wanted.empty()) {
    const Value* revision = find_revision(revisions, wanted);
    if (!revision) out.none = Failure{Cause::missing, Reached::yes, fmt::format("there is no revision '{}'", wanted), did_you_mean(wanted, names_of(revisions))};
    else if (!is_ready(*revision)) out.none = Failure{Cause::rejected, Reached::yes, fmt::format("revision {} is not ready: {}", wanted, complaint(*revision)), "name one that is: belay's cloud-run.revisions, or gcloud run revisions list"};
    out.revision = out.none ? "" : wanted;
    out.why = "it was named";
    return out;
  }
  const Value* left = find_revision(revisions, before);
  std::string passed_over;
  const auto fits = [&](const std::string& name) {
    if (name == before) return false;
    const Value* revision = find_revision(revisions, name);
    const std::string why = !revision ? "it is gone" : !is_ready(*revision) ? "it is not ready" : has(record.left, name) ? "it was left as bad" : "";
    if (!why.empty()) passed_over += fmt::format("{}{}: {}", passed_over.empty() ? "" : "; ", name, why);
    return why.empty();
  };
  for (std::size_t i = record.served.size(); i-- > 0;)
    if (fits(record.served[i])) {
      out.revision = record.served[i];
      out.why = "it is the last that served before " + before;
      return out;
    }
  // In a split, what shares the traffic serves too.
  for (const auto& [name, percent] : now)
    if (fits(name)) {
      out.revision = name;
      out.why = fmt::format("it serves now, {} % of the traffic", percent);
      return out;
    }
  // What belay knows nothing of, since it is older than the record, is judged by its age alone.
  std::string age = left ? text((*left)["createTime"]) : "";
  for (const auto* known : {&record.served, &record.left})
    for (const std::string& name : *known)
      if (const Value* revision = find_revision(revisions, name)) age = age.empty() ? text((*revision)["createTime"]) : std::min(age, text((*revision)["createTime"]));
  for (const Value& one : elements(revisions)) { // newest first
    const std::string name = short_name(one["name"]);
    if ((!age.empty() && text(one["createTime"]) >= age) || !fits(name)) continue;
    out.revision = name;
    out.why = fmt::format("it is the newest that is ready and older than {}; nothing tells whether it ever served", before);
    return out;
  }
  out.none = Failure{Cause::missing, Reached::yes, fmt::format("no revision is known to be good besides {}{}", before, passed_over.empty() ? "" : " (" + passed_over + ")"), "name one that you know: --to REVISION"};
  return out;
}

Outcome read_last_good(const Call& call, const Reads& reads) {
  const auto seen = read_service(call, reads);
  if (!seen) return failed_outcome(seen.error());
  Choice choice = choose_last_good(*seen, text(call.in["before"]), text(call.in["wanted"]));
  if (choice.none) return failed_outcome(std::move(*choice.none));
  const Value* revision = find_revision((*seen)["revisions"], choice.revision);
  const auto now = serving((*seen)["service"]);
  Outcome out;
  out.outputs = Value::object({{"revision", Value(choice.revision)}, {"why", Value(choice.why)}, {"image", container_of(*revision)["image"]}, {"created", gcp::time_of((*revision)["createTime"])},
                               {"before", Value(text(call.in["before"]).empty() && !now.empty() ? now.front().first : text(call.in["before"]))}});
  return out;
}

Outcome read_domain_mappings(const Call& call, const Reads& reads) {
  const Value host = join({"https://", gcp::segment(call.in["region"]), "-run.googleapis.com/apis/domains.cloudrun.com/v1/namespaces/", gcp::segment(call.in["project"]), "/domainmappings"});
  const auto body = gcp::read(reads, gcp::get(host), call.stop);
  if (!body) return failed_outcome(body.error());
  Value::List all;
  Outcome out;
  for (const Value& one : elements((*body)["items"])) {
    bool ready = false;
    std::string message;
    for (const Value& condition : elements(one["status"]["conditions"])) {
      if (text(condition["type"]) == "Ready") ready = text(condition["status"]) == "True";
      if (text(condition["status"]) == "False" && message.empty()) message = text(condition["message"]);
    }
    const std::string service = text(one["spec"]["routeName"]), domain = text(one["metadata"]["name"]);
    if (!text(call.in["service"]).empty() && service != text(call.in["service"])) continue;
    all.push_back(Value::object({{"domain", Value(domain)}, {"service", Value(service)}, {"ready", Value(ready)}, {"message", Value(message)}, {"records", one["status"]["resourceRecords"].is_null() ? Value(Value::List{}) : one["status"]["resourceRecords"]}}));
    if (!ready && boolean_or(call.in["judge"], false)) out.findings.push_back({domain, "the domain mapping is not ready" + (message.empty() ? "" : ": " + message), {}});
  }
  out.outputs = Value::object({{"mappings", Value(std::move(all))}});
  return out;
}

} // namespace belay::modules::cloud_run
