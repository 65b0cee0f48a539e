#include "catch.hpp"
#include "modules/catalog.hpp"
#include "modules/cloud_run_reads.hpp"
#include "modules/cloud_run_traffic.hpp"
#include "value/json.hpp"

using namespace belay;
namespace run = belay::modules::cloud_run;

namespace {

Value json(const std::string& text) { return parse_json(text).value(); }
bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
const Change& change(const char* name) { return std::get<Change>(find_action(modules::catalog(), name)->does); }

std::string revision(const std::string& name, const std::string& created, bool ready) {
  return R"({"name":"projects/p/locations/r/services/api/revisions/)" + name + R"(","createTime":")" + created + R"(","containers":[{"image":"i:)" + name + R"("}],"conditions":[{"type":"Ready","state":")" +
         (ready ? "CONDITION_SUCCEEDED" : "CONDITION_FAILED") + R"(","message":")" + (ready ? "" : "it crashed") + R"("}]})";
}
const std::string k_revisions = "[" + revision("api-4", "2026-01-04T00:00:00Z", true) + "," + revision("api-3", "2026-01-03T00:00:00Z", false) + "," + revision("api-2", "2026-01-02T00:00:00Z", true) + "," +
                                revision("api-1", "2026-01-01T00:00:00Z", true) + "]";

/// A service that asks for `traffic` and has `statuses` in effect.
Value seen(const std::string& traffic, const std::string& statuses, const std::string& etag = "e1", const std::string& more = "") {
  return json(R"({"service":{"name":"projects/p/locations/r/services/api","etag":")" + etag + R"(","latestReadyRevision":"x/revisions/api-4","latestCreatedRevision":"x/revisions/api-4","uri":"https://api",)" + more +
              R"("traffic":)" + traffic + R"(,"trafficStatuses":)" + statuses + R"(},"revisions":)" + k_revisions + R"(,"log":[]})");
}
const std::string k_latest = R"([{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST","percent":100}])";
const std::string k_on_4 = R"([{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST","revision":"api-4","percent":100}])";
const std::string k_to_2 = R"([{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"api-2","percent":100}])";

Value in(std::vector<std::pair<std::string, Value>> more) {
  std::vector<std::pair<std::string, Value>> all{{"project", "p"}, {"region", "r"}, {"service", "api"}};
  all.insert(all.end(), more.begin(), more.end());
  return Value::object(std::move(all));
}
Value split(std::vector<std::pair<std::string, Value>> all) { return Value::object(std::move(all)); }
const Request& request(const Intent& intent) { return std::get<Request>(intent.act); }

} // namespace

TEST_CASE("traffic is written whole, under the etag of what was seen", "[modules]") {
  const auto intent = run::prepare_traffic(in({{"split", split({{"api-2", 100}})}, {"bad", Value(Value::List{"api-4"})}}), seen(k_latest, k_on_4), {});
  CHECK_FALSE(intent.refused);
  CHECK_FALSE(intent.nothing);
  CHECK(request(intent).method == "PATCH");
  CHECK(request(intent).credentials == "google");
  CHECK(request(intent).url == Value("https://run.googleapis.com/v2/projects/p/locations/r/services/api?updateMask=traffic%2Cannotations"));
  CHECK(canonical_json(request(intent).body) ==
        R"({"annotations":{"belay-left":"api-4","belay-served":"api-4"},"etag":"e1","name":"projects/p/locations/r/services/api","traffic":[{"percent":100,"revision":"api-2","type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"}]})");
  CHECK(intent.equivalent == "gcloud run services update-traffic api --project=p --region=r --to-revisions=api-2=100");
  CHECK(intent.touches == std::vector<std::string>{"gcp-run:p/r/api"});
  CHECK(show(intent.outputs["before"]) == R"({"api-4":100})");
}

TEST_CASE("tags stay where a split does not name them, and are set and removed by name", "[modules]") {
  const std::string tagged = R"([{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST","percent":100},{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"api-2","tag":"next"}])";
  const auto kept = run::prepare_traffic(in({{"split", split({{"tag:next", 10}, {"api-4", 90}})}}), seen(tagged, k_on_4), {});
  REQUIRE(request(kept).body["traffic"].list().size() == 3);
  CHECK(request(kept).body["traffic"].list()[0]["revision"] == Value("api-2"));
  CHECK(request(kept).body["traffic"].list()[2]["tag"] == Value("next"));
  const auto gone = run::prepare_traffic(in({{"remove_tags", Value(Value::List{"next"})}, {"set_tags", split({{"old", "api-1"}})}}), seen(tagged, k_on_4), {});
  CHECK(canonical_json(request(gone).body["traffic"]) == R"([{"percent":100,"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"},{"revision":"api-1","tag":"old","type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"}])");
  CHECK(holds(gone.equivalent, "--update-tags=old=api-1 --remove-tags=next"));
  CHECK(holds(run::prepare_traffic(in({{"split", split({{"tag:nxt", 100}})}}), seen(tagged, k_on_4), {}).refused->hint, "did you mean 'next'?"));
}

TEST_CASE("a split that makes no sense is refused and nothing is sent", "[modules]") {
  const auto why = [](Value wanted) { return run::prepare_traffic(in({{"split", std::move(wanted)}}), seen(k_latest, k_on_4), {}).refused; };
  CHECK(holds(why(split({{"api-2", 60}}))->message, "60 %, not 100"));
  CHECK(holds(why(split({{"api-22", 100}}))->message, "no revision 'api-22'"));
  CHECK(holds(why(split({{"api-3", 100}}))->message, "api-3 is not ready: it crashed"));
  CHECK(why(split({{"api-2", 101}, {"api-1", -1}})));
  CHECK_FALSE(why(split({{"LATEST", 100}})));
}

TEST_CASE("traffic that is as wanted is left alone", "[modules]") {
  const std::string on_2 = R"([{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"api-2","percent":100}])";
  CHECK(run::prepare_traffic(in({{"split", split({{"api-2", 100}})}}), seen(k_to_2, on_2), {}).nothing);
  // It serves from there already, but the next deploy would move it: a name is asked for.
  CHECK_FALSE(run::prepare_traffic(in({{"split", split({{"api-4", 100}})}}), seen(k_latest, k_on_4), {}).nothing);
  CHECK_FALSE(run::prepare_traffic(in({{"split", split({{"api-2", 100}})}, {"bad", Value(Value::List{"api-4"})}}), seen(k_to_2, on_2), {}).nothing);
}

TEST_CASE("what is in effect decides what became of a change of traffic", "[modules]") {
  const auto before = seen(k_latest, k_on_4);
  const auto intent = run::prepare_traffic(in({{"split", split({{"api-2", 100}})}}), before, {});
  const std::string on_2 = R"([{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"api-2","percent":100}])";
  CHECK(run::judge_traffic(intent, before, seen(k_to_2, on_2, "e2")).state == State::done);
  CHECK(run::judge_traffic(intent, before, seen(k_to_2, k_on_4, "e2", R"("reconciling":true,)")).state == State::pending);
  CHECK(run::judge_traffic(intent, before, before).state == State::not_seen);
  const auto stuck = run::judge_traffic(intent, before, seen(k_to_2, k_on_4, "e2", R"("terminalCondition":{"state":"CONDITION_FAILED","message":"no quota"},)"));
  CHECK(stuck.state == State::partial);
  CHECK(holds(stuck.failure->message, "no quota; it is at api-4 100 %"));
  const auto other = run::judge_traffic(intent, before, seen(R"([{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"api-1","percent":100}])", k_on_4, "e3"));
  CHECK(other.state == State::no_effect);
  CHECK(other.failure->cause == Cause::conflict);
  CHECK(run::judge_traffic(intent, before, json(R"({"service":null})")).state == State::no_effect);
}

TEST_CASE("the answer of a change of traffic is believed where it shows the effect, else it is followed", "[modules]") {
  const auto intent = run::prepare_traffic(in({{"split", split({{"api-2", 100}})}}), seen(k_latest, k_on_4), {});
  Answer answer;
  answer.status = 200;
  answer.body = R"({"name":"op/1","done":true,"response":{"etag":"e2","traffic":)" + k_to_2 + R"(,"trafficStatuses":)" + k_to_2 + "}}";
  CHECK(run::answer_traffic(intent, answer).state == State::done);
  answer.body = R"({"name":"op/1","metadata":{}})";
  CHECK(run::answer_traffic(intent, answer).state == State::pending);
  CHECK(run::answer_traffic(intent, answer).handle == Value("op/1"));
  answer.status = 409;
  CHECK(run::answer_traffic(intent, answer).state == State::no_effect);
  answer.status = 503;
  CHECK(run::answer_traffic(intent, answer).state == State::unknown);
}

TEST_CASE("an undo of traffic gives back the split, LATEST only while it means the same, and the tags", "[modules]") {
  const auto before = seen(k_latest, k_on_4);
  const auto intent = run::prepare_traffic(in({{"split", split({{"api-2", 100}})}, {"set_tags", split({{"old", "api-1"}})}}), before, {});
  const Value back = run::undo_traffic(intent, before, {});
  CHECK(show(back["split"]) == R"({"LATEST":100})");
  CHECK(back["latest"] == Value("api-4"));
  CHECK(back["remove_tags"] == Value(Value::List{"old"}));
  CHECK(show(request(run::prepare_traffic(back, seen(k_to_2, k_to_2, "e2"), {})).body["traffic"]) == R"([{"percent":100,"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"}])");
  auto moved = json(canonical_json(seen(k_to_2, k_to_2, "e2")));
  const Value later = Value::object({{"service", json(R"({"etag":"e3","latestReadyRevision":"x/api-5","traffic":)" + k_to_2 + R"(,"trafficStatuses":)" + k_to_2 + "}")}, {"revisions", moved["revisions"]}});
  CHECK(holds(show(request(run::prepare_traffic(back, later, {})).body["traffic"]), R"("revision":"api-4")"));
}

TEST_CASE("a change of traffic stands while nobody else asked for another", "[modules]") {
  const auto before = seen(k_latest, k_on_4);
  const auto intent = run::prepare_traffic(in({{"split", split({{"api-2", 100}})}}), before, {});
  CHECK(run::standing_traffic(intent, before, {}, seen(k_to_2, k_to_2, "e9")) == Standing::as_left);
  CHECK(run::standing_traffic(intent, before, {}, before) == Standing::as_before);
  CHECK(run::standing_traffic(intent, before, {}, seen(R"([{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"api-1","percent":100}])", k_on_4, "e3")) == Standing::otherwise);
}

TEST_CASE("a dry run after a predicted change shows what it can of a change of traffic", "[modules]") {
  const auto intent = run::prepare_traffic(in({{"split", split({{"api-2", 100}})}}), Value::unknown({"deploy"}), {});
  CHECK_FALSE(intent.refused);
  CHECK(request(intent).body["etag"].waits_for() == std::vector<std::string>{"deploy"});
  CHECK(holds(intent.equivalent, "--to-revisions=api-2=100"));
  const auto unnamed = run::prepare_traffic(in({{"split", Value::unknown({"choose"})}}), seen(k_latest, k_on_4), {});
  CHECK(request(unnamed).body["traffic"].waits_for() == std::vector<std::string>{"choose"});
}

TEST_CASE("a rollback goes to the last that served, is ready and was not left as bad", "[modules]") {
  const auto record = [](const std::string& served, const std::string& left) { return R"("annotations":{"belay-served":")" + served + R"(","belay-left":")" + left + R"("},)"; };
  const auto choose = [](const Value& at, const std::string& wanted = "") { return run::choose_last_good(at, "", wanted); };
  CHECK(choose(seen(k_latest, k_on_4)).revision == "api-2"); // api-3 is not ready
  CHECK(holds(choose(seen(k_latest, k_on_4)).why, "nothing tells whether it ever served"));
  CHECK(choose(seen(k_latest, k_on_4, "e", record("api-2 api-1 api-4", ""))).revision == "api-1"); // not merely the one before
  CHECK(choose(seen(k_latest, k_on_4, "e", record("api-2 api-1 api-4", "api-1"))).revision == "api-2");
  CHECK(choose(seen(k_latest, k_on_4, "e", record("api-4", ""))).revision == "api-2"); // from before anything was recorded
  const auto none = choose(seen(k_latest, k_on_4, "e", record("api-1 api-4", "api-1")));
  REQUIRE(none.none);
  CHECK(holds(none.none->message, "api-1: it was left as bad"));
  CHECK(choose(seen(k_latest, k_on_4), "api-1").revision == "api-1");
  CHECK(holds(choose(seen(k_latest, k_on_4), "api-3").none->message, "not ready: it crashed"));
  CHECK(holds(choose(seen(k_latest, k_on_4), "api-11").none->hint, "api-1"));
}

TEST_CASE("the table of cloud-run declares its changes of services conditional", "[modules]") {
  for (const char* name : {"cloud-run.traffic", "cloud-run.deploy", "cloud-run.update", "cloud-run.scale", "cloud-run.restart", "cloud-run.access", "cloud-run.job-image"}) {
    INFO(name);
    CHECK(change(name).repeat == Repeat::conditional);
    CHECK(change(name).judge != nullptr);
    CHECK(change(name).undo != nullptr);
  }
  CHECK(change("cloud-run.job-run").repeat == Repeat::once);
}

TEST_CASE("traffic that others moved since it was decided is left as it is", "[modules]") {
  const auto from = [](Value split_then, const std::string& now) {
    return run::prepare_traffic(in({{"split", split({{"api-2", 100}})}, {"from", std::move(split_then)}}), seen(k_to_2, now), {});
  };
  const std::string on_1 = R"([{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"api-1","percent":100}])";
  const std::string halves = R"([{"revision":"api-4","percent":50},{"revision":"api-1","percent":50}])";
  CHECK_FALSE(from(split({{"api-1", 50}, {"api-2", 0}, {"api-4", 50}}), halves).refused);
  CHECK(holds(from(split({{"api-4", 100}}), on_1).refused->message, "it is at api-1 100 %, and was at api-4 100 %"));
  // It is there already: a repeated act finds what it left.
  CHECK_FALSE(from(split({{"api-4", 100}}), R"([{"revision":"api-2","percent":100}])").refused);
}
