# What holds a run back, what overrides it, and what a second process can ask of it.

# One change, then one that waits for the file `go`, then another.
long_run() {
  runbook t/long <<'Y'
claim: web/test
steps:
  - id: one
    use: core.run
    with: {argv: [./note, one]}
    timeout: 20s
    undo: {steps: [{id: back, use: core.run, with: {argv: [./note, not-one]}, timeout: 20s, irreversible: an undo}]}
  - id: held
    use: core.run
    with: {argv: [./held, work]}
    timeout: 20s
    undo: {steps: [{id: back, use: core.run, with: {argv: [./note, not-work]}, timeout: 20s, irreversible: an undo}]}
  - id: last
    use: core.run
    with: {argv: [./note, last]}
    timeout: 20s
    irreversible: a line
Y
}

frozen_project() {
  cat >belay.yaml <<'Y'
project: sandbox
environments:
  test:
    freeze: [{from: 2020-01-01T00:00Z, to: 2120-01-01T00:00Z, reason: a long rest}]
  live: {protected: true, state: local}
Y
  runbook t/one <<'Y'
claim: web/test
steps:
  - id: one
    use: core.run
    with: {argv: [./note, one]}
    timeout: 20s
    irreversible: a line
Y
}

test_6_a_freeze_window_refuses_and_break_glass_overrides_it() {
  frozen_project
  gives 6 run t/one -s web -e test
  err_has "test is frozen" "a long rest" "2120-01-01T00:00:00Z" "--break-glass"
  ledger_is
  gives 0 run t/one -s web -e test --dry-run
  out_has "a run now would be refused" "test is frozen"
  gives 0 run t/one -s web -e test --break-glass "the site is down"
  err_has "BREAK GLASS" "the site is down" "overrode" "test is frozen"
  ledger_is one
  gives 0 runs show latest
  out_has "the site is down"
  gives 0 run t/one -s web -e test --break-glass "once more" --quiet
  err_has "test is frozen" "--break-glass"
}

test_6_a_freeze_does_not_refuse_the_rescue() {
  frozen_project
  sed -i 's/^claim:/safeward: true\nclaim:/' t/one.yaml
  gives 0 run t/one -s web -e test
  ledger_is one
}

test_2_a_wrong_freeze_window_is_told_with_its_place() {
  frozen_project
  sed -i 's/2120-01-01T00:00Z/2120-01-01T00:00/' belay.yaml
  gives 2 runbook list
  err_has "belay.yaml:4:" "2120-01-01T00:00:00Z for UTC" "2120-01-01T00:00:00+01:00"
}

test_6_a_guard_is_looked_at_before_what_destroys() {
  cat >belay.yaml <<'Y'
project: sandbox
environments:
  test: {guards: {host: another-host}}
  live: {protected: true, state: local}
Y
  runbook t/drop <<'Y'
claim: web/test
steps:
  - id: drop
    use: core.run
    effect: destroys
    with: {argv: [./note, dropped]}
    timeout: 20s
    irreversible: a line
Y
  gives 6 run t/drop -s web -e test
  err_has "host must be another-host and is $(hostname)"
  ledger_is
  gives 6 run t/drop -s web -e test --dry-run
  out_has "host must be another-host"
  gives 0 run t/drop -s web -e test --dry-run=offline
  out_has "another-host"
  sed -i "s/another-host/$(hostname)/" belay.yaml
  gives 0 run t/drop -s web -e test
  ledger_is dropped
}

test_abort_stops_a_run_of_another_process_after_its_act() {
  long_run
  "$BELAY" run t/long >long.out 2>long.err &
  local pid=$!
  until_true 20 noted work-begin
  "$BELAY" runs abort latest --reason "not tonight" >abort.out 2>abort.err &
  local aborter=$! status=0
  sleep 1.5
  ! noted work-end || wrong "the act was cut off"
  touch go
  wait "$pid" || status=$?
  same "$status" 8 "(the run that was stopped)"
  grep -q "not tonight" long.err || wrong "it does not say who asked"
  status=0
  wait "$aborter" || status=$?
  same "$status" 8 "(runs abort of a live run)"
  ledger_is one work-begin work-end
  state_is stopped
  gives 3 runs abort latest --reason "take it back"
  ledger_is one work-begin work-end not-work not-one
  state_is undone
}

test_a_secret_parameter_is_given_again_to_go_on() {
  runbook t/secret <<'Y'
claim: web/test
parameters:
  key: {type: string, secret: true}
steps:
  - id: held
    use: core.run
    with: {argv: [./held, work]}
    timeout: 20s
    irreversible: a line
  - id: use
    use: core.shell
    with: {text: 'read -r k || true; ./note "length ${#k}"', input: "${{ params.key }}"}
    timeout: 20s
    irreversible: a line
Y
  echo "hunter2-and-more" | "$BELAY" run t/secret -p key=- >first.out 2>first.err &
  local pid=$!
  until_true 20 noted work-begin
  kill -INT "$(pgrep -P $$ -f 't/secret -p key=-' | head -1)" 2>/dev/null || kill -INT "$pid"
  touch go
  wait "$pid" || true
  state_is stopped
  gives 6 runs resume latest
  err_has "-p key=-"
  echo "hunter2-and-more" | "$BELAY" runs resume latest -p key=- >out 2>err || wrong "exit $?"
  grep -qx "length 16" ledger || wrong "the secret did not arrive"
  ! grep -r hunter2 out err first.out first.err ../state || wrong "the secret was shown or kept"
}

test_preempt_is_an_option_of_rollback_alone() {
  gives 2 deploy web -e test --preempt latest
  gives 0 rollback --help
  out_has "--preempt"
}
