#include "catch.hpp"
#include "clients/gcp/rest.hpp"
#include "fakes/strict_reads.hpp"
#include "value/json.hpp"

using namespace belay;

namespace {

Answer answer(int status, std::string body, std::vector<std::pair<std::string, std::string>> headers = {}) {
  Answer out;
  out.status = status;
  out.body = std::move(body);
  out.headers = std::move(headers);
  return out;
}
bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
Value json(const std::string& text) { return parse_json(text).value(); }

constexpr const char* k_denied = R"({"error":{"code":403,"message":"Permission 'run.services.update' denied on resource 'projects/shop-prod/locations/us-central1/services/api' (or it may not exist).",
  "status":"PERMISSION_DENIED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"IAM_PERMISSION_DENIED","domain":"run.googleapis.com",
  "metadata":{"permission":"run.services.update","resource":"projects/shop-prod/locations/us-central1/services/api"}},{"@type":"type.googleapis.com/google.rpc.RequestInfo","requestId":"r-77"}]}})";

} // namespace

TEST_CASE("a Google request carries the true address and whose token it wants", "[clients]") {
  const auto request = gcp::get(gcp::url("run", join({"v2/projects/", gcp::segment("a b/c"), "/x"})));
  CHECK(request.method == "GET");
  CHECK(show(request.url) == R"("https://run.googleapis.com/v2/projects/a%20b%2Fc/x")");
  CHECK(request.credentials == "google");
  CHECK(request.headers.empty());
  const auto sent = gcp::send("PATCH", Value("https://run.googleapis.com/"), Value::object({{"a", 1}}));
  REQUIRE(sent.headers.size() == 1);
  CHECK(sent.headers[0].first == "Content-Type");
  CHECK(sent.body["a"] == Value(1));
  CHECK(gcp::send("POST", Value("https://x/"), {}).headers.empty());
}

TEST_CASE("a name that is not known yet stays so inside an address", "[clients]") {
  const auto address = gcp::url("run", join({"v2/", gcp::segment(Value::unknown({"choose"}))}));
  CHECK(address.waits_for() == std::vector<std::string>{"choose"});
  CHECK(holds(show(address), "known after choose"));
  CHECK(gcp::segment(Value("k").as_secret()).is_secret());
}

TEST_CASE("parameters of a query are encoded, and absent ones left out", "[clients]") {
  const auto address = gcp::with_query(Value("https://x/y"), {{"filter", Value("a = \"b\"")}, {"none", {}}, {"pageSize", Value(5)}});
  CHECK(address == Value("https://x/y?filter=a%20%3D%20%22b%22&pageSize=5"));
  CHECK(gcp::with_query(address, {{"z", Value("1")}}) == Value("https://x/y?filter=a%20%3D%20%22b%22&pageSize=5&z=1"));
}

TEST_CASE("a missing permission is named, with a role that has it and the request's id", "[clients]") {
  const auto failure = gcp::failure_of(answer(403, k_denied));
  CHECK(failure.cause == Cause::refused);
  CHECK(failure.reached == Reached::yes);
  CHECK(holds(failure.message, "403 PERMISSION_DENIED (IAM_PERMISSION_DENIED): Permission 'run.services.update' denied"));
  CHECK(holds(failure.message, "(request r-77)"));
  CHECK(holds(failure.hint, "lacks run.services.update; roles/run.developer has it: gcloud projects add-iam-policy-binding shop-prod"));
}

TEST_CASE("a permission is found in the sentence where the API gives no details", "[clients]") {
  const auto failure = gcp::failure_of(answer(403, R"({"error":{"code":403,"message":"ci@shop.iam.gserviceaccount.com does not have storage.objects.get access to the Google Cloud Storage object.","errors":[{"reason":"forbidden"}]}})"));
  CHECK(holds(failure.hint, "lacks storage.objects.get; roles/storage.objectViewer has it"));
  CHECK(holds(failure.message, "(forbidden)"));
  CHECK(holds(gcp::failure_of(answer(403, R"({"error":{"code":403,"message":"The caller does not have permission","status":"PERMISSION_DENIED"}})")).hint, "belay doctor"));
}

TEST_CASE("the roles that the hints name are the narrow ones", "[clients]") {
  CHECK(gcp::role_with("run.services.get") == "roles/run.viewer");
  CHECK(gcp::role_with("run.services.setIamPolicy") == "roles/run.admin");
  CHECK(gcp::role_with("secretmanager.versions.access") == "roles/secretmanager.secretAccessor");
  CHECK(gcp::role_with("cloudsql.instances.restoreBackup") == "roles/cloudsql.admin");
  CHECK(gcp::role_with("cloudsql.instances.get") == "roles/cloudsql.viewer");
  CHECK(gcp::role_with("iam.serviceAccounts.actAs") == "roles/iam.serviceAccountUser");
  CHECK(gcp::role_with("teapot.cups.fill").empty());
}

TEST_CASE("an API that is off says how it is turned on", "[clients]") {
  const auto failure = gcp::failure_of(answer(403, R"({"error":{"code":403,"message":"Cloud Run Admin API has not been used","status":"PERMISSION_DENIED","details":[
    {"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"SERVICE_DISABLED","metadata":{"service":"run.googleapis.com","consumer":"projects/123"}}]}})"));
  CHECK(holds(failure.hint, "gcloud services enable run.googleapis.com --project=123"));
}

TEST_CASE("refusals are told apart by their status", "[clients]") {
  CHECK(gcp::failure_of(answer(404, "{}")).cause == Cause::missing);
  CHECK(gcp::failure_of(answer(409, "{}")).cause == Cause::conflict);
  CHECK(gcp::failure_of(answer(412, "{}")).cause == Cause::conflict);
  CHECK(gcp::failure_of(answer(429, "{}")).cause == Cause::throttled);
  CHECK(gcp::failure_of(answer(400, "{}")).cause == Cause::rejected);
  CHECK(gcp::failure_of(answer(503, "{}")).cause == Cause::transport);
  CHECK(gcp::failure_of(answer(503, "{}")).reached == Reached::perhaps);
  CHECK(holds(gcp::failure_of(answer(502, "<html>bad gateway</html>\nmore")).message, "502: <html>bad gateway</html>"));
  CHECK(holds(gcp::failure_of(answer(500, "", {{"x-cloud-trace-context", "abc/1"}})).message, "(request abc/1)"));
  const auto fields = gcp::failure_of(answer(400, R"({"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest",
    "fieldViolations":[{"field":"template.scaling.max_instance_count","description":"must be greater"}]}]}})"));
  CHECK(holds(fields.message, "[template.scaling.max_instance_count: must be greater]"));
  CHECK(holds(gcp::failure_of(answer(400, R"({"error":"invalid_grant","error_description":"Token has been expired or revoked."})")).message, "invalid_grant: Token has been expired or revoked."));
}

TEST_CASE("a body is JSON, or nothing, or a failure", "[clients]") {
  CHECK(gcp::body_of(answer(200, " \n"))->map().empty());
  CHECK((*gcp::body_of(answer(200, R"({"a":1})")))["a"] == Value(1));
  CHECK(gcp::body_of(answer(200, "<html>")).error().cause == Cause::malformed);
  CHECK(gcp::body_of(answer(404, "")).error().cause == Cause::missing);
}

TEST_CASE("the pages of a list are joined up to a bound", "[clients]") {
  const Request first = gcp::get(Value("https://run.googleapis.com/v2/x?pageSize=2"));
  const auto fill = [](fakes::StrictReads& reads) {
    reads.answers.emplace("https://run.googleapis.com/v2/x?pageSize=2", answer(200, R"({"items":[1,2],"nextPageToken":"t=1"})"));
    reads.answers.emplace("https://run.googleapis.com/v2/x?pageSize=2&pageToken=t%3D1", answer(200, R"({"items":[3]})"));
  };
  fakes::StrictReads all;
  fill(all);
  const Stop all_stop(all.clock);
  CHECK(*gcp::read_pages(all.reads(), first, "items", 10, all_stop) == json("[1,2,3]"));
  all.done();
  fakes::StrictReads some;
  fill(some);
  CHECK(*gcp::read_pages(some.reads(), first, "items", 2, all_stop) == json("[1,2]"));
  CHECK(some.requests.size() == 1);
  fakes::StrictReads failing;
  failing.answers.emplace("https://run.googleapis.com/v2/x?pageSize=2", answer(404, ""));
  CHECK(gcp::read_pages(failing.reads(), first, "items", 2, all_stop).error().cause == Cause::missing);
}

TEST_CASE("pages that hold nothing and never end are given up", "[clients]") {
  struct Endless final : HttpReads {
    int asked = 0;
    Expected<Answer> read(const Request&, const Stop&, Sink*) override {
      if (++asked > 100000) throw std::logic_error("it asks for ever");
      return answer(200, R"({"nextPageToken":"t)" + std::to_string(asked) + R"("})");
    }
    void read_all(std::span<const Request>, unsigned, const std::function<void(std::size_t, Expected<Answer>)>&, const Stop&) override {}
    Expected<Certificate> certificate(const std::string&, int, const std::string&, const Stop&) override { return tl::unexpected(Failure{}); }
  } endless;
  fakes::StrictReads other;
  Reads from = other.reads();
  const Reads reads{endless, from.process, from.sql, from.lines, from.files, from.time};
  const Stop stop(other.clock);
  CHECK(gcp::read_pages(reads, gcp::get(Value("https://run.googleapis.com/v2/x")), "items", 10, stop).error().cause == Cause::full);
}

TEST_CASE("what became of a change follows from the answer alone where it can", "[clients]") {
  const auto fine = [](const Value& body) {
    Outcome out;
    out.outputs = body;
    return out;
  };
  const auto of = [&](int status) { return gcp::answered(answer(status, R"({"a":1})"), fine); };
  CHECK(of(200).state == State::done);
  CHECK(of(200).outputs["a"] == Value(1));
  CHECK(of(409).state == State::no_effect);
  CHECK(of(409).failure->cause == Cause::conflict);
  CHECK(of(412).failure->cause == Cause::conflict);
  CHECK(of(400).state == State::no_effect);
  CHECK(of(429).state == State::no_effect);
  CHECK(of(408).state == State::unknown);
  CHECK(of(503).state == State::unknown);
  CHECK(gcp::answered(answer(200, "<html>"), fine).state == State::unknown);
  CHECK(gcp::answered(Unexpected(Failure{Cause::transport, Reached::perhaps, "cut", ""}), fine).state == State::unknown);
  CHECK(gcp::answered(Unexpected(Failure{Cause::transport, Reached::no, "no connection", ""}), fine).state == State::no_effect);
}

TEST_CASE("an operation of any API tells how far it is", "[clients]") {
  CHECK_FALSE(gcp::progress_of(json(R"({"name":"o/1","metadata":{}})")).done);
  const auto done = gcp::progress_of(json(R"({"name":"o/1","done":true,"response":{"name":"api"}})"));
  CHECK(done.done);
  CHECK_FALSE(done.failure);
  CHECK(done.response["name"] == Value("api"));
  const auto failed = gcp::progress_of(json(R"({"name":"o/1","done":true,"error":{"code":9,"message":"Revision is not ready"}})"));
  REQUIRE(failed.failure);
  CHECK(holds(failed.failure->message, "Revision is not ready (operation o/1)"));
  CHECK(gcp::progress_of(json(R"({"done":true,"error":{"code":10,"message":"x"}})")).failure->cause == Cause::conflict);
  CHECK_FALSE(gcp::progress_of(json(R"({"kind":"sql#operation","status":"RUNNING"})")).done);
  const auto sql = gcp::progress_of(json(R"({"kind":"sql#operation","status":"DONE","name":"op","error":{"errors":[{"code":"INTERNAL","message":"disk"},{"code":"OTHER"}]}})"));
  REQUIRE(sql.failure);
  CHECK(holds(sql.failure->message, "INTERNAL: disk; OTHER"));
  CHECK(gcp::progress_of(json(R"({"kind":"sql#operation","status":"DONE","targetId":"db1"})")).response["targetId"] == Value("db1"));
}
