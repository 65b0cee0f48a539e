#include "catch.hpp"
#include "fakes/google_script.hpp"

using namespace belay;
using fakes::GoogleScript, fakes::play, fakes::change_of, fakes::json, fakes::body_of;

namespace {

constexpr const char* k_services = "run/v2/projects/p/locations/r/services";
std::string get(const char* service) { return std::string("GET ") + k_services + "/" + service; }
std::string revisions(const char* service) { return get(service) + "/revisions?pageSize=200"; }
Value in(std::vector<std::pair<std::string, Value>> more) {
  std::vector<std::pair<std::string, Value>> all{{"project", "p"}, {"region", "r"}};
  all.insert(all.end(), more.begin(), more.end());
  return Value::object(std::move(all));
}
const Value k_copy = in({{"service", "api"}, {"to", "api-drill"}, {"env", Value::object({{"DB", "copy"}})}});
constexpr const char* k_api = R"({"name":"projects/p/locations/r/services/api","uri":"https://api","ingress":"INGRESS_TRAFFIC_ALL","trafficStatuses":[{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"api-1","percent":100}]})";
constexpr const char* k_revisions = R"({"revisions":[{"name":"projects/p/locations/r/services/api/revisions/api-1","containers":[{"image":"i:1","env":[{"name":"DB","value":"live"},{"name":"A","value":"b"}]}]}]})";

} // namespace

TEST_CASE("a copy is made like what serves, with other variables, and bears a label that says whose it is", "[modules]") {
  GoogleScript google;
  google.expect(get("api-drill"), 404, R"({"error":{"code":404,"status":"NOT_FOUND"}})");
  google.expect(revisions("api-drill"), 404, R"({"error":{"code":404,"status":"NOT_FOUND"}})");
  google.expect(get("api"), k_api);
  google.expect(revisions("api"), k_revisions);
  google.expect(std::string("POST ") + k_services + "?serviceId=api-drill", R"({"name":"projects/p/locations/r/operations/1"})");
  google.expect("POST run/v2/projects/p/locations/r/operations/1:wait", "{}");
  google.expect(get("api-drill"), R"({"name":"projects/p/locations/r/services/api-drill","uri":"https://drill","latestReadyRevision":"projects/p/locations/r/services/api-drill/revisions/api-drill-1"})");
  google.expect(revisions("api-drill"), "{}");
  const auto played = play(google, "cloud-run.copy", k_copy);
  CHECK(played.outcome.state == State::done);
  CHECK(played.outcome.outputs["url"] == Value("https://drill"));
  const Value body = std::get<Request>(played.intent.act).body;
  CHECK(body["labels"]["belay-copy-of"] == Value("api"));
  CHECK(canonical_json(body["template"]["containers"]).find(R"({"name":"DB","value":"copy"})") != std::string::npos);
  CHECK(canonical_json(body["template"]["containers"]).find(R"({"name":"A","value":"b"})") != std::string::npos);
  google.done();
}

TEST_CASE("a copy never takes the place of a service that is there", "[modules]") {
  const auto intent = change_of("cloud-run.copy").prepare(k_copy, json(R"({"copy":{"uri":"x"},"template":{"containers":[{"image":"i"}]},"ingress":"INGRESS_TRAFFIC_ALL"})"), {});
  REQUIRE(intent.refused);
  CHECK(intent.refused->hint.find("gcloud run services delete api-drill") != std::string::npos);
}

TEST_CASE("a copy that did not become ready says why", "[modules]") {
  const auto& change = change_of("cloud-run.copy");
  const auto intent = change.prepare(k_copy, json(R"({"copy":null,"template":{"containers":[{"image":"i"}]},"ingress":"INGRESS_TRAFFIC_ALL"})"), {});
  CHECK(change.judge(intent, {}, json(R"({"copy":{"reconciling":true}})")).state == State::pending);
  CHECK(change.judge(intent, {}, json(R"({"copy":{"terminalCondition":{"state":"CONDITION_FAILED","message":"no such image"}}})")).state == State::partial);
  CHECK(change.judge(intent, {}, json(R"({"copy":null})")).state == State::not_seen);
}

TEST_CASE("only what bears the label of a copy of that service is deleted", "[modules]") {
  const auto& change = change_of("cloud-run.delete-copy");
  const Value drill = in({{"service", "api-drill"}, {"of", "api"}});
  CHECK_FALSE(change.prepare(drill, json(R"({"copy":{"etag":"1","of":"api"}})"), {}).refused);
  CHECK(change.prepare(drill, json(R"({"copy":{"etag":"1"}})"), {}).refused);
  CHECK(change.prepare(drill, json(R"({"copy":{"etag":"1","of":"other"}})"), {}).refused);
  const auto intent = change.prepare(drill, json(R"({"copy":null})"), {});
  CHECK(intent.nothing);
  CHECK(change.judge(intent, {}, json(R"({"copy":{"etag":"1","of":"api","going":"2026-01-01T00:00:00Z"}})")).state == State::pending);
  CHECK(change.judge(intent, {}, json(R"({"copy":null})")).state == State::done);
}
