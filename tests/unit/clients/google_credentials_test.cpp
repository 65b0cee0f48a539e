#include "catch.hpp"
#include "clients/gcp/credentials.hpp"
#include "clients/gcp/google_http.hpp"
#include "clients/gcp/google_secrets.hpp"
#include "clients/gcp/token_request.hpp"
#include "codec/crc32c.hpp"
#include "codec/rs256.hpp"
#include "fakes/fixed_machine.hpp"
#include "fakes/strict_reads.hpp"
#include "value/base64.hpp"
#include <memory>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

using namespace belay;

namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
Expected<Answer> answer(int status, std::string body, std::vector<std::pair<std::string, std::string>> headers = {}) {
  Answer out;
  out.status = status;
  out.body = std::move(body);
  out.headers = std::move(headers);
  return out;
}

/// Requests in order, files, programs: what is not told beforehand fails the test.
struct Cloud : fakes::StrictReads, Http {
  std::deque<std::pair<std::string, Expected<Answer>>> script; ///< method and URL
  std::vector<Request> seen;
  std::map<std::string, std::string> contents;
  bool has_gcloud = false;
  FixedMachine machine;

  gcp::Surroundings by() { return {static_cast<Http&>(*this), *this, *this, machine, clock}; }
  void expect(std::string what, Expected<Answer> got) { script.emplace_back(std::move(what), std::move(got)); }
  Expected<Answer> take(const Request& request) {
    seen.push_back(request);
    const std::string what = request.method + " " + bare_json(request.url);
    if (script.empty() || script.front().first != what) throw std::logic_error("nobody expected now: " + what);
    auto got = std::move(script.front().second);
    script.pop_front();
    return got;
  }
  Expected<Answer> read(const Request& request, const Stop&, Sink* = nullptr) override { return take(request); }
  Expected<Ended> read(const Command& command, const Stop& stop) override { return StrictReads::read(command, stop); }
  void read_all(std::span<const Request> all, unsigned, const std::function<void(std::size_t, Expected<Answer>)>& each, const Stop&) override {
    for (std::size_t i = 0; i < all.size(); ++i) each(i, take(all[i]));
  }
  Expected<Certificate> certificate(const std::string&, int, const std::string&, const Stop&) override { throw std::logic_error("no certificate was to be read"); }
  Expected<Answer> send(const Request& request, Source*, const Stop&) override { return take(request); }
  std::optional<std::string> find(const std::string& program) override { return has_gcloud && program == "gcloud" ? std::optional<std::string>("/usr/bin/gcloud") : std::nullopt; }
  Expected<std::string> text(const std::string& path, std::uint64_t) override {
    const auto found = contents.find(path);
    if (found == contents.end()) return tl::unexpected(Failure{Cause::missing, Reached::no, path + ": not there", ""});
    return found->second;
  }
  Expected<FileStatus> status(const std::string& path) override {
    if (!contents.count(path)) return tl::unexpected(Failure{Cause::missing, Reached::no, path + ": not there", ""});
    return FileStatus{};
  }
};

std::string fresh_key() {
  EVP_PKEY* key = EVP_RSA_gen(2048);
  BIO* out = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(out, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free_all(out);
  EVP_PKEY_free(key);
  return text;
}
std::string quoted(const std::string& text) { return canonical_json(Value(text)); }

} // namespace

TEST_CASE("an RS256 signature is one that OpenSSL verifies, and what is no key says so", "[clients]") {
  const std::string pem = fresh_key();
  const auto signature = sign_rs256(pem, "header.claims");
  REQUIRE(signature);
  BIO* text = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(text, nullptr, nullptr, nullptr);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key);
  CHECK(EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature->data()), signature->size(), reinterpret_cast<const unsigned char*>("header.claims"), 13) == 1);
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  BIO_free_all(text);
  CHECK(sign_rs256("no key", "x").error().cause == Cause::malformed);
}

TEST_CASE("a token of a variable or a file is used as it is", "[clients]") {
  Cloud place;
  const gcp::Route route(place.machine);
  place.machine.environment = {{"CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", "/t"}};
  place.contents["/t"] = "abc\n";
  gcp::Credentials credentials(place.by(), route);
  const Stop stop(place.clock);
  const auto first = credentials.signature(stop);
  REQUIRE(first);
  CHECK(first->authorization == Value("Bearer abc").as_secret());
  place.contents["/t"] = "new";
  CHECK(credentials.signature(stop)->authorization == first->authorization); // kept
  CHECK(credentials.renew(*first));
  CHECK(credentials.signature(stop)->authorization == Value("Bearer new").as_secret());
}

TEST_CASE("a service account's key is signed and exchanged, and renewed before it expires", "[clients]") {
  Cloud place;
  const gcp::Route route(place.machine);
  place.machine.environment = {{"GOOGLE_APPLICATION_CREDENTIALS", "/key.json"}};
  place.contents["/key.json"] = R"({"type":"service_account","client_email":"ci@p.iam.gserviceaccount.com","private_key_id":"k1","token_uri":"https://oauth2.googleapis.com/token","project_id":"p","private_key":)" + quoted(fresh_key()) + "}";
  gcp::Credentials credentials(place.by(), route);
  const Stop stop(place.clock);
  place.expect("POST https://oauth2.googleapis.com/token", answer(503, ""));
  place.expect("POST https://oauth2.googleapis.com/token", answer(200, R"({"access_token":"t1","expires_in":3599})"));
  CHECK(credentials.signature(stop)->authorization == Value("Bearer t1").as_secret());
  CHECK(place.seen.at(0).body.is_secret());
  CHECK(place.seen.at(0).reads_by_post);
  CHECK(*credentials.project(stop) == "p");
  place.clock.advance(std::chrono::seconds(3300));
  CHECK(credentials.signature(stop)->authorization == Value("Bearer t1").as_secret());
  place.clock.advance(std::chrono::seconds(100));
  place.expect("POST https://oauth2.googleapis.com/token", answer(200, R"({"access_token":"t2","expires_in":3599})"));
  CHECK(credentials.signature(stop)->authorization == Value("Bearer t2").as_secret());
  CHECK(place.script.empty());
}

TEST_CASE("a login that was revoked says so and how it is renewed", "[clients]") {
  Cloud place;
  const gcp::Route route(place.machine);
  place.machine.environment = {{"CLOUDSDK_CONFIG", "/g"}};
  place.contents["/g/application_default_credentials.json"] = R"({"type":"authorized_user","client_id":"c","client_secret":"s","refresh_token":"r","quota_project_id":"q"})";
  gcp::Credentials credentials(place.by(), route);
  const Stop stop(place.clock);
  place.expect("POST https://oauth2.googleapis.com/token", answer(400, R"({"error":"invalid_grant","error_description":"Token has been expired or revoked."})"));
  const auto failed = credentials.signature(stop);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().cause == Cause::refused);
  CHECK(failed.error().reached == Reached::no);
  CHECK(holds(failed.error().message, "the login in /g/application_default_credentials.json: Google answered 400 invalid_grant"));
  CHECK(holds(failed.error().hint, "gcloud auth application-default login"));
  place.expect("POST https://oauth2.googleapis.com/token", answer(200, R"({"access_token":"t","expires_in":3599})"));
  CHECK(credentials.signature(stop)->quota_project == "q");
}

TEST_CASE("GitHub's token of a job is exchanged, and that for a service account's", "[clients]") {
  Cloud place;
  const gcp::Route route(place.machine);
  place.machine.environment = {{"GOOGLE_APPLICATION_CREDENTIALS", "/wif.json"}};
  place.contents["/wif.json"] = R"({"type":"external_account","audience":"//iam/pool","subject_token_type":"urn:ietf:params:oauth:token-type:jwt","token_url":"https://sts.googleapis.com/v1/token",
    "service_account_impersonation_url":"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/ci@p.iam.gserviceaccount.com:generateAccessToken",
    "credential_source":{"url":"https://github/oidc?audience=x","headers":{"Authorization":"bearer gh"},"format":{"type":"json","subject_token_field_name":"value"}}})";
  gcp::Credentials credentials(place.by(), route);
  const Stop stop(place.clock);
  place.expect("GET https://github/oidc?audience=x", answer(200, R"({"value":"jwt"})"));
  place.expect("POST https://sts.googleapis.com/v1/token", answer(200, R"({"access_token":"federated","expires_in":3599})"));
  place.expect("POST https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/ci%40p.iam.gserviceaccount.com:generateAccessToken", answer(200, R"({"accessToken":"own","expireTime":"2027-01-15T09:00:00Z"})"));
  CHECK(credentials.signature(stop)->authorization == Value("Bearer own").as_secret());
  CHECK(place.seen.at(0).headers.at(0).second.is_secret());
  CHECK(place.seen.at(2).headers.back().second == Value("Bearer federated").as_secret());
  CHECK(*credentials.project(stop) == "p");
}

TEST_CASE("the metadata server is asked where nothing else is there, without a proxy", "[clients]") {
  Cloud place;
  const gcp::Route route(place.machine);
  gcp::Credentials credentials(place.by(), route);
  const Stop stop(place.clock);
  place.expect("GET http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/?recursive=true", answer(200, R"({"email":"run@p"})", {{"metadata-flavor", "Google"}}));
  place.expect("GET http://metadata.google.internal/computeMetadata/v1/project/project-id", answer(200, "p"));
  place.expect("GET http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token", answer(200, R"({"access_token":"m","expires_in":1800})"));
  CHECK(credentials.signature(stop)->authorization == Value("Bearer m").as_secret());
  CHECK(place.seen.at(0).link_local);
  CHECK(place.seen.at(0).proxy == "");
}

TEST_CASE("gcloud's own token is the last resort, and without it the error names all that was tried", "[clients]") {
  Cloud place;
  const gcp::Route route(place.machine);
  place.machine.environment = {{"NO_GCE_CHECK", "true"}, {"HOME", "/home/ada"}};
  gcp::Credentials none(place.by(), route);
  const Stop stop(place.clock);
  const auto failed = none.signature(stop);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().cause == Cause::refused);
  for (const char* tried : {"CLOUDSDK_AUTH_ACCESS_TOKEN: not set", "GOOGLE_APPLICATION_CREDENTIALS: not set", "/home/ada/.config/gcloud/application_default_credentials.json: not there", "the metadata server", "gcloud: it is not on PATH"})
    CHECK(holds(failed.error().message, tried));
  CHECK(none.described(stop)["none"] == Value(true));
  place.has_gcloud = true;
  place.commands.emplace_back("gcloud auth print-access-token --quiet", Ended{0, 0, "tok\n", "", false});
  gcp::Credentials credentials(place.by(), route);
  CHECK(credentials.signature(stop)->authorization == Value("Bearer tok").as_secret());
  place.contents["/home/ada/.config/gcloud/configurations/config_default"] = "[core]\naccount = ada@x\nproject = from-gcloud\n";
  CHECK(*credentials.project(stop) == "from-gcloud");
}

TEST_CASE("credentials that a variable names and that cannot be used are never passed over", "[clients]") {
  Cloud place;
  const gcp::Route route(place.machine);
  place.machine.environment = {{"GOOGLE_APPLICATION_CREDENTIALS", "/nowhere.json"}};
  gcp::Credentials credentials(place.by(), route);
  const Stop stop(place.clock);
  CHECK(holds(credentials.signature(stop).error().message, "/nowhere.json cannot be read"));
  CHECK(credentials.described(stop)["none"] == Value(false));
  place.contents["/nowhere.json"] = R"({"type":"service_acount"})";
  CHECK(holds(credentials.signature(stop).error().hint, "service_account"));
}

TEST_CASE("gcloud's variables lead Google's addresses elsewhere and through its proxy", "[clients]") {
  FixedMachine machine;
  machine.environment = {{"CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN", "http://127.0.0.1:1/"}, {"CLOUDSDK_API_ENDPOINT_OVERRIDES_SQL", "http://sql.googleapis.com/"}, {"CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE", "http://c:2/compute/v1/"},
                         {"CLOUDSDK_PROXY_TYPE", "http"}, {"CLOUDSDK_PROXY_ADDRESS", "127.0.0.1"}, {"CLOUDSDK_PROXY_PORT", "3"}, {"CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", "/ca.pem"}};
  const gcp::Route route(machine);
  const auto to = [&](const char* url) {
    Request request;
    request.url = Value(url);
    return bare_json(route.here(request)->url);
  };
  CHECK(to("https://run.googleapis.com/v2/x?y=1") == "http://127.0.0.1:1/v2/x?y=1");
  CHECK(to("https://us-central1-run.googleapis.com/apis/x") == "http://127.0.0.1:1/apis/x");
  CHECK(to("https://sqladmin.googleapis.com/v1/x") == "http://sql.googleapis.com/v1/x");
  CHECK(to("https://compute.googleapis.com/compute/v1/x") == "http://c:2/compute/v1/x");
  CHECK(to("https://logging.googleapis.com/v2/x") == "https://logging.googleapis.com/v2/x");
  CHECK(to("https://run.googleapis.com.evil.example/v2/x") == "https://run.googleapis.com.evil.example/v2/x");
  Request request;
  request.url = Value("https://run.googleapis.com/");
  CHECK(route.here(request)->proxy == "http://127.0.0.1:3");
  CHECK(route.here(request)->ca_file == "/ca.pem");
  for (const auto& [name, value] : std::map<std::string, std::string>{{"CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN", "http://127.0.0.1:1"}, {"CLOUDSDK_PROXY_PORT", ""}, {"CLOUDSDK_PROXY_TYPE", "ftp"}}) {
    FixedMachine wrong = machine;
    wrong.environment[name] = value;
    CHECK(gcp::Route(wrong).here(request).error().reached == Reached::no);
  }
}

namespace {
/// Signed by a fixed token; the rest is passed on to `place`.
struct SignedHttp {
  Cloud& place;
  gcp::Route route{place.machine};
  gcp::Credentials credentials{place.by(), route};
  gcp::GoogleHttp http{place, credentials, route, place.clock};
};
Cloud with_token() {
  Cloud place;
  place.machine.environment = {{"CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", "/t"}, {"CLOUDSDK_BILLING_QUOTA_PROJECT", "q"}};
  place.contents["/t"] = "abc";
  return place;
}
Request google(std::string method) {
  Request request;
  request.method = std::move(method);
  request.url = Value("https://run.googleapis.com/x");
  request.credentials = "google";
  return request;
}
} // namespace

TEST_CASE("Google's requests are signed, others are not", "[clients]") {
  Cloud place = with_token();
  SignedHttp own{place};
  const Stop stop(place.clock);
  place.expect("GET https://run.googleapis.com/x", answer(200, "{}"));
  place.expect("GET https://else.example/", answer(200, "{}"));
  CHECK(own.http.read(google("GET"), stop, nullptr)->status == 200);
  Request other;
  other.url = Value("https://else.example/");
  CHECK(own.http.read(other, stop, nullptr)->status == 200);
  CHECK(place.seen.at(0).headers.at(0).first == "Authorization");
  CHECK(place.seen.at(0).headers.at(0).second.is_secret());
  CHECK(place.seen.at(0).headers.at(1).second == Value("q"));
  CHECK(place.seen.at(0).credentials.empty());
  CHECK(place.seen.at(1).headers.empty());
}

TEST_CASE("a token goes to Google's hosts by https, and to the path that was meant, or nowhere", "[clients]") {
  Cloud place = with_token();
  SignedHttp own{place};
  const Stop stop(place.clock);
  for (const char* url : {"https://else.example/x", "http://run.googleapis.com/x", "https://else.example/-run.googleapis.com/x", "https://run.googleapis.com@else.example/x", "https://run.googleapis.com:8443/x",
                          "https://else.example?.googleapis.com/x", "https://run.googleapis.com/v2/../x", "https://storage.googleapis.com/storage/v1/b/data/o/..?ifGenerationMatch=1",
                          "https://storage.googleapis.com/storage/v1/b/data/o/?ifGenerationMatch=1", "https://run.googleapis.com/v2/projects//locations", "https://run.googleapis.com/v2/%2E%2e/x"}) {
    INFO(url);
    Request request = google("GET");
    request.url = Value(url);
    CHECK(own.http.read(request, stop, nullptr).error().reached == Reached::no);
    own.http.read_all({&request, 1}, 1, [](std::size_t, Expected<Answer> one) { CHECK(one.error().cause == Cause::refused); }, stop);
    request.method = "DELETE";
    CHECK(own.http.send(request, nullptr, stop).error().cause == Cause::refused);
  }
  Request hidden = google("GET");
  hidden.url = Value("https://run.googleapis.com/x").as_secret();
  CHECK(own.http.read(hidden, stop, nullptr).error().cause == Cause::refused);
  CHECK(place.seen.empty());
}

TEST_CASE("a refused token is renewed once", "[clients]") {
  Cloud place = with_token();
  SignedHttp own{place};
  const Stop stop(place.clock);
  place.expect("PATCH https://run.googleapis.com/x", answer(401, "{}"));
  place.expect("PATCH https://run.googleapis.com/x", answer(401, "{}"));
  CHECK(own.http.send(google("PATCH"), nullptr, stop)->status == 401);
  place.expect("GET https://run.googleapis.com/x", answer(401, "{}"));
  place.expect("GET https://run.googleapis.com/x", answer(200, "{}"));
  CHECK(own.http.read(google("GET"), stop, nullptr)->status == 200);
  CHECK(place.script.empty());
}

TEST_CASE("reads are asked again where that may help, changes only where none was made", "[clients]") {
  Cloud place = with_token();
  SignedHttp own{place};
  const Stop stop(place.clock);
  const Duration began = place.clock.steady();
  place.expect("GET https://run.googleapis.com/x", answer(503, ""));
  place.expect("GET https://run.googleapis.com/x", answer(429, "", {{"retry-after", "3"}}));
  place.expect("GET https://run.googleapis.com/x", tl::unexpected(Failure{Cause::transport, Reached::perhaps, "cut", ""}));
  place.expect("GET https://run.googleapis.com/x", answer(200, "{}"));
  CHECK(own.http.read(google("GET"), stop, nullptr)->status == 200);
  CHECK(place.clock.steady() - began == std::chrono::milliseconds(500 + 3000 + 2000));
  place.expect("PATCH https://run.googleapis.com/x", answer(503, ""));
  CHECK(own.http.send(google("PATCH"), nullptr, stop)->status == 503);
  place.expect("PATCH https://run.googleapis.com/x", answer(429, ""));
  place.expect("PATCH https://run.googleapis.com/x", answer(200, "{}"));
  CHECK(own.http.send(google("PATCH"), nullptr, stop)->status == 200);
  place.expect("GET https://run.googleapis.com/x", answer(404, ""));
  CHECK(own.http.read(google("GET"), stop, nullptr)->status == 404);
  const Request all[] = {google("GET"), google("GET")};
  for (const int status : {200, 503, 200}) place.expect("GET https://run.googleapis.com/x", answer(status, "{}"));
  std::vector<int> got;
  own.http.read_all(all, 2, [&](std::size_t, Expected<Answer> one) { got.push_back(one->status); }, stop);
  CHECK(got == std::vector<int>{200, 200});
  CHECK(place.script.empty());
}

TEST_CASE("a secret of Secret Manager comes with its number and is held to its checksum", "[clients]") {
  struct Never : Secrets {
    Expected<Resolved> resolve(const Value&, const Stop&) override { throw std::logic_error("this reference is another's"); }
  } never;
  Cloud place = with_token();
  SignedHttp own{place};
  gcp::GoogleSecrets secrets(never, own.http);
  const Stop stop(place.clock);
  const auto payload = [](const std::string& data, const std::string& sum) { return answer(200, R"({"name":"projects/1/secrets/db/versions/7","payload":{"data":")" + base64(data) + R"(","dataCrc32c":")" + sum + R"("}})"); };
  const std::string url = "GET https://secretmanager.googleapis.com/v1/projects/p/secrets/db/versions/latest:access";
  place.expect(url, payload("s3cret\n", std::to_string(crc32c("s3cret\n"))));
  const auto got = secrets.resolve(Value("gcp:projects/p/secrets/db"), stop);
  REQUIRE(got);
  CHECK(got->value == Value("s3cret\n").as_secret());
  CHECK(got->version == "7");
  CHECK(secrets.pinned(Value("gcp:projects/p/secrets/db"), "7") == Value("gcp:projects/p/secrets/db/versions/7"));
  CHECK(secrets.pinned(Value("gcp:projects/p/secrets/db/versions/latest"), "7") == Value("gcp:projects/p/secrets/db/versions/7"));
  CHECK(secrets.pinned(Value("env:X"), "7") == Value("env:X"));
  place.expect(url, payload("s3cret", "1"));
  CHECK(secrets.resolve(Value("gcp:projects/p/secrets/db"), stop).error().cause == Cause::malformed);
  place.expect(url, answer(403, R"({"error":{"code":403,"status":"PERMISSION_DENIED","message":"Permission 'secretmanager.versions.access' denied for resource"}})"));
  CHECK(holds(secrets.resolve(Value("gcp:projects/p/secrets/db"), stop).error().hint, "roles/secretmanager.secretAccessor"));
  for (const char* wrong : {"gcp:", "gcp:projects/p/secrets", "gcp:projects//secrets/x", "gcp:projects/p/secrets/x/version/1"}) CHECK(secrets.resolve(Value(wrong), stop).error().cause == Cause::rejected);
}
