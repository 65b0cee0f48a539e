#include "catch.hpp"
#include "modules/catalog.hpp"
#include "value/json.hpp"

using namespace belay;

namespace {
const Change& dispatch() { return std::get<Change>(find_action(modules::catalog(), "github.dispatch")->does); }
const Identity k_id{"run1", "workflow", "run1/workflow", 1, {}};
Value json(const char* text) { return parse_json(text).value(); }
Value in(const char* repository = "liftlog/liftlog") {
  return Value::object({{"repository", repository}, {"workflow", "deploy.yml"}, {"ref", "main"}, {"inputs", json(R"({"environment": "staging", "tag": "v1.2.3"})")}, {"token", Value("t0ken").as_secret()}, {"api", "https://api.github.com"}});
}
Intent prepared() { return dispatch().prepare(in(), json(R"({"newest": 7, "runs": []})"), k_id); }
Expected<Answer> answer(int status) {
  Answer made;
  made.status = status;
  return made;
}
} // namespace

TEST_CASE("a dispatch posts ref and inputs, and its preview is gh's command without the token", "[modules]") {
  const Intent intent = prepared();
  const auto& request = std::get<Request>(intent.act);
  CHECK(request.url == Value("https://api.github.com/repos/liftlog/liftlog/actions/workflows/deploy.yml/dispatches"));
  CHECK(canonical_json(request.body) == R"({"inputs":{"environment":"staging","tag":"v1.2.3"},"ref":"main"})");
  CHECK(intent.equivalent == "gh workflow run deploy.yml --repo liftlog/liftlog --ref main -f environment=staging -f tag=v1.2.3");
  CHECK(dispatch().prepare(in("liftlog"), json(R"({"newest": 7})"), k_id).refused);
  CHECK(dispatch().prepare(in("a/../b"), json(R"({"newest": 7})"), k_id).refused);
}

TEST_CASE("a dispatch that GitHub took is followed until its run ends, and what failed there failed here", "[modules]") {
  const Intent intent = prepared();
  const Outcome taken = dispatch().answer(intent, answer(204));
  CHECK(taken.state == State::pending);
  CHECK(dispatch().judge(intent, {}, json(R"({"newest": 7, "runs": [{"id": 7}], "accepted": true})")).state == State::pending);
  const Outcome found = dispatch().judge(intent, {}, json(R"({"newest": 8, "runs": [{"id": 8, "status": "queued"}, {"id": 7}], "accepted": true})"));
  CHECK(found.state == State::pending);
  CHECK(found.handle["id"] == Value(8));
  CHECK(dispatch().judge(intent, {}, json(R"({"run": {"id": 8, "status": "completed", "conclusion": "success"}})")).state == State::done);
  CHECK(dispatch().judge(intent, {}, json(R"({"run": {"id": 8, "status": "completed", "conclusion": "failure", "url": "u"}})")).state == State::partial);
}

TEST_CASE("a dispatch whose answer was lost is found again, and two candidates are for a person", "[modules]") {
  const Intent intent = prepared();
  CHECK(dispatch().answer(intent, Unexpected(Failure{Cause::transport, Reached::perhaps, "cut", ""})).state == State::unknown);
  CHECK(dispatch().answer(intent, answer(422)).state == State::no_effect);
  CHECK(dispatch().answer(intent, answer(502)).state == State::unknown);
  CHECK(dispatch().judge(intent, {}, json(R"({"newest": 7, "runs": [{"id": 7}], "accepted": false})")).state == State::not_seen);
  CHECK(dispatch().judge(intent, {}, json(R"({"newest": 9, "runs": [{"id": 9}, {"id": 8}], "accepted": false})")).state == State::unknown);
}
