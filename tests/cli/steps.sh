# What steps can say of themselves: retries, time limits, expectations, conditions, loops, groups, calls, undo.

test_an_unmet_expectation_is_a_failure_and_is_taken_back() {
  runbook t/expect <<'Y'
steps:
  - id: act
    use: core.run
    with: {argv: [sh, -c, "echo act >>ledger; echo 5"]}
    expect: [status == 0, int(out) > 6]
    timeout: 60s
    undo: {steps: [{id: back, use: core.run, with: {argv: [./note, back]}, timeout: 60s, irreversible: a line}]}
Y
  gives 3 run t/expect
  ledger_is act back
  err_has "int(out) > 6"
}

test_conditions_and_what_a_skipped_step_gives() {
  runbook t/when <<'Y'
parameters:
  deep: {type: boolean, default: false}
steps:
  - id: deep
    use: core.run
    when: params.deep
    with: {argv: [sh, -c, "echo deep >>ledger; echo found"]}
    timeout: 60s
    irreversible: a line
  - id: note
    use: core.run
    with: {argv: [./note, "${{ steps.deep.?out.orValue('none') }}"]}
    timeout: 60s
    irreversible: a line
Y
  gives 0 run t/when
  ledger_is none
  step_is deep skipped
  : >ledger
  gives 0 run t/when --deep
  ledger_is deep found
}

test_loops_in_order_and_at_once() {
  runbook t/loop <<'Y'
steps:
  - id: each
    use: core.run
    for_each: [a, b, c]
    with: {argv: [./note, "${{ each.key }}"]}
    timeout: 60s
    irreversible: a line
  - id: pairs
    use: core.run
    for_each: {x: 1, y: 2}
    with: {argv: [./note, "${{ each.key }}${{ each.value }}"]}
    timeout: 60s
    irreversible: a line
  - id: beside
    use: core.run
    for_each: [p, q, r]
    parallel: 3
    with: {argv: [sh, -c, 'echo $0 >>ledger; while [ $(grep -c "^[pqr]$" ledger) -lt 3 ]; do sleep 0.05; done', "${{ each.key }}"]}
    timeout: 60s
    irreversible: a line
Y
  gives 0 run t/loop
  same "$(head -n 5 ledger | tr '\n' ' ')" "a b c x1 y2 "
  same "$(tail -n 3 ledger | sort | tr '\n' ' ')" "p q r "
  step_is 'each[b]' done
}

test_a_key_twice_in_a_loop() {
  runbook t/loop <<'Y'
steps:
  - id: each
    use: core.run
    for_each: [a, a]
    with: {argv: [./note, "${{ each.key }}"]}
    timeout: 60s
    irreversible: a line
Y
  status=0
  "$BELAY" run t/loop >out 2>err || status=$?
  case $status in 2 | 3) ;; *) wrong "exit $status" ;; esac
  err_has "twice"
  ledger_is
}

test_groups_in_order_at_once_and_again() {
  runbook t/group <<'Y'
steps:
  - id: both
    parallel: true
    steps:
      - {id: a, use: core.run, with: {argv: [sh, -c, "echo a >>ledger; while ! grep -q b ledger; do sleep 0.05; done"]}, timeout: 60s, irreversible: a line}
      - {id: b, use: core.run, with: {argv: [sh, -c, "echo b >>ledger; while ! grep -q a ledger; do sleep 0.05; done"]}, timeout: 60s, irreversible: a line}
  - id: rounds
    retry: {attempts: 3, delay: 10ms}
    steps:
      - id: act
        use: core.run
        with: {argv: [./note, act]}
        timeout: 60s
        undo: {steps: [{id: back, use: core.run, with: {argv: [./note, back]}, timeout: 60s, irreversible: a line}]}
      - id: look
        use: core.read
        with: {argv: [sh, -c, 'test $(grep -c ^act$ ledger) -ge 2']}
        timeout: 60s
Y
  gives 0 run t/group
  same "$(head -n 2 ledger | sort | tr '\n' ' ')" "a b "
  same "$(tail -n +3 ledger | tr '\n' ' ')" "act back act " "(the first round was taken back)"
  step_is 'rounds#2/act' done
}

test_undo_goes_backwards_through_groups_and_calls() {
  runbook t/inner <<'Y'
parameters:
  word: {type: string}
steps:
  - id: act
    use: core.run
    with: {argv: [./note, "${{ params.word }}"]}
    timeout: 60s
    undo: {steps: [{id: back, use: core.run, with: {argv: [./note, "not-${{ params.word }}"]}, timeout: 60s, irreversible: a line}]}
outputs:
  said: ${{ params.word }}
Y
  runbook t/outer <<'Y'
steps:
  - id: first
    use: runbook.call
    with: {runbook: t/inner, parameters: {word: one}}
  - id: pair
    steps:
      - {id: second, use: runbook.call, with: {runbook: t/inner, parameters: {word: two}}}
      - id: third
        use: core.run
        with: {argv: [./note, "${{ steps.first.said }}-again"]}
        timeout: 60s
        undo: {steps: [{id: back, use: core.run, with: {argv: [./note, not-again]}, timeout: 60s, irreversible: a line}]}
  - id: no
    use: core.fail
    with: {message: that is it}
Y
  gives 3 run t/outer
  ledger_is one two one-again not-again not-two not-one
  same "$(grep -cE '^  undone ' err)" 3 "(undone)"
}

test_always_runs_once_whatever_happens() {
  runbook t/always <<'Y'
claim: web/test
parameters:
  fail: {type: boolean, default: false}
steps:
  - {id: act, use: core.run, with: {argv: [./note, act]}, timeout: 60s, undo: {steps: [{id: back, use: core.run, with: {argv: [./note, back]}, timeout: 60s, irreversible: a line}]}}
  - {id: no, use: core.fail, when: params.fail, with: {message: as wanted}}
always:
  - {id: tell, use: core.run, with: {argv: [./note, "told ${{ run.state }}"]}, timeout: 60s, irreversible: a line}
Y
  gives 0 run t/always
  ledger_is act told done
  : >ledger
  gives 3 run t/always --fail
  ledger_is act back told undone
}

test_what_a_step_saves_and_a_runbook_gives() {
  runbook t/save <<'Y'
steps:
  - id: look
    use: core.read
    with: {argv: [echo, '{"version": "1.2.3", "n": 4}'], parse: json}
    save: {version: value.version, next: value.n + 1}
    timeout: 60s
outputs:
  version: ${{ steps.look.version }}
  next: ${{ steps.look.next }}
Y
  gives 0 run t/save --output json
  same "$(json out .outputs.version)" 1.2.3
  same "$(json out .outputs.next)" 5
  gives 0 run t/save
  out_has 1.2.3
}

test_captured_data_is_never_a_template() {
  runbook t/data <<'Y'
steps:
  - id: look
    use: core.read
    with: {argv: [echo, "$${{ run.id }} $(id) `id` ; id"]}
    timeout: 60s
  - id: note
    use: core.run
    with: {argv: [./note, "${{ steps.look.out }}"]}
    timeout: 60s
    irreversible: a line
Y
  printf 'steps:\n  - id: look\n    use: core.read\n    with: {argv: [cat, evil]}\n    timeout: 60s\n  - id: note\n    use: core.run\n    with: {argv: [./note, "${{ steps.look.out }}"]}\n    timeout: 60s\n    irreversible: a line\n' | runbook t/data
  echo '${{ run.id }} $(id) `id`' >evil
  gives 0 run t/data
  same "$(cat ledger)" '${{ run.id }} $(id) `id`'
}

test_control_sequences_of_a_program_do_not_reach_the_terminal() {
  runbook t/rude <<'Y'
steps:
  - id: rude
    use: core.run
    with: {argv: [printf, 'a\033[2Jb\033]0;owned\007c\n']}
    timeout: 60s
    irreversible: a line
Y
  gives 0 run t/rude --verbose
  ! grep -q $'\x1b' err || wrong "an escape sequence got through"
  gives 0 runs logs latest
  ! grep -q $'\x1b' out || wrong "an escape sequence got through"
}
