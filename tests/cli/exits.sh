# Every exit status, and what the last lines say of it.

# Two lines in the ledger, each with a step that takes it back.
two_steps() {
  runbook t/two <<'Y'
claim: web/test
steps:
  - id: one
    use: core.run
    with: {argv: [./note, one]}
    timeout: 20s
    undo: {steps: [{id: back, use: core.run, with: {argv: [./note, not-one]}, timeout: 20s, irreversible: an undo}]}
  - id: two
    use: core.run
    with: {argv: [./note, two]}
    timeout: 20s
    undo: {steps: [{id: back, use: core.run, with: {argv: [./note, not-two]}, timeout: 20s, irreversible: an undo}]}
Y
}

# The same, and a third step that fails.
failing() {
  two_steps
  sed -i 's,t/two,t/fail,' t/two.yaml
  mv t/two.yaml t/fail.yaml
  cat >>t/fail.yaml <<'Y'
  - id: three
    use: core.fail
    with: {message: the third step fails, hint: nothing to do}
Y
}

test_0_done() {
  two_steps
  gives 0 run t/two
  err_has "t/two: done" "exit 0"
  ledger_is one two
  state_is done
  gives 0 service status web -e test
}

test_1_what_stays_changed_is_named() {
  failing
  sed -i '0,/    undo: .*/s//    irreversible: paper is patient/' t/fail.yaml
  gives 1 run t/fail
  ledger_is one two not-two
  err_has "stays changed" "irreversible: paper is patient" "exit 1"
  grep -E '^  stands +one' err >/dev/null || wrong "the step that stands is not named"
  same "$(grep -cE '^  stands ' err)" 1 "(what stands)"
  gives 0 runs show latest
  out_has "stands"
}

test_3_an_undo_step_is_not_counted_as_a_change_that_stands() {
  failing
  gives 3 run t/fail
  ledger_is one two not-two not-one
  err_has "nothing stays changed" "exit 3"
  err_lacks "stands"
  same "$(grep -cE '^  changed ' err)" 0 "(all of it was taken back)"
  same "$(grep -cE '^  undone ' err)" 2 "(what was undone)"
  state_is undone
}

test_3_nothing_had_been_changed() {
  runbook t/first <<'Y'
steps:
  - id: one
    use: core.fail
    with: {message: the third step fails, hint: nothing to do}
Y
  gives 3 run t/first
  err_has "nothing stays changed" "the third step fails"
  err_lacks "stands"
}

test_2_wrong_usage_is_found_before_anything_is_done() {
  two_steps
  gives 2 run t/two --lenger x
  gives 2 run t/tow
  err_has "t/two"
  gives 2 frobnicate
  gives 2 run
  ledger_is
  [ ! -e ../state/belay/belay.db ] || wrong "there is a state folder"
}

test_4_a_finding() {
  gives 4 expr '1 / 0'
  gives 4 expr --output json '1 / 0'
  valid_json out
  runbook t/risky <<'Y'
steps:
  - id: one
    use: core.run
    with: {argv: [./note, one]}
Y
  gives 4 runbook check t/risky
  out_has "timeout" "undo"
}

test_4_an_always_step_that_fails() {
  runbook t/last <<'Y'
steps:
  - id: one
    use: core.run
    with: {argv: [./note, one]}
    timeout: 20s
    irreversible: a line
always:
  - id: tell
    use: core.run
    with: {argv: ["false"]}
    timeout: 20s
    irreversible: a message
Y
  gives 4 run t/last
  ledger_is one
  err_has "tell"
}

test_5_claimed_by_another_run() {
  two_steps
  runbook t/long <<'Y'
claim: web/test
steps:
  - id: one
    use: core.run
    with: {argv: [./held, one]}
    timeout: 60s
    irreversible: a line
Y
  "$BELAY" run t/long >long.out 2>long.err &
  local pid=$!
  until_true 10 noted one-begin
  gives 5 run t/two
  local id
  id=$(newest)
  err_has "web/test" "$(id -un)" "$(hostname)" "$id" "$pid" "belay runs show $id" "--wait" "belay runs abort $id"
  ledger_is one-begin
  gives 5 runs resume latest
  touch go
  gives 0 run t/two --wait 40s
  ledger_is one-begin one-end one two
  wait $pid || wrong "the long run ended with $?"
}

test_6_a_protected_environment() {
  two_steps
  sed -i 's,web/test,${{ service.name }}/${{ env.name }},' t/two.yaml
  gives 6 run t/two -s web -e live
  err_has "protected" "--confirm live"
  ledger_is
  gives 6 run t/two -s web -e live --yes
  gives 6 run t/two -s web -e live --confirm test
  ledger_is
  gives 0 run t/two -s web -e live --confirm live
  ledger_is one two
  gives 0 run t/two -s web -e live --dry-run
}

test_7_unknown_after_a_kill() {
  runbook t/once <<'Y'
claim: web/test
steps:
  - id: act
    use: core.run
    with: {argv: [./slow, act, "30"]}
    timeout: 60s
    irreversible: a line
  - id: after
    use: core.run
    with: {argv: [./note, after]}
    timeout: 60s
    irreversible: a line
Y
  "$BELAY" run t/once >/dev/null 2>&1 &
  local pid=$!
  until_true 10 noted act-begin
  kill -KILL $pid
  wait $pid 2>/dev/null
  gives 5 run t/once
  err_has "its process is gone" "belay runs resume"
  gives 7 runs resume latest
  ledger_is act-begin
  err_has "unknown" "act" "belay runs skip" "belay runs accept"
  state_is stuck
  step_is act unknown
  gives 2 runs skip latest act
  gives 0 runs skip latest act --reason "seen in the ledger"
  gives 0 runs resume latest
  ledger_is act-begin after
  state_is done
}

test_8_stopped_and_resumed() {
  runbook t/stop <<'Y'
claim: web/test
steps:
  - id: one
    use: core.run
    with: {argv: [./held, one]}
    timeout: 60s
    irreversible: a line
  - id: two
    use: core.run
    with: {argv: [./note, two]}
    timeout: 20s
    irreversible: a line
Y
  for signal in INT TERM; do
    : >ledger
    rm -f go
    "$BELAY" run t/stop >out 2>err &
    local pid=$! code=0
    until_true 10 noted one-begin
    kill -$signal $pid
    sleep 0.5
    kill -0 $pid || wrong "it did not wait for its act"
    touch go
    wait $pid || code=$?
    same $code 8 "(exit after $signal)"
    err_has "stopped" "belay runs resume"
    ledger_is one-begin one-end
    gives 5 run t/stop
    err_has "it stands still"
    gives 0 runs resume latest
    ledger_is one-begin one-end two
  done
}

test_9_waiting_for_a_person() {
  runbook t/ask <<'Y'
claim: web/test
steps:
  - id: sure
    use: manual.confirm
    with: {question: Has the customer been told?}
  - id: act
    use: core.run
    with: {argv: [./note, act]}
    timeout: 20s
    irreversible: a line
Y
  gives 9 run t/ask
  local id
  id=$(newest)
  err_has "Has the customer been told?" "belay runs answer $id sure yes|no"
  ledger_is
  gives 5 run t/ask
  gives 2 runs answer "$id" sur yes
  gives 0 runs answer "$id" sure yes
  ledger_is act
  gives 9 run t/ask
  gives 3 runs answer latest sure no
  ledger_is act
}

test_1_a_program_that_failed_may_have_changed_something() {
  runbook t/partial <<'Y'
steps:
  - id: one
    use: core.shell
    with: {text: './note half; exit 3'}
    timeout: 20s
    irreversible: a line is a line
Y
  gives 1 run t/partial
  ledger_is half
  err_has "status 3" "one (irreversible: a line is a line)" "runs accept"
  step_is one partial
  gives 2 runs accept latest
  gives 0 runs accept latest --reason "the half line is welcome"
  state_is accepted
  gives 6 runs resume latest
}
