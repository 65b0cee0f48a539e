#include "catch.hpp"
#include "fakes/strict_reads.hpp"
#include "modules/catalog.hpp"
#include "value/json.hpp"

using namespace belay;

namespace {
const Identity k_id{"run1", "step", "run1/step", 1, {}};
const Change& change(const char* name) { return std::get<Change>(find_action(modules::catalog(), name)->does); }
Value object(std::vector<std::pair<std::string, Value>> members) { return Value::object(std::move(members)); }
Value list(std::vector<Value> values) { return Value(Value::List(std::move(values))); }
Expected<Answer> answer(int status, std::string body = "", std::string type = "") {
  Answer made;
  made.status = status;
  made.body = std::move(body);
  made.took = std::chrono::milliseconds(20);
  if (!type.empty()) made.headers = {{"content-type", type}, {"via", "a"}, {"via", "b"}};
  return made;
}

struct Bench : fakes::StrictReads {
  Stop stop{clock};
  fakes::DeafTell tell;
  Outcome read(const char* name, const Value& in) {
    return std::get<Read>(find_action(modules::catalog(), name)->does).read({in, k_id, stop, tell}, reads());
  }
};

/// `status == N`, as src/expr would make it.
struct StatusIs : Rule {
  int wanted;
  std::string text;
  explicit StatusIs(int status) : wanted(status), text("status == " + std::to_string(status)) {}
  Expected<Value> of(const Value& bindings) const override { return Value(bindings["status"].integer() == wanted); }
  const std::string& source() const override { return text; }
};
struct Broken : Rule {
  std::string text = "body.status";
  Expected<Value> of(const Value&) const override { return Unexpected(Failure{Cause::rejected, Reached::no, "no such key: status", ""}); }
  const std::string& source() const override { return text; }
};
Value rule(int status) { return Value(std::shared_ptr<const Rule>(std::make_shared<StatusIs>(status))); }
} // namespace

TEST_CASE("get gives the body as a value where it is JSON and as text elsewhere", "[modules]") {
  Bench bench;
  bench.answers.emplace("http://a/", answer(200, "{\"status\": \"ok\", \"n\": 3}", "application/json; charset=utf-8"));
  bench.answers.emplace("http://b/", answer(200, "# HELP x\nx 1\n"));
  bench.answers.emplace("http://c/", answer(200, "{broken"));
  const Outcome json = bench.read("http.get", object({{"url", "http://a/"}}));
  CHECK(json.outputs["body"]["n"] == Value(3));
  CHECK(json.outputs["headers"]["via"] == Value("a, b"));
  CHECK(json.outputs["took"] == Value(Duration(std::chrono::milliseconds(20))));
  CHECK(bench.read("http.get", object({{"url", "http://b/"}})).outputs["body"] == Value("# HELP x\nx 1\n"));
  CHECK(bench.read("http.get", object({{"url", "http://c/"}})).outputs["body"] == Value("{broken"));
  bench.done();
}

TEST_CASE("get fails on a status that is not accepted, and keeps the answer", "[modules]") {
  Bench bench;
  bench.answers.emplace("http://a/", answer(503, "database is away\nmore"));
  const Outcome failed = bench.read("http.get", object({{"url", "http://a/"}, {"accept", list({})}}));
  CHECK(failed.state == State::failed);
  CHECK(failed.failure->message == "the answer was 503, unavailable: database is away");
  CHECK(failed.outputs["status"] == Value(503));
  bench.answers.emplace("http://a/", answer(404));
  CHECK(bench.read("http.get", object({{"url", "http://a/"}, {"accept", list({200, 404})}})).state == State::done);
}

TEST_CASE("of many endpoints each that is not well is a finding, and the step goes on", "[modules]") {
  Bench bench;
  bench.answers.emplace("http://a/", answer(200, "{\"db\": \"ok\"}"));
  bench.answers.emplace("http://b/", answer(500));
  bench.answers.emplace("http://c/", Unexpected(Failure{Cause::transport, Reached::no, "nobody there", ""}));
  bench.answers.emplace("http://d/", answer(401));
  bench.answers.emplace("http://e/", answer(200));
  const Outcome outcome = bench.read("http.check", object({{"endpoints", list({object({{"name", "a"}, {"url", "http://a/"}, {"kind", "liveness"}}), object({{"name", "b"}, {"url", "http://b/"}}), object({{"name", "c"}, {"url", "http://c/"}}),
                                                                               object({{"name", "d"}, {"url", "http://d/"}, {"expect", list({rule(401)})}}), object({{"name", "e"}, {"url", "http://e/"}, {"expect", rule(204)}})})}}));
  CHECK(outcome.state == State::done);
  CHECK(outcome.outputs["ok"] == Value(false));
  CHECK(outcome.outputs["checked"] == Value(5));
  CHECK(outcome.outputs["failed"] == list({"b", "c", "e"}));
  REQUIRE(outcome.findings.size() == 3);
  CHECK(outcome.findings[0].subject == "b");
  CHECK(outcome.findings[1].message == "nobody there");
  CHECK(outcome.findings[2].message == "not met: status == 204 (answer 200)");
  CHECK(outcome.outputs["endpoints"].list().at(0)["body"] == object({{"db", "ok"}}));
  CHECK(outcome.outputs["endpoints"].list().at(0)["kind"] == Value("liveness"));
  CHECK(outcome.outputs["seconds"].list().size() == 4);
  bench.done();
}

TEST_CASE("the one endpoint of `url` has to be well, or the step fails", "[modules]") {
  Bench bench;
  bench.answers.emplace("http://a/", answer(503));
  const Outcome bad = bench.read("http.check", object({{"url", "http://a/"}}));
  CHECK(bad.state == State::failed);
  CHECK(bad.findings.empty());
  CHECK(bad.outputs["status"] == Value(503));
  bench.answers.emplace("http://a/", answer(200, "{\"status\": \"ok\"}"));
  const Outcome good = bench.read("http.check", object({{"url", "http://a/"}}));
  CHECK(good.state == State::done);
  CHECK(good.outputs["body"]["status"] == Value("ok"));
  bench.answers.emplace("http://a/", answer(200));
  CHECK(bench.read("http.check", object({{"url", "http://a/"}, {"latency", Value(Duration(std::chrono::milliseconds(10)))}})).failure->message == "it took 0.02s, more than 0.01s");
}

TEST_CASE("an expectation that cannot be evaluated, or is none, is not met", "[modules]") {
  Bench bench;
  bench.answers.emplace("http://a/", answer(200));
  bench.answers.emplace("http://b/", answer(200));
  const Outcome outcome = bench.read("http.check", object({{"endpoints", list({object({{"name", "a"}, {"url", "http://a/"}, {"expect", Value(std::shared_ptr<const Rule>(std::make_shared<Broken>()))}}),
                                                                               object({{"name", "b"}, {"url", "http://b/"}, {"expect", list({"status == 200"})}})})}}));
  CHECK(outcome.outputs["failed"] == list({"a", "b"}));
  CHECK(outcome.findings.at(0).message == "body.status (answer 200): no such key: status");
}

TEST_CASE("a check names exactly one of url and endpoints", "[modules]") {
  Bench bench;
  CHECK(bench.read("http.check", object({})).failure->cause == Cause::refused);
  CHECK(bench.read("http.check", object({{"url", "http://a/"}, {"endpoints", list({})}})).failure->cause == Cause::refused);
}

TEST_CASE("a request's act is what is sent, and its curl line hides the secret", "[modules]") {
  const Value in = object({{"method", "POST"}, {"url", "https://api/x"}, {"headers", object({{"Authorization", join({"Bearer ", Value("hunter2").as_secret()})}})}, {"body", object({{"a", 1}})}});
  const Intent intent = change("http.request").prepare(in, {}, k_id);
  const auto& request = std::get<Request>(intent.act);
  CHECK(request.method == "POST");
  CHECK(request.body == object({{"a", 1}}));
  CHECK(intent.equivalent.find("hunter2") == std::string::npos);
  CHECK(intent.equivalent.find("-H 'Content-Type: application/json' --data-raw '{\"a\":1}' https://api/x") != std::string::npos);
  CHECK(change("http.request").prepare(object({{"method", "GET"}, {"url", "https://api/x"}}), {}, k_id).refused.has_value());
}

TEST_CASE("a keyed request carries the key of its step, the same in each attempt", "[modules]") {
  Identity second = k_id;
  second.attempt = 2;
  const Value in = object({{"url", "https://api/x"}});
  const Intent one = change("http.keyed").prepare(in, {}, k_id), two = change("http.keyed").prepare(in, {}, second);
  CHECK(std::get<Request>(one.act).headers == Named{{"Idempotency-Key", Value("run1/step")}});
  CHECK(std::get<Request>(one.act).headers == std::get<Request>(two.act).headers);
}

TEST_CASE("what an answer says about an act: refused is no effect, a server's error is unknown", "[modules]") {
  const Intent intent = change("http.request").prepare(object({{"url", "https://api/x"}}), {}, k_id);
  const auto state = [&](const char* action, int status) { return change(action).answer(intent, answer(status)).state; };
  CHECK(state("http.request", 201) == State::done);
  for (const int status : {400, 401, 404, 409, 412, 422, 429, 301}) CHECK(state("http.request", status) == State::no_effect);
  for (const int status : {302, 303, 408, 500, 502, 503, 504}) CHECK(state("http.request", status) == State::unknown);
  CHECK(state("http.delete", 404) == State::done);
  CHECK(state("http.delete", 403) == State::no_effect);
  CHECK(change("http.request").answer(intent, Unexpected(Failure{Cause::transport, Reached::no, "", ""})).state == State::no_effect);
  CHECK(change("http.request").answer(intent, Unexpected(Failure{Cause::timeout, Reached::perhaps, "", ""})).state == State::unknown);
  CHECK(change("http.request").answer(intent, answer(409)).failure->cause == Cause::conflict);
}

TEST_CASE("a body that is to stay hidden is a secret, in a refusal as well", "[modules]") {
  const auto& request = change("http.request");
  const auto intent = request.prepare(object({{"url", "http://a/"}, {"hidden", true}}), {}, k_id);
  const auto made = request.answer(intent, answer(200, "{\"password\": \"hunter2\"}", "application/json"));
  CHECK(made.outputs["status"] == Value(200));
  CHECK_FALSE(made.outputs["body"].is_secret());
  CHECK(made.outputs["body"]["password"].is_secret());
  const auto refused = request.answer(intent, answer(422, "the password hunter2 is taken"));
  CHECK(refused.outputs["body"].is_secret());
  CHECK(refused.failure->message.find("hunter2") == std::string::npos);
  CHECK(request.answer(request.prepare(object({{"url", "http://a/"}}), {}, k_id), answer(200, "shown")).outputs["body"] == Value("shown"));
}

TEST_CASE("an endpoint that is a path stands below the base, and a whole address stays as it is", "[modules]") {
  Bench bench;
  bench.answers.emplace("https://api.example/health", answer(200));
  bench.answers.emplace("http://elsewhere/", answer(200));
  const Outcome outcome = bench.read("http.check", object({{"base", "https://api.example"}, {"endpoints", list({object({{"name", "a"}, {"url", "/health"}}), object({{"name", "b"}, {"url", "http://elsewhere/"}})})}}));
  CHECK(outcome.outputs["ok"] == Value(true));
  CHECK(outcome.outputs["endpoints"].list().at(0)["url"] == Value("https://api.example/health"));
  bench.done();
}
