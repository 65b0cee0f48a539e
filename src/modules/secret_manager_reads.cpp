#include "codec/crc32c.hpp"
#include "modules/command_outcome.hpp"
#include "modules/secret_manager.hpp"
#include "value/base64.hpp"
#include "value/json.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <fmt/core.h>

namespace belay::modules::secret_manager {
namespace {

constexpr unsigned k_at_once = 8;

Expected<Value> read_secrets(const Call& call, const Reads& reads) {
  return gcp::read_pages(reads, gcp::get(secrets_url(call.in, {"?pageSize=250"})), "secrets", 25000, call.stop);
}

Value age(const Value& created, Timestamp now) { return created.kind() == Kind::timestamp ? Value(Duration(std::chrono::seconds(now.seconds - created.timestamp().seconds))) : Value(); }

/// Octets as text where they are UTF-8 (RFC 3629), as bytes otherwise.
bool is_text(std::string_view octets) {
  for (std::size_t i = 0; i < octets.size();) {
    const auto first = static_cast<unsigned char>(octets[i]);
    const std::size_t more = first < 0x80 ? 0 : first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xf0 && first < 0xf5 ? 3 : 9;
    if (more == 9 || i + more >= octets.size()) return false;
    for (std::size_t k = 1; k <= more; ++k)
      if ((static_cast<unsigned char>(octets[i + k]) & 0xc0U) != 0x80U) return false;
    const auto second = more > 0 ? static_cast<unsigned char>(octets[i + 1]) : 0U;
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second >= 0xa0) || (first == 0xf0 && second < 0x90) || (first == 0xf4 && second >= 0x90)) return false;
    i += more + 1;
  }
  return true;
}

} // namespace

Value version_shown(const Value& version) {
  return Value::object({{"version", gcp::last_part(text_or(version["name"], ""))}, {"state", version["state"]}, {"created", gcp::time_of(version["createTime"])}});
}

Expected<Value> read_versions(const Call& call, const Reads& reads) {
  auto versions = gcp::read_pages(reads, gcp::get(secret_url(call.in, {"/versions?pageSize=250"})), "versions", 25000, call.stop);
  if (!versions && versions.error().cause == Cause::missing) {
    std::vector<std::string> names;
    if (const auto all = read_secrets(call, reads))
      for (const Value& one : elements(*all)) names.push_back(gcp::last_part(text_or(one["name"], "")));
    return Unexpected(Failure{Cause::missing, Reached::yes, fmt::format("project {} has no secret '{}'", bare_json(call.in["project"]), bare_json(call.in["secret"])), did_you_mean(text_or(call.in["secret"], ""), names)});
  }
  if (!versions) return versions;
  Value::List all = versions->kind() == Kind::list ? versions->list() : Value::List{};
  std::stable_sort(all.begin(), all.end(), [](const Value& a, const Value& b) {
    const auto number = [](const Value& v) { return integer_or(gcp::whole(Value(gcp::last_part(text_or(v["name"], "")))), 0); };
    return number(a) > number(b);
  });
  return Value(std::move(all));
}

Outcome read_versions_list(const Call& call, const Reads& reads) {
  const auto versions = read_versions(call, reads);
  if (!versions) return failed_outcome(versions.error());
  Value::List shown;
  Value newest;
  for (const Value& one : elements(*versions)) {
    shown.push_back(version_shown(one));
    if (newest.is_null() && text_or(one["state"], "") == "ENABLED") newest = shown.back()["version"];
  }
  Outcome outcome;
  outcome.outputs = Value::object({{"versions", Value(std::move(shown))}, {"newest", newest}});
  return outcome;
}

Outcome read_list(const Call& call, const Reads& reads) {
  const auto secrets = read_secrets(call, reads);
  if (!secrets) return failed_outcome(secrets.error());
  const auto wanted = elements(call.in["names"]);
  std::vector<std::string> names;
  for (const Value& one : elements(*secrets)) {
    auto name = gcp::last_part(text_or(one["name"], ""));
    if (wanted.empty() || std::find(wanted.begin(), wanted.end(), Value(name)) != wanted.end()) names.push_back(std::move(name));
  }
  Outcome outcome;
  for (const Value& one : wanted)
    if (const auto name = text_or(one, ""); std::find(names.begin(), names.end(), name) == names.end()) outcome.findings.push_back({name, "there is no such secret", {}});
  // The API lists a secret's newest version first.
  std::vector<Request> requests;
  for (const auto& name : names) requests.push_back(gcp::get(secrets_url(call.in, {"/", gcp::segment(name), "/versions?pageSize=1&filter=state%3AENABLED"})));
  std::vector<Value> shown(names.size());
  std::optional<Failure> failure;
  const Timestamp now = reads.time.wall();
  const Duration older_than = duration_or(call.in["older_than"], {});
  reads.http.read_all(requests, k_at_once, [&](std::size_t i, const Expected<Answer>& answer) {
    const auto body = gcp::body_of(answer);
    if (!body) failure = body.error();
    else {
      const auto versions = elements((*body)["versions"]);
      const Value newest = versions.empty() ? Value() : version_shown(versions.front());
      shown[i] = Value::object({{"name", names[i]}, {"version", newest["version"]}, {"created", newest["created"]}, {"age", age(newest["created"], now)}});
    }
  }, call.stop);
  if (failure) return failed_outcome(*failure);
  for (const Value& one : shown) {
    const Duration old = duration_or(one["age"], {});
    if (one["version"].is_null()) outcome.findings.push_back({text_or(one["name"], ""), "the secret has no enabled version", {}});
    else if (older_than > Duration{} && old > older_than)
      outcome.findings.push_back({text_or(one["name"], ""), fmt::format("its newest version is {} days old, and {} are allowed", old / std::chrono::hours(24), older_than / std::chrono::hours(24)), one["created"]});
  }
  outcome.outputs = Value::object({{"secrets", Value(std::move(shown))}});
  return outcome;
}

Outcome read_access(const Call& call, const Reads& reads) {
  const auto answer = gcp::read(reads, gcp::get(secret_url(call.in, {"/versions/", gcp::segment(call.in["version"]), ":access"})), call.stop);
  if (!answer) return failed_outcome(answer.error());
  const Value payload = (*answer)["payload"];
  auto octets = parse_base64(text_or(payload["data"], ""));
  const Value told = gcp::whole(payload["dataCrc32c"]);
  if (!octets || (told.kind() == Kind::integer && told.integer() != static_cast<std::int64_t>(crc32c(*octets))))
    return failed_outcome({Cause::malformed, Reached::yes, fmt::format("the payload of secret '{}' is damaged: it does not match its checksum", bare_json(call.in["secret"])), "try again; if it stays so, add a new version"});
  Outcome outcome;
  const std::string version = gcp::last_part(text_or((*answer)["name"], ""));
  outcome.outputs = Value::object({{"value", (is_text(*octets) ? Value(*octets) : Value::bytes(*octets)).as_secret()},
                                   {"version", version},
                                   {"reference", join({"gcp:projects/", call.in["project"], "/secrets/", call.in["secret"], "/versions/", version})}});
  return outcome;
}

} // namespace belay::modules::secret_manager
