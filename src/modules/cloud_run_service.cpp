#include "modules/cloud_run_service.hpp"
#include "value/json.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <cctype>
#include <fmt/core.h>

namespace belay::modules::cloud_run {
namespace {

constexpr const char *k_served = "belay-served", *k_left = "belay-left";
constexpr std::size_t k_kept = 20, k_lines = 12, k_revisions = 200;

std::string text(const Value& value) { return text_or(value, ""); }

/// Values of variables that look like secrets, by their name or by a password in an address: seen and sent, never shown or kept.
bool looks_secret(const std::string& name, const std::string& value) {
  std::string upper = name;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  for (const char* word : {"PASS", "SECRET", "TOKEN", "CREDENTIAL", "PRIVATE", "_KEY", "APIKEY", "DSN"})
    if (upper.find(word) != std::string::npos) return true;
  const auto scheme = value.find("://");
  if (scheme == std::string::npos) return false;
  const auto authority = value.substr(scheme + 3, value.find('/', scheme + 3) - scheme - 3);
  const auto at = authority.rfind('@'), colon = authority.find(':');
  return at != std::string::npos && colon != std::string::npos && colon < at;
}

Value masked(const Value& value);

Value masked_variable(const Value& variable) {
  const std::string name = text(variable["name"]), value = text(variable["value"]);
  if (value.empty() || !looks_secret(name, value)) return variable;
  return Value::object({{"name", Value(name)}, {"value", Value(value).as_secret()}});
}

Value masked(const Value& value) {
  if (value.kind() == Kind::list) {
    Value::List out;
    for (const Value& one : value.list()) out.push_back(masked(one));
    return Value(std::move(out));
  }
  if (value.kind() != Kind::map) return value;
  Value::Map out;
  for (const auto& [name, member] : value.map()) {
    if (name == Value("env") && member.kind() == Kind::list) {
      Value::List variables;
      for (const Value& one : member.list()) variables.push_back(masked_variable(one));
      out.emplace_back(name, Value(std::move(variables)));
    } else {
      out.emplace_back(name, masked(member));
    }
  }
  return Value(std::move(out));
}

std::vector<std::string> words(const std::string& line) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < line.size();) {
    const auto end = std::min(line.find(' ', at), line.size());
    if (end > at) out.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

std::string line_of(const std::vector<std::string>& all) {
  std::string out;
  for (std::size_t i = all.size() > k_kept ? all.size() - k_kept : 0; i < all.size(); ++i) out += (out.empty() ? "" : " ") + all[i];
  return out;
}

void move_to_end(std::vector<std::string>& all, const std::string& name) {
  std::erase(all, name);
  all.push_back(name);
}

/// The newest lines that a revision wrote; none where they cannot be read, for they are only told.
Value log_lines(const Call& call, const std::string& revision, const Reads& reads) {
  const std::string filter = fmt::format("resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"{}\" AND resource.labels.revision_name=\"{}\"", text(call.in["service"]), revision);
  Request request = gcp::send("POST", gcp::url("logging", Value("v2/entries:list")),
                              Value::object({{"resourceNames", Value(Value::List{join({"projects/", call.in["project"]})})}, {"filter", Value(filter)}, {"orderBy", "timestamp desc"}, {"pageSize", Value(static_cast<std::int64_t>(k_lines))}}));
  request.reads_by_post = true;
  const auto body = gcp::read(reads, request, call.stop.nested(std::chrono::seconds(5)));
  Value::List out;
  if (body && (*body)["entries"].kind() == Kind::list)
    for (const Value& entry : (*body)["entries"].list()) {
      std::string line = text(entry["textPayload"]);
      if (line.empty()) line = text(entry["jsonPayload"]["message"]);
      if (!line.empty() && out.size() < k_lines) out.emplace_back(line);
    }
  std::reverse(out.begin(), out.end());
  return Value(std::move(out));
}

Failure no_service(const Call& call, const Reads& reads) {
  const Value parent = join({"v2/projects/", gcp::segment(call.in["project"]), "/locations/", gcp::segment(call.in["region"]), "/services"});
  std::vector<std::string> known;
  if (const auto all = gcp::read_pages(reads, gcp::get(gcp::url("run", parent)), "services", 500, call.stop))
    for (const Value& one : all->list()) known.push_back(short_name(one["name"]));
  const std::string name = text(call.in["service"]);
  return {Cause::missing, Reached::yes, fmt::format("there is no Cloud Run service '{}' in {} of {}", name, text(call.in["region"]), text(call.in["project"])),
          known.empty() ? "there is none at all: is the project, and the region, the right one?" : did_you_mean(name, known)};
}

} // namespace

Value service_path(const Value& in) { return join({"projects/", gcp::segment(in["project"]), "/locations/", gcp::segment(in["region"]), "/services/", gcp::segment(in["service"])}); }
Value service_url(const Value& in) { return gcp::url("run", join({"v2/", service_path(in)})); }
std::vector<std::string> touches(const Value& in) { return {gcp::resource("gcp-run", {in["project"], in["region"], in["service"]})}; }

Expected<Value> observe(const Call& call, const Value& handle, const Reads& reads) {
  if (handle.kind() == Kind::text && !handle.is_unknown()) {
    Request wait = gcp::send("POST", gcp::url("run", join({"v2/", handle, ":wait"})), Value::object({{"timeout", "5s"}}));
    wait.reads_by_post = true;
    // Whether it is over is the service's to say; an operation that is not kept any more is no reason to stop.
    static_cast<void>(reads.http.read(wait, call.stop, nullptr));
  }
  const Request both[] = {gcp::get(service_url(call.in)), gcp::get(gcp::with_query(join({service_url(call.in), "/revisions"}), {{"pageSize", Value(static_cast<std::int64_t>(k_revisions))}}))};
  std::vector<Expected<Answer>> answers(2, Unexpected(Failure{}));
  reads.http.read_all(both, 2, [&](std::size_t i, Expected<Answer> answer) { answers[i] = std::move(answer); }, call.stop);
  const auto service = gcp::body_of(answers[0]);
  if (!service && service.error().cause == Cause::missing && answers[0]) return Value::object({{"service", Value()}, {"revisions", Value(Value::List{})}, {"log", Value(Value::List{})}});
  if (!service) return Unexpected(service.error());
  const auto revisions = gcp::body_of(answers[1]);
  if (!revisions) return Unexpected(revisions.error());
  Value::List list = (*revisions)["revisions"].kind() == Kind::list ? (*revisions)["revisions"].list() : Value::List{};
  std::stable_sort(list.begin(), list.end(), [](const Value& a, const Value& b) { return text(a["createTime"]) > text(b["createTime"]); });
  const std::string created = short_name((*service)["latestCreatedRevision"]);
  const bool failed = !handle.is_null() && text((*service)["terminalCondition"]["state"]) == "CONDITION_FAILED" && created != short_name((*service)["latestReadyRevision"]);
  return Value::object({{"service", masked(*service)}, {"revisions", masked(Value(std::move(list)))}, {"log", failed ? log_lines(call, created, reads) : Value(Value::List{})}});
}

Expected<Value> observe_existing(const Call& call, const Value& handle, const Reads& reads) {
  auto seen = observe(call, handle, reads);
  if (seen && (*seen)["service"].is_null()) return Unexpected(no_service(call, reads));
  return seen;
}

Expected<Value> read_service(const Call& call, const Reads& reads) { return observe_existing(call, {}, reads); }

std::string short_name(const Value& resource) { return gcp::last_part(text(resource)); }

std::vector<std::pair<std::string, std::int64_t>> serving(const Value& service) {
  std::vector<std::pair<std::string, std::int64_t>> out;
  for (const Value& status : elements(service["trafficStatuses"])) {
    const auto percent = integer_or(status["percent"], 0);
    std::string name = short_name(status["revision"]);
    if (name.empty()) name = short_name(service["latestReadyRevision"]);
    if (percent <= 0 || name.empty()) continue;
    const auto found = std::find_if(out.begin(), out.end(), [&](const auto& one) { return one.first == name; });
    if (found == out.end()) out.emplace_back(name, percent);
    else found->second += percent;
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return out;
}

std::vector<std::pair<std::string, std::string>> tags(const Value& service) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Value& status : elements(service["trafficStatuses"]))
    if (const std::string tag = text(status["tag"]); !tag.empty()) out.emplace_back(tag, short_name(status["revision"]));
  std::sort(out.begin(), out.end());
  return out;
}

std::string tag_url(const Value& service, std::string_view tag) {
  for (const Value& status : elements(service["trafficStatuses"]))
    if (text(status["tag"]) == tag) return text(status["uri"]);
  return {};
}

const Value* find_revision(const Value& revisions, std::string_view name) {
  if (revisions.kind() != Kind::list || revisions.is_unknown()) return nullptr;
  for (const Value& one : revisions.list())
    if (short_name(one["name"]) == name) return &one;
  return nullptr;
}

bool is_ready(const Value& revision) {
  for (const Value& condition : elements(revision["conditions"]))
    if (text(condition["type"]) == "Ready") return text(condition["state"]) == "CONDITION_SUCCEEDED";
  return false;
}

std::string complaint(const Value& resource) {
  const Value terminal = resource["terminalCondition"];
  if (text(terminal["state"]) == "CONDITION_FAILED") return text(terminal["message"]);
  for (const Value& condition : elements(resource["conditions"]))
    if (text(condition["state"]) == "CONDITION_FAILED" && text(condition["severity"]) != "INFO" && !text(condition["message"]).empty()) return text(condition["message"]);
  return {};
}

std::vector<std::string> names_of(const Value& revisions) {
  std::vector<std::string> out;
  for (const Value& one : elements(revisions))
    if (const auto name = short_name(one["name"]); !name.empty()) out.push_back(name);
  return out;
}

std::string shown_split(const std::vector<std::pair<std::string, std::int64_t>>& split) {
  std::string out;
  for (const auto& [name, percent] : split) out += fmt::format("{}{} {} %", out.empty() ? "" : ", ", name, percent);
  return out.empty() ? "nothing" : out;
}

Record record_of(const Value& service) {
  const Value annotations = service["annotations"];
  return {words(text(annotations[k_served])), words(text(annotations[k_left]))};
}

Value recorded(const Value& service, const std::vector<std::string>& left, const std::vector<std::string>& chosen) {
  Record record = record_of(service);
  auto now = serving(service);
  std::reverse(now.begin(), now.end()); // the one with most traffic is the last
  for (const auto& [name, percent] : now) move_to_end(record.served, name);
  for (const std::string& name : chosen) std::erase(record.left, name);
  for (const std::string& name : left) move_to_end(record.left, name);
  Value::Map out;
  if (const Value before = service["annotations"]; before.kind() == Kind::map)
    for (const auto& member : before.map())
      if (!(member.first == Value(k_served)) && !(member.first == Value(k_left))) out.push_back(member);
  if (!record.served.empty()) out.emplace_back(Value(k_served), Value(line_of(record.served)));
  if (!record.left.empty()) out.emplace_back(Value(k_left), Value(line_of(record.left)));
  return Value(std::move(out));
}

} // namespace belay::modules::cloud_run
