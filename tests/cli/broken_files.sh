# One broken file of a project stops what needs it and nothing else, and is told of.

# Services web and shop, a runbook that works for both, and one that does not.
two_services() {
  cat >services/shop.yaml <<'Y'
service: shop
platform: host
runbooks: {rollback: t/back, backup/list: t/listing}
backup: {folder: backups}
environments: {test: {}}
Y
  runbook t/back <<'Y'
claim: ${{ service.name }}/${{ env.name }}
safeward: true
steps: [{id: back, use: core.run, with: {argv: [./note, back]}, timeout: 20s, irreversible: a line}]
Y
  runbook t/listing <<'Y'
steps: [{id: list, use: core.let, with: {value: {backups: []}}}]
outputs: {backups: "${{ steps.list.value.backups }}"}
Y
}
break_web() { printf 'service: web\nplatfrom: host\nenvironments: [\n' >services/web.yaml; }
break_a_runbook() { printf 'runbook: t/bad\ntitle: Bad\nsteps: [{id: X, use: core.nothing, retrys: 3}]\n' >t/bad.yaml; }
break_settings() { printf 'project: sandbox\nenvironments: [\n' >belay.yaml; }
told() { err_has "$1 " "cannot be loaded; \`belay runbook check\` shows them"; same "$(grep -c 'the project has problems' err)" 1 "(one line)"; }

test_what_stands_in_the_journal_is_read_whatever_is_broken() {
  two_services
  gives 0 rollback shop -e test
  gives 0 incident open -s shop -e test nothing works
  local id
  id=$(newest)
  for breaks in break_web break_a_runbook break_settings; do
    $breaks
    gives 0 runs list
    out_has "$id"
    told "$([ $breaks = break_settings ] && echo belay.yaml and 2 more || { [ $breaks = break_web ] && echo services/web.yaml || echo services/web.yaml and 1 more; })"
    gives 0 runs show latest --output json
    valid_json out
    gives 0 runs logs latest
    gives 0 runs follow latest
    gives 0 incident list
    out_has "nothing works"
    gives 0 incident show
    gives 0 incident update it is known
    gives 0 incident postmortem
  done
  gives 0 incident open -s shop -e test the files of its service are broken too
  err_has "the standard severities are used"
}

test_a_stopped_run_is_settled_whatever_is_broken() {
  runbook t/asks <<'Y'
claim: web/test
steps:
  - {id: one, use: core.run, with: {argv: [./note, one]}, timeout: 20s, undo: {steps: [{id: no, use: core.run, with: {argv: [./note, not-one]}, timeout: 20s, irreversible: an undo}]}}
  - {id: ask, use: manual.confirm, with: {question: go on?}}
Y
  gives 9 run t/asks -s web -e test
  break_web
  break_settings
  rm t/asks.yaml
  gives 3 runs abort latest --reason "it broke"
  told "belay.yaml and 1 more"
  ledger_is one not-one
  git init -q . 2>/dev/null
  gives 2 runs unlock web/test nothing-like-it
  told "belay.yaml and 1 more"
}

test_an_answer_is_taken_whatever_is_broken() {
  runbook t/asks <<'Y'
claim: web/test
steps:
  - {id: ask, use: manual.confirm, with: {question: go on?}}
  - {id: two, use: core.run, with: {argv: [./note, two]}, timeout: 20s, irreversible: a line}
Y
  gives 9 run t/asks -s web -e test
  break_web
  break_settings
  gives 0 runs answer latest ask yes
  ledger_is two
}

test_a_rescue_is_not_stopped_by_anothers_file() {
  two_services
  break_web
  break_a_runbook
  gives 0 rollback shop -e test
  ledger_is back
  told "services/web.yaml and 1 more"
  gives 0 backup list shop -e test
  gives 0 service show shop -e test
  gives 0 runbook check t/back
}

test_what_needs_a_broken_file_is_refused_with_what_is_wrong() {
  two_services
  break_web
  break_a_runbook
  gives 2 rollback web -e test
  err_has "services/web.yaml:" 
  err_lacks "t/bad.yaml" "the project has problems"
  gives 2 run t/bad
  err_has "t/bad.yaml:3:" "did you mean 'retry'"
  err_lacks "services/web.yaml"
  runbook t/calls <<'Y'
steps: [{id: it, use: runbook.call, with: {runbook: t/bad}}]
Y
  gives 2 run t/calls
  err_has "the runbook 't/bad' cannot be loaded" "belay runbook check t/bad"
  gives 2 runbook check
  err_has "t/bad.yaml:3:" "services/web.yaml:"
  gives 2 service list
  out_has shop
  gives 2 runbook list
  out_has t/back
  runbook t/well <<'Y'
steps: [{id: look, use: core.let, with: {value: 1}}]
Y
  sed -i 's,rollback: t/back,health: t/well,' services/shop.yaml
  gives 2 health -e test
  ledger_is
}

test_a_broken_file_hides_the_one_compiled_in() {
  mkdir -p host
  printf 'runbook: host/rollback\ntitle: Ours\nsteps: [{id: X}]\n' >host/rollback.yaml
  gives 2 rollback web -e test
  err_has "host/rollback.yaml:3:"
  printf 'runbook: host/rollback\ntitle: Ours\nsteps: [{id: x, use: core.fail, with: {message: ours}}]\n' >host/rollback.yaml
  chmod o+w host/rollback.yaml
  gives 2 rollback web -e test
  err_has "everybody can write to this file"
  chmod o-w host/rollback.yaml
  chmod o+w host
  gives 2 rollback web -e test
  err_has "everybody can write to this folder"
}

test_backups_are_listed_from_the_record_where_the_service_is_broken() {
  two_services
  printf 'service: shop\nplatform: host\nenvironments: {test: {\n' >services/shop.yaml
  gives 0 backup list shop -e test --output json
  err_has "services/shop.yaml cannot be loaded" "as they were recorded"
  same "$(json out '.[0].source')" record
}

test_the_state_is_found_in_a_broken_belay_yaml_or_asked_for() {
  two_services
  printf 'project: sandbox\nenvironments: {test: {}}\nstate: %s/kept\n' "$PWD" >belay.yaml
  gives 0 rollback shop -e test
  printf 'project: sandbox\nstate: %s/kept\nenvironments: [\n' "$PWD" >belay.yaml
  gives 0 runs list
  out_has t/back
  printf 'project: sandbox\nstate: {\nenvironments: [\n' >belay.yaml
  gives 2 runs list
  err_has "not known where state is kept" "--state FOLDER" "belay.yaml:"
  gives 0 runs list --state "$PWD/kept"
  out_has t/back
  chmod o+w belay.yaml
  gives 2 runs list
  err_has "not known where state is kept"
}

test_a_relative_state_lies_in_the_project() {
  two_services
  printf 'project: sandbox\nenvironments: {test: {}}\nstate: kept\n' >belay.yaml
  mkdir -p deep
  (cd deep && "$BELAY" rollback shop -e test >/dev/null 2>&1)
  [ -e kept/state.db ] || wrong "the state is not in the project"
  gives 0 runs list
  out_has t/back
}
