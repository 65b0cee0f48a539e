#include "codec/crc32c.hpp"
#include "modules/gcloud_list.hpp"
#include "modules/secret_manager.hpp"
#include "value/base64.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <fmt/core.h>

namespace belay::modules::secret_manager {
namespace {

std::string octets_of(const Value& plain) { return plain.kind() == Kind::bytes ? plain.octets() : plain.kind() == Kind::text ? plain.text() : bare_json(plain); }
std::string without_line_feed(std::string octets) {
  if (octets.ends_with('\n')) octets.pop_back();
  if (octets.ends_with('\r')) octets.pop_back();
  return octets;
}
Value encoded(const Value& plain) { return base64(octets_of(plain)); }
Value checked(const Value& plain) { return std::to_string(crc32c(octets_of(plain))); }
/// A line feed at the end is one that a pipe or an editor has left.
Value stripped(const Value& plain) {
  const auto octets = without_line_feed(octets_of(plain));
  return plain.kind() == Kind::bytes ? Value::bytes(octets) : Value(octets);
}

std::string gcloud(const Value& in, std::vector<Value> words) {
  words.insert(words.begin(), {"gcloud", "secrets"});
  words.push_back(join({"--project=", in["project"]}));
  return shell_line(words);
}

Outcome done_with(const Intent& intent) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  return outcome;
}

/// {version, reference} of a version of the secret.
Value named_version(const Value& in, const Value& version) {
  return Value::object({{"version", version}, {"reference", join({"gcp:projects/", in["project"], "/secrets/", in["secret"], "/versions/", version})}});
}

std::int64_t number_of(const Value& version) { return integer_or(gcp::whole(version), 0); }

} // namespace

Value secrets_url(const Value& in, const std::vector<Value>& path) {
  std::vector<Value> pieces{"v1/projects/", gcp::segment(in["project"]), "/secrets"};
  pieces.insert(pieces.end(), path.begin(), path.end());
  return gcp::url("secretmanager", join(pieces));
}
Value secret_url(const Value& in, const std::vector<Value>& path) {
  std::vector<Value> pieces{"/", gcp::segment(in["secret"])};
  pieces.insert(pieces.end(), path.begin(), path.end());
  return secrets_url(in, pieces);
}
std::vector<std::string> touches(const Value& in) { return {gcp::resource("gcp-secret", {in["project"], in["secret"]})}; }

// create

/// {secret}: null where there is none.
Expected<Value> observe_create(const Call& call, const Value&, const Reads& reads) {
  auto secret = gcp::read(reads, gcp::get(secret_url(call.in)), call.stop);
  if (!secret && secret.error().cause == Cause::missing) return Value::object({{"secret", Value()}});
  if (!secret) return secret;
  return Value::object({{"secret", (*secret)["name"]}});
}

Intent prepare_create(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  Value::List replicas;
  for (const Value& location : elements(in["locations"])) replicas.push_back(Value::object({{"location", location}}));
  const Value replication = replicas.empty() ? Value::object({{"automatic", Value::object({})}}) : Value::object({{"userManaged", Value::object({{"replicas", Value(std::move(replicas))}})}});
  intent.act = gcp::send("POST", secrets_url(in, {"?secretId=", gcp::segment(in["secret"])}), gcp::members({{"replication", replication}, {"labels", in["labels"]}}));
  std::vector<Value> words{"create", in["secret"]};
  if (elements(in["locations"]).empty()) {
    words.emplace_back("--replication-policy=automatic");
  } else {
    words.insert(words.end(), {"--replication-policy=user-managed", gcloud_list("--locations", elements(in["locations"]))});
  }
  std::vector<Value> labels;
  for (const auto& [name, value] : named(in["labels"])) labels.push_back(join({name, "=", value}));
  if (!labels.empty()) words.push_back(gcloud_list("--labels", labels));
  intent.equivalent = gcloud(in, words);
  intent.touches = touches(in);
  intent.outputs = Value::object({{"secret", in["secret"]}});
  intent.nothing = !seen.is_unknown() && !seen["secret"].is_null();
  return intent;
}

Outcome judge_create(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome = done_with(intent);
  if (now["secret"].is_null()) outcome.state = State::not_seen;
  return outcome;
}

// add

/// {versions: [{version, state, created}]}, newest first.
Expected<Value> observe_add(const Call& call, const Value&, const Reads& reads) {
  const auto versions = read_versions(call, reads);
  if (!versions) return versions;
  Value::List shown;
  for (const Value& one : elements(*versions)) shown.push_back(version_shown(one));
  return Value::object({{"versions", Value(std::move(shown))}});
}

std::string add_command(const Value& in) { return gcloud(in, {"versions", "add", in["secret"], "--data-file=-"}); }

Intent prepare_add(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  const Value payload = boolean_or(in["keep_line_feed"], false) ? in["value"] : lift(in["value"], stripped);
  intent.act = gcp::send("POST", secret_url(in, {":addVersion"}), Value::object({{"payload", Value::object({{"data", lift(payload, encoded)}, {"dataCrc32c", lift(payload, checked)}})}}));
  // Who types the value ends it with a line feed.
  intent.equivalent = (boolean_or(in["keep_line_feed"], false) ? "" : "printf %s \"$(cat)\" | ") + add_command(in);
  intent.touches = touches(in);
  Value before;
  for (const Value& one : elements(seen["versions"]))
    if (before.is_null() && text_or(one["state"], "") == "ENABLED") before = one["version"];
  intent.outputs = Value::object({{"before", seen.is_unknown() ? seen : before}});
  intent.extra = Value::object({{"project", in["project"]}, {"secret", in["secret"]}});
  if (boolean_or(in["if_missing"], false) && !before.is_null()) {
    intent.nothing = true;
    intent.outputs = Value::object({{"before", before}, {"version", before}, {"reference", named_version(in, before)["reference"]}});
  }
  return intent;
}

Outcome answer_add(const Intent& intent, const Expected<Answer>& answer) {
  return gcp::answered(answer, [&](const Value& version) {
    Outcome outcome = done_with(intent);
    outcome.outputs = named_version(intent.extra, gcp::last_part(text_or(version["name"], "")));
    return outcome;
  });
}

Outcome judge_add(const Intent& intent, const Value& seen, const Value& now) {
  Outcome outcome = done_with(intent);
  const auto before = elements(seen["versions"]), after = elements(now["versions"]);
  const std::int64_t newest_before = before.empty() ? 0 : number_of(before.front()["version"]);
  std::vector<Value> fresh;
  for (const Value& one : after)
    if (number_of(one["version"]) > newest_before) fresh.push_back(one["version"]);
  if (fresh.size() == 1) {
    outcome.outputs = named_version(intent.extra, fresh.front());
  } else if (fresh.empty()) {
    outcome.state = State::not_seen;
  } else {
    outcome.state = State::unknown;
    outcome.failure = Failure{Cause::transport, Reached::perhaps, fmt::format("the answer was lost, and the secret has {} new versions: which is this run's cannot be told", fresh.size()),
                              "compare them, disable those that are not wanted"};
  }
  return outcome;
}

// version

/// {version: {state, etag}, enabled: how many others are}
Expected<Value> observe_version(const Call& call, const Value&, const Reads& reads) {
  const auto versions = read_versions(call, reads);
  if (!versions) return versions;
  Value found;
  std::int64_t enabled = 0;
  for (const Value& one : elements(*versions)) {
    if (Value(gcp::last_part(text_or(one["name"], ""))) == call.in["version"]) found = gcp::members({{"state", one["state"]}, {"etag", one["etag"]}});
    else if (text_or(one["state"], "") == "ENABLED") ++enabled;
  }
  if (found.is_null()) return Unexpected(Failure{Cause::missing, Reached::yes, fmt::format("secret '{}' has no version {}", bare_json(call.in["secret"]), bare_json(call.in["version"])), "secret-manager.versions lists them"});
  return Value::object({{"version", found}, {"enabled", enabled}});
}

Intent prepare_version(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  const auto state = text_or(in["state"], "");
  const bool enable = state == "enabled";
  const Value now = seen["version"];
  intent.act = gcp::send("POST", secret_url(in, {"/versions/", gcp::segment(in["version"]), enable ? ":enable" : ":disable"}), gcp::members({{"etag", now["etag"]}}));
  intent.equivalent = gcloud(in, {"versions", enable ? "enable" : "disable", in["version"], join({"--secret=", in["secret"]})});
  intent.touches = touches(in);
  intent.outputs = Value::object({{"state", in["state"]}});
  intent.extra = Value::object({{"project", in["project"]}, {"secret", in["secret"]}, {"version", in["version"]}, {"wanted", enable ? "ENABLED" : "DISABLED"}});
  if (state != "enabled" && state != "disabled") intent.refused = Failure{Cause::refused, Reached::no, fmt::format("'{}' is no state of a version", state), "enabled or disabled"};
  if (intent.refused || seen.is_unknown()) return intent;
  intent.nothing = now["state"] == intent.extra["wanted"];
  if (text_or(now["state"], "") == "DESTROYED") intent.refused = Failure{Cause::refused, Reached::no, fmt::format("version {} of '{}' is destroyed, which is final", bare_json(in["version"]), bare_json(in["secret"])), ""};
  else if (!enable && !intent.nothing && integer_or(seen["enabled"], 0) == 0)
    intent.refused = Failure{Cause::refused, Reached::no, fmt::format("version {} is the only one of '{}' that is enabled: without it nobody can read the secret", bare_json(in["version"]), bare_json(in["secret"])),
                             "add and enable another one first"};
  return intent;
}

Outcome answer_version(const Intent& intent, const Expected<Answer>& answer) {
  return gcp::answered(answer, [&](const Value&) { return done_with(intent); });
}

Outcome judge_version(const Intent& intent, const Value& seen, const Value& now) {
  Outcome outcome = done_with(intent);
  if (now["version"]["state"] == intent.extra["wanted"]) return outcome;
  outcome.state = now["version"]["etag"] == seen["version"]["etag"] ? State::not_seen : State::no_effect;
  return outcome;
}

Standing standing_version(const Intent& intent, const Value& seen, const Value&, const Value& now) {
  const Value state = now["version"]["state"];
  if (state == intent.extra["wanted"]) return Standing::as_left;
  return state == seen["version"]["state"] ? Standing::as_before : Standing::otherwise;
}

Value undo_version(const Intent& intent, const Value& seen, const Value&) {
  const auto former = text_or(seen["version"]["state"], "");
  if (former == text_or(intent.extra["wanted"], "") || (former != "ENABLED" && former != "DISABLED")) return {};
  return Value::object({{"project", intent.extra["project"]}, {"secret", intent.extra["secret"]}, {"version", intent.extra["version"]}, {"state", former == "ENABLED" ? "enabled" : "disabled"}});
}

} // namespace belay::modules::secret_manager
