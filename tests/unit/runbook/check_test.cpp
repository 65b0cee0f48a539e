#include "../../fakes/fixed_machine.hpp"
#include "../../fakes/folder_reads.hpp"
#include "../../fakes/small_catalog.hpp"
#include "catch.hpp"
#include "problems.hpp"
#include "runbook/check.hpp"
#include "runbook/load_project.hpp"

using namespace belay;

namespace {

struct Bench {
  FolderReads files;
  FixedMachine machine;
  Bench() {
    files.put("/p/belay.yaml", "project: p\nenvironments: {local: {}}\n");
    files.put("/p/services/shop.yaml", "service: shop\nsecrets: {token: env:TOKEN}\ndatabases: {main: {dbname: shop, password: env:PW}}\nenvironments: {local: {url: x}}\n");
    files.put("/p/host/other.yaml", "runbook: host/other\ntitle: O\nparameters: {to: {help: where}, keep: {type: integer, default: 3}, key: {secret: true, optional: true}}\nsteps: [{id: a, use: cloud.describe}]\noutputs: {revision: \"${{ steps.a.revision }}\"}\n");
    machine.at = "/p";
  }
  std::vector<Checked> check(const std::string& body, const std::string& head = "claim: x\n") {
    files.put("/p/host/x.yaml", "runbook: host/x\ntitle: X\n" + head + body);
    try {
      const Project project = load_project("", files, machine);
      return check_runbook(find_runbook(project, "host/x"), project, small_catalog::catalog());
    } catch (const Error& error) {
      FAIL(said(error.problems));
    }
    return {};
  }
  std::string found(const std::string& body, const std::string& head = "claim: x\n") {
    std::vector<Problem> problems;
    for (const auto& one : check(body, head)) problems.push_back(one.problem);
    return said(problems);
  }
};

void clean(const std::string& body, const std::string& head = "claim: x\n") {
  INFO(body);
  CHECK(Bench().found(body, head) == "");
}
void finds(const std::string& body, const std::string& wanted, const std::string& head = "claim: x\n") {
  const std::string text = Bench().found(body, head);
  INFO(body << "\n" << text);
  CHECK(text.find(wanted) != std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
}

constexpr const char* k_look = "steps:\n  - {id: look, use: cloud.describe}\n";

} // namespace

TEST_CASE("a sound runbook has no findings", "[runbook]") {
  clean(R"(
parameters: {to: {optional: true}, count: {type: integer, default: 2}}
steps:
  - {id: look, use: cloud.describe, save: {first: "names[0]"}}
  - id: shift
    title: Send all to ${{ steps.look.revision }}
    use: cloud.shift
    with: {split: "${{ {steps.look.revision: 100} }}", wait: 30s}
    when: params.to == null
    timeout: 10s
    expect: revision == steps.look.first
    undo: {with: {split: "${{ steps.shift.shares }}"}}
  - id: each
    for_each: ${{ steps.look.names }}
    use: core.let
    with: {value: "${{ each.value + each.key }}"}
  - {id: use, use: core.let, with: {value: "${{ steps.?shift.?revision.orValue('none') }}"}}
  - {id: again, use: core.let, with: {value: "${{ steps.shift.revision }}"}, when: params.to == null}
  - {id: guarded, use: core.let, with: {value: "${{ has(steps.shift.revision) ? steps.shift.revision : '' }}"}}
  - id: group
    steps:
      - {id: inner, use: core.let, with: {value: "${{ steps.look.revision }}"}}
      - {id: next, use: core.let, with: {value: "${{ steps.inner.value }}"}}
  - {id: after, use: core.let, with: {value: "${{ steps.group.inner.value }} ${{ steps.each['a'].value }}"}}
  - {id: gate, use: gate.watch, with: {limit: 1m}, sample: {use: cloud.describe}}
  - {id: call, use: runbook.call, with: {runbook: host/other, parameters: {to: x}}}
  - {id: called, use: core.let, with: {value: "${{ steps.call.revision }}"}}
  - {id: ask, use: manual.confirm}
  - {id: check, use: cloud.check, with: {endpoints: [{url: "${{ env.url }}", expect: [status == 200], token: "${{ secrets.token }}"}]}}
  - {id: feed, use: core.run, with: {argv: [psql], input: "${{ env.databases.main }}"}, timeout: 1m, irreversible: it is a test}
always:
  - {id: tell, use: cloud.tell}
  - {id: say, use: core.let, with: {value: "${{ steps.?look.?revision.orValue('') }} ${{ run.id }} ${{ service.name }}"}}
outputs:
  revision: ${{ steps.look.revision }}
)");
}

TEST_CASE("a reference to a step is typed against the catalogue, with its place", "[runbook]") {
  finds(std::string(k_look) + "  - {id: b, use: core.let, with: {value: \"${{ steps.look.revison }}\"}}\n", "host/x.yaml:6:47: step 'look' has no output 'revison' (did you mean 'revision'?)");
  finds(std::string(k_look) + "  - {id: b, use: core.let, with: {value: \"${{ steps.lok.revision }}\"}}\n", "no step 'lok' has run before this place (did you mean 'look'?)");
  finds("steps:\n  - {id: a, use: core.let, with: {value: \"${{ steps.b.value }}\"}}\n  - {id: b, use: core.let, with: {value: 1}}\n", "no step 'b' has run before this place (it comes later");
  finds("steps:\n  - {id: a, use: core.let, with: {value: \"${{ steps.a.value }}\"}}\n", "a step cannot use its own outputs before it ran");
  finds("steps:\n  - {id: g, steps: [{id: i, use: core.let, with: {value: 1}}]}\n  - {id: b, use: core.let, with: {value: \"${{ steps.i.value }}\"}}\n", "it is inside a group: steps.g.i");
  finds("steps:\n  - id: g\n    parallel: true\n    steps:\n      - {id: i, use: core.let, with: {value: 1}}\n      - {id: j, use: core.let, with: {value: \"${{ steps.i.value }}\"}}\n", "steps of a parallel group cannot wait for each other");
  finds(std::string(k_look) + "  - {id: b, use: core.let, with: {value: \"${{ steps.look.revision + 1 }}\"}}\n", "host/x.yaml:6:");
  finds("steps:\n  - {id: g, for_each: [a, b], steps: [{id: i, use: core.let, with: {value: 1}}]}\n  - {id: b, use: core.let, with: {value: \"${{ steps.g['a'].j.value }}\"}}\n", "no member 'j'");
}

TEST_CASE("names that are not there are found", "[runbook]") {
  finds("parameters: {to: {}}\nsteps:\n  - {id: a, use: core.let, with: {value: \"${{ params.too }}\"}}\n", "this runbook has no parameter 'too' (did you mean 'to'?)");
  finds("steps:\n  - {id: a, use: core.let, with: {value: \"${{ env.ulr }}\"}}\n", "'env' has no 'ulr' (did you mean 'url'?)");
  finds("steps:\n  - {id: a, use: core.let, with: {value: \"${{ service.nme }}\"}}\n", "'service' has no 'nme' (did you mean 'name'?)");
  finds("steps:\n  - {id: a, use: core.let, with: {value: \"${{ secrets.tokn }}\"}}\n", "no service names a secret 'tokn' (did you mean 'token'?)");
  finds("steps:\n  - {id: a, use: core.let, with: {value: \"${{ each.key }}\"}}\n", "'each' outside a for_each");
  finds("steps:\n  - {id: a, use: core.let, with: {value: \"${{ param.x }}\"}}\n", "host/x.yaml:5:47: unknown name 'param'");
  finds("steps:\n  - {id: a, use: core.let, with: {value: 1}}\n", "no step has run yet where this is evaluated", "claim: ${{ steps.a.value }}\n");
}

TEST_CASE("actions and inputs are those of the catalogue", "[runbook]") {
  finds("steps:\n  - {id: a, use: core.lte, with: {value: 1}}\n", "host/x.yaml:5:5: there is no action 'core.lte' (did you mean 'core.let'?)");
  finds("steps:\n  - {id: a, use: core.let, with: {valeu: 1, value: 1}}\n", "core.let has no input 'valeu' (did you mean 'value'?)");
  finds("steps:\n  - {id: a, use: core.let}\n", "core.let wants the input 'value'");
  finds("steps:\n  - {id: a, use: cloud.check, with: {endpoints: [{}]}}\n", "cloud.check wants the input 'endpoints[0].url'");
  finds("steps:\n  - {id: a, use: cloud.check, with: {endpoints: {}}}\n", "'endpoints' of cloud.check is a list, not a map");
  finds("steps:\n  - {id: a, use: cloud.check, with: {endpoints: [{url: x, expect: [\"status ==\"]}]}}\n", "'endpoints[0].expect[0]' of cloud.check is no expression");
  finds("steps:\n  - {id: a, use: cloud.shift, timeout: 1s, with: {split: {a: x}}}\n", "'split.a' of cloud.shift is a whole number, not text (\"x\")");
  finds("steps:\n  - {id: a, use: cloud.shift, timeout: 1s, with: {split: {}, wait: 5}}\n", "'wait' of cloud.shift is a duration, not a whole number");
  finds("steps:\n  - {id: a, use: cloud.shift, timeout: 1s, with: {split: {}, wait: soon}}\n", "'soon' is not a duration");
  finds(std::string(k_look) + "  - {id: a, use: cloud.shift, timeout: 1s, with: {split: \"${{ steps.look.revision }}\"}}\n", "'split' of cloud.shift is a map, not text");
}

TEST_CASE("conditions give true or false", "[runbook]") {
  finds(std::string(k_look) + "  - {id: a, use: core.let, with: {value: 1}, when: steps.look.revision}\n", "'when' is a condition, and this gives text");
  finds("steps:\n  - {id: look, use: cloud.describe, expect: revision}\n", "'expect' is a condition, and this gives text");
  finds("steps:\n  - {id: look, use: cloud.describe, expect: revison == 'x'}\n", "host/x.yaml:5:");
  finds("steps:\n  - {id: a, use: core.let, with: {value: 1}, for_each: \"${{ 3 }}\"}\n", "'for_each' is a list of texts or a map, not a whole number");
}

TEST_CASE("outputs of a step that may be skipped are reached with care", "[runbook]") {
  finds("steps:\n  - {id: a, use: core.let, with: {value: 1}, when: env.name == 'x'}\n  - {id: b, use: core.let, with: {value: \"${{ steps.a.value }}\"}}\n", "step 'a' may be skipped, and then has no 'value' (reach it by steps.?a.?value");
  const std::string group = "steps:\n  - id: g\n    steps:\n      - {id: i, use: core.let, with: {value: 1}, when: env.name == 'x'}\n      - {id: j, use: core.let, with: {value: 1}}\n";
  finds(group + "  - {id: b, use: core.let, with: {value: \"${{ steps.g.i.value }}\"}}\n", "step 'g.i' may be skipped, and then has no outputs (reach it by steps.g.?i.?NAME)");
  clean(group + "  - {id: b, use: core.let, with: {value: \"${{ steps.g.?i.?value.orValue(0) }} ${{ steps.g.j.value }}\"}}\n");
  finds(std::string(k_look) + "always:\n  - {id: b, use: core.let, with: {value: \"${{ steps.look.revision }}\"}}\n", "step 'look' may be skipped");
}

TEST_CASE("what changes something has a timeout, a way back and a claim", "[runbook]") {
  finds("steps:\n  - {id: a, use: core.run, with: {argv: [x]}, irreversible: y}\n", "step 'a' changes without a timeout");
  finds("steps:\n  - {id: a, use: core.run, with: {argv: [x]}, timeout: 1s}\n", "step 'a' changes and nothing takes it back");
  finds("steps:\n  - {id: a, use: cloud.mint}\n", "step 'a' adds without a timeout");
  clean("steps:\n  - {id: a, timeout: 1m, steps: [{id: b, use: core.run, with: {argv: [x]}, irreversible: y}]}\n");
  clean("steps:\n  - {id: a, use: core.run, with: {argv: [x]}, timeout: 1s, undo: {steps: [{id: back, use: core.run, with: {argv: [\"${{ steps.a.out }}\"]}, timeout: 1s}]}}\n");
  clean("steps:\n  - {id: a, use: core.let, with: {value: 1}}\nalways:\n  - {id: b, use: core.run, with: {argv: [x]}, timeout: 1s}\n");
  finds("steps:\n  - {id: a, use: core.run, with: {argv: [x]}, timeout: 1s, irreversible: y}\n", "it changes something and claims nothing", "");
  finds("steps:\n  - {id: a, use: cloud.describe, effect: changes}\n", "cloud.describe makes no act, so it has no effect to raise");
  finds("steps:\n  - {id: a, use: cloud.drop, effect: changes, timeout: 1s, irreversible: y, confirm: z}\n", "'effect: changes' would lower what cloud.drop does: it destroys");
  const std::string text = Bench().found("steps:\n  - {id: a, use: core.run, with: {argv: [x]}, timeout: 1s, undo: {with: {argv: [y]}}}\n");
  CHECK(text.find("core.run does not know how to take itself back") != std::string::npos);
}

TEST_CASE("what destroys is confirmed or guarded", "[runbook]") {
  const std::string drop = "steps:\n  - {id: a, use: cloud.drop, timeout: 1s, irreversible: y}\n";
  finds(drop, "step 'a' destroys without 'confirm' and without a context guard");
  finds("steps:\n  - {id: a, use: core.run, effect: destroys, with: {argv: [x]}, timeout: 1s, irreversible: y}\n", "step 'a' destroys without 'confirm'");
  clean("steps:\n  - {id: a, use: cloud.drop, timeout: 1s, irreversible: y, confirm: \"${{ env.name }}\"}\n");
  clean("steps:\n  - {id: g, confirm: x, steps: [{id: a, use: cloud.drop, timeout: 1s, irreversible: y}]}\n");
  Bench bench;
  bench.files.put("/p/belay.yaml", "project: p\nenvironments: {local: {guards: {host: web-1}}}\n");
  CHECK(bench.found(drop).empty());
}

TEST_CASE("a secret goes only where secrets belong", "[runbook]") {
  const std::string run = ", timeout: 1s, irreversible: y}\n";
  finds("steps:\n  - {id: a, use: core.run, with: {argv: [x, \"${{ secrets.token }}\"]}" + run, "a secret in 'argv' of core.run, where every process of the host can read it");
  finds("steps:\n  - {id: a, use: core.run, with: {argv: [x, \"-p${{ env.databases.main.password }}\"]}" + run, "a secret in 'argv'");
  finds("steps:\n  - {id: a, use: core.run, with: {argv: [x], folder: \"${{ secrets.token }}\"}" + run, "a secret in 'folder' of core.run, which is shown and journaled");
  finds("parameters: {key: {secret: true}}\nsteps:\n  - {id: a, use: core.run, with: {argv: [\"${{ params.key }}\"]}" + run, "a secret in 'argv'");
  finds("parameters: {key: {secret: true, optional: true}}\nsteps:\n  - {id: a, use: core.run, with: {argv: [\"${{ params.?key.orValue('') }}\"]}" + run, "a secret in 'argv'");
  finds("steps:\n  - {id: m, use: cloud.mint, timeout: 1s}\n  - {id: a, use: core.run, with: {argv: [\"${{ steps.m.token }}\"]}" + run, "a secret in 'argv'");
  finds("steps:\n  - {id: m, use: cloud.mint, timeout: 1s, save: {short: \"token.substring(1)\"}}\n  - {id: a, use: core.run, with: {argv: [\"${{ steps.m.short }}\"]}" + run, "a secret in 'argv'");
  finds("steps:\n  - {id: a, use: core.let, with: {value: 1}, when: secrets.token == 'x'}\n", "'when' is computed from a secret");
  clean("steps:\n  - {id: m, use: cloud.mint, timeout: 1s}\n  - {id: a, use: core.run, with: {argv: [\"${{ steps.m.id }}\", \"${{ env.databases.main.host }}\"], input: \"${{ secrets.token }}\"}" + run);
}

TEST_CASE("a call names a runbook and its parameters", "[runbook]") {
  auto call = [](const std::string& with) { return "steps:\n  - {id: a, use: runbook.call, with: {" + with + "}}\n"; };
  finds(call("runbook: host/othr, parameters: {to: x}"), "there is no runbook 'host/othr' (did you mean 'host/other'?)");
  finds(call("runbook: host/other, parameters: {to: x, kep: 1}"), "runbook host/other has no parameter 'kep' (did you mean 'keep' or 'key'?)");
  finds(call("runbook: host/other"), "runbook host/other wants the parameter 'to' (where)");
  finds(call("runbook: host/other, parameters: {to: x, keep: [1]}"), "parameter 'keep' of host/other is a whole number, not a list");
  finds(call("runbook: host/other, parameters: {to: \"${{ secrets.token }}\"}"), "a secret in parameter 'to'");
  finds(call("parameters: {}"), "runbook.call wants the input 'runbook'");
  finds(call("runbook: host/other, params: {to: x}, parameters: {to: x}"), "runbook.call has no input 'params'");
  finds(call("runbook: host/x"), "host/x would call itself through host/x");
  finds("steps:\n  - {id: a, use: runbook.call, with: {runbook: host/other, parameters: {to: x}}}\n  - {id: b, use: core.let, with: {value: \"${{ steps.a.revsion }}\"}}\n", "step 'a' has no output 'revsion' (did you mean 'revision'?)");
}

TEST_CASE("gates sample reads, and loops over what is known late are bounded", "[runbook]") {
  finds("steps:\n  - {id: a, use: gate.watch, with: {limit: 1m}}\n", "gate.watch is a gate and has no 'sample'");
  finds("steps:\n  - {id: a, use: core.let, with: {value: 1}, sample: {use: cloud.describe}}\n", "core.let is no gate, so it takes no 'sample'");
  finds("steps:\n  - {id: a, use: gate.watch, with: {limit: 1m}, sample: {use: cloud.tell}}\n", "cloud.tell does not read: a gate samples reads only");
  const std::string shift = "steps:\n  - {id: s, use: cloud.shift, timeout: 1s, with: {split: {}}}\n";
  finds(shift + "  - {id: l, for_each: \"${{ steps.s.names }}\", use: core.let, with: {value: 1}}\n", "how many items there are is known only after an earlier step has acted");
  clean(shift + "  - {id: l, for_each: \"${{ steps.s.names }}\", max: 3, use: core.let, with: {value: 1}}\n");
}

TEST_CASE("a hold that nobody refers to is found, for it is never opened", "[runbook]") {
  const std::string hold = "steps:\n  - {id: way, use: cloud.tunnel}\n";
  finds(hold + "  - {id: a, use: core.let, with: {value: 1}}\n", "nobody refers to the hold 'way', so it is never opened");
  finds("steps:\n  - id: group\n    steps:\n      - {id: way, use: cloud.tunnel}\n  - {id: way2, use: core.let, with: {value: 1}}\n", "nobody refers to the hold 'way'");
  clean(hold + "  - {id: a, use: core.let, with: {value: \"${{ steps.way.port }}\"}}\n");
  clean(hold + "  - id: group\n    steps:\n      - {id: a, use: core.let, with: {value: \"at ${{ steps.way.port }}\"}}\n");
  clean(hold + "  - {id: a, use: core.let, with: {value: 1}, when: steps.way.port > 1}\n");
}
