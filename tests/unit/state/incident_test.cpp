#include "state/incident_record.hpp"
#include "catch.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/memory_store.hpp"

using namespace belay;
using namespace belay::incidents;
using namespace std::chrono_literals;

namespace {

struct Scene {
  const fakes::ManualClock clock;
  fakes::MemoryStore store{clock};
  std::string id;
  SeverityScheme scheme = severity_scheme(Value()).value();

  Opened opening(const std::string& service = "shop", const std::string& severity = "P0") {
    Opened made;
    made.title = "checkout fails";
    made.service = service;
    made.environment = "production";
    made.who = "ana";
    made.level = value_of(scheme.find(severity).value());
    made.at = clock.now;
    return made;
  }
  Scene() { id = incidents::open(store, opening()).value().opened.id; }
  template <class F> F fact(std::string text = "because") {
    F made;
    made.who = "bo";
    made.text = std::move(text);
    made.at = clock.now;
    return made;
  }
  Incident add(const Fact& one) {
    const auto result = incidents::add(store, id, one);
    INFO((result ? std::string() : result.error().message));
    REQUIRE(result);
    return *result;
  }
  std::string refused(const Fact& one) {
    const auto before = store.head("incident/" + id).value().seq;
    const auto result = incidents::add(store, id, one);
    REQUIRE_FALSE(result);
    CHECK(result.error().cause == Cause::refused);
    CHECK(result.error().message.starts_with(id));
    CHECK_FALSE(result.error().hint.empty());
    CHECK(store.head("incident/" + id).value().seq == before);
    return result.error().message;
  }
  RunAttached run(const std::string& name, int exit = 0) {
    RunAttached made;
    made.run = name;
    made.what = "rollback shop -e production";
    made.who = "bo";
    made.state = exit == 0 ? "done" : "stuck";
    made.exit = exit;
    made.started = clock.now;
    made.changed = {"traffic of shop"};
    made.stands = {"traffic of shop"};
    clock.advance(30s);
    made.at = clock.now;
    return made;
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("an incident goes from open to closed, and its durations are counted", "[state]") {
  Scene scene;
  CHECK(scene.id == "INC-2027-01-15-001");
  scene.clock.advance(3min);
  CHECK(scene.add(scene.fact<Acknowledged>()).status == Status::acknowledged);
  scene.clock.advance(7min);
  CHECK(scene.add(scene.fact<Mitigated>("rolled back")).status == Status::mitigated);
  scene.clock.advance(20min);
  CHECK(scene.add(scene.fact<Resolved>("a missing index")).status == Status::resolved);
  scene.clock.advance(24h);
  const Incident incident = scene.add(scene.fact<Closed>());
  CHECK(incident.status == Status::closed);
  CHECK(incident.time_to_acknowledge() == Duration(3min));
  CHECK(incident.time_to_mitigate() == Duration(10min));
  CHECK(incident.time_to_resolve() == Duration(30min));
  CHECK_FALSE(incident.time_to_detect());
  CHECK(incident.mitigation == "rolled back");
  CHECK(incident.cause == "a missing index");
  CHECK(incident.timeline.size() == 5);
  CHECK(incident.timeline.front().what == "opened as P0: checkout fails");
  CHECK(incidents::read(scene.store, scene.id).value().timeline.size() == 5);
}

TEST_CASE("where the beginning of the trouble is known, it counts from there", "[state]") {
  Scene scene;
  Opened opening = scene.opening();
  opening.began = Timestamp{scene.clock.now.seconds - 600, 0};
  scene.id = incidents::open(scene.store, opening).value().opened.id;
  scene.clock.advance(5min);
  scene.add(scene.fact<Acknowledged>());
  const Incident incident = scene.add(scene.fact<Resolved>());
  CHECK(incident.time_to_detect() == Duration(10min));
  CHECK(incident.time_to_acknowledge() == Duration(5min));
  CHECK(incident.time_to_resolve() == Duration(15min));
  CHECK(incident.timeline.front().what == "the trouble began");
}

TEST_CASE("who mitigates or resolves without acknowledging has acknowledged by it", "[state]") {
  Scene scene;
  scene.clock.advance(4min);
  Incident incident = scene.add(scene.fact<Resolved>());
  CHECK(incident.time_to_acknowledge() == Duration(4min));
  CHECK(incident.time_to_mitigate() == Duration(4min));
}

TEST_CASE("what does not follow is refused with a reason, and nothing is written", "[state]") {
  Scene scene;
  CHECK(has(scene.refused(scene.fact<Closed>()), "is open and not resolved"));
  CHECK(has(scene.refused(scene.opening()), "open already"));
  CHECK(has(scene.refused(scene.fact<Updated>("")), "empty update"));
  scene.add(scene.fact<Acknowledged>());
  CHECK(has(scene.refused(scene.fact<Acknowledged>()), "acknowledged already at 2027-01-15T08:00:00Z"));
  scene.add(scene.fact<Mitigated>());
  CHECK(has(scene.refused(scene.fact<Mitigated>()), "mitigated already"));
  CHECK(has(scene.refused(scene.fact<Acknowledged>()), "acknowledged already"));
  scene.add(scene.fact<Resolved>());
  CHECK(has(scene.refused(scene.fact<Resolved>()), "is resolved"));
  CHECK(has(scene.refused(scene.fact<Mitigated>()), "is resolved"));
  scene.add(scene.fact<Closed>());
  CHECK(has(scene.refused(scene.fact<Updated>()), "was closed"));
  CHECK(has(scene.refused(scene.fact<Closed>()), "closed already"));
  CHECK(has(scene.refused(scene.run("r")), "was closed"));
  scene.add(scene.fact<Noted>("the vendor answered"));
  ActionAdded action;
  action.text = "add the index";
  action.owner = "cy";
  action.due = "2027-02-01";
  CHECK(scene.add(action).actions.at(0).owner == "cy");
}

TEST_CASE("an update may change the severity, a role may change hands", "[state]") {
  Scene scene;
  Updated update = scene.fact<Updated>("only one region");
  update.level = value_of(scene.scheme.find("p2").value());
  CHECK(scene.add(update).severity.name == "P2");
  CHECK(scene.add(scene.fact<Updated>("still looking")).severity.name == "P2");
  RoleSet role;
  role.role = "commander";
  role.person = "ana";
  scene.add(role);
  role.person = "cy";
  const Incident incident = scene.add(role);
  CHECK(incident.roles == std::vector<std::pair<std::string, std::string>>{{"commander", "cy"}});
  CHECK(scene.store.list({.kind = "incident", .service = "shop"}).value().at(0).label == "P2 checkout fails");
}

TEST_CASE("ids are numbered by day, also when another process takes one at the same time", "[state]") {
  Scene scene;
  CHECK(incidents::open(scene.store, scene.opening()).value().opened.id == "INC-2027-01-15-002");
  bool raced = false;
  scene.store.before_append = [&](const auto&, const auto&) -> std::optional<Failure> {
    if (std::exchange(raced, true)) return std::nullopt;
    return Failure{Cause::conflict, Reached::no, "another was first", ""};
  };
  CHECK(incidents::open(scene.store, scene.opening()).value().opened.id == "INC-2027-01-15-004");
  scene.clock.advance(24h);
  CHECK(incidents::open(scene.store, scene.opening()).value().opened.id == "INC-2027-01-16-001");
}

TEST_CASE("an id that is not there is answered with the nearest", "[state]") {
  Scene scene;
  const auto result = incidents::read(scene.store, "INC-2027-01-15-011");
  REQUIRE_FALSE(result);
  CHECK(result.error().cause == Cause::missing);
  CHECK(has(result.error().hint, scene.id));
  CHECK_FALSE(incidents::add(scene.store, "INC-1", scene.fact<Noted>()));
}

TEST_CASE("a run adds itself to the open incident of its service and environment, once", "[state]") {
  Scene scene;
  CHECK(attach_run(scene.store, "blog", "production", scene.run("r0")).value().ids.empty());
  CHECK(attach_run(scene.store, "shop", "staging", scene.run("r0")).value().ids.empty());
  RunAttached run = scene.run("r1", 8);
  const auto attached = attach_run(scene.store, "shop", "production", run).value();
  CHECK(attached.ids == std::vector<std::string>{scene.id});
  CHECK(attached.note.empty());
  run.state = "done";
  run.exit = 0;
  scene.clock.advance(1min);
  run.at = scene.clock.now;
  REQUIRE(attach_run(scene.store, "shop", "production", run));
  const Incident incident = incidents::read(scene.store, scene.id).value();
  REQUIRE(incident.runs.size() == 1);
  CHECK(incident.runs[0].state == "done");
  CHECK(incident.runs[0].changed == std::vector<std::string>{"traffic of shop"});
  REQUIRE(incident.timeline.size() == 3);
  CHECK(incident.timeline[1].what == "rollback shop -e production: begun");
  CHECK(has(incident.timeline[2].what, "done, exit 0; changed traffic of shop"));
  scene.add(scene.fact<Resolved>());
  CHECK(attach_run(scene.store, "shop", "production", scene.run("r2")).value().ids.empty());
}

TEST_CASE("with two open incidents the run is added to both, and it says so", "[state]") {
  Scene scene;
  scene.clock.advance(1min);
  const std::string second = incidents::open(scene.store, scene.opening()).value().opened.id;
  const auto attached = attach_run(scene.store, "shop", "production", scene.run("r1")).value();
  CHECK(attached.ids == std::vector<std::string>{second, scene.id});
  CHECK(has(attached.note, "2 incidents are open"));
  CHECK(has(attached.note, scene.id));
  CHECK(going_on(scene.store, "", "").value().size() == 2);
}

TEST_CASE("what is overdue is named, and nothing once it is over", "[state]") {
  Scene scene;
  const auto late = [&] { return overdue(incidents::read(scene.store, scene.id).value(), scene.clock.now); };
  CHECK(late().empty());
  scene.clock.advance(1s);
  REQUIRE(late().size() == 1);
  CHECK(has(late()[0], "nobody has acknowledged it"));
  scene.add(scene.fact<Acknowledged>());
  CHECK(late().empty());
  scene.clock.advance(31min);
  CHECK(late().size() == 2);
  scene.add(scene.fact<Updated>());
  REQUIRE(late().size() == 1);
  CHECK(has(late()[0], "escalation was due"));
  scene.add(scene.fact<Mitigated>());
  CHECK(late().empty());
  scene.add(scene.fact<Resolved>());
  scene.clock.advance(24h);
  CHECK(late().empty());
}
