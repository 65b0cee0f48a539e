# What is wrong is refused before anything is done, with the place and the nearest name; secrets stay secrets.

two() {
  runbook t/two <<'Y'
claim: web/test
steps:
  - {id: one, use: core.run, with: {argv: [./note, one]}, timeout: 20s, irreversible: a line}
  - {id: two, use: core.run, with: {argv: [./note, two]}, timeout: 20s, irreversible: a line}
Y
}

test_the_nearest_name_is_offered() {
  two
  gives 2 run t/twoo
  err_has "t/two"
  gives 2 run t/two -s wbe -e test
  err_has "web"
  gives 2 run t/two -s web -e tset
  err_has "test"
  gives 2 deploy wbe -e test
  err_has "web"
  gives 2 deploy web -e tets
  err_has "test"
  gives 2 deploy web
  err_has "-e ENV"
  gives 2 depoly web
  err_has "deploy"
  gives 2 run t/two --dry-rnu
  err_has "--dry-run"
  gives 2 runs lits
  err_has "list"
  gives 2 help exit-code
  err_has "exit-codes"
  gives 2 runbook show t/tow
  err_has "t/two"
  gives 2 service show wbe
  err_has "web"
  gives 2 completion tcsh
  err_has "bash"
  ledger_is
}

test_all_problems_of_all_files_at_once() {
  two
  cat >t/bad.yaml <<'Y'
runbook: t/bad
title: Many mistakes
steps:
  - id: One
    use: core.rnu
    retrys: 3
    with: {argv: [true]}
Y
  cat >services/bad.yaml <<'Y'
service: other
platfrom: host
environments: {nowhere: {}}
Y
  gives 2 runbook check
  err_has "t/bad.yaml:6:" "did you mean 'retry'" "platform" "other" "nowhere" "One"
  gives 2 run t/bad
  err_has "t/bad.yaml"
  ledger_is
}

test_yaml_that_would_surprise() {
  two
  bad() { # text, word of the message
    printf 'runbook: t/bad\ntitle: x\n%b' "$1" >t/bad.yaml
    gives 2 runbook check t/bad
    err_has "t/bad.yaml:" "$2"
  }
  bad 'steps:\n  - {id: a, use: core.let, with: {value: 1}}\n  - {id: a, use: core.let, with: {value: 1}}\n' "second step"
  bad 'title: y\nsteps: []\n' "title"
  bad 'steps: &x\n  - {id: a, use: core.let, with: {value: 1}}\n' "anchor"
  bad 'steps:\n\t- id: a\n' "tab"
  bad 'steps: {}\n' "steps"
  bad 'steps: []\n' "without steps"
  bad 'steps:\n  - {id: a, use: core.let, with: {value: "${{ nothing.here }"}}\n' '${{'
  bad 'steps:\n  - {id: a, use: core.let, with: {value: "${{ 1 + }}"}}\n' "t/bad.yaml:4:"
  : >t/bad.yaml
  gives 2 runbook check t/bad
  err_has "t/bad.yaml" "runbook:"
  { printf 'runbook: t/bad\ntitle: x\n'; head -c 1100000 /dev/zero | tr '\0' '#'; } >t/bad.yaml
  gives 2 runbook check t/bad
  err_has "MiB"
}

test_ten_kilobytes_of_brackets() {
  head -c 10240 /dev/zero | tr '\0' '[' >t.txt
  mkdir -p t
  { printf 'runbook: t/deep\ntitle: x\nsteps: '; cat t.txt; } >t/deep.yaml
  local began=$EPOCHREALTIME took
  gives 2 runbook check t/deep
  took=$(awk "BEGIN {printf \"%d\", ($EPOCHREALTIME - $began) * 1000}")
  err_has "t/deep.yaml" "64"
  # The sanitizers and a busy machine make it ten times and more; the figure for a release is 50 ms.
  [ "$took" -le 3000 ] || wrong "it took $took ms"
  gives 2 expr -- "$(cat t.txt)"
  rm t/deep.yaml
}

test_a_reference_to_nothing_is_found_before_the_first_act() {
  runbook t/typo <<'Y'
steps:
  - {id: one, use: core.run, with: {argv: [./note, one]}, timeout: 20s, irreversible: a line}
  - {id: two, use: core.run, with: {argv: [./note, "${{ steps.oen.out }}"]}, timeout: 20s, irreversible: a line}
Y
  gives 2 run t/typo
  err_has "t/typo.yaml:5:" "oen" "one"
  ledger_is
  gives 4 runbook check t/typo
  sed -i 's/steps.oen.out/steps.one.outt/' t/typo.yaml
  gives 2 run t/typo
  err_has "outt"
  sed -i 's/steps.one.outt/steps.one.out/; s/core.run/core.rum/' t/typo.yaml
  gives 2 run t/typo
  err_has "core.rum" "core.run"
  sed -i 's/core.rum/core.run/; s/argv: \[.\/note, one\]/args: [x]/' t/typo.yaml
  gives 2 run t/typo
  err_has "args" "argv"
  ledger_is
}

test_a_read_only_state_folder() {
  two
  mkdir -p ../state/belay
  if [ "$(id -u)" = 0 ]; then
    mkdir -p ../ro && mount -t tmpfs -o ro,size=64k none ../ro 2>/dev/null || return 0
    status=0 said_last="belay run t/two (state on a read-only file system)"
    XDG_STATE_HOME=$PWD/../ro "$BELAY" run t/two >out 2>err </dev/null || status=$?
    umount ../ro
  else
    chmod 500 ../state/belay
    status=0 said_last="belay run t/two (state read-only)"
    "$BELAY" run t/two >out 2>err </dev/null || status=$?
    chmod 700 ../state/belay
  fi
  case $status in 2 | 3) ;; *) wrong "exit $status" ;; esac
  err_has "ead-only"
  ledger_is
}

test_a_full_disk_under_the_state() {
  [ "$(id -u)" = 0 ] && mkdir -p ../small && mount -t tmpfs -o size=512k none ../small 2>/dev/null || return 0
  two
  local code=0
  XDG_STATE_HOME=$PWD/../small "$BELAY" run t/two >out 2>err </dev/null || code=$?
  local free
  free=$(df --output=avail -k ../small | tail -n 1)
  head -c "$((free * 1024))" /dev/zero >../small/filler 2>/dev/null
  : >ledger
  status=0 said_last="belay run t/two (disk full)"
  XDG_STATE_HOME=$PWD/../small "$BELAY" run t/two >out 2>err </dev/null || status=$?
  rm -f ../small/filler
  local kept
  kept=$(XDG_STATE_HOME=$PWD/../small "$BELAY" runs list 2>&1)
  umount ../small
  same $code 0 "(before it was full)"
  [ "$status" != 0 ] || wrong "it succeeded on a full disk"
  err_has "space"
  ledger_is
  grep -q t/two <<<"$kept" || wrong "the journal is damaged: $kept"
}

test_a_time_without_an_offset() {
  runbook t/at <<'Y'
parameters:
  at: {type: timestamp}
steps:
  - {id: one, use: core.let, with: {value: "${{ params.at }}"}}
Y
  gives 2 run t/at --at "2026-11-21 22:00:00"
  err_has "offset"
  gives 2 run t/at --at "2026-11-21T22:00:00"
  err_has "2026-11-21T22:00:00Z"
  gives 0 run t/at --at "2026-11-21T22:00:00Z"
}

test_outside_a_project_nothing_is_changed() {
  mkdir -p /tmp/belay-cli-empty.$$ && cd /tmp/belay-cli-empty.$$ || return 1
  trap 'rm -rf /tmp/belay-cli-empty.$$' EXIT
  gives 0 runbook list
  out_has "host/deploy"
  gives 0 service list
  gives 2 run t/two
  gives 2 deploy shop -e local --version 1.0.0
  err_has "--project builtin"
}

test_a_state_that_cannot_be_read() {
  mkdir -p ../state
  echo not a folder >../state/belay
  for command in "runs list" "runs show latest" "runs logs latest" "runs abort x --reason y" "incident list" "incident show" "service status web -e test"; do
    # shellcheck disable=SC2086
    gives 3 $command
    err_has "the state cannot be read" "state/belay"
    out_empty
  done
}
