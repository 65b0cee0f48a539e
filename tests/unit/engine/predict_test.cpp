#include "catch.hpp"
#include "fakes/engine_rig.hpp"

using namespace belay;
using namespace belay::fakes;
using Strings = std::vector<std::string>;
using When = engine::PlannedStep::When;

namespace {

engine::Plan planned(EngineRig& rig, const std::string& body, engine::Mode mode = engine::Mode::reads) {
  engine::Options options;
  options.mode = mode;
  const auto done = rig.start(rig.runbook(body), options);
  REQUIRE(done.plan);
  CHECK(rig.server.sends == 0);
  CHECK(rig.store.appends == 0);
  CHECK(rig.store.claims()->empty());
  return *done.plan;
}
const engine::PlannedStep& at(const engine::Plan& plan, const std::string& path) {
  for (const auto& s : plan.steps)
    if (s.path == path) return s;
  throw std::logic_error("no planned step " + path);
}

} // namespace

TEST_CASE("a dry run sends nothing, and its acts are those that the run sends", "[engine]") {
  EngineRig rig;
  const std::string body = "claim: shop\nsteps:\n  - {id: now, use: test.read, with: {name: a}}\n  - {id: one, use: test.set, with: {name: a, value: \"${{ steps.now.value + '1' }}\"}}\n  - {id: two, use: test.put, with: {name: b, value: y}}\n";
  const engine::Plan plan = planned(rig, body);
  CHECK_FALSE(plan.failure);
  CHECK(at(plan, "one").exact);
  CHECK(at(plan, "one").act.find("old1") != std::string::npos);
  CHECK(at(plan, "two").on_failure.find("one") != std::string::npos);
  CHECK(plan.digest.size() == 64);
  const auto done = rig.start(*rig.project.find("test/main"));
  REQUIRE(done.exit == Exit::done);
  const RunView view = rig.view(done.run);
  for (const char* path : {"one", "two"}) CHECK(view.find(path)->attempts.front().intended->digest == at(plan, path).digest);
}

TEST_CASE("where nothing is sent there is nothing to do by hand", "[engine]") {
  EngineRig rig;
  const engine::Plan plan = planned(rig, "claim: shop\nsteps:\n  - {id: same, use: test.put, with: {name: a, value: old}}\n  - {id: other, use: test.put, with: {name: b, value: new}}\n");
  CHECK(at(plan, "same").act.empty());
  CHECK(at(plan, "same").equivalent.empty());
  CHECK_FALSE(at(plan, "other").equivalent.empty());
}

TEST_CASE("a read that an earlier change overlaps is unknown and names that change", "[engine]") {
  EngineRig rig;
  const engine::Plan plan = planned(rig, R"(
steps:
  - {id: one, use: test.set, with: {name: a, value: x}}
  - {id: same, use: test.read, with: {name: a}}
  - {id: other, use: test.read, with: {name: b}}
  - {id: anything, use: test.look, with: {name: b}}
  - {id: two, use: test.put, with: {name: c, value: "${{ steps.same.value + steps.other.value }}"}}
  - {id: maybe, when: "steps.same.value == 'x'", use: test.put, with: {name: d, value: z}}
  - {id: never, when: "steps.other.value == 'x'", use: test.put, with: {name: e, value: z}}
  - {id: sum, use: core.let, with: {value: "${{ steps.other.value + '!' }}"}}
)");
  CHECK(at(plan, "same").waits_for == Strings{"one"});
  CHECK_FALSE(at(plan, "same").exact);
  CHECK(at(plan, "other").exact);
  CHECK(at(plan, "anything").waits_for == Strings{"one"});
  CHECK(at(plan, "two").waits_for == Strings{"one"});
  CHECK(at(plan, "two").act.find("(known after one)") != std::string::npos);
  CHECK(at(plan, "maybe").when == When::may_run);
  CHECK(at(plan, "never").when == When::skipped);
  CHECK(at(plan, "sum").outputs["value"].text() == "old!");
  CHECK(std::count(rig.server.asked.begin(), rig.server.asked.end(), "/res/a") == 1); // observed before the change, not read after it
}

TEST_CASE("offline contacts nothing, and computes what needs no contact", "[engine]") {
  EngineRig rig;
  rig.with_service();
  const engine::Plan plan = planned(rig, R"(
steps:
  - {id: now, use: test.read, with: {name: a}}
  - {id: sum, use: core.let, with: {value: "${{ 1 + 1 }}"}}
  - {id: one, use: test.put, with: {name: a, value: "${{ secrets.token }}"}}
)", engine::Mode::offline);
  CHECK(rig.server.asked.empty());
  CHECK(rig.secrets.asked.empty());
  CHECK(at(plan, "now").waits_for == Strings{"now"});
  CHECK(at(plan, "sum").outputs["value"].integer() == 2);
}

TEST_CASE("a loop of unknown length is one node, a gate is assumed to pass and says what its FAIL would do", "[engine]") {
  EngineRig rig;
  const engine::Plan plan = planned(rig, R"(
steps:
  - {id: one, use: test.set, with: {name: a, value: x}}
  - {id: same, use: test.read, with: {name: a}}
  - {id: each, for_each: "${{ [steps.same.value] }}", max: 3, use: test.put, with: {name: "${{ each.key }}", value: y}}
  - {id: watch, use: test.gate, sample: {use: test.read, with: {name: a}}}
  - {id: sure, use: manual.confirm, with: {question: sure}}
)");
  CHECK(at(plan, "each[*]").when == When::may_run);
  CHECK(at(plan, "watch").when == When::assumed);
  CHECK(at(plan, "watch").on_failure.find("one") != std::string::npos);
  CHECK(at(plan, "sure").when == When::assumed);
}

TEST_CASE("the plan's digest holds no secret and changes with what would be sent", "[engine]") {
  EngineRig rig;
  rig.with_service();
  const std::string head = "steps:\n  - {id: one, use: test.put, with: {name: a, value: ";
  const auto one = planned(rig, head + "\"${{ secrets.token }}\"}}\n").digest;
  rig.secrets.known["env:TOKEN"].value = Value("another-secret").as_secret();
  EngineRig other;
  other.with_service();
  other.secrets.known["env:TOKEN"].value = Value("another-secret").as_secret();
  const engine::Plan again = planned(other, head + "\"${{ secrets.token }}\"}}\n");
  CHECK(again.digest == one);
  CHECK(at(again, "one").act.find("another-secret") == std::string::npos);
  EngineRig third;
  CHECK(planned(third, head + "x}}\n").digest != one);
}
