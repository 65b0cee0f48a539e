#include "catch.hpp"
#include "fakes/engine_rig.hpp"

using namespace belay;
using namespace belay::fakes;
using Strings = std::vector<std::string>;

namespace {

auto crash_at(int wanted) {
  return [wanted](int number) -> std::optional<Failure> {
    if (number == wanted) throw Crash{};
    return {};
  };
}

} // namespace

TEST_CASE("a secret that is spelt like a step, a service or a claim keeps a resume from nothing", "[engine]") {
  EngineRig rig;
  rig.with_service();
  const std::string weak = GENERATE(std::string("second"), std::string("shop"), std::string("local"), std::string("test/main"));
  INFO(weak);
  rig.secrets.known["env:TOKEN"].value = Value(weak).as_secret();
  rig.server.before = crash_at(3);
  const Runbook& runbook = rig.runbook(R"(
claim: shop/local
steps:
  - {id: first, use: test.put, with: {name: a, value: "${{ secrets.token }}"}}
  - {id: second, use: test.fire, with: {name: "${{ service.name }}"}}
  - {id: third, use: test.put, with: {name: c, value: "${{ service.name + env.name }}"}}
)");
  CHECK_THROWS_AS(rig.start(runbook), Crash);
  rig.server.before = nullptr;
  rig.next_process();
  const auto done = rig.resume(rig.last_run());
  INFO((done.failure ? done.failure->message : ""));
  CHECK(done.exit == Exit::done);
  CHECK(rig.server.ledger == Strings{"a=" + weak, "fire shop", "c=shoplocal"});
  CHECK(rig.store.claims()->empty());
}

TEST_CASE("what was masked in the journal is read again, and never sent with a hole in it", "[engine]") {
  EngineRig rig;
  rig.with_service();
  rig.server.resources["seen"].value = "key hunter2hunter2 of all";
  rig.server.before = crash_at(1);
  const Runbook& runbook = rig.runbook(R"(
claim: shop
steps:
  - {id: now, use: test.read, with: {name: seen}}
  - {id: one, use: test.put, with: {name: a, value: "${{ secrets.token }}"}}
  - {id: two, use: test.put, with: {name: b, value: "${{ steps.now.value }}"}}
)");
  CHECK_THROWS_AS(rig.start(runbook), Crash);
  rig.server.before = nullptr;
  rig.next_process();
  CHECK(rig.resume(rig.last_run()).exit == Exit::done);
  CHECK(rig.server.ledger == Strings{"a=hunter2hunter2", "b=key hunter2hunter2 of all"});

  EngineRig change;
  change.with_service();
  change.server.resources["a"].value = "key hunter2hunter2 of all";
  change.server.before = crash_at(2);
  const Runbook& passed_on = change.runbook(R"(
claim: shop
steps:
  - {id: one, use: test.put, with: {name: a, value: "${{ secrets.token }}"}}
  - {id: two, use: test.put, with: {name: b, value: x}}
  - {id: three, use: test.put, with: {name: c, value: "${{ steps.one.was }}"}}
)");
  CHECK_THROWS_AS(change.start(passed_on), Crash);
  change.server.before = nullptr;
  change.next_process();
  const auto done = change.resume(change.last_run());
  REQUIRE(done.failure);
  CHECK(done.failure->message.find("no journal keeps") != std::string::npos);
  CHECK(change.server.value("c") == "old");
  for (const std::string& effect : change.server.ledger) CHECK(effect.find("(secret)") == std::string::npos);
}

TEST_CASE("no sign, last line or prompt holds a secret's text or a control sequence", "[engine]") {
  EngineRig rig;
  rig.with_service();
  rig.terminal.there = true;
  rig.terminal.lines = {"main", "main"};
  rig.server.before = [](int) -> std::optional<Failure> { return Failure{Cause::rejected, Reached::no, "refused hunter2hunter2", "is \x1b[31mhunter2hunter2 right?"}; };
  const auto done = rig.start(rig.runbook(R"(
claim: shop
steps:
  - {id: one, title: "hunter2hunter2 \e[2J", use: test.put, confirm: main, retry: {attempts: 2, delay: 1s}, with: {name: a, value: "${{ secrets.token }}"}}
)"));
  auto clean = [](const std::string& text) { return text.find("hunter2") == std::string::npos && text.find('\x1b') == std::string::npos; };
  REQUIRE(done.failure);
  CHECK(clean(done.failure->message));
  CHECK(clean(done.failure->hint));
  REQUIRE(!rig.terminal.prompts.empty());
  for (const std::string& prompt : rig.terminal.prompts) CHECK(clean(prompt));
  bool retried = false;
  for (const Sign& s : rig.heard.signs) {
    if (auto* began = std::get_if<sign::Began>(&s)) CHECK(clean(began->title));
    if (auto* retrying = std::get_if<sign::Retrying>(&s)) {
      retried = true;
      CHECK(clean(retrying->because));
    }
  }
  CHECK(retried);
}

TEST_CASE("a key of a loop that holds a secret's text becomes no path", "[engine]") {
  EngineRig rig;
  rig.with_service();
  const auto done = rig.start(rig.runbook(R"(
steps:
  - {id: one, use: test.put, with: {name: a, value: "${{ secrets.token }}"}}
  - {id: each, use: test.put, for_each: ["eu", "hunter2hunter2"], with: {name: "${{ each.key }}", value: x}}
)"));
  CHECK(done.exit == Exit::unchanged);
  CHECK(rig.server.ledger == Strings{"a=hunter2hunter2", "a=old"});
  auto records = *rig.store.read("run/" + done.run, 1, 1000);
  for (std::size_t i = 1; i < records.size(); ++i) CHECK(records[i].body.find("hunter2") == std::string::npos); // the first holds the runbook's own text
}
