#include "catch.hpp"
#include "fakes/google_script.hpp"

using namespace belay;
using fakes::GoogleScript, fakes::play, fakes::change_of, fakes::json, fakes::body_of;

namespace {

constexpr const char* k_versions = "GET secretmanager/v1/projects/p/secrets/s/versions?pageSize=250";

Value in(std::vector<std::pair<std::string, Value>> more = {}) {
  std::vector<std::pair<std::string, Value>> all{{"project", "p"}, {"secret", "s"}};
  all.insert(all.end(), more.begin(), more.end());
  return Value::object(std::move(all));
}

} // namespace

TEST_CASE("a version is added with its checksum, without the line feed that a pipe left", "[modules]") {
  GoogleScript google;
  google.expect(k_versions, R"({"versions":[{"name":"projects/1/secrets/s/versions/9","state":"DISABLED"},{"name":"projects/1/secrets/s/versions/10","state":"ENABLED"}]})");
  google.expect("POST secretmanager/v1/projects/p/secrets/s:addVersion", R"({"name":"projects/1/secrets/s/versions/11","state":"ENABLED","clientSpecifiedPayloadChecksum":true})");
  const auto played = play(google, "secret-manager.add", in({{"value", "hunter2\n"}}));
  CHECK(played.outcome.state == State::done);
  CHECK(body_of(played.intent) == R"({"payload":{"data":"aHVudGVyMg==","dataCrc32c":"1736498283"}})");
  CHECK(played.outcome.outputs["version"] == Value("11"));
  CHECK(played.outcome.outputs["reference"] == Value("gcp:projects/p/secrets/s/versions/11"));
  CHECK(played.intent.outputs["before"] == Value("10"));
  CHECK(played.intent.equivalent == "printf %s \"$(cat)\" | gcloud secrets versions add s --data-file=- --project=p");
  const auto whole = change_of("secret-manager.add").prepare(in({{"value", "hunter2\n"}, {"keep_line_feed", true}}), json(R"({"versions":[]})"), {});
  CHECK(whole.equivalent == "gcloud secrets versions add s --data-file=- --project=p");
  google.done();
}

TEST_CASE("what is added as a secret stays one in every form", "[modules]") {
  const auto intent = change_of("secret-manager.add").prepare(in({{"value", Value("hunter2").as_secret()}}), json(R"({"versions":[]})"), {});
  const Value payload = std::get<Request>(intent.act).body["payload"];
  CHECK(payload["data"].is_secret());
  CHECK(payload["dataCrc32c"].is_secret());
  CHECK(body_of(intent).find("aHVud") == std::string::npos);
  const auto unknown = change_of("secret-manager.add").prepare(in({{"value", Value::unknown({"mint"})}}), Value::unknown({"create"}), {});
  CHECK_FALSE(std::get<Request>(unknown.act).body.known());
}

TEST_CASE("an added version whose answer was lost is the one that is new", "[modules]") {
  const auto& add = change_of("secret-manager.add");
  const Value seen = json(R"({"versions":[{"version":"2","state":"ENABLED"}]})");
  const auto intent = add.prepare(in({{"value", "x"}}), seen, {});
  CHECK(add.judge(intent, seen, json(R"({"versions":[{"version":"3"},{"version":"2"}]})")).outputs["version"] == Value("3"));
  CHECK(add.judge(intent, seen, seen).state == State::not_seen);
  CHECK(add.judge(intent, seen, json(R"({"versions":[{"version":"4"},{"version":"3"},{"version":"2"}]})")).state == State::unknown);
  const auto missing = add.prepare(in({{"value", "x"}, {"if_missing", true}}), seen, {});
  CHECK(missing.nothing);
  CHECK(missing.outputs["version"] == Value("2"));
  CHECK_FALSE(add.prepare(in({{"value", "x"}, {"if_missing", true}}), json(R"({"versions":[{"version":"2","state":"DISABLED"}]})"), {}).nothing);
}

TEST_CASE("a payload is read as a secret and held to its checksum", "[modules]") {
  GoogleScript google;
  const char* url = "GET secretmanager/v1/projects/p/secrets/s/versions/latest:access";
  google.expect(url, R"({"name":"projects/1/secrets/s/versions/4","payload":{"data":"aHVudGVyMg==","dataCrc32c":"1736498283"}})");
  const auto outcome = fakes::read(google, "secret-manager.access", in({{"version", "latest"}}));
  CHECK(outcome.outputs["value"] == Value("hunter2").as_secret());
  CHECK(outcome.outputs["version"] == Value("4"));
  google.expect(url, R"({"name":"projects/1/secrets/s/versions/4","payload":{"data":"aHVudGVyMg==","dataCrc32c":"1"}})");
  CHECK(fakes::read(google, "secret-manager.access", in({{"version", "latest"}})).state == State::failed);
  google.expect(url, R"({"name":"projects/1/secrets/s/versions/4","payload":{"data":"/w=="}})");
  CHECK(fakes::read(google, "secret-manager.access", in({{"version", "latest"}})).outputs["value"] == Value::bytes("\xff").as_secret());
}

TEST_CASE("a version is disabled under its etag, never the only enabled one, and enabled again on the way back", "[modules]") {
  GoogleScript google;
  const auto& change = change_of("secret-manager.version");
  google.expect(k_versions, R"({"versions":[{"name":"projects/1/secrets/s/versions/2","state":"ENABLED"},{"name":"projects/1/secrets/s/versions/1","state":"ENABLED","etag":"\"e1\""}]})");
  google.expect("POST secretmanager/v1/projects/p/secrets/s/versions/1:disable", "{}");
  const auto played = play(google, "secret-manager.version", in({{"version", "1"}, {"state", "disabled"}}));
  CHECK(played.outcome.state == State::done);
  CHECK(body_of(played.intent) == R"({"etag":"\"e1\""})");
  CHECK(played.intent.equivalent == "gcloud secrets versions disable 1 --secret=s --project=p");
  CHECK(canonical_json(change.undo(played.intent, played.seen, {})) == R"({"project":"p","secret":"s","state":"enabled","version":"1"})");
  const auto of = [&](const char* state, const char* now, int others) { return change.prepare(in({{"version", "1"}, {"state", state}}), json(std::string(R"({"version":{"state":")") + now + R"(","etag":"a"},"enabled":)" + std::to_string(others) + "}"), {}); };
  CHECK(of("disabled", "ENABLED", 0).refused);
  CHECK(of("disabled", "DISABLED", 0).nothing);
  CHECK(of("enabled", "DESTROYED", 1).refused);
  CHECK(of("destroyed", "ENABLED", 1).refused);
  CHECK(change.judge(played.intent, played.seen, json(R"({"version":{"state":"DISABLED","etag":"b"}})")).state == State::done);
  CHECK(change.judge(played.intent, played.seen, json(R"({"version":{"state":"ENABLED","etag":"\"e1\""}})")).state == State::not_seen);
  CHECK(change.judge(played.intent, played.seen, json(R"({"version":{"state":"ENABLED","etag":"other"}})")).state == State::no_effect);
}

TEST_CASE("secrets are listed with their age; those too old, without a version, or not there are findings", "[modules]") {
  GoogleScript google; // it is 2027-01-15T08:00:00Z
  google.expect("GET secretmanager/v1/projects/p/secrets?pageSize=250", R"({"secrets":[{"name":"projects/1/secrets/a"},{"name":"projects/1/secrets/b"},{"name":"projects/1/secrets/c"}]})");
  google.expect("GET secretmanager/v1/projects/p/secrets/a/versions?pageSize=1&filter=state%3AENABLED", R"({"versions":[{"name":"projects/1/secrets/a/versions/3","state":"ENABLED","createTime":"2026-01-15T08:00:00Z"}]})");
  google.expect("GET secretmanager/v1/projects/p/secrets/b/versions?pageSize=1&filter=state%3AENABLED", "{}");
  const auto outcome = fakes::read(google, "secret-manager.list", Value::object({{"project", "p"}, {"names", Value::List{"a", "b", "d"}}, {"older_than", Value(Duration(std::chrono::hours(24 * 90)))}}));
  REQUIRE(outcome.findings.size() == 3);
  CHECK(outcome.findings[0].subject == "d");
  CHECK(outcome.findings[1].message == "its newest version is 365 days old, and 90 are allowed");
  CHECK(outcome.findings[2].subject == "b");
  CHECK(outcome.outputs["secrets"].list().at(0)["version"] == Value("3"));
  google.done();
}

TEST_CASE("a secret is made once, and one that is not there is told with the nearest name", "[modules]") {
  const auto& create = change_of("secret-manager.create");
  CHECK(create.prepare(in(), json(R"({"secret":"projects/1/secrets/s"})"), {}).nothing);
  const auto intent = create.prepare(in({{"locations", Value::List{"us-central1", "us-east1"}}, {"labels", Value::object({{"team", "ops"}})}}), json(R"({"secret":null})"), {});
  CHECK(body_of(intent) == R"({"labels":{"team":"ops"},"replication":{"userManaged":{"replicas":[{"location":"us-central1"},{"location":"us-east1"}]}}})");
  CHECK(intent.equivalent == "gcloud secrets create s --replication-policy=user-managed --locations=us-central1,us-east1 --labels=team=ops --project=p");
  CHECK(create.judge(intent, {}, json(R"({"secret":null})")).state == State::not_seen);
  CHECK(create.judge(intent, {}, json(R"({"secret":"x"})")).state == State::done);
  GoogleScript google;
  google.expect(k_versions, 404, R"({"error":{"code":404,"message":"Secret not found","status":"NOT_FOUND"}})");
  google.expect("GET secretmanager/v1/projects/p/secrets?pageSize=250", R"({"secrets":[{"name":"projects/1/secrets/ss"}]})");
  CHECK(fakes::read(google, "secret-manager.versions", in()).failure->hint == "did you mean 'ss'?");
}

TEST_CASE("a minted secret goes from here into its store and is in no act, no output", "[modules]") {
  GoogleScript google;
  for (const char* form : {"hex", "base64"}) {
    google.expect(k_versions, R"({"versions":[]})");
    google.expect("POST secretmanager/v1/projects/p/secrets/s:addVersion", R"({"name":"projects/1/secrets/s/versions/1"})");
    const auto played = play(google, "secret-manager.mint", in({{"bytes", 32}, {"form", form}}));
    CHECK(played.outcome.state == State::done);
    CHECK(played.outcome.outputs["reference"] == Value("gcp:projects/p/secrets/s/versions/1"));
    CHECK(body_of(played.intent).find("known when it runs") != std::string::npos);
    CHECK(google.sent.back().body["payload"]["data"].is_secret());
    CHECK(google.sent.back().body["payload"]["dataCrc32c"].is_secret());
  }
  CHECK_FALSE(google.sent[1].body == google.sent[3].body);
  const auto of = [](Value bytes, const char* form) { return change_of("secret-manager.mint").prepare(in({{"bytes", bytes}, {"form", form}}), json(R"({"versions":[]})"), {}); };
  CHECK(of(32, "hex").equivalent == "openssl rand -hex 32 | tr -d '\\n' | gcloud secrets versions add s --data-file=- --project=p");
  CHECK(of(8, "hex").refused);
  CHECK(of(32, "octal").refused);
  google.done();
}

TEST_CASE("a secret that is there is not minted again where it is only to be there", "[modules]") {
  GoogleScript google;
  google.expect(k_versions, R"({"versions":[{"name":"projects/1/secrets/s/versions/3","state":"ENABLED"}]})");
  const auto played = play(google, "secret-manager.mint", in({{"bytes", 32}, {"form", "hex"}, {"if_missing", true}}));
  CHECK(played.intent.nothing);
  CHECK(played.intent.outputs["version"] == Value("3"));
  google.done();
}
