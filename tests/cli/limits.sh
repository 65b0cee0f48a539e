# Retries, and limits of time.

test_retries_wait_longer_each_time() {
  cat >flaky <<'S'
#!/bin/sh
date +%s%3N >>times
[ "$(wc -l <times)" -ge 3 ] && echo at last
S
  chmod +x flaky
  runbook t/retry <<'Y'
steps:
  - id: flaky
    use: core.read
    with: {argv: [./flaky]}
    retry: {attempts: 5, delay: 200ms, factor: 3, jitter: 0}
    timeout: 60s
  - id: note
    use: core.run
    with: {argv: [./note, "${{ steps.flaky.out }}"]}
    timeout: 60s
    irreversible: a line
Y
  gives 0 run t/retry
  ledger_is at last
  same "$(wc -l <times)" 3 "(attempts)"
  err_has "attempt 1 of 5" "attempt 2 of 5"
  local a b c
  { read -r a; read -r b; read -r c; } <times
  [ $((b - a)) -ge 200 ] && [ $((c - b)) -ge 600 ] || wrong "waits of $((b - a)) and $((c - b)) ms"
}

test_retries_end() {
  runbook t/retry <<'Y'
steps:
  - id: flaky
    use: core.read
    with: {argv: [sh, -c, "echo try >>ledger; exit 1"]}
    retry: {attempts: 3, delay: 10ms}
    timeout: 60s
Y
  gives 3 run t/retry
  ledger_is try try try
}

test_a_once_step_that_failed_is_not_repeated() {
  runbook t/once <<'Y'
steps:
  - id: one
    use: core.run
    with: {argv: [sh, -c, "echo try >>ledger; exit 1"]}
    retry: {attempts: 3, delay: 10ms}
    timeout: 60s
    irreversible: a line
Y
  gives 1 run t/once
  ledger_is try
}

test_a_read_that_takes_too_long_is_ended() {
  runbook t/slow <<'Y'
steps:
  - id: look
    use: core.read
    with: {argv: [sh, -c, "echo $$ >child; exec sleep 71"]}
    timeout: 1s
Y
  gives 3 run t/slow
  err_has "time limit"
  until_true 2 gone "$(cat child)"
}

test_a_once_step_that_takes_too_long_is_unknown() {
  runbook t/slow <<'Y'
claim: web/test
steps:
  - id: act
    use: core.run
    with: {argv: [sh, -c, "echo $$ >child; echo begin >>ledger; sleep 72"]}
    timeout: 2s
    irreversible: a line
Y
  gives 7 run t/slow
  until_true 2 gone "$(cat child)"
  step_is act unknown
  ledger_is begin
  err_has "act" "belay runs skip" "belay runs accept"
  gives 7 runs resume latest
  ledger_is begin
}

test_a_program_that_says_nothing_for_too_long() {
  runbook t/idle <<'Y'
steps:
  - id: look
    use: core.read
    with: {argv: [sh, -c, "echo a; sleep 73"], idle: 1s}
    timeout: 60s
Y
  gives 3 run t/idle
  err_has "wrote nothing for 1"
}

test_a_time_limit_of_the_whole_run() {
  runbook t/limit <<'Y'
timeout: 2s
steps:
  - {id: one, use: core.run, with: {argv: [./note, one]}, timeout: 60s, undo: {steps: [{id: back, use: core.run, with: {argv: [./note, back]}, timeout: 60s, irreversible: a line}]}}
  - {id: look, use: core.read, with: {argv: [sleep, "74"]}, timeout: 70s}
Y
  gives 3 run t/limit
  ledger_is one back
}

test_all_attempts_together_end_with_the_limit_of_the_step() {
  runbook t/long <<'Y'
steps:
  - id: long
    use: core.ensure
    with: {argv: [sh, -c, "echo try >>ledger; sleep 30"], check: ["false"]}
    retry: {attempts: 20, delay: 10ms}
    timeout: {attempt: 500ms, step: 2s}
    irreversible: a line
Y
  local begun=$SECONDS
  "$BELAY" run t/long >out 2>err
  [ $((SECONDS - begun)) -lt 20 ] || wrong "it went on for $((SECONDS - begun)) s"
  [ "$(wc -l <ledger)" -lt 8 ] || wrong "it was tried $(wc -l <ledger) times"
}
