# On a terminal: a live tree, a question, an ending; in a tmux of its own.

# Runs belay in a terminal of 100 columns; its exit status comes into the file code.
terminal() {
  socket=$PWD/tmux
  : >code
  tmux -S "$socket" -f /dev/null new-session -d -x 100 -y 40 "env XDG_STATE_HOME=$XDG_STATE_HOME $BELAY $* ; echo \$? >code; sleep 30"
  trap 'tmux -S "$socket" kill-server 2>/dev/null' EXIT
}
screen() { tmux -S "$socket" capture-pane -p >out; }
shows() { screen && grep -qF -- "$1" out; }
press() { tmux -S "$socket" send-keys "$@"; }

asking() {
  runbook t/ask <<'Y'
claim: web/test
steps:
  - {id: look, title: Looks around, use: core.read, with: {argv: [echo, seen]}, timeout: 20s}
  - {id: sure, use: manual.confirm, with: {question: Has the customer been told?}}
  - {id: act, title: Writes it down, use: core.run, with: {argv: [./held, act]}, timeout: 60s, irreversible: a line}
Y
}

test_a_question_is_asked_and_the_ending_shown() {
  command -v tmux >/dev/null || return 0
  asking
  terminal run t/ask
  until_true 15 shows "Has the customer been told?"
  press yes Enter
  until_true 15 noted act-begin
  until_true 15 shows "Writes it down"
  until_true 10 shows "working on act"
  touch go
  until_true 15 test -s code
  screen
  same "$(cat code)" 0
  out_has "t/ask: done" "Looks around"
  ledger_is act-begin act-end
  [ "$(grep -c 'Looks around' out)" = 1 ] || wrong "a line is drawn twice: $(cat out)"
}

test_no_is_an_answer() {
  command -v tmux >/dev/null || return 0
  asking
  terminal run t/ask
  until_true 15 shows "Has the customer been told?"
  press no Enter
  until_true 15 test -s code
  same "$(cat code)" 3
  ledger_is
}

test_ctrl_c_at_a_question_stops_the_run() {
  command -v tmux >/dev/null || return 0
  asking
  terminal run t/ask
  until_true 15 shows "Has the customer been told?"
  press C-c
  until_true 15 test -s code
  case $(cat code) in 8 | 9) ;; *) wrong "exit $(cat code)" ;; esac
  screen
  ledger_is
  gives 0 runs show latest
  out_has "next"
}

test_ctrl_c_in_an_act_stops_behind_it() {
  command -v tmux >/dev/null || return 0
  asking
  terminal run t/ask --yes
  until_true 15 noted act-begin
  press C-c
  sleep 1
  touch go
  until_true 15 test -s code
  # It was the last step: what was finished is finished.
  case $(cat code) in 0 | 8) ;; *) wrong "exit $(cat code)" ;; esac
  ledger_is act-begin act-end
}

test_a_protected_environment_is_typed() {
  command -v tmux >/dev/null || return 0
  runbook t/live <<'Y'
claim: web/live
steps:
  - {id: act, use: core.run, with: {argv: [./note, act]}, timeout: 60s, irreversible: a line}
Y
  terminal run t/live -s web -e live
  until_true 15 shows "Type 'live'"
  press live Enter
  until_true 15 test -s code
  same "$(cat code)" 0
  ledger_is act
}

test_a_lost_terminal_changes_nothing() {
  command -v tmux >/dev/null || return 0
  asking
  terminal run t/ask --yes
  until_true 15 noted act-begin
  tmux -S "$socket" kill-server
  sleep 0.5
  touch go
  until_true 15 noted act-end
  until_true 10 sh -c '"$BELAY" runs list --output json | jq -e ".[0].state == \"done\""'
}
