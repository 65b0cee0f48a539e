#include "catch.hpp"
#include "modules/cloud_run_access.hpp"
#include "modules/cloud_run_job.hpp"
#include "modules/cloud_run_revision.hpp"
#include "modules/cloud_run_template.hpp"
#include "value/json.hpp"

using namespace belay;
namespace run = belay::modules::cloud_run;

namespace {

Value json(const std::string& text) { return parse_json(text).value(); }
bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
Value in(std::vector<std::pair<std::string, Value>> more) {
  std::vector<std::pair<std::string, Value>> all{{"project", "p"}, {"region", "r"}, {"service", "api"}};
  all.insert(all.end(), more.begin(), more.end());
  return Value::object(std::move(all));
}
const Request& request(const Intent& intent) { return std::get<Request>(intent.act); }

constexpr const char* k_template = R"({"revision":"api-00004-bad","containers":[{"image":"i:4","env":[{"name":"A","value":"1"},{"name":"B","value":"2"}],"resources":{"limits":{"cpu":"1"},"cpuIdle":true},"ports":[{"name":"http1","containerPort":8080}],
  "startupProbe":{"tcpSocket":{"port":8080}}}],"scaling":{"maxInstanceCount":5}})";
constexpr const char* k_on_2 = R"([{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"api-2","percent":100}])";
/// Rolled back: api-2 serves, the template is the bad one's.
Value seen(const std::string& latest = "api-00004-bad", const std::string& etag = "e1", const std::string& more = "", const std::string& traffic = k_on_2) {
  return json(R"({"service":{"name":"projects/p/locations/r/services/api","etag":")" + etag + R"(","generation":"7",)" + more + R"("template":)" + std::string(k_template) + R"(,"latestReadyRevision":"x/revisions/)" + latest +
              R"(","latestCreatedRevision":"x/revisions/)" + latest + R"(","uri":"https://api","traffic":)" + traffic + R"(,"trafficStatuses":)" + traffic +
              R"(},"revisions":[{"name":"x/revisions/api-2","containers":[{"image":"i@sha256:22","ports":[{"containerPort":8080}]}],"conditions":[{"type":"Ready","state":"CONDITION_SUCCEEDED"}],"maxInstanceRequestConcurrency":80}],"log":[]})");
}

} // namespace

TEST_CASE("a deploy changes what it names, keeps the rest, and tells the revision's name beforehand", "[modules]") {
  const auto intent = run::prepare_deploy(in({{"image", "i:5"}, {"env", Value::object({{"B", "3"}, {"C", "4"}})}, {"secrets", Value::object({{"KEY", "key:7"}})}, {"memory", "1Gi"}, {"port", 9090}, {"min_instances", 1}, {"timeout", Duration(std::chrono::minutes(5))}, {"service_account", "runner"}, {"connector", "link"}}),
                                          seen(), {});
  CHECK_FALSE(intent.refused);
  const Value made = request(intent).body["template"], container = made["containers"].list().at(0);
  CHECK(container["image"] == Value("i:5"));
  CHECK(canonical_json(container["env"]) == R"([{"name":"A","value":"1"},{"name":"B","value":"3"},{"name":"C","value":"4"},{"name":"KEY","valueSource":{"secretKeyRef":{"secret":"key","version":"7"}}}])");
  CHECK(canonical_json(container["resources"]) == R"({"cpuIdle":true,"limits":{"cpu":"1","memory":"1Gi"}})");
  CHECK(container["startupProbe"]["tcpSocket"]["port"] == Value(9090));
  CHECK(canonical_json(made["scaling"]) == R"({"maxInstanceCount":5,"minInstanceCount":1})");
  CHECK(made["timeout"] == Value("300s"));
  CHECK(made["serviceAccount"] == Value("runner@p.iam.gserviceaccount.com"));
  CHECK(made["vpcAccess"]["connector"] == Value("projects/p/locations/r/connectors/link"));
  CHECK(made["revision"].text().starts_with("api-00008-"));
  CHECK(made["revision"] == intent.outputs["revision"]);
  CHECK(request(intent).body["etag"] == Value("e1"));
  CHECK(holds(bare_json(request(intent).url), "updateMask=template%2Ctraffic%2Cannotations"));
}

TEST_CASE("a deploy after a rollback gets all traffic, and says so", "[modules]") {
  const auto intent = run::prepare_deploy(in({{"image", "i:5"}}), seen(), {});
  CHECK(canonical_json(request(intent).body["traffic"]) == R"([{"percent":100,"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"}])");
  CHECK(intent.outputs["percent"] == Value(100));
  CHECK(show(intent.outputs["before"]) == R"({"api-2":100})");
  CHECK(holds(intent.equivalent, "gcloud run deploy api --project=p --region=r --image=i:5 --revision-suffix=00008-"));
  CHECK(holds(intent.equivalent, "&& gcloud run services update-traffic api --project=p --region=r --to-latest"));
}

TEST_CASE("a deploy without traffic names what serves, and its tag the new revision", "[modules]") {
  const auto intent = run::prepare_deploy(in({{"image", "i:5"}, {"no_traffic", true}, {"tag", "next"}}), seen(), {});
  const auto entries = request(intent).body["traffic"].list();
  REQUIRE(entries.size() == 2);
  CHECK(entries[0]["revision"] == Value("api-2"));
  CHECK(entries[1]["revision"] == intent.outputs["revision"]);
  CHECK(entries[1]["tag"] == Value("next"));
  CHECK(intent.outputs["percent"] == Value(0));
  CHECK_FALSE(intent.outputs["tag_url"].known());
  CHECK(holds(intent.equivalent, "--no-traffic --tag=next"));
}

TEST_CASE("gcloud's flags say what becomes of each variable and secret, and there are none where gcloud cannot", "[modules]") {
  const Value made = json(R"({"containers":[{"image":"helper"},{"image":"i","ports":[{"containerPort":8080}],"env":[{"name":"A","value":"1"},{"name":"S","valueSource":{"secretKeyRef":{"secret":"s","version":"1"}}}]}]})");
  const auto line = [&](std::vector<std::pair<std::string, Value>> more) {
    const auto flags = run::gcloud_flags(in(std::move(more)), made);
    return flags ? bare_json(Value(*flags)) : "none";
  };
  CHECK(line({{"remove_env", Value::List{"A", "S"}}}) == R"(["--remove-env-vars=A","--remove-secrets=S"])");
  CHECK(line({{"replace_env", true}}) == R"(["--clear-env-vars","--remove-secrets=S"])");
  CHECK(line({{"replace_env", true}, {"env", Value::object({{"B", "x,y"}})}, {"secrets", Value::object({{"S", "s"}})}}) == R"(["--set-env-vars=^~^B=x,y","--update-secrets=S=s:latest"])");
  CHECK(line({{"env", Value::object({{"S", "open"}})}}) == "none");
  CHECK(line({{"secrets", Value::object({{"A", "s:1"}})}}) == "none");
  CHECK(line({{"sql_instances", Value::List{}}}) == R"(["--clear-cloudsql-instances"])");
  CHECK(line({{"connector", "link"}}) == R"(["--vpc-connector=projects/p/locations/r/connectors/link"])");
}

TEST_CASE("a secret is never written into a revision's variables", "[modules]") {
  const auto intent = run::prepare_deploy(in({{"image", "i:5"}, {"env", Value::object({{"PASSWORD", Value("hunter2").as_secret()}})}}), seen(), {});
  REQUIRE(intent.refused);
  CHECK(holds(intent.refused->message, "PASSWORD is a secret"));
}

TEST_CASE("settings are the floor that a deploy's own inputs stand on", "[modules]") {
  const Value settings = Value::object({{"cpu", "2"}, {"memory", "4Gi"}, {"env", Value::object({{"A", "9"}, {"D", "5"}})}, {"ingress", "internal"}});
  const auto intent = run::prepare_deploy(in({{"image", "i:5"}, {"settings", settings}, {"memory", "1Gi"}, {"env", Value::object({{"D", "6"}})}}), seen(), {});
  const Value container = request(intent).body["template"]["containers"].list().at(0);
  CHECK(canonical_json(container["resources"]["limits"]) == R"({"cpu":"2","memory":"1Gi"})");
  CHECK(canonical_json(container["env"]) == R"([{"name":"A","value":"9"},{"name":"B","value":"2"},{"name":"D","value":"6"}])");
  CHECK(request(intent).body["ingress"] == Value("INGRESS_TRAFFIC_INTERNAL_ONLY"));
  CHECK(holds(intent.equivalent, "--ingress=internal"));
}

TEST_CASE("a deploy that cannot be meant is refused", "[modules]") {
  const auto why = [](std::vector<std::pair<std::string, Value>> more, const Value& at) { return run::prepare_deploy(in(std::move(more)), at, {}).refused; };
  CHECK(why({}, seen())->message == "a deploy needs an image");
  CHECK(holds(why({{"image", "i"}, {"max_instances", 0}}, seen())->message, "does not stop a service"));
  CHECK(why({{"image", "i"}, {"min_instances", 4}, {"max_instances", 2}}, seen()));
  CHECK(why({{"image", "i"}, {"ingress", "everyone"}}, seen()));
  const Value none = json(R"({"service":null,"revisions":[],"log":[]})");
  CHECK(holds(why({{"image", "i"}}, none)->hint, "create: true"));
  CHECK(why({{"image", "i"}, {"create", true}, {"no_traffic", true}}, none));
  const auto made = run::prepare_deploy(in({{"image", "i"}, {"create", true}}), none, {});
  CHECK_FALSE(made.refused);
  CHECK(request(made).method == "POST");
  CHECK(bare_json(request(made).url) == "https://run.googleapis.com/v2/projects/p/locations/r/services?serviceId=api");
  CHECK_FALSE(request(made).body.has("etag"));
}

TEST_CASE("an update and a restart are like what serves, not like the template of the bad revision", "[modules]") {
  const auto restart = run::prepare_restart(in({}), seen(), {});
  CHECK_FALSE(restart.refused);
  CHECK(request(restart).body["template"]["containers"].list().at(0)["image"] == Value("i@sha256:22"));
  CHECK(request(restart).body["template"]["maxInstanceRequestConcurrency"] == Value(80));
  CHECK(restart.equivalent.empty()); // gcloud would start from the bad one
  CHECK_FALSE(restart.nothing);
  const auto same = run::prepare_update(in({{"concurrency", 80}}), seen(), {});
  CHECK(same.nothing);
  CHECK(same.outputs["revision"] == Value("api-2"));
  CHECK_FALSE(run::prepare_update(in({{"concurrency", 40}}), seen(), {}).nothing);
  const std::string shared = R"([{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"api-2","percent":90},{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"api-1","percent":10}])";
  CHECK(holds(run::prepare_restart(in({}), seen("api-00004-bad", "e1", "", shared), {}).refused->message, "split (api-2 90 %, api-1 10 %)"));
}

TEST_CASE("what became of a deploy is told by its revision and by the traffic in effect", "[modules]") {
  const auto before = seen();
  const auto intent = run::prepare_deploy(in({{"image", "i:5"}}), before, {});
  const std::string name = intent.outputs["revision"].text();
  const auto now = [&](const std::string& more, const std::string& ready, const std::string& state, const std::string& serves) {
    return json(R"({"service":{"etag":"e2",)" + more + R"("template":{"revision":")" + name + R"("},"latestCreatedRevision":"x/)" + name + R"(","latestReadyRevision":"x/)" + ready + R"(","uri":"https://api","traffic":[{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST","percent":100}],
      "trafficStatuses":[{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST","revision":")" + serves + R"(","percent":100}]},"revisions":[{"name":"x/)" + name + R"(","logUri":"https://logs/x","conditions":[{"type":"Ready","state":")" + state + R"("}]}],"log":["Traceback","boom"]})");
  };
  CHECK(run::judge_revision(intent, before, now("", name, "CONDITION_SUCCEEDED", name)).state == State::done);
  CHECK(run::judge_revision(intent, before, now(R"("reconciling":true,)", "api-2", "CONDITION_PENDING", "api-2")).state == State::pending);
  const auto dead = run::judge_revision(intent, before, now(R"("terminalCondition":{"state":"CONDITION_FAILED","message":"it does not listen"},)", "api-2", "CONDITION_FAILED", "api-2"));
  CHECK(dead.state == State::partial);
  CHECK(holds(dead.failure->message, "did not become ready: it does not listen; the traffic is where it was: api-2 100 %"));
  CHECK(holds(dead.failure->hint, "its log: https://logs/x\nTraceback\nboom"));
  CHECK(run::judge_revision(intent, before, before).state == State::not_seen);
  const auto other = run::judge_revision(intent, before, seen("api-00009-abc", "e5"));
  CHECK(other.state == State::no_effect);
  CHECK(other.failure->cause == Cause::conflict);
  CHECK(run::standing_revision(intent, before, {}, now("", name, "CONDITION_SUCCEEDED", name)) == Standing::as_left);
  CHECK(run::standing_revision(intent, before, {}, before) == Standing::as_before);
  CHECK(run::standing_revision(intent, before, {}, seen("api-00009-abc", "e5")) == Standing::otherwise);
}

TEST_CASE("an undo of a deploy gives back the traffic and marks the revision", "[modules]") {
  const auto before = seen();
  const auto intent = run::prepare_deploy(in({{"image", "i:5"}, {"tag", "next"}}), before, {});
  const Value back = run::undo_revision(intent, before, {});
  const auto undo = run::prepare_deploy(back, before, {});
  CHECK_FALSE(undo.refused);
  CHECK(show(request(undo).body["traffic"]) == R"([{"percent":100,"revision":"api-2","type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"}])");
  CHECK(request(undo).body["annotations"]["belay-left"] == intent.outputs["revision"]);
  CHECK_FALSE(request(undo).body.has("template"));
  CHECK(show(back["take_back"]["remove_tags"]) == R"(["next"])");
}

TEST_CASE("an undo of a deploy gives back who may reach the service", "[modules]") {
  const auto before = seen("api-00004-bad", "e1", R"("ingress":"INGRESS_TRAFFIC_ALL",)");
  const auto intent = run::prepare_deploy(in({{"image", "i:5"}, {"ingress", "internal"}}), before, {});
  REQUIRE(request(intent).body["ingress"] == Value("INGRESS_TRAFFIC_INTERNAL_ONLY"));
  const Value back = run::undo_revision(intent, before, {});
  Value::Map moved = before["service"].map();
  std::erase_if(moved, [](const auto& one) { return one.first == Value("ingress"); });
  moved.emplace_back(Value("ingress"), Value("INGRESS_TRAFFIC_INTERNAL_ONLY"));
  const Value now = Value::object({{"service", Value(moved)}, {"revisions", before["revisions"]}, {"log", Value(Value::List{})}});
  const auto undo = run::prepare_deploy(back, now, {});
  CHECK_FALSE(undo.refused);
  CHECK_FALSE(undo.nothing);
  CHECK(request(undo).body["ingress"] == Value("INGRESS_TRAFFIC_ALL"));
  CHECK(holds(show(request(undo).url), "ingress"));
  CHECK(holds(undo.equivalent, "--ingress=all"));
  CHECK_FALSE(run::judge_revision(undo, now, now).state == State::done);
  CHECK(run::undo_revision(run::prepare_deploy(in({{"image", "i:5"}}), before, {}), before, {})["take_back"]["ingress"].is_null());
}

TEST_CASE("a dry run after a predicted change shows a deploy's image and waits for the rest", "[modules]") {
  const auto intent = run::prepare_deploy(in({{"image", "i:5"}}), Value::unknown({"push"}), {});
  CHECK(intent.outputs["revision"].waits_for() == std::vector<std::string>{"push"});
  CHECK(intent.outputs["image"] == Value("i:5"));
  CHECK(holds(canonical_json(request(intent).body), "i:5"));
}

TEST_CASE("a policy is written whole under its etag, other members and roles kept", "[modules]") {
  const Value policy = json(R"({"etag":"BwU=","version":1,"bindings":[{"role":"roles/run.invoker","members":["allUsers","user:a@x"]},{"role":"roles/run.admin","members":["user:b@x"]}]})");
  const auto close = run::prepare_access(in({{"public", false}}), policy, {});
  CHECK(canonical_json(request(close).body["policy"]) == R"({"bindings":[{"members":["user:a@x"],"role":"roles/run.invoker"},{"members":["user:b@x"],"role":"roles/run.admin"}],"etag":"BwU=","version":1})");
  CHECK(run::prepare_access(in({{"public", true}}), policy, {}).nothing);
  CHECK(run::undo_access(close, policy, {})["public"] == Value(true));
  CHECK(run::standing_access(close, policy, {}, policy) == Standing::as_before);
  CHECK(run::standing_access(close, policy, {}, json(R"({"etag":"BwY="})")) == Standing::as_left);
  CHECK(run::judge_access(close, policy, policy).state == State::not_seen);
  CHECK(run::judge_access(close, policy, json(R"({"etag":"BwY="})")).state == State::done);
}

TEST_CASE("an execution is followed by its name, and a lost answer by the one that is new", "[modules]") {
  const Value place = Value::object({{"project", "p"}, {"region", "r"}, {"job", "migrate"}});
  const Value before = json(R"({"job":{"etag":"j1"},"executions":["e/1"],"execution":null})");
  const auto intent = run::prepare_job_run(place, before, {});
  const auto with_commas = run::prepare_job_run(Value::object({{"project", "p"}, {"region", "r"}, {"job", "migrate"}, {"args", Value::List{"a,b", "c"}}, {"env", Value::object({{"A", "1"}})}}), before, {});
  CHECK(holds(with_commas.equivalent, "'--args=^~^a,b~c' --update-env-vars=A=1 --wait"));
  CHECK(bare_json(request(intent).url) == "https://run.googleapis.com/v2/projects/p/locations/r/jobs/migrate:run");
  CHECK(request(intent).body["etag"] == Value("j1"));
  Answer answer;
  answer.status = 200;
  answer.body = R"({"name":"op","metadata":{"name":"projects/p/locations/r/jobs/migrate/executions/x"}})";
  CHECK(run::answer_job_run(intent, answer).handle == Value("projects/p/locations/r/jobs/migrate/executions/x"));
  CHECK(run::judge_job_run(intent, before, before).state == State::not_seen);
  CHECK(run::judge_job_run(intent, before, json(R"({"executions":["e/2","e/1"],"execution":null})")).handle == Value("e/2"));
  CHECK(run::judge_job_run(intent, before, json(R"({"executions":["e/3","e/2","e/1"],"execution":null})")).state == State::unknown);
  CHECK(run::judge_job_run(intent, before, json(R"({"execution":{"name":"e/2","runningCount":1}})")).state == State::pending);
  CHECK(run::judge_job_run(intent, before, json(R"({"execution":{"name":"e/2","completionTime":"t","succeededCount":1,"conditions":[{"type":"Completed","state":"CONDITION_SUCCEEDED"}]}})")).outputs["succeeded"] == Value(1));
  const auto failed = run::judge_job_run(intent, before, json(R"({"execution":{"name":"e/2","completionTime":"t","failedCount":1,"logUri":"https://l","conditions":[{"type":"Completed","state":"CONDITION_FAILED","message":"exit 1"}]}})"));
  CHECK(failed.state == State::partial);
  CHECK(holds(failed.failure->message, "exit 1"));
  const auto image = run::prepare_job_image(Value::object({{"project", "p"}, {"region", "r"}, {"job", "migrate"}, {"image", "i:2"}}), json(R"({"job":{"name":"n","etag":"j1","template":{"taskCount":1,"template":{"containers":[{"image":"i:1","env":[]}]}}},"executions":[]})"), {});
  CHECK(canonical_json(request(image).body) == R"({"etag":"j1","name":"n","template":{"taskCount":1,"template":{"containers":[{"env":[],"image":"i:2"}]}}})");
  const auto with_image = [&](const std::string& name) { return json(R"({"job":{"template":{"template":{"containers":[{"image":")" + name + R"("}]}}}})"); };
  CHECK(run::standing_job_image(image, with_image("i:1"), {}, with_image("i:2")) == Standing::as_left);
  CHECK(run::standing_job_image(image, with_image("i:1"), {}, with_image("i:1")) == Standing::as_before);
  CHECK(run::standing_job_image(image, with_image("i:1"), {}, with_image("i:3")) == Standing::otherwise);
}
