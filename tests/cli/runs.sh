# Looking at runs, and settling those that stand still.

# One act that waits for the file `go`, then a quick one.
held_run() {
  runbook t/held <<'Y'
claim: web/test
steps:
  - id: one
    use: core.run
    with: {argv: [./held, one]}
    timeout: 60s
    undo: {steps: [{id: back, use: core.run, with: {argv: [./note, not-one]}, timeout: 20s, irreversible: an undo}]}
  - id: two
    title: The second of two
    use: core.run
    with: {argv: [./note, two]}
    timeout: 20s
    irreversible: a line
Y
}
begin() {
  rm -f go
  "$BELAY" run t/held >held.out 2>held.err &
  pid=$!
  until_true 15 noted one-begin
}
# Leaves t/held stopped between its two steps.
stopped_run() {
  held_run
  begin
  kill -INT "$pid"
  sleep 0.5
  touch go
  status=0 said_last="belay run t/held"
  wait "$pid" || status=$?
  [ "$status" = 8 ] || wrong "exit $status, not 8"
}

test_list_names_runs_newest_first_and_filters() {
  gives 0 runs list
  err_has "no runs yet"
  runbook t/a <<'Y'
steps: [{id: one, use: core.run, with: {argv: [./note, a]}, timeout: 20s, irreversible: a line}]
Y
  runbook t/b <<'Y'
steps: [{id: no, use: core.fail, with: {message: broken}}]
Y
  gives 0 run t/a -s web -e test
  gives 3 run t/b
  gives 0 runs list
  out_has "t/a" "t/b" "done" "failed"
  same "$(sed -n 2p out | grep -c t/b)" 1 "(the newest first)"
  gives 0 runs list --status done
  out_lacks t/b
  gives 0 runs list -s web -e test
  out_has t/a
  out_lacks t/b
  gives 0 runs list --limit 1 --output json
  same "$(json out length)" 1
  gives 0 runs list --output ndjson
  same "$(jq -s length out)" 2
}

test_a_run_is_found_by_a_part_of_its_id() {
  runbook t/a <<'Y'
steps: [{id: one, use: core.run, with: {argv: [./note, a]}, timeout: 20s, irreversible: a line}]
Y
  gives 0 run t/a
  local id
  id=$(newest)
  gives 0 runs show "$id"
  gives 0 runs show "${id: -5}"
  gives 2 runs show "${id}x"
  err_has "$id"
  gives 2 runs show nothing-like-it
  err_has "there is no run"
}

test_show_tells_all_of_a_run() {
  held_run
  touch go
  gives 0 run t/held --reason "the night shift"
  gives 0 runs show latest
  out_has "t/held: done" "$(id -un) on $(hostname)" "the night shift" "The second of two" "exit 0"
  gives 0 runs show latest --output json
  same "$(json out .state)" done
  same "$(json out '.steps | length')" 2
  same "$(json out .ended.exit)" 0
  gives 0 runs show latest --output ndjson
  same "$(wc -l <out)" 1
}

test_logs_are_what_steps_wrote() {
  held_run
  touch go
  gives 0 run t/held
  gives 0 runs logs latest
  out_has "== one" "working on one"
  gives 0 runs logs latest one
  out_has "working on one"
  gives 2 runs logs latest on
  err_has "'one'"
}

test_the_whole_output_is_kept() {
  runbook t/much <<'Y'
steps: [{id: much, use: core.run, with: {argv: [seq, "20000"]}, timeout: 60s, irreversible: numbers}]
Y
  gives 0 run t/much
  gives 0 runs logs latest much
  same "$(grep -c '^[0-9]*$' out)" 20000 "(lines kept)"
}

test_follow_shows_a_run_of_another_process() {
  held_run
  begin
  "$BELAY" runs follow latest >followed 2>&1 &
  local follower=$!
  until_true 10 grep -q "t/held" followed
  touch go
  wait $pid || wrong "the run ended with $?"
  status=0
  wait $follower || status=$?
  same "$status" 0 "(what the follower ends with)"
  grep -q "The second of two" followed || wrong "follow did not show the second step: $(cat followed)"
}

test_resume_goes_on_where_it_was() {
  stopped_run
  gives 0 runs resume latest
  ledger_is one-begin one-end two
  gives 6 runs resume latest
  err_has "is done"
  gives 2 runs resume nothing-like-it
}

test_resume_by_the_edited_runbook() {
  stopped_run
  sed -i 's/note, two/note, zwei/' t/held.yaml
  gives 0 runs resume latest --rebase
  ledger_is one-begin one-end zwei
}

test_resume_keeps_to_the_runbook_that_began() {
  stopped_run
  rm t/held.yaml
  gives 0 runs resume latest
  ledger_is one-begin one-end two
}

test_abort_takes_back_a_stopped_run() {
  stopped_run
  gives 3 runs abort latest --reason "not tonight"
  ledger_is one-begin one-end not-one
  state_is undone
  gives 0 runs show latest
  out_has "not tonight"
  gives 6 runs abort latest --reason again
}

test_abort_stops_a_live_run() {
  held_run
  begin
  "$BELAY" runs abort latest --reason "stop it" >abort.out 2>abort.err &
  local aborter=$!
  until_true 20 grep -q "asked run" abort.err
  sleep 0.3
  touch go
  wait $aborter
  status=0 said_last="belay run t/held (which is aborted)"
  cp held.err err
  wait $pid || status=$?
  [ "$status" = 8 ] || wrong "the run ended with $status"
  ! noted two || wrong "the second step ran behind the abort"
  grep -q "stop it" held.err || wrong "the run does not say who stopped it, and why"
  gives 3 runs abort latest --reason "and take it back"
  ledger_is one-begin one-end not-one
}

test_accept_closes_a_stuck_run() {
  runbook t/stuck <<'Y'
claim: web/test
steps:
  - id: one
    use: core.run
    with: {argv: [./note, one]}
    timeout: 20s
    irreversible: a line
  - id: two
    use: core.fail
    with: {message: no further}
Y
  gives 1 run t/stuck
  state_is stuck
  gives 5 run t/stuck
  gives 2 runs accept latest
  err_has "--reason"
  gives 0 runs accept latest --reason "one is enough"
  state_is accepted
  gives 1 run t/stuck
}

test_skip_wants_a_step_that_stands_still() {
  stopped_run
  gives 2 runs skip latest tow --reason "it was done by hand"
  gives 0 runs skip latest two --reason "it was done by hand"
  gives 0 runs resume latest
  ledger_is one-begin one-end
  step_is two skipped
  gives 0 runs show latest
  out_has "it was done by hand"
}

test_unlock_frees_the_claim_of_a_holder_that_is_gone() {
  held_run
  begin
  gives 5 run t/held
  local claim
  claim=$(sed -n "s/.*claim's id is \([^ ]*\).*/\1/p" err)
  [ -n "$claim" ] || wrong "the claim's id is not said"
  gives 6 runs unlock web/test "$claim"
  err_has "$pid" "runs abort"
  kill -KILL "$pid"
  wait "$pid" 2>/dev/null
  gives 2 runs unlock web/tset "$claim"
  gives 6 runs unlock web/test 99
  gives 0 runs unlock web/test "$claim"
}

test_the_service_says_what_is_unfinished_and_who_claims_it() {
  stopped_run
  gives 0 service status web -e test
  out_has "claimed" "$(newest)"
}

test_another_state_folder() {
  held_run
  touch go
  gives 0 run t/held --state "$PWD/elsewhere"
  gives 0 runs list
  err_has "no runs yet"
  gives 0 runs list --state "$PWD/elsewhere"
  out_has t/held
  [ "$(stat -c %a elsewhere)" = 700 ] || wrong "others may look into the state: $(stat -c %a elsewhere)"
}

test_the_commit_of_the_project_is_kept() {
  held_run
  touch go
  git init -q . && git add -A && git -c user.name=t -c user.email=t@localhost commit -qm first || return 1
  local commit
  commit=$(git rev-parse HEAD)
  gives 0 run t/held
  gives 0 runs show latest --output json
  same "$(json out .commit)" "$commit"
  echo more >>services/web.yaml && sed -i '$d' services/web.yaml
  echo '# a remark' >>t/held.yaml
  gives 0 run t/held
  gives 0 runs show latest
  out_has "$commit with changes"
}

test_whoever_stops_following_is_told_that_the_run_goes_on() {
  held_run
  begin
  "$BELAY" runs follow latest >followed 2>&1 &
  local follower=$!
  until_true 10 grep -q "t/held" followed
  kill -INT "$follower"
  status=0
  wait "$follower" || status=$?
  same "$status" 130 "(what the follower ends with)"
  grep -q "no longer followed; it goes on" followed || wrong "$(cat followed)"
  touch go
  wait "$pid" || wrong "the run did not go on"
  ledger_is one-begin one-end two
}

test_abort_wants_a_reason() {
  stopped_run
  gives 2 runs abort latest
  err_has "--reason" "record"
  state_is stopped
  gives 3 runs abort latest --reason "not tonight"
}

test_logs_as_json() {
  held_run
  touch go
  gives 0 run t/held
  gives 0 runs logs latest --output json
  same "$(json out '.[0].path')" one
  same "$(json out '.[0].text' | head -1)" "working on one"
  gives 0 runs logs latest --output ndjson
  same "$(jq -rs '.[0].path' out)" one
  gives 0 runs logs latest two --output json
  same "$(json out length)" 0
}

test_control_characters_in_the_record_do_not_reach_the_terminal() {
  runbook t/no <<'Y'
claim: web/test
steps: [{id: no, use: core.fail, with: {message: broken}}]
Y
  gives 3 run t/no -s web -e test --reason $'clean\e[2Jed\rup'
  gives 0 runs show latest
  out_has 'clean\x1b[2Jed\x0dup'
  out_lacks $'\e'
  gives 0 incident open -s web -e test $'a \e]0;title\a b'
  out_lacks $'\e'
  gives 0 incident list
  out_has 'a \x1b]0;title\x07 b'
  out_lacks $'\e'
  printf '#!/bin/sh\nprintf "red \\033[31m\\n"\n' >red
  chmod +x red
  runbook t/red <<'Y'
steps: [{id: red, use: core.run, with: {argv: [./red]}, timeout: 20s, irreversible: nothing}]
Y
  gives 0 run t/red
  gives 0 runs logs latest
  out_has 'red \x1b[31m'
  out_lacks $'\e'
}
