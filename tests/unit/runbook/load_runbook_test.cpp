#include "catch.hpp"
#include "problems.hpp"
#include "runbook/load_runbook.hpp"

using namespace belay;
using namespace std::chrono_literals;

namespace {

constexpr const char* k_head = "runbook: host/x\ntitle: X\n";

std::vector<Problem> problems_of(const std::string& text) {
  std::vector<Problem> problems;
  load_runbook({"host/x.yaml", text}, "host/x", problems);
  return problems;
}
std::string refusal(const std::string& body) { return said(problems_of(k_head + body)); }
bool refused(const std::string& body, const std::string& wanted) {
  const std::string got = refusal(body);
  INFO(got);
  CHECK(got.find(wanted) != std::string::npos);
  return got.find(wanted) != std::string::npos;
}
Runbook loaded(const std::string& body) {
  std::vector<Problem> problems;
  Runbook runbook = load_runbook({"host/x.yaml", k_head + body}, "host/x", problems);
  INFO(said(problems));
  REQUIRE(problems.empty());
  return runbook;
}

} // namespace

TEST_CASE("every key of a runbook and of a step arrives in the model", "[runbook]") {
  const Runbook runbook = loaded(R"(
notes: [first, second]
parameters:
  to: {type: string, optional: true, help: the release, choices: [a, b], completes: release}
  keep: {type: duration, default: 30d}
  key: {secret: true, pattern: "[a-z]+"}
claim: ${{ service.name }}/${{ env.name }}
safeward: true
on_stop: undo
on_death: resume
timeout: 1h
steps:
  - id: look
    title: Look at ${{ params.to }}
    use: core.read
    with:
      argv: [ls, "${{ params.to }}"]
    when: params.to != null
    retry: {attempts: 10, delay: 3s, factor: 1.5, max: 30s, jitter: 0.2}
    timeout: {attempt: 5s, step: 1m}
    expect:
      - status == 0
    save:
      first: out.lines
  - id: act
    use: core.run
    effect: destroys
    confirm: ${{ env.name }}
    approve: true
    irreversible: it is gone
    timeout: 10s
  - id: group
    parallel: true
    steps:
      - {id: one, use: core.let, with: {value: 1}}
  - id: each
    for_each: ${{ env.names }}
    parallel: 4
    max: 10
    use: core.let
    with: ${{ each.value }}
  - id: gate
    use: gate.watch
    sample: {use: http.get, with: {url: x}, every: 2s, timeout: 1s}
  - id: back
    use: core.run
    undo: {with: {argv: [undo]}}
  - id: away
    use: core.run
    undo:
      steps:
        - {id: again, use: core.run}
always:
  - {id: tell, use: notify.send}
outputs:
  release: ${{ steps.look.first }}
  fixed: 3
)");
  CHECK(runbook.title == "X");
  CHECK(runbook.notes == std::vector<std::string>{"first", "second"});
  REQUIRE(runbook.parameters.size() == 3);
  CHECK(runbook.parameters[0].optional);
  CHECK(runbook.parameters[0].choices == std::vector<std::string>{"a", "b"});
  CHECK(runbook.parameters[0].completes == "release");
  CHECK(runbook.parameters[1].type == Kind::duration);
  CHECK(std::get<Value>(runbook.parameters[1].standard->node) == Value("30d"));
  CHECK(runbook.parameters[2].secret);
  CHECK(std::get<Template::Pieces>(runbook.claim->node).of.size() == 3);
  CHECK(runbook.safeward);
  CHECK(runbook.on_stop == OnStop::undo);
  CHECK(runbook.on_death == OnDeath::resume);
  CHECK(runbook.timeout.step == 1h);
  REQUIRE(runbook.steps.size() == 7);
  const Step& look = runbook.steps[0];
  CHECK(look.use == "core.read");
  CHECK(look.where.line == 15);
  REQUIRE(look.with.find("argv") != nullptr);
  CHECK(std::holds_alternative<Template::Expression>(std::get<Template::List>(look.with.find("argv")->node).of[1].node));
  CHECK(look.when->program.source() == "params.to != null");
  CHECK(look.when->where.line == 20);
  CHECK(look.when->where.column == 11);
  CHECK(look.retry->attempts == 10);
  CHECK(look.retry->delay == 3s);
  CHECK(look.retry->factor == 1.5);
  CHECK(look.retry->max == 30s);
  CHECK(look.retry->jitter == 0.2);
  CHECK(look.timeout.attempt == 5s);
  CHECK(look.timeout.step == 1min);
  CHECK(look.expect.size() == 1);
  CHECK(look.save[0].first == "first");
  CHECK(runbook.steps[1].effect == Effect::destroys);
  CHECK(runbook.steps[1].approve);
  CHECK(runbook.steps[1].confirm.has_value());
  CHECK(runbook.steps[1].timeout.step == 10s);
  CHECK(runbook.steps[2].parallel == 0);
  CHECK(runbook.steps[2].steps[0].id == "one");
  CHECK(runbook.steps[3].parallel == 4);
  CHECK(runbook.steps[3].max == 10u);
  CHECK(std::holds_alternative<Template::Expression>(runbook.steps[3].with.node));
  CHECK(runbook.steps[4].every == 2s);
  CHECK(runbook.steps[4].sample->use == "http.get");
  CHECK(runbook.steps[4].sample->timeout.step == 1s);
  CHECK(runbook.steps[5].undo_with->find("argv") != nullptr);
  CHECK(runbook.steps[6].undo_steps[0].id == "again");
  CHECK(runbook.always[0].id == "tell");
  CHECK(runbook.outputs.size() == 2);
  CHECK(runbook.text.starts_with("runbook: host/x"));
}

TEST_CASE("a mistyped key is named with its place and what was meant", "[runbook]") {
  CHECK(refusal("steps:\n  - id: a\n    use: core.let\n    retrys: {attempts: 2}\n") == "host/x.yaml:6:5: unknown key 'retrys' in a step (did you mean 'retry'?)\n");
  refused("steps: [{id: a, use: core.let, retry: {attempts: 2, dealy: 1s}}]\n", "unknown key 'dealy' in a retry (did you mean 'delay'?)");
  refused("stesp: []\nsteps: [{id: a, use: b.c}]\n", "host/x.yaml:3:1: unknown key 'stesp' in a runbook (did you mean 'steps'?)");
}

TEST_CASE("all problems of a file come at once", "[runbook]") {
  const auto problems = problems_of("runbook: host/x\nsteps:\n  - id: A\n    use: 3\n  - id: b\n    timeout: 10\n    when: \"@\"\n  - id: b\n    use: core.let\nalways: 3\n");
  const std::string text = said(problems);
  INFO(text);
  for (const char* wanted : {"a runbook lacks 'title'", "'A' is no name for 'id'", "'use' is text, not the number 3", "'timeout' is a duration (90s, 1h30m)", "step 'b' does nothing", "a second step with the id 'b'",
                             "'always' is a list, not the number 3", "host/x.yaml:7:"})
    CHECK(text.find(wanted) != std::string::npos);
}

TEST_CASE("a key written twice hides nothing else", "[runbook]") {
  const std::string text = refusal("notes: a\nnotes: b\nsteps: [{id: a, use: b.c, wehn: x}]\n");
  INFO(text);
  CHECK(text.find("host/x.yaml:4:1: the key 'notes' a second time") == 0);
  CHECK(text.find("unknown key 'wehn'") != std::string::npos);
}

TEST_CASE("wrong types are named with what was wanted and what stands there", "[runbook]") {
  refused("steps: 3\n", "host/x.yaml:3:8: 'steps' is a list, not the number 3");
  refused("steps: [3]\n", "'steps' is a map with id, title");
  refused("safeward: yes\nsteps: [{id: a, use: b.c}]\n", "'safeward' is true or false, not 'yes' (YAML 1.2 knows true and false alone");
  refused("on_stop: halt\nsteps: [{id: a, use: b.c}]\n", "'on_stop' is one of stop, undo, not 'halt'");
  refused("steps: [{id: a, use: b.c, timeout: 5}]\n", "write it with its unit");
  refused("steps: [{id: a, use: b.c, timeout: 5x}]\n", "'timeout' is a duration, not '5x'");
  refused("steps: [{id: a, use: b.c, retry: {attempts: 0}}]\n", "'attempts' is 0, which is less than 1");
  refused("steps: [{id: a, use: b.c, retry: {attempts: 2, jitter: 2}}]\n", "'jitter' is a share from 0 to 1");
  refused("steps: [{id: a, use: b.c, retry: {}}]\n", "a retry lacks 'attempts'");
  refused("steps: [{id: a, use: b.c, undo: none}]\n", "'undo' is a map with with, steps, not 'none'");
  refused("steps: [{id: a, use: b.c, with: text}]\n", "'with' is a map, not 'text'");
  refused("title: 1.10\nsteps: [{id: a, use: b.c}]\n", "a second time");
  CHECK(said(problems_of("runbook: host/x\ntitle: 1.10\nsteps: [{id: a, use: b.c}]\n")).find("needs quotes: '1.10'") != std::string::npos);
}

TEST_CASE("steps that cannot be meant are refused", "[runbook]") {
  refused("steps: [{id: a, use: b.c, steps: [{id: d, use: b.c}]}]\n", "step 'a' has both 'use' and 'steps'");
  refused("steps: [{id: a}]\n", "step 'a' does nothing");
  refused("steps: [{id: a, steps: [{id: b, use: b.c}], expect: x}]\n", "a group takes no 'expect'");
  refused("steps: [{id: a, use: b.c, for_each: [x], parallel: true}]\n", "'parallel' is how many items are done at once");
  refused("steps: [{id: a, use: b.c, parallel: 3}]\n", "'parallel' without steps or for_each");
  refused("steps: [{id: a, use: b.c, max: 3}]\n", "'max' without for_each");
  refused("steps: [{id: a, use: b.c, undo: {with: {}, steps: []}}]\n", "either 'with' or 'steps'");
  refused("steps: [{id: a, use: b.c, undo: {with: {}}, irreversible: x}]\n", "both 'undo' and 'irreversible'");
  refused("steps: [{id: a, use: b.c, save: {Bad: x}}]\n", "'Bad' is no name for a saved value");
  refused("steps: [{id: a, use: b.c}]\nalways: [{id: a, use: b.c}]\n", "'a' is the id of a step too");
  refused("steps: []\n", "a runbook without steps");
  refused("steps: [{id: a, steps: [{id: b, use: b.c}, {id: b, use: b.c}]}]\n", "a second step with the id 'b'");
  loaded("steps: [{id: a, steps: [{id: b, use: b.c}]}, {id: b, use: b.c}]\n");
}

TEST_CASE("parameters are checked where they are declared", "[runbook]") {
  const std::string steps = "steps: [{id: a, use: b.c}]\n";
  refused("parameters: {To: {}}\n" + steps, "'To' is no name for a parameter");
  refused("parameters: {to: {type: text}}\n" + steps, "'type' is one of string, integer, number");
  refused("parameters: {to: {optional: true, default: x}}\n" + steps, "a parameter with a default is never absent");
  refused("parameters: {to: {secret: true, default: hunter2}}\n" + steps, "a secret written into a runbook");
  refused("parameters: {to: {pattern: \"(\"}}\n" + steps, "'pattern' is no regular expression");
  refused("parameters: {to: {type: integer, pattern: x}}\n" + steps, "'pattern' is for parameters of type string");
  refused("parameters: {to: {type: integer, choices: [a]}}\n" + steps, "'choices' is for parameters of type string");
}

TEST_CASE("a file is named for its runbook, and is not empty", "[runbook]") {
  CHECK(said(problems_of("runbook: host/y\ntitle: t\nsteps: [{id: a, use: b.c}]\n")).find("host/x.yaml:1:10: this file holds 'host/x', and calls itself 'host/y'") == 0);
  CHECK(said(problems_of("")).find("the file is empty") != std::string::npos);
  CHECK(said(problems_of("# nothing\n")).find("the file is empty") != std::string::npos);
  CHECK(said(problems_of("- a\n")).find("a runbook is a map of keys, not a list") != std::string::npos);
}
