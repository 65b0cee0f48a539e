#include "codec/crc32c.hpp"
#include "modules/command_outcome.hpp"
#include "modules/iam.hpp"
#include "value/base64.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <fmt/core.h>

/// Service accounts and their keys.
namespace belay::modules::iam_parts {
namespace {

Value accounts_url(const Value& in, const std::vector<Value>& path) {
  std::vector<Value> pieces{"v1/projects/", gcp::segment(in["project"]), "/serviceAccounts"};
  pieces.insert(pieces.end(), path.begin(), path.end());
  return gcp::url("iam", join(pieces));
}
Value keys_url(const Value& in, const std::vector<Value>& path = {}) {
  std::vector<Value> pieces{"/", gcp::segment(address(in)), "/keys"};
  pieces.insert(pieces.end(), path.begin(), path.end());
  return accounts_url(in, pieces);
}

std::string gcloud(const Value& in, std::vector<Value> words) {
  words.insert(words.begin(), {"gcloud", "iam", "service-accounts"});
  words.push_back(join({"--project=", in["project"]}));
  return shell_line(words);
}

Outcome done_with(const Intent& intent) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  return outcome;
}

/// Keys that people made; Google's own are rotated by it.
Expected<Value> keys_of(const Call& call, const Reads& reads) {
  const auto all = gcp::read(reads, gcp::get(keys_url(call.in, {"?keyTypes=USER_MANAGED"})), call.stop);
  if (!all) return all;
  Value::List keys;
  for (const Value& one : elements((*all)["keys"]))
    keys.push_back(Value::object({{"id", gcp::last_part(text_or(one["name"], ""))}, {"created", gcp::time_of(one["validAfterTime"])}, {"disabled", boolean_or(one["disabled"], false)}}));
  return Value(std::move(keys));
}

Value key_named(const Value& keys, const Value& id) {
  for (const Value& key : elements(keys))
    if (key["id"] == id) return key;
  return {};
}

Value base64_of(const Value& plain) { return base64(plain.text()); }
Value crc_of(const Value& plain) { return std::to_string(crc32c(plain.text())); }

} // namespace

Value address(const Value& in) {
  const Value account = in["account"];
  if (account.is_unknown() || text_or(account, "").find('@') != std::string::npos) return account;
  return join({account, "@", in["project"], ".iam.gserviceaccount.com"});
}

std::vector<std::string> touches_account(const Value& in) { return {gcp::resource("gcp-account", {in["project"], address(in)})}; }

// account

/// {account: its address, null where there is none}
Expected<Value> observe_account(const Call& call, const Value&, const Reads& reads) {
  const auto account = gcp::read(reads, gcp::get(accounts_url(call.in, {"/", gcp::segment(address(call.in))})), call.stop);
  if (!account && account.error().cause == Cause::missing) return Value::object({{"account", Value()}});
  if (!account) return account;
  return Value::object({{"account", (*account)["email"]}});
}

Intent prepare_account(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  const auto name = text_or(in["account"], "");
  const Value short_name = name.find('@') == std::string::npos ? in["account"] : Value(name.substr(0, name.find('@')));
  intent.act = gcp::send("POST", accounts_url(in, {}), Value::object({{"accountId", short_name}, {"serviceAccount", gcp::members({{"displayName", in["title"]}})}}));
  std::vector<Value> words{"create", short_name};
  if (!in["title"].is_null()) words.push_back(join({"--display-name=", in["title"]}));
  intent.equivalent = gcloud(in, words);
  intent.touches = touches_account(in);
  intent.outputs = Value::object({{"address", address(in)}, {"member", join({"serviceAccount:", address(in)})}});
  intent.nothing = !seen.is_unknown() && !seen["account"].is_null();
  return intent;
}

Outcome answer_done(const Intent& intent, const Expected<Answer>& answer) {
  return gcp::answered(answer, [&](const Value&) { return done_with(intent); });
}

Outcome judge_account(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome = done_with(intent);
  if (now["account"].is_null()) outcome.state = State::not_seen;
  return outcome;
}

// keys

Outcome read_keys(const Call& call, const Reads& reads) {
  const auto keys = keys_of(call, reads);
  if (!keys) return failed_outcome(keys.error());
  Outcome outcome;
  Value::List shown;
  const Duration older_than = duration_or(call.in["older_than"], {});
  for (const Value& key : elements(*keys)) {
    const Value created = key["created"];
    const Duration age = created.kind() == Kind::timestamp ? std::chrono::seconds(reads.time.wall().seconds - created.timestamp().seconds) : std::chrono::seconds(0);
    shown.push_back(Value::object({{"id", key["id"]}, {"created", created}, {"age", age}, {"disabled", key["disabled"]}}));
    if (older_than > Duration{} && age > older_than && !boolean_or(key["disabled"], false))
      outcome.findings.push_back({text_or(address(call.in), ""), fmt::format("its key {} is {} days old, and {} are allowed", text_or(key["id"], ""), age / std::chrono::hours(24), older_than / std::chrono::hours(24)), created});
  }
  outcome.outputs = Value::object({{"keys", Value(std::move(shown))}});
  return outcome;
}

/// {keys: [{id, created, disabled}]}
Expected<Value> observe_keys(const Call& call, const Value&, const Reads& reads) {
  auto keys = keys_of(call, reads);
  if (!keys) return keys;
  return Value::object({{"keys", std::move(*keys)}});
}

Intent prepare_key_create(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  intent.act = gcp::send("POST", keys_url(in), Value::object({{"privateKeyType", "TYPE_GOOGLE_CREDENTIALS_FILE"}}));
  intent.equivalent = fmt::format("{} | {}", gcloud(in, {"keys", "create", "-", join({"--iam-account=", address(in)})}),
                                  shell_line({"gcloud", "secrets", "versions", "add", in["secret"], "--data-file=-", join({"--project=", in["project"]})}));
  intent.touches = touches_account(in);
  intent.touches.push_back(gcp::resource("gcp-secret", {in["project"], in["secret"]}));
  if (elements(seen["keys"]).size() >= 10)
    intent.refused = Failure{Cause::refused, Reached::no, fmt::format("{} has 10 keys, and Google allows no more", show(address(in))), "delete those that nobody uses: iam.keys lists them"};
  return intent;
}

/// The key exists nowhere but in this answer, so it is stored before anything is told of it; what cannot be stored is deleted again.
Outcome perform_key_create(const Intent& intent, const Call& call, Ports& ports) {
  const Value& in = call.in;
  Value key;
  Outcome made = gcp::answered(ports.http.send(std::get<Request>(intent.act), nullptr, call.stop), [&](const Value& body) {
    key = body;
    return Outcome{};
  });
  if (made.state != State::done) return made;
  const std::string id = gcp::last_part(text_or(key["name"], ""));
  const auto octets = parse_base64(text_or(key["privateKeyData"], ""));
  std::optional<Failure> why;
  if (!octets) {
    why = Failure{Cause::malformed, Reached::yes, "Google's answer holds no key", ""};
  } else {
    const Value payload = Value(*octets).as_secret();
    const Request store = gcp::send("POST", gcp::url("secretmanager", join({"v1/projects/", gcp::segment(in["project"]), "/secrets/", gcp::segment(in["secret"]), ":addVersion"})),
                                    Value::object({{"payload", Value::object({{"data", lift(payload, base64_of)}, {"dataCrc32c", lift(payload, crc_of)}})}}));
    Outcome stored = gcp::answered(ports.http.send(store, nullptr, call.stop), [&](const Value& body) {
      const std::string version = gcp::last_part(text_or(body["name"], ""));
      Outcome outcome;
      outcome.outputs = Value::object({{"key", id}, {"version", version}, {"reference", join({"gcp:projects/", in["project"], "/secrets/", in["secret"], "/versions/", version})}});
      return outcome;
    });
    if (stored.state == State::done) return stored;
    if (stored.state == State::unknown) { // deleted, it might be the secret's newest version already, and everybody who reads that would be locked out
      stored.outputs = Value::object({{"key", id}});
      stored.failure->message = fmt::format("whether the new key {} was stored cannot be told: {}", id, stored.failure->message);
      stored.failure->hint = "does the secret have a new version? if not, delete the key and run again: " + gcloud(in, {"keys", "delete", id, join({"--iam-account=", address(in)})});
      return stored;
    }
    why = stored.failure;
  }
  const auto gone = gcp::body_of(ports.http.send(gcp::send("DELETE", keys_url(in, {"/", gcp::segment(id)}), {}), nullptr, call.stop));
  made.outputs = Value::object({{"key", id}});
  made.state = gone ? State::no_effect : State::partial;
  made.failure = why;
  made.failure->message = fmt::format("the new key {} could not be stored: {}; {}", id, why->message, gone ? "it was deleted again" : "and could not be deleted: it still stands, and nobody has it");
  if (!gone) made.failure->hint = gcloud(in, {"keys", "delete", id, join({"--iam-account=", address(in)})});
  return made;
}

Outcome judge_key_create(const Intent& intent, const Value& seen, const Value& now) {
  Outcome outcome = done_with(intent);
  std::string fresh;
  for (const Value& key : elements(now["keys"]))
    if (key_named(seen["keys"], key["id"]).is_null()) fresh += (fresh.empty() ? "" : ", ") + text_or(key["id"], "");
  outcome.state = fresh.empty() ? State::not_seen : State::unknown;
  if (!fresh.empty())
    outcome.failure = Failure{Cause::transport, Reached::perhaps, fmt::format("the answer was lost: there is a new key ({}), and whether it was stored cannot be told", fresh), "does the secret have a new version? if not, delete the key and run again"};
  return outcome;
}

// key: enabled or disabled

Intent prepare_key(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  const auto state = text_or(in["state"], "");
  const bool enable = state == "enabled";
  const Value key = key_named(seen["keys"], in["key"]);
  intent.act = gcp::send("POST", keys_url(in, {"/", gcp::segment(in["key"]), enable ? ":enable" : ":disable"}), Value::object({}));
  intent.equivalent = gcloud(in, {"keys", enable ? "enable" : "disable", in["key"], join({"--iam-account=", address(in)})});
  intent.touches = touches_account(in);
  intent.outputs = Value::object({{"state", in["state"]}});
  intent.extra = in;
  if (state != "enabled" && state != "disabled") intent.refused = Failure{Cause::refused, Reached::no, fmt::format("'{}' is no state of a key", state), "enabled or disabled"};
  if (intent.refused || seen.is_unknown()) return intent;
  if (key.is_null()) intent.refused = Failure{Cause::missing, Reached::no, fmt::format("{} has no key {}", show(address(in)), bare_json(in["key"])), "iam.keys lists them"};
  intent.nothing = !key.is_null() && key["disabled"] == Value(!enable);
  return intent;
}

Outcome judge_key(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome = done_with(intent);
  const Value key = key_named(now["keys"], intent.extra["key"]);
  if (key.is_null()) {
    outcome.state = State::no_effect;
    outcome.failure = Failure{Cause::missing, Reached::yes, "the key is gone", ""};
  } else if (key["disabled"] != Value(text_or(intent.extra["state"], "") == "disabled")) {
    outcome.state = State::not_seen;
  }
  return outcome;
}

Standing standing_key(const Intent& intent, const Value& seen, const Value&, const Value& now) {
  const Value key = key_named(now["keys"], intent.extra["key"]), before = key_named(seen["keys"], intent.extra["key"]);
  if (key.is_null()) return Standing::otherwise;
  if (key["disabled"] == Value(text_or(intent.extra["state"], "") == "disabled")) return Standing::as_left;
  return key["disabled"] == before["disabled"] ? Standing::as_before : Standing::otherwise;
}

Value undo_key(const Intent& intent, const Value& seen, const Value&) {
  const Value& in = intent.extra;
  const Value key = key_named(seen["keys"], in["key"]);
  const Value former = boolean_or(key["disabled"], false) ? "disabled" : "enabled";
  if (key.is_null() || former == in["state"]) return {};
  return Value::object({{"project", in["project"]}, {"account", in["account"]}, {"key", in["key"]}, {"state", former}});
}

// key-delete

Intent prepare_key_delete(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  const Value key = key_named(seen["keys"], in["key"]);
  intent.act = gcp::send("DELETE", keys_url(in, {"/", gcp::segment(in["key"])}), {});
  intent.equivalent = gcloud(in, {"keys", "delete", in["key"], join({"--iam-account=", address(in)}), "--quiet"});
  intent.touches = touches_account(in);
  intent.outputs = Value::object({{"key", in["key"]}});
  intent.extra = in;
  if (seen.is_unknown()) return intent;
  intent.nothing = key.is_null();
  const auto all = elements(seen["keys"]);
  const auto usable = std::count_if(all.begin(), all.end(), [&](const Value& one) { return one["id"] != in["key"] && !boolean_or(one["disabled"], false); });
  if (!key.is_null() && usable == 0 && !boolean_or(in["last"], false))
    intent.refused = Failure{Cause::refused, Reached::no, fmt::format("{} is the last usable key of {}", bare_json(in["key"]), show(address(in))), "create and use another one first, or say last: true"};
  return intent;
}

Outcome answer_key_delete(const Intent& intent, const Expected<Answer>& answer) {
  if (answer && answer->status == 404) return done_with(intent);
  return answer_done(intent, answer);
}

Outcome judge_key_delete(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome = done_with(intent);
  if (!key_named(now["keys"], intent.extra["key"]).is_null()) outcome.state = State::not_seen;
  return outcome;
}

} // namespace belay::modules::iam_parts
