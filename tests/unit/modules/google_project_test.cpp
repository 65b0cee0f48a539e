#include "catch.hpp"
#include "fakes/google_script.hpp"

/// Modules that manage what surrounds a service in its project: memorystore, service-usage, iam, compute, artifact-registry.
using namespace belay;
using fakes::GoogleScript, fakes::play, fakes::change_of, fakes::json, fakes::body_of;

namespace {
Value in(std::vector<std::pair<std::string, Value>> more = {}) {
  more.insert(more.begin(), {"project", "p"});
  return Value::object(std::move(more));
}
Value redis(std::vector<std::pair<std::string, Value>> more = {}) {
  more.insert(more.begin(), {{"region", "r"}, {"instance", "cache"}});
  return in(std::move(more));
}
constexpr const char* k_cache = "GET redis/v1/projects/p/locations/r/instances/cache";
constexpr const char* k_keys = "GET iam/v1/projects/p/serviceAccounts/api%40p.iam.gserviceaccount.com/keys?keyTypes=USER_MANAGED";
Value account(std::vector<std::pair<std::string, Value>> more = {}) {
  more.insert(more.begin(), {"account", "api"});
  return in(std::move(more));
}
} // namespace

TEST_CASE("a Memorystore instance is resized by a followed operation, and back", "[modules]") {
  GoogleScript google;
  google.expect(k_cache, R"({"state":"READY","memorySizeGb":5,"tier":"STANDARD_HA","currentLocationId":"a"})");
  google.expect("PATCH redis/v1/projects/p/locations/r/instances/cache?updateMask=memorySizeGb", R"({"name":"projects/p/locations/r/operations/o1","done":false})");
  google.expect(k_cache, R"({"state":"UPDATING","memorySizeGb":5})");
  google.expect("GET redis/v1/projects/p/locations/r/operations/o1", R"({"name":"projects/p/locations/r/operations/o1","done":false})");
  google.expect(k_cache, R"({"state":"READY","memorySizeGb":8})");
  google.expect("GET redis/v1/projects/p/locations/r/operations/o1", R"({"name":"projects/p/locations/r/operations/o1","done":true,"response":{}})");
  const auto played = play(google, "memorystore.resize", redis({{"size_gb", 8}}));
  CHECK(played.outcome.state == State::done);
  CHECK(played.intent.equivalent == "gcloud redis instances update cache --size=8 --region=r --project=p --quiet");
  CHECK(canonical_json(change_of("memorystore.resize").undo(played.intent, played.seen, {})) == R"({"instance":"cache","project":"p","region":"r","size_gb":5})");
  CHECK(change_of("memorystore.resize").prepare(redis({{"size_gb", 5}}), played.seen, {}).nothing);
  google.done();
}

TEST_CASE("a Memorystore instance without a replica is not failed over; a lost answer is told from the zone", "[modules]") {
  const auto& failover = change_of("memorystore.failover");
  CHECK(failover.prepare(redis(), json(R"({"instance":{"tier":"BASIC"}})"), {}).refused);
  const Value seen = json(R"({"instance":{"tier":"STANDARD_HA","zone":"a","state":"READY"}})");
  const auto intent = failover.prepare(redis(), seen, {});
  CHECK(body_of(intent) == R"({"dataProtectionMode":"LIMITED_DATA_LOSS"})");
  CHECK(failover.judge(intent, seen, json(R"({"instance":{"zone":"b","state":"READY"}})")).state == State::done);
  CHECK(failover.judge(intent, seen, seen).state == State::not_seen);
  CHECK(failover.judge(intent, seen, json(R"({"instance":{"zone":"a","state":"FAILING_OVER"}})")).state == State::pending);
}

TEST_CASE("only those APIs are enabled that are not yet", "[modules]") {
  GoogleScript google;
  google.expect("GET serviceusage/v1/projects/p/services?filter=state%3AENABLED&pageSize=200", R"({"services":[{"name":"projects/1/services/run.googleapis.com","config":{"name":"run.googleapis.com"}}]})");
  google.expect("POST serviceusage/v1/projects/p/services:batchEnable", R"({"name":"operations/noop","done":true,"response":{}})");
  const auto played = play(google, "service-usage.enable", in({{"services", Value::List{"run.googleapis.com", "sqladmin.googleapis.com"}}}));
  CHECK(played.outcome.state == State::done);
  CHECK(body_of(played.intent) == R"({"serviceIds":["sqladmin.googleapis.com"]})");
  CHECK(played.intent.equivalent == "gcloud services enable sqladmin.googleapis.com --project=p");
  CHECK(change_of("service-usage.enable").prepare(in({{"services", Value::List{"a"}}}), json(R"({"missing":[]})"), {}).nothing);
  google.expect("GET serviceusage/v1/projects/p/services?filter=state%3AENABLED&pageSize=200", "{}");
  CHECK(fakes::read(google, "service-usage.list", in({{"needs", Value::List{"a", "b"}}})).findings.size() == 2);
  google.done();
}

TEST_CASE("a new key is stored before anything is told of it", "[modules]") {
  GoogleScript google;
  google.expect(k_keys, "{}");
  google.expect("POST iam/v1/projects/p/serviceAccounts/api%40p.iam.gserviceaccount.com/keys", R"({"name":"projects/p/serviceAccounts/a/keys/k1","privateKeyData":"aHVudGVyMg=="})");
  google.expect("POST secretmanager/v1/projects/p/secrets/sa-key:addVersion", R"({"name":"projects/1/secrets/sa-key/versions/3"})");
  const auto played = play(google, "iam.key-create", account({{"secret", "sa-key"}}));
  CHECK(played.outcome.state == State::done);
  CHECK(canonical_json(played.outcome.outputs) == R"({"key":"k1","reference":"gcp:projects/p/secrets/sa-key/versions/3","version":"3"})");
  const Value payload = google.sent.back().body["payload"];
  CHECK(payload["data"] == Value("aHVudGVyMg==").as_secret());
  CHECK(payload["dataCrc32c"] == Value("1736498283").as_secret());
  google.done();
}

TEST_CASE("a key that cannot be stored is deleted again, and where that fails it is named", "[modules]") {
  for (const int status : {200, 503}) {
    GoogleScript google;
    google.expect(k_keys, "{}");
    google.expect("POST iam/v1/projects/p/serviceAccounts/api%40p.iam.gserviceaccount.com/keys", R"({"name":"projects/p/serviceAccounts/a/keys/k1","privateKeyData":"aHVudGVyMg=="})");
    google.expect("POST secretmanager/v1/projects/p/secrets/sa-key:addVersion", 403, R"({"error":{"code":403,"status":"PERMISSION_DENIED","message":"no"}})");
    google.expect("DELETE iam/v1/projects/p/serviceAccounts/api%40p.iam.gserviceaccount.com/keys/k1", status, "{}");
    const auto played = play(google, "iam.key-create", account({{"secret", "sa-key"}}));
    CHECK(played.outcome.state == (status == 200 ? State::no_effect : State::partial));
    CHECK(played.outcome.failure->message.find("k1") != std::string::npos);
    google.done();
  }
  const auto& create = change_of("iam.key-create");
  const auto intent = create.prepare(account({{"secret", "s"}}), json(R"({"keys":[]})"), {});
  CHECK(create.judge(intent, json(R"({"keys":[]})"), json(R"({"keys":[{"id":"new"}]})")).state == State::unknown);
  CHECK(create.judge(intent, json(R"({"keys":[]})"), json(R"({"keys":[]})")).state == State::not_seen);
}

TEST_CASE("a key of which nobody can tell whether it was stored is kept: deleted, it would be the secret's newest version and worth nothing", "[modules]") {
  GoogleScript google;
  google.expect(k_keys, "{}");
  google.expect("POST iam/v1/projects/p/serviceAccounts/api%40p.iam.gserviceaccount.com/keys", R"({"name":"projects/p/serviceAccounts/a/keys/k1","privateKeyData":"aHVudGVyMg=="})");
  google.expect_lost("POST secretmanager/v1/projects/p/secrets/sa-key:addVersion");
  const auto played = play(google, "iam.key-create", account({{"secret", "sa-key"}}));
  CHECK(played.outcome.state == State::unknown);
  CHECK(played.outcome.failure->message.find("k1") != std::string::npos);
  google.done();
}

TEST_CASE("a region is a part of a host's name and never leads to another host", "[modules]") {
  GoogleScript google;
  google.expect("GET else.example%2F-run/apis/domains.cloudrun.com/v1/namespaces/p/domainmappings", "{}");
  fakes::read(google, "cloud-run.domain-mappings", Value::object({{"project", "p"}, {"region", "else.example/"}}));
  google.done();
}

TEST_CASE("keys have an age, a state that can be taken back, and the last one that can be used stays", "[modules]") {
  GoogleScript google; // it is 2027-01-15T08:00:00Z
  google.expect(k_keys, R"({"keys":[{"name":"projects/p/serviceAccounts/a/keys/old","validAfterTime":"2026-01-15T08:00:00Z"},{"name":"x/keys/new","validAfterTime":"2027-01-14T08:00:00Z"}]})");
  const auto outcome = fakes::read(google, "iam.keys", account({{"older_than", Value(Duration(std::chrono::hours(24 * 90)))}}));
  REQUIRE(outcome.findings.size() == 1);
  CHECK(outcome.findings[0].message == "its key old is 365 days old, and 90 are allowed");
  const Value seen = json(R"({"keys":[{"id":"old","disabled":false},{"id":"new","disabled":false}]})");
  const auto& key = change_of("iam.key");
  const auto intent = key.prepare(account({{"key", "old"}, {"state", "disabled"}}), seen, {});
  CHECK(show(std::get<Request>(intent.act).url).ends_with("/keys/old:disable\""));
  CHECK(canonical_json(key.undo(intent, seen, {})) == R"({"account":"api","key":"old","project":"p","state":"enabled"})");
  CHECK(key.judge(intent, seen, json(R"({"keys":[{"id":"old","disabled":true}]})")).state == State::done);
  CHECK(key.judge(intent, seen, json(R"({"keys":[]})")).state == State::no_effect);
  CHECK(key.prepare(account({{"key", "nope"}, {"state", "disabled"}}), seen, {}).refused);
  const auto& remove = change_of("iam.key-delete");
  CHECK_FALSE(remove.prepare(account({{"key", "old"}}), seen, {}).refused);
  CHECK(remove.prepare(account({{"key", "old"}}), json(R"({"keys":[{"id":"old","disabled":true},{"id":"new","disabled":true}]})"), {}).refused);
  CHECK(remove.prepare(account({{"key", "gone"}}), seen, {}).nothing);
}

TEST_CASE("a binding is written back under the policy's etag, conditions and other members untouched, and taken back exactly", "[modules]") {
  const auto& binding = change_of("iam.binding");
  const Value seen = json(R"({"policy":{"etag":"E1","version":1,"bindings":[{"role":"roles/a","members":["user:x"]},{"role":"roles/b","members":["user:m"]},{"role":"roles/c","members":["user:m"],"condition":{"title":"t"}}]}})");
  const auto add = binding.prepare(in({{"member", "user:m"}, {"roles", Value::List{"roles/a", "roles/b", "roles/c"}}, {"state", "present"}}), seen, {});
  CHECK(body_of(add) ==
        R"({"policy":{"bindings":[{"members":["user:x","user:m"],"role":"roles/a"},{"members":["user:m"],"role":"roles/b"},{"condition":{"title":"t"},"members":["user:m"],"role":"roles/c"},{"members":["user:m"],"role":"roles/c"}],"etag":"E1","version":3}})");
  CHECK(canonical_json(binding.undo(add, seen, {})) == R"({"member":"user:m","project":"p","roles":["roles/a","roles/c"],"state":"absent"})");
  CHECK(add.equivalent.find("gcloud projects add-iam-policy-binding p --member=user:m --role=roles/a --condition=None && ") == 0);
  const auto remove = binding.prepare(in({{"member", "user:m"}, {"roles", Value::List{"roles/b"}}, {"state", "absent"}}), seen, {});
  CHECK(body_of(remove) == R"({"policy":{"bindings":[{"members":["user:x"],"role":"roles/a"},{"condition":{"title":"t"},"members":["user:m"],"role":"roles/c"}],"etag":"E1","version":3}})");
  CHECK(binding.prepare(in({{"member", "user:m"}, {"roles", Value::List{"roles/b"}}}), seen, {}).nothing);
  CHECK(binding.prepare(in({{"member", "user:m"}, {"roles", Value::List{"roles/z"}}}), json(R"({"policy":{"bindings":[]}})"), {}).refused);
  CHECK(binding.judge(add, seen, seen).state == State::not_seen);
  CHECK(binding.judge(add, seen, json(R"({"policy":{"etag":"E2","bindings":[]}})")).state == State::no_effect);
  const auto unseen = binding.prepare(in({{"member", "user:m"}, {"roles", Value::List{"roles/b"}}}), Value::unknown({"x"}), {});
  CHECK_FALSE(std::get<Request>(unseen.act).body.known());
}

TEST_CASE("a policy is read by a POST that only reads, and lacking roles are findings", "[modules]") {
  GoogleScript google;
  google.expect("POST cloudresourcemanager/v1/projects/p:getIamPolicy", R"({"bindings":[{"role":"roles/a","members":["user:m"]}],"etag":"E"})");
  const auto outcome = fakes::read(google, "iam.policy", in({{"member", "user:m"}, {"roles", Value::List{"roles/a", "roles/b"}}}));
  REQUIRE(outcome.findings.size() == 1);
  CHECK(canonical_json(outcome.outputs["missing"]) == R"(["roles/b"])");
}

TEST_CASE("a service account is made by its short name and left alone when it is there", "[modules]") {
  const auto& make = change_of("iam.account");
  const auto intent = make.prepare(account({{"title", "API"}}), json(R"({"account":null})"), {});
  CHECK(body_of(intent) == R"({"accountId":"api","serviceAccount":{"displayName":"API"}})");
  CHECK(intent.outputs["member"] == Value("serviceAccount:api@p.iam.gserviceaccount.com"));
  CHECK(make.prepare(account(), json(R"({"account":"x"})"), {}).nothing);
  CHECK(make.judge(intent, {}, json(R"({"account":null})")).state == State::not_seen);
}

TEST_CASE("a connector that was deleted is made again as it was", "[modules]") {
  GoogleScript google;
  const char* url = "GET vpcaccess/v1/projects/p/locations/r/connectors/c";
  google.expect(url, R"({"state":"READY","network":"default","ipCidrRange":"10.8.0.0/28","minInstances":2,"maxInstances":3,"machineType":"e2-micro"})");
  google.expect("DELETE vpcaccess/v1/projects/p/locations/r/connectors/c", R"({"name":"projects/p/locations/r/operations/o"})");
  google.expect("GET vpcaccess/v1/projects/p/locations/r/operations/o", R"({"name":"projects/p/locations/r/operations/o","done":true})");
  const auto& connector = change_of("compute.connector");
  const auto played = play(google, "compute.connector", in({{"region", "r"}, {"connector", "c"}, {"state", "absent"}}));
  CHECK(played.outcome.state == State::done);
  const Value back = connector.undo(played.intent, played.seen, {});
  CHECK(canonical_json(back) ==
        R"({"connector":"c","machine_type":"e2-micro","max_instances":3,"min_instances":2,"network":"default","project":"p","range":"10.8.0.0/28","region":"r","state":"present"})");
  const auto again = connector.prepare(back, json(R"({"connector":null})"), {});
  CHECK(body_of(again) == R"({"ipCidrRange":"10.8.0.0/28","machineType":"e2-micro","maxInstances":3,"minInstances":2,"network":"default"})");
  CHECK(connector.judge(again, {}, json(R"({"connector":{},"state":"CREATING"})")).state == State::pending);
  CHECK(connector.judge(again, {}, json(R"({"connector":{},"state":"ERROR"})")).state == State::partial);
  CHECK(connector.standing(played.intent, played.seen, {}, json(R"({"connector":null})")) == Standing::as_left);
  google.done();
}

TEST_CASE("a firewall rule names whom it applies to, and one that is there otherwise is not replaced", "[modules]") {
  const auto& firewall = change_of("compute.firewall");
  const Value rule = in({{"name", "deny"}, {"state", "present"}, {"network", "default"}, {"direction", "INGRESS"}, {"action", "deny"}, {"rules", Value::List{"all", "tcp:22"}}, {"sources", Value::List{"203.0.113.0/24"}}, {"priority", 100}});
  const auto intent = firewall.prepare(rule, json(R"({"firewall":null,"more":[]})"), {});
  CHECK(body_of(intent) ==
        R"({"denied":[{"IPProtocol":"all"},{"IPProtocol":"tcp","ports":["22"]}],"direction":"INGRESS","name":"deny","network":"projects/p/global/networks/default","priority":100,"sourceRanges":["203.0.113.0/24"]})");
  CHECK(intent.equivalent ==
        "gcloud compute firewall-rules create deny --network=default --action=DENY --rules=all,tcp:22 --direction=INGRESS --priority=100 --source-ranges=203.0.113.0/24 --project=p");
  const auto outwards = firewall.prepare(in({{"name", "out"}, {"direction", "EGRESS"}, {"rules", Value::List{"all"}}}), json(R"({"firewall":null,"more":[]})"), {});
  CHECK_FALSE(outwards.refused);
  CHECK(outwards.equivalent.find("-ranges") == std::string::npos); // to everywhere: gcloud takes no empty list
  CHECK(firewall.prepare(in({{"name", "deny"}, {"direction", "INGRESS"}, {"rules", Value::List{"all"}}}), json(R"({"firewall":null})"), {}).refused);
  const Value there = json(R"({"firewall":{"network":"default","direction":"INGRESS","action":"deny","rules":["all","tcp:22"],"sources":["203.0.113.0/24"],"priority":100},"more":[]})");
  CHECK(firewall.prepare(rule, there, {}).nothing);
  CHECK_FALSE(firewall.prepare(rule, there, {}).refused);
  CHECK(firewall.prepare(rule, json(R"({"firewall":{"network":"default","direction":"INGRESS","action":"allow"}})"), {}).refused);
  const auto gone = firewall.prepare(in({{"name", "deny"}, {"state", "absent"}}), there, {});
  CHECK(firewall.undo(gone, there, {})["sources"] == there["firewall"]["sources"]);
  CHECK(firewall.prepare(in({{"name", "deny"}, {"state", "absent"}}), json(R"({"firewall":{"action":"deny"},"more":["targetTags"]})"), {}).refused);
  // A rule that is turned off keeps nobody out, and one that was would be made again in force.
  GoogleScript google;
  for (const char* state : {"present", "absent"}) {
    google.expect("GET compute/compute/v1/projects/p/global/firewalls/deny",
                  R"({"name":"deny","network":"x/default","direction":"INGRESS","denied":[{"IPProtocol":"all"}],"sourceRanges":["203.0.113.0/24"],"priority":100,"disabled":true,"logConfig":{"enable":false}})");
    const auto off = play(google, "compute.firewall", in({{"name", "deny"}, {"state", state}, {"network", "default"}, {"direction", "INGRESS"}, {"action", "deny"}, {"rules", Value::List{"all"}}, {"sources", Value::List{"203.0.113.0/24"}}, {"priority", 100}}));
    REQUIRE(off.intent.refused);
    CHECK(off.intent.refused->message.find("disabled") != std::string::npos);
  }
}

TEST_CASE("an image's tag is its digest, and one that is not there is told with the nearest tag", "[modules]") {
  GoogleScript google;
  const std::string package = "artifactregistry/v1/projects/p/locations/us-central1/repositories/app/packages/api";
  google.expect("GET " + package + "/tags/v1", R"({"version":"projects/p/x/versions/sha256:abc"})");
  const auto outcome = fakes::read(google, "artifact-registry.image", Value::object({{"image", "us-central1-docker.pkg.dev/p/app/api:v1"}}));
  CHECK(outcome.outputs["reference"] == Value("us-central1-docker.pkg.dev/p/app/api@sha256:abc"));
  google.expect("GET " + package + "/tags/v2", 404, "{}");
  google.expect("GET " + package + "/tags?pageSize=1000", R"({"tags":[{"name":"x/tags/v1"},{"name":"x/tags/other"}]})");
  CHECK(fakes::read(google, "artifact-registry.image", Value::object({{"image", "us-central1-docker.pkg.dev/p/app/api:v2"}})).failure->hint == "did you mean 'v1'?");
  google.expect("GET artifactregistry/v1/projects/p/locations/us/repositories/gcr.io/packages/team%2Fapi/tags/latest", R"({"version":"x/sha256:d"})");
  CHECK(fakes::read(google, "artifact-registry.image", Value::object({{"image", "gcr.io/p/team/api"}})).outputs["reference"] == Value("gcr.io/p/team/api@sha256:d"));
  CHECK(fakes::read(google, "artifact-registry.image", Value::object({{"image", "docker.io/x/y:1"}})).state == State::failed);
  google.done();
}

TEST_CASE("vulnerabilities that are worse than tolerated are findings, and so is an image that nobody scanned", "[modules]") {
  GoogleScript google;
  const std::string filter = "%28%28kind%20%3D%20%22VULNERABILITY%22%29%20OR%20%28kind%20%3D%20%22DISCOVERY%22%29%29%20AND%20%28%28resourceUrl%20%3D%20%22https%3A%2F%2Fgcr.io%2Fp%2Fapi%40sha256%3Aa%22%29%20OR%20%28resourceUrl%20%3D%20%22gcr.io%2Fp%2Fapi%40sha256%3Aa%22%29%29";
  const std::string version = "GET artifactregistry/v1/projects/p/locations/us/repositories/gcr.io/packages/api/versions/sha256%3Aa", list = "GET containeranalysis/v1/projects/p/occurrences?filter=" + filter + "&pageSize=1000";
  google.expect(version, "{}");
  google.expect(list, R"({"occurrences":[{"kind":"VULNERABILITY","noteName":"projects/g/notes/CVE-1","vulnerability":{"effectiveSeverity":"CRITICAL","packageIssue":[{"affectedPackage":"openssl","fixedVersion":{"fullName":"3.0.2"}}]}},)"
                      R"({"kind":"VULNERABILITY","noteName":"projects/g/notes/CVE-2","vulnerability":{"severity":"LOW"}}]})");
  const auto outcome = fakes::read(google, "artifact-registry.vulnerabilities", Value::object({{"image", "gcr.io/p/api@sha256:a"}, {"worst", "MEDIUM"}}));
  REQUIRE(outcome.findings.size() == 1);
  CHECK(outcome.findings[0].message == "CRITICAL in openssl, fixed in 3.0.2");
  CHECK(outcome.outputs["counts"]["LOW"] == Value(1));
  google.expect(version, "{}");
  google.expect(list, "{}");
  CHECK(fakes::read(google, "artifact-registry.vulnerabilities", Value::object({{"image", "gcr.io/p/api@sha256:a"}, {"worst", "MEDIUM"}})).findings.size() == 1);
}

TEST_CASE("what others made of it since is told apart from what an act left and from what was there before", "[modules]") {
  const auto standing = [](const char* action, const Value& inputs, const char* before, const char* now) {
    const auto& change = change_of(action);
    const Value seen = json(before);
    return change.standing(change.prepare(inputs, seen, {}), seen, {}, json(now));
  };
  const Value size = redis({{"size_gb", 8}});
  CHECK(standing("memorystore.resize", size, R"({"instance":{"size_gb":5}})", R"({"instance":{"size_gb":8}})") == Standing::as_left);
  CHECK(standing("memorystore.resize", size, R"({"instance":{"size_gb":5}})", R"({"instance":{"size_gb":5}})") == Standing::as_before);
  CHECK(standing("memorystore.resize", size, R"({"instance":{"size_gb":5}})", R"({"instance":{"size_gb":20}})") == Standing::otherwise);
  const Value key = account({{"key", "k"}, {"state", "disabled"}});
  const char* enabled = R"({"keys":[{"id":"k","disabled":false}]})";
  CHECK(standing("iam.key", key, enabled, R"({"keys":[{"id":"k","disabled":true}]})") == Standing::as_left);
  CHECK(standing("iam.key", key, enabled, enabled) == Standing::as_before);
  CHECK(standing("iam.key", key, enabled, R"({"keys":[]})") == Standing::otherwise);
  const Value roles = in({{"member", "user:m"}, {"roles", Value::List{"roles/a"}}, {"state", "present"}});
  const char* without = R"({"policy":{"etag":"1","bindings":[]}})";
  CHECK(standing("iam.binding", roles, without, R"({"policy":{"etag":"9","bindings":[{"role":"roles/a","members":["user:m","user:x"]}]}})") == Standing::as_left);
  CHECK(standing("iam.binding", roles, without, R"({"policy":{"etag":"9","bindings":[{"role":"roles/a","members":["user:x"]}]}})") == Standing::as_before);
  const Value disable = in({{"secret", "s"}, {"version", "1"}, {"state", "disabled"}});
  CHECK(standing("secret-manager.version", disable, R"({"version":{"state":"ENABLED"},"enabled":1})", R"({"version":{"state":"DISABLED"}})") == Standing::as_left);
  CHECK(standing("secret-manager.version", disable, R"({"version":{"state":"ENABLED"},"enabled":1})", R"({"version":{"state":"DESTROYED"}})") == Standing::otherwise);
  const Value tier = in({{"instance", "db"}, {"tier", "b"}, {"flags", Value::object({{"x", 1}})}});
  const char* a = R"({"instance":{"settings":{"tier":"a"}},"operations":[]})";
  CHECK(standing("cloud-sql.patch", tier, a, R"({"instance":{"settings":{"tier":"b","availabilityType":"REGIONAL","databaseFlags":[{"name":"x","value":"1"},{"name":"y","value":"2"}]}}})") == Standing::as_left);
  CHECK(standing("cloud-sql.patch", tier, a, R"({"instance":{"settings":{"tier":"c","databaseFlags":[{"name":"x","value":"1"}]}}})") == Standing::otherwise);
  CHECK(standing("cloud-sql.patch", tier, a, R"({"instance":{"settings":{"tier":"b","databaseFlags":[{"name":"x","value":"3"}]}}})") == Standing::otherwise);
}
