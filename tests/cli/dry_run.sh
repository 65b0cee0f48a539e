# Dry runs: nothing is touched, nothing is kept, and what is shown is what a run then does.

untouched() {
  ledger_is
  [ -z "$(find ../state -type f 2>/dev/null | head -n 1)" ] || wrong "the dry run left state: $(find ../state -type f)"
}

# Reads, a change, and steps that depend on the change.
chain() {
  echo 7 >number
  runbook t/chain <<'Y'
claim: web/test
parameters:
  greeting: {type: string, default: hello}
steps:
  - id: look
    use: core.read
    with: {argv: [cat, number]}
  - id: act
    use: core.run
    with: {argv: [./note, "${{ params.greeting }}", "seen ${{ steps.look.out }}"]}
    timeout: 20s
    irreversible: a line
  - id: again
    use: core.read
    with: {argv: [cat, number]}
  - id: maybe
    use: core.run
    when: steps.again.out == "7"
    with: {argv: [./note, "maybe ${{ steps.again.out }}"]}
    timeout: 20s
    irreversible: a line
  - id: never
    use: core.run
    when: params.greeting == "bye"
    with: {argv: [./note, never]}
    timeout: 20s
    irreversible: a line
  - id: items
    use: core.read
    with: {argv: [printf, 'a\nb'], parse: lines}
  - id: each
    use: core.run
    for_each: ${{ steps.items.value }}
    max: 5
    with: {argv: [./note, "${{ each.key }}"]}
    timeout: 20s
    irreversible: a line
Y
}

test_nothing_is_done_and_nothing_is_kept() {
  chain
  gives 0 run t/chain --dry-run
  untouched
  gives 0 run t/chain --dry-run=reads
  gives 0 run t/chain --dry-run=offline
  untouched
  gives 0 run t/chain --dry-run --output json
  valid_json out
  untouched
}

test_reads_are_unknown_behind_a_change() {
  chain
  cat >>belay.yaml <<'Y'
read_commands: [[cat], [printf]]
Y
  gives 0 run t/chain --dry-run
  out_has "seen 7" "./note" "may run" "(known after act)" "each[*]" "skipped   never"
  out_lacks "maybe 7"
}

test_a_read_that_the_project_does_not_list_is_not_run() {
  chain
  sed -i 's/argv: \[cat, number\]/argv: [.\/note, read]/' t/chain.yaml
  gives 0 run t/chain --dry-run
  untouched
  out_has "read_commands"
}

test_offline_contacts_nothing() {
  chain
  cat >>belay.yaml <<'Y'
read_commands: [[./note], [printf], [cat]]
Y
  sed -i 's/argv: \[cat, number\]/argv: [.\/note, read]/' t/chain.yaml
  gives 0 run t/chain --dry-run=offline
  untouched
  out_has "(known after look)"
  gives 0 run t/chain --dry-run=reads
  ledger_is read
}

test_what_is_shown_is_what_is_then_done() {
  runbook t/exact <<'Y'
parameters:
  word: {type: string}
steps:
  - id: one
    use: core.run
    with: {argv: [./note, "${{ params.word }} and 'quotes' and $dollars"], environment: {A: b}, input: some input}
    timeout: 20s
    irreversible: a line
  - id: two
    use: core.shell
    with: {text: './note "$1"', arguments: ["two ${{ params.word }}"]}
    timeout: 20s
    irreversible: a line
Y
  gives 0 run t/exact --word hey --dry-run --output json
  jq -c '.plan.steps[] | select(.effect == "changes") | [.path, .act]' out >planned
  same "$(jq '[.plan.steps[].exact] | all' out)" true "(exact)"
  same "$(grep -c . planned)" 2 "(planned acts)"
  jq -r '.plan.steps[] | select(.path == "one") | .equivalent' out >by_hand
  gives 0 run t/exact --word hey
  gives 0 runs show latest --output json
  jq -c '.steps[] | select(.effect == "changes") | [.path, .act]' out >done
  cmp -s planned done || wrong "planned: $(cat planned); done: $(cat done)"
  # The command a person could paste does the same.
  cp ledger by_belay
  : >ledger
  bash by_hand </dev/null || wrong "by hand: $(cat by_hand)"
  same "$(cat ledger)" "$(head -n 1 by_belay)" "(by hand)"
}

test_the_digest_of_a_plan_is_stable_and_of_its_acts() {
  chain
  gives 0 run t/chain --dry-run --output json
  local first
  first=$(json out .plan.digest)
  gives 0 run t/chain --dry-run --output json
  same "$(json out .plan.digest)" "$first"
  gives 0 run t/chain --dry-run --output json --greeting bye
  [ "$(json out .plan.digest)" != "$first" ] || wrong "another plan has the same digest"
}

test_a_dry_run_that_would_fail_says_where() {
  runbook t/fails <<'Y'
steps:
  - id: act
    use: core.run
    with: {argv: [./note, act]}
    timeout: 20s
    irreversible: a line
  - id: stop
    use: core.fail
    with: {message: not on a Friday, hint: wait for Monday}
Y
  gives 3 run t/fails --dry-run
  out_has "it would end here" "not on a Friday" "wait for Monday"
  untouched
}
test_a_missing_program_is_named_before_anything_is_done() {
  runbook t/missing <<'Y'
steps:
  - id: act
    use: core.run
    with: {argv: [./note, act]}
    timeout: 20s
    irreversible: a line
  - id: tool
    use: core.run
    with: {argv: [no-such-tool-here, --version]}
    timeout: 20s
    irreversible: a line
Y
  gives 2 run t/missing
  err_has "no-such-tool-here"
  ledger_is
}
