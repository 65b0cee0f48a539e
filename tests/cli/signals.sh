# Signals, lost streams and SIGKILL: the ledger that the steps write tells what really happened.

# One slow act of so many seconds, then a quick one.
slow_then_quick() {
  runbook t/stop <<Y
claim: web/test
${2:-}
steps:
  - id: one
    use: core.run
    with: {argv: [./slow, one, "$1"]}
    timeout: 60s
    undo: {steps: [{id: back, use: core.run, with: {argv: [./note, not-one]}, timeout: 20s, irreversible: an undo}]}
  - id: two
    use: core.run
    with: {argv: [./note, two]}
    timeout: 20s
    irreversible: a line
Y
}

# Runs t/stop in the background; its process is $pid.
begin() {
  "$BELAY" run t/stop "$@" >out 2>err &
  pid=$!
  until_true 15 noted one-begin
}
ended_with() {
  status=0 said_last="belay run t/stop"
  wait "$pid" || status=$?
  [ "$status" = "$1" ] || wrong "exit $status, not $1"
}

test_the_first_signal_ends_a_wait_at_once() {
  runbook t/stop <<'Y'
claim: web/test
steps:
  - id: one
    use: core.run
    with: {argv: [./note, one-begin]}
    timeout: 20s
    irreversible: a line
  - id: pause
    use: core.wait
    with: {duration: 60s}
    timeout: 70s
  - id: two
    use: core.run
    with: {argv: [./note, two]}
    timeout: 20s
    irreversible: a line
Y
  begin
  sleep 0.3
  local before=$SECONDS
  kill -INT "$pid"
  ended_with 8
  [ $((SECONDS - before)) -le 5 ] || wrong "it took $((SECONDS - before)) s"
  ledger_is one-begin
  state_is stopped
}

test_the_first_signal_ends_a_read_and_its_child() {
  runbook t/stop <<'Y'
claim: web/test
steps:
  - id: one
    use: core.run
    with: {argv: [./note, one-begin]}
    timeout: 20s
    irreversible: a line
  - id: look
    use: core.read
    with: {argv: [sh, -c, "echo $$ >reader; exec sleep 61"]}
    timeout: 70s
  - id: two
    use: core.run
    with: {argv: [./note, two]}
    timeout: 20s
    irreversible: a line
Y
  begin
  until_true 10 test -s reader
  kill -INT "$pid"
  ended_with 8
  until_true 2 gone "$(cat reader)"
  sed -i 's/exec sleep 61/exec false/' t/stop.yaml
  rm reader
  # What a run began with is what it goes on with: the edited runbook is not read.
  "$BELAY" runs resume latest >out 2>err &
  pid=$!
  until_true 10 test -s reader
  kill -TERM "$pid"
  ended_with 8
  ledger_is one-begin
}

test_an_act_under_way_is_finished_and_journaled() {
  slow_then_quick 1
  begin
  kill -TERM "$pid"
  ended_with 8
  err_has "stopped" "belay runs resume"
  ledger_is one-begin one-end
  step_is one done
  gives 0 runs resume latest
  ledger_is one-begin one-end two
}

test_the_second_signal_leaves_the_act_unknown() {
  slow_then_quick 40
  begin
  kill -INT "$pid"
  sleep 0.5
  kill -0 "$pid" 2>/dev/null || wrong "the first signal ended the act"
  kill -INT "$pid"
  status=0
  wait "$pid" || status=$?
  case $status in 7 | 8) ;; *) wrong "exit $status, neither 7 nor 8" ;; esac
  ! pgrep -f "slow one 40" -s 0 >/dev/null || wrong "its child is still there"
  ledger_is one-begin
  gives 7 runs resume latest
  step_is one unknown
  ledger_is one-begin
}

test_on_stop_undo() {
  slow_then_quick 1 "on_stop: undo"
  begin
  kill -INT "$pid"
  ended_with 3
  ledger_is one-begin one-end not-one
  state_is undone
}

test_a_hang_up_changes_nothing() {
  slow_then_quick 1
  begin
  kill -HUP "$pid"
  ended_with 0
  ledger_is one-begin one-end two
}

test_lost_streams_change_nothing() {
  slow_then_quick 0
  "$BELAY" run t/stop >&- 2>&- </dev/null || wrong "exit $? with closed streams"
  ledger_is one-begin one-end two
  : >ledger
  # The reader goes away at once: what is written then meets a broken pipe.
  { "$BELAY" run t/stop --output ndjson --verbose 2>&1; echo $? >code; } | true
  until_true 10 test -s code
  same "$(cat code)" 0 "(exit behind a broken pipe)"
  ledger_is one-begin one-end two
  : >ledger
  "$BELAY" run t/stop >/dev/full 2>/dev/full || wrong "exit $? where nothing can be written"
  ledger_is one-begin one-end two
}

test_a_killed_belay_leaves_no_child() {
  slow_then_quick 50
  begin
  local child
  child=$(pgrep -f 'slow one 50' | head -n 1)
  [ -n "$child" ] || wrong "no child was found"
  kill -KILL "$pid"
  wait "$pid" 2>/dev/null
  until_true 2 gone "$child"
}

# Ten steps that may be repeated; belay is killed at a moment of chance, again and again, and resumed to its end.
test_killed_at_random_and_resumed_everything_is_done_once() {
  {
    echo "claim: web/test"
    echo "steps:"
    for i in 0 1 2 3 4 5 6 7 8 9; do
      printf '  - id: s%s\n    use: core.ensure\n    with: {argv: [./note, line%s], check: [grep, -qx, line%s, ledger]}\n    timeout: 20s\n    irreversible: a line\n' $i $i $i
    done
  } | runbook t/ten
  RANDOM=$SEED
  # The moments are spread over what a run takes on this machine now.
  local began=$EPOCHREALTIME whole round kills=0 killed=0 i
  gives 0 run t/ten
  whole=$(awk "BEGIN {print $EPOCHREALTIME - $began}")
  for ((round = 1; round <= 8 && killed < 2; round++)); do
    kills=0
    : >ledger
    local command="run t/ten" code=1
    for ((i = 0; i < 30; i++)); do
      # shellcheck disable=SC2086
      "$BELAY" $command >out 2>err &
      pid=$!
      sleep "$(awk "BEGIN {print $whole * (0.2 + $RANDOM / 32768)}")"
      kill -KILL "$pid" 2>/dev/null
      code=0
      wait "$pid" 2>/dev/null || code=$?
      [ "$code" = 137 ] || break
      kills=$((kills + 1))
      case $("$BELAY" runs list --limit 1 --output json | jq -r '.[0].state') in
        running) command="runs resume latest" ;;
        done) [ -s ledger ] && code=0 && break ;; # killed behind its end; before its beginning, the newest is the round before's
      esac
    done
    said_last="belay $command (round $round, $kills kills, seed $SEED)" status=$code
    [ "$code" = 0 ] || wrong "exit $code"
    ledger_is line0 line1 line2 line3 line4 line5 line6 line7 line8 line9
    state_is done
    # A machine that became faster since is not killed any more.
    if [ "$kills" -gt 0 ]; then killed=$((killed + 1)); else whole=$(awk "BEGIN {print $whole / 2}"); fi
  done
  [ "$killed" -ge 2 ] || wrong "too few kills: the moments are badly chosen"
}
