#include "catch.hpp"
#include "fakes/engine_rig.hpp"

using namespace belay;
using namespace belay::fakes;
using Strings = std::vector<std::string>;

TEST_CASE("steps run in order, each intent durable before its act and each result after it", "[engine]") {
  EngineRig rig;
  rig.server.before = [&](int number) -> std::optional<Failure> {
    auto kinds = rig.kinds(rig.last_run());
    CHECK(std::count(kinds.begin(), kinds.end(), "intended") == number);
    CHECK(std::count(kinds.begin(), kinds.end(), "settled") == number);
    return {};
  };
  const auto done = rig.start(rig.runbook(R"(
claim: shop
steps:
  - {id: now, use: test.read, with: {name: a}}
  - {id: first, use: test.set, with: {name: a, value: "${{ steps.now.value + '-1' }}"}}
  - {id: second, use: test.put, with: {name: b, value: x}, expect: ["value == 'x'"], save: {both: "value + was"}}
outputs:
  both: ${{ steps.second.both }}
  a: ${{ steps.first.value }}
)"));
  INFO((done.failure ? done.failure->message : ""));
  CHECK(done.exit == Exit::done);
  CHECK(done.state == "done");
  CHECK(rig.server.ledger == Strings{"a=old-1", "b=x"});
  CHECK(done.outputs["both"].text() == "xold");
  CHECK(done.outputs["a"].text() == "old-1");
  CHECK(done.changed == Strings{"first", "second"});
  CHECK(done.stands.empty());
  CHECK(rig.kinds(done.run) == Strings{"run_started", "settled", "intended", "settled", "intended", "settled", "run_ended"});
  CHECK(rig.store.claims()->empty());
  CHECK(rig.heard.events.size() == 7);
}

TEST_CASE("a run of reads takes no claim and is journaled once, at its end", "[engine]") {
  EngineRig rig;
  rig.server.before_read = [&]() -> std::optional<Failure> {
    CHECK(rig.store.appends == 0);
    CHECK(rig.store.claims()->empty());
    return {};
  };
  const auto done = rig.start(rig.runbook("claim: shop\nsteps:\n  - {id: now, use: test.read, with: {name: a}}\n"));
  CHECK(done.exit == Exit::done);
  CHECK(rig.kinds(done.run) == Strings{"run_started", "settled", "run_ended"});
}

TEST_CASE("a failure takes back what was changed, newest first, and ends with 3", "[engine]") {
  EngineRig rig;
  const auto done = rig.start(rig.runbook(R"(
claim: shop
steps:
  - {id: one, use: test.set, with: {name: a, value: x}}
  - {id: two, use: test.put, with: {name: b, value: y}}
  - {id: sure, use: test.read, with: {name: a}, expect: ["value == 'z'"]}
  - {id: never, use: test.set, with: {name: c, value: x}}
)"));
  CHECK(done.exit == Exit::unchanged);
  CHECK(done.state == "undone");
  CHECK(rig.server.ledger == Strings{"a=x", "b=y", "b=old", "a=old"});
  CHECK(done.undone == Strings{"one", "two"});
  CHECK(done.stands.empty());
  CHECK(done.failure->message.find("value == 'z'") != std::string::npos);
  CHECK(rig.store.claims()->empty());
}

TEST_CASE("a change whose expectation fails was done all the same, and is taken back", "[engine]") {
  EngineRig rig;
  const auto done = rig.start(rig.runbook("steps:\n  - {id: one, use: test.set, with: {name: a, value: x}, expect: [\"value == 'z'\"]}\n"));
  CHECK(done.exit == Exit::unchanged);
  CHECK(rig.server.ledger == Strings{"a=x", "a=old"});
}

TEST_CASE("what cannot be taken back is named and makes it exit 1, its claim parked", "[engine]") {
  EngineRig rig;
  const auto done = rig.start(rig.runbook(R"(
claim: shop
steps:
  - {id: one, use: test.set, with: {name: a, value: x}}
  - {id: shot, use: test.fire, with: {name: gun}, irreversible: shots do not return}
  - {id: broken, use: core.fail, with: {message: enough}}
)"));
  CHECK(done.exit == Exit::changed);
  CHECK(done.state == "stuck");
  CHECK(rig.server.ledger == Strings{"a=x", "fire gun", "a=old"});
  REQUIRE(done.stands.size() == 1);
  CHECK(done.stands.front().find("shots do not return") != std::string::npos);
  REQUIRE(rig.store.claims()->size() == 1);
  CHECK(rig.store.claims()->front().parked);
  const auto accepted = engine::accept(done.run, "it is fine", rig.world);
  CHECK(accepted.has_value());
  CHECK(rig.store.claims()->empty());
  CHECK(rig.view(done.run).state == "accepted");
}

TEST_CASE("undo inputs of the runbook lie over the action's own, and undo steps stand in for them", "[engine]") {
  EngineRig rig;
  const auto done = rig.start(rig.runbook(R"(
steps:
  - {id: one, use: test.set, with: {name: a, value: x}, undo: {with: {value: "${{ steps.one.was + '-restored' }}"}}}
  - id: two
    use: test.fire
    with: {name: gun}
    undo:
      steps:
        - {id: sorry, use: test.put, with: {name: wound, value: healed}}
  - {id: broken, use: core.fail, with: {message: enough}}
)"));
  INFO((done.failure ? done.failure->message : ""));
  CHECK(done.exit == Exit::unchanged);
  CHECK(rig.server.ledger == Strings{"a=x", "fire gun", "wound=healed", "a=old-restored"});
}

TEST_CASE("an undo leaves what others have changed since, and says so", "[engine]") {
  EngineRig rig;
  rig.server.after = [&](int number) -> std::optional<Failure> {
    if (number == 2) rig.server.resources["a"] = {"theirs", 9};
    return {};
  };
  const auto done = rig.start(rig.runbook(R"(
steps:
  - {id: one, use: test.set, with: {name: a, value: x}}
  - {id: two, use: test.set, with: {name: b, value: x}}
  - {id: broken, use: core.fail, with: {message: enough}}
)"));
  CHECK(done.exit == Exit::changed);
  CHECK(rig.server.value("a") == "theirs");
  CHECK(rig.server.value("b") == "old");
  REQUIRE(done.stands.size() == 1);
  CHECK(done.stands.front().find("others have changed it") != std::string::npos);
}

TEST_CASE("a step is tried again with growing waits, and no longer than it may", "[engine]") {
  EngineRig rig;
  int reads = 0;
  rig.server.before_read = [&]() -> std::optional<Failure> {
    if (++reads < 3) return Failure{Cause::transport, Reached::no, "no answer", ""};
    return {};
  };
  const Duration began = rig.clock.steady();
  auto done = rig.start(rig.runbook("steps:\n  - {id: now, use: test.read, with: {name: a}, retry: {attempts: 3, delay: 10s, factor: 2}}\n"));
  CHECK(done.exit == Exit::done);
  CHECK(reads == 3);
  const double waited = static_cast<double>((rig.clock.steady() - began).count()) / 1e9;
  CHECK(waited > 26);
  CHECK(waited < 34);
  reads = -10;
  done = rig.start(rig.runbook("steps:\n  - {id: now, use: test.read, with: {name: a}, retry: {attempts: 3, delay: 1s}}\n"));
  CHECK(done.exit == Exit::unchanged);
  CHECK(reads == -7);
}

TEST_CASE("a lost answer to each repeatable change is settled without doing it twice", "[engine]") {
  for (const std::string action : {"set", "put", "add"})
    for (const bool arrived : {true, false}) {
      INFO(action << (arrived ? " arrived" : " was lost"));
      EngineRig rig;
      auto lose = [](int number) -> std::optional<Failure> {
        if (number == 1) return Failure{Cause::timeout, Reached::perhaps, "no answer in time", ""};
        return {};
      };
      (arrived ? rig.server.after : rig.server.before) = lose;
      const auto done = rig.start(rig.runbook("steps:\n  - {id: one, use: test." + action + ", with: {" + (action == "add" ? "" : "name: a, ") + "value: x}}\n"));
      CHECK(done.exit == Exit::done);
      CHECK(rig.server.ledger == Strings{action == "add" ? "add x" : "a=x"});
    }
}

TEST_CASE("a change that nothing makes harmless and nobody answered for is left to a person", "[engine]") {
  EngineRig rig;
  rig.server.after = [](int) -> std::optional<Failure> { return Failure{Cause::timeout, Reached::perhaps, "no answer in time", ""}; };
  auto done = rig.start(rig.runbook("claim: shop\nsteps:\n  - {id: shot, use: test.fire, with: {name: gun}, retry: {attempts: 5, delay: 1s}}\n  - {id: next, use: test.put, with: {name: b, value: y}}\n"));
  CHECK(done.exit == Exit::unknown);
  CHECK(done.state == "stuck");
  CHECK(rig.server.ledger == Strings{"fire gun"});
  CHECK(std::any_of(done.next.begin(), done.next.end(), [](const std::string& n) { return n.find("runs skip") != std::string::npos; }));
  rig.server.after = nullptr;
  REQUIRE(engine::skip(done.run, "shot", "it fired", rig.world));
  done = rig.resume(done.run);
  CHECK(done.exit == Exit::done);
  CHECK(rig.server.ledger == Strings{"fire gun", "b=y"});
}

TEST_CASE("an operation that takes a while is journaled by its handle and followed to its end", "[engine]") {
  EngineRig rig;
  const auto done = rig.start(rig.runbook("steps:\n  - {id: op, use: test.follow, with: {name: build}}\noutputs:\n  id: ${{ steps.op.operation }}\n"));
  INFO((done.failure ? done.failure->message : ""));
  CHECK(done.exit == Exit::done);
  CHECK(done.outputs["id"].text() == "build-1");
  CHECK(rig.kinds(done.run) == Strings{"run_started", "intended", "answered", "settled", "run_ended"});
}

TEST_CASE("what is always done is done once, at a good end and at a bad one; its failure is a finding", "[engine]") {
  for (const bool good : {true, false}) {
    EngineRig rig;
    const auto done = rig.start(rig.runbook(std::string("steps:\n  - {id: one, use: test.set, with: {name: a, value: x}}\n") + (good ? "" : "  - {id: broken, use: core.fail, with: {message: enough}}\n") +
                                            "always:\n  - {id: tell, use: test.put, with: {name: told, value: \"${{ run.state }}\"}}\n  - {id: bad, use: core.fail, with: {message: cannot}}\n"));
    CHECK(done.exit == (good ? Exit::finding : Exit::unchanged));
    CHECK(rig.server.value("told") == (good ? "done" : "undone"));
    REQUIRE(done.findings.size() == 1);
    CHECK(done.findings.front().message == "cannot");
  }
}

TEST_CASE("loops, groups, rounds, calls and parallel branches have paths for ever", "[engine]") {
  EngineRig rig;
  rig.runbook("parameters:\n  what: {type: string}\nsteps:\n  - {id: inner, use: test.put, with: {name: called, value: \"${{ params.what }}\"}}\noutputs:\n  was: ${{ steps.inner.was }}\n", "other");
  int tries = 0;
  rig.server.before_read = nullptr;
  const auto done = rig.start(rig.runbook(R"(
steps:
  - id: each
    for_each: [eu, us]
    parallel: 2
    use: test.put
    with: {name: "${{ each.key }}", value: "${{ each.value + '!' }}"}
  - id: both
    parallel: true
    steps:
      - {id: left, use: test.put, with: {name: left, value: l}}
      - {id: right, use: test.put, with: {name: right, value: r}}
  - id: call
    use: runbook.call
    with: {runbook: test/other, parameters: {what: "${{ steps.each.eu.value + steps.left.value }}"}}
  - {id: maybe, when: "steps.call.was == 'new'", use: test.fire, with: {name: never}}
outputs:
  was: ${{ steps.call.was }}
)"));
  INFO((done.failure ? done.failure->message : "") << tries);
  CHECK(done.exit == Exit::done);
  CHECK(done.outputs["was"].text() == "old");
  CHECK(rig.server.value("called") == "eu!l");
  const RunView view = rig.view(done.run);
  for (const char* path : {"each", "each[eu]", "each[us]", "both/left", "both/right", "call/inner", "maybe"}) {
    INFO(path);
    CHECK(view.find(path) != nullptr);
  }
  CHECK(view.find("each")->keys == Strings{"eu", "us"});
  CHECK(view.find("maybe")->state == State::skipped);
}

TEST_CASE("a group that is tried again takes its round back first", "[engine]") {
  EngineRig rig;
  int reads = 0;
  rig.server.before_read = [&]() -> std::optional<Failure> {
    ++reads;
    return {};
  };
  const auto done = rig.start(rig.runbook(R"(
steps:
  - id: g
    retry: {attempts: 2, delay: 1s}
    steps:
      - {id: one, use: test.put, with: {name: a, value: x}}
      - {id: two, use: test.read, with: {name: a}, expect: ["version > 3"]}
)"));
  INFO((done.failure ? done.failure->message : ""));
  CHECK(done.exit == Exit::done);
  CHECK(rig.server.ledger == Strings{"a=x", "a=old", "a=x"});
  CHECK(rig.view(done.run).find("g#2/one") != nullptr);
}

TEST_CASE("a gate samples, ticks durably, probes when the evidence is thin, and fails when it says so", "[engine]") {
  EngineRig rig;
  auto done = rig.start(rig.runbook("steps:\n  - {id: one, use: test.put, with: {name: a, value: x}}\n  - {id: watch, use: test.gate, with: {looks: 3}, sample: {use: test.read, every: 5s, with: {name: a}}}\n"));
  INFO((done.failure ? done.failure->message : ""));
  CHECK(done.exit == Exit::done);
  CHECK(rig.view(done.run).find("watch")->ticks.size() == 3);
  done = rig.start(rig.runbook("steps:\n  - {id: one, use: test.put, with: {name: a, value: broken}}\n  - {id: watch, use: test.gate, with: {looks: 3}, sample: {use: test.read, with: {name: a}}}\n"));
  CHECK(done.exit == Exit::unchanged);
  CHECK(rig.server.value("a") == "x");
  done = rig.start(rig.runbook("steps:\n  - {id: watch, use: test.gate, timeout: 12s, with: {looks: 99}, sample: {use: test.read, every: 5s, with: {name: a}}}\n"));
  CHECK(done.exit == Exit::unchanged);
  CHECK(done.failure->message.find("INCONCLUSIVE") != std::string::npos);
}

TEST_CASE("a hold is opened on first need, again for an undo, and closed with its group", "[engine]") {
  EngineRig rig;
  const auto done = rig.start(rig.runbook(R"(
steps:
  - {id: proxy, use: test.tunnel, with: {to: db}}
  - {id: plain, use: test.put, with: {name: a, value: x}}
  - {id: through, use: test.put, with: {name: b, value: "${{ string(steps.proxy.port) }}"}}
  - {id: broken, use: core.fail, with: {message: enough}}
)"));
  INFO((done.failure ? done.failure->message : ""));
  CHECK(done.exit == Exit::unchanged);
  CHECK(rig.server.ledger.front() == "a=x");
  CHECK(rig.server.ledger[1] == "tunnel opened");
  CHECK(rig.server.ledger[2] == "b=40002");
  CHECK(rig.server.value("b") == "old");
  auto kinds = rig.kinds(done.run);
  CHECK(std::count(kinds.begin(), kinds.end(), "opened") == std::count(kinds.begin(), kinds.end(), "closed"));
}

TEST_CASE("no secret's text enters a fact, a sign or a file", "[engine]") {
  EngineRig rig;
  rig.with_service();
  rig.process.says = "token is hunter2hunter2\n";
  const auto done = rig.start(rig.runbook(R"(
steps:
  - {id: put, use: test.put, with: {name: a, value: "${{ secrets.token }}"}}
  - {id: run, use: core.run, with: {argv: [tool], environment: {TOKEN: "${{ secrets.token }}"}}}
)"));
  INFO((done.failure ? done.failure->message : ""));
  CHECK(done.exit == Exit::done);
  auto records = *rig.store.read("run/" + done.run, 1, 1000);
  for (const Record& r : records) CHECK(r.body.find("hunter2") == std::string::npos);
  REQUIRE(rig.files.files.size() == 1);
  CHECK(rig.files.files.begin()->second == "token is (secret)\n");
  CHECK(rig.view(done.run).find("run")->tail == "token is (secret)\n");
  CHECK(rig.view(done.run).find("run")->artifact == rig.files.files.begin()->first);
  for (const Sign& s : rig.heard.signs)
    if (auto* output = std::get_if<sign::Output>(&s)) CHECK(output->text.find("hunter2") == std::string::npos);
}

TEST_CASE("a name is typed once for an act, however often it is tried", "[engine]") {
  EngineRig rig;
  rig.terminal.there = true;
  rig.terminal.lines = {"main"}; // asked again, the test fails
  rig.server.before = [](int number) -> std::optional<Failure> {
    if (number < 3) return Failure{Cause::rejected, Reached::yes, "not yet", ""};
    return {};
  };
  const auto done = rig.start(rig.runbook("steps:\n  - {id: one, use: test.put, confirm: main, retry: {attempts: 3, delay: 1s}, with: {name: a, value: x}}\n"));
  CHECK(done.exit == Exit::done);
  CHECK(rig.terminal.prompts.size() == 1);
}

TEST_CASE("what cannot be saved of a gate or an answer fails the step", "[engine]") {
  EngineRig rig;
  rig.terminal.there = true;
  rig.terminal.lines = {"yes"};
  const auto gate = rig.start(rig.runbook("steps:\n  - {id: one, use: test.gate, sample: {use: test.read, every: 1s, with: {name: a}}, save: {n: \"1 / 0\"}}\n"));
  CHECK(gate.exit == Exit::unchanged);
  CHECK_THAT(gate.failure->message, Catch::Contains("saved as n"));
  const auto asked = rig.start(rig.runbook("steps:\n  - {id: one, use: manual.confirm, with: {question: well?}, save: {n: \"1 / 0\"}}\n", "asks"));
  CHECK(asked.exit == Exit::unchanged);
  CHECK_THAT(asked.failure->message, Catch::Contains("saved as n"));
}

TEST_CASE("a repetition that meets a conflict says nothing of the original where nobody can look", "[engine]") {
  EngineRig rig;
  rig.server.before = [](int number) -> std::optional<Failure> {
    if (number == 1) return Failure{Cause::timeout, Reached::perhaps, "no answer in time", ""};
    return Failure{Cause::conflict, Reached::yes, "a request with this key is under way", ""};
  };
  const auto done = rig.start(rig.runbook("claim: shop\nsteps:\n  - {id: one, use: test.add, with: {value: x}}\n"));
  CHECK(done.exit == Exit::stopped);
  CHECK(rig.view(done.run).find("one")->state == State::intent);
  rig.server.before = nullptr;
  rig.next_process();
  CHECK(rig.resume(done.run).exit == Exit::done);
  CHECK(rig.server.ledger == std::vector<std::string>{"add x"});
}
