# Commands that only look: services, runbooks, help, completion, doctor, expressions.

test_services() {
  gives 0 service list
  out_has "web" "test" "live" "protected"
  gives 0 service list --output json
  same "$(json out length)" 2
  gives 2 service show web
  err_has "test" "live"
  cat >services/web.yaml <<'Y'
service: web
title: The web
platform: host
vars: {size: 3, colour: blue}
environments:
  test: {vars: {size: 4}, url: "http://localhost:1"}
  live: {}
Y
  gives 0 service show web -e test --origin
  out_has "vars.size" "services/web.yaml:6" "services/web.yaml:4"
  gives 0 service show web -e test --output json
  same "$(jq -c '.settings[] | select(.name == "vars.size").value' out)" 4
  gives 0 service status web -e test
  out_has "no run of belay"
  gives 0 service status web -e test --output json
  valid_json out
}

test_a_setting_from_a_variable() {
  cat >services/web.yaml <<'Y'
service: web
platform: host
vars: {size: 3}
environments: {test: {}}
Y
  gives 0 help files
  out_has "BELAY_SET_vars__size"
  BELAY_SET_vars__size=9 gives 0 service show web --origin
  out_has "BELAY_SET_vars__size"
  BELAY_SET_vras__size=9 gives 2 service show web
  err_has "vars"
}

test_runbooks() {
  runbook t/doc "What it is for" <<'Y'
notes: [read this first]
parameters:
  to: {type: string, optional: true, help: where it goes}
steps:
  - id: one
    use: core.run
    with: {argv: [./note, "${{ params.to }}"]}
    when: params.to != null
    retry: {attempts: 3}
    expect: [status == 0]
    timeout: 20s
    irreversible: a line
Y
  gives 0 runbook list
  out_has "t/doc" "What it is for" "host/deploy"
  gives 0 runbook show t/doc
  out_has "read this first" "--to" "where it goes" "core.run" "status == 0" "3 attempts"
  gives 0 runbook show t/doc --output json
  valid_json out
  gives 0 runbook check t/doc
  err_has "1 runbook checked, nothing found"
}

test_shipped_runbooks_are_clean() {
  gives 0 runbook check --project builtin
  err_has "nothing found"
}

test_a_call_gets_its_arguments_as_the_called_runbook_declares_them() {
  runbook t/inner <<'Y'
parameters:
  word: {type: string}
steps:
  - {id: one, use: core.let, with: {value: "${{ params.word }}"}}
Y
  runbook t/outer <<'Y'
steps:
  - {id: call, use: runbook.call, with: {runbook: t/inner, parameters: {wrod: x}}}
Y
  gives 4 runbook check t/outer
  out_has "wrod" "word"
}

test_help_needs_nothing() {
  rm -r belay.yaml services
  gives 0 help
  out_has exit-codes files language errors commands
  local topic topics
  topics=$(sed -n 's/^  \([a-z-]*\) .*/\1/p' out)
  for topic in $topics; do
    gives 0 help "$topic"
    [ "$(wc -l <out)" -ge 5 ] || wrong "help $topic says little"
  done
  gives 0 --help
  out_has deploy runs incident
  out_lacks __complete
  gives 0 deploy --help
  out_has "SERVICE" "--env"
  gives 0 --version
  out_has "belay "
  gives 0
  out_has "belay"
  gives 2 runs
  err_has "list"
}

# The whole reference in one file, so that a changed option is seen in review. BELAY_ACCEPT=1 takes what is printed for right.
test_the_command_reference_is_the_accepted_one() {
  gives 0 help commands
  local kept=$BELAY_ROOT/tests/cli/reference.txt
  [ -z "${BELAY_ACCEPT:-}" ] || cp out "$kept"
  diff -u "$kept" out >difference || wrong "the command reference changed (accept it with BELAY_ACCEPT=1): $(head -n 40 difference)"
}

test_completion_scripts_are_the_kept_ones() {
  local shell file
  for shell in bash:belay.bash zsh:_belay fish:belay.fish; do
    file=$BELAY_ROOT/completions/${shell#*:}
    gives 0 completion "${shell%%:*}"
    [ -z "${BELAY_ACCEPT:-}" ] || cp out "$file"
    cmp -s out "$file" || wrong "$file is not what is printed (accept it with BELAY_ACCEPT=1)"
  done
  bash -n "$BELAY_ROOT/completions/belay.bash" || wrong "bash cannot read its script"
  ! command -v zsh >/dev/null || zsh -n "$BELAY_ROOT/completions/_belay" || wrong "zsh cannot read its script"
  ! command -v fish >/dev/null || fish -n "$BELAY_ROOT/completions/belay.fish" || wrong "fish cannot read its script"
}

# What the shell would offer for a line whose last word is being written.
offered() {
  local IFS=$' '
  # shellcheck disable=SC2034
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
  COMPREPLY=()
  _belay
  printf '%s\n' "${COMPREPLY[@]}"
}
offers() { grep -qx -- "$1" offers || wrong "'$1' is not among: $(tr '\n' ' ' <offers)"; }

test_bash_completes_from_live_data() {
  runbook t/two <<'Y'
claim: web/test
parameters:
  colour: {type: string, choices: [red, green], default: red}
steps:
  - {id: one, use: core.run, with: {argv: [./note, one]}, timeout: 20s, irreversible: a line}
Y
  gives 0 run t/two
  mkdir bin
  ln -s "$BELAY" bin/belay
  PATH=$PWD/bin:$PATH
  # shellcheck disable=SC1091
  . "$BELAY_ROOT/completions/belay.bash"
  offered belay de >offers && offers deploy
  offered belay deploy '' >offers && offers web
  offered belay deploy web -e '' >offers && offers test && offers live
  offered belay run t/ >offers && offers t/two
  offered belay run t/two --co >offers && offers --colour
  offered belay run t/two --colour '' >offers && offers red && offers green
  offered belay runs show '' >offers && offers "$(newest)"
  offered belay runs re >offers && offers resume
  offered belay help e >offers && offers exit-codes && offers errors
  offered belay --out >offers && offers --output
  offered belay run t/two --output '' >offers && offers ndjson
  offered belay '' >offers && ! grep -q __complete offers || wrong "it offers what is hidden"
}

test_doctor() {
  status=0
  "$BELAY" doctor >out 2>err || status=$?
  case $status in 0 | 4) ;; *) wrong "exit $status" ;; esac
  out_has git bash project state
  mkdir bin
  for tool in bash sh; do ln -s "$(command -v $tool)" bin/; done
  status=0 said_last="belay doctor (with little on PATH)"
  PATH=$PWD/bin "$BELAY" doctor >out 2>err || status=$?
  [ "$status" = 4 ] || wrong "exit $status, not 4"
  out_has "missing" "apt-get install git"
  PATH=$PWD/bin "$BELAY" doctor --output json >out 2>err
  same "$(jq '[.[] | select(.ok == false)] | length > 0' out)" true
}

test_expressions() {
  gives 0 expr '1 + 2'
  same "$(cat out)" 3
  echo '{"items": [1, 2], "name": "x", "deep": {"n": 9007199254740993}}' >context.json
  gives 0 expr 'size(items) > 1 && name == "x"' --context context.json
  same "$(cat out)" true
  gives 0 expr 'deep.n' --context context.json --output json
  same "$(cat out)" '{"type":"int","value":9007199254740993}'
  gives 0 expr 'missing + 1' --unknown missing
  out_has missing
  gives 0 expr 'name' --context context.json --secret name
  out_lacks x
  gives 2 expr '1 +'
  err_has "1:4"
  gives 2 expr 'nme' --context context.json
  err_has "name"
  gives 4 expr 'items[5]' --context context.json
  gives 0 expr -- '-1'
  same "$(cat out)" -1
  gives 2 expr x --context no-such-file
  err_has no-such-file
}

test_service_check_as_json() {
  printf 'secrets: {token: "env:NOT_SET_ANYWHERE"}\n' >>services/web.yaml
  gives 4 service check web --output json
  same "$(json out '.[0].service')" web
  same "$(json out length)" 2
  json out '.[0].message' | grep -q "the secret token cannot be had" || wrong "the message does not tell"
  gives 4 service check web -e test --output ndjson
  same "$(jq -rs '.[0].environment' out)" test
  gives 4 service check web
  out_has "web in test: the secret token cannot be had"
}

test_help_tells_what_keeps_a_change_from_being_made() {
  gives 0 help
  out_has protection
  gives 0 help protection
  out_has freeze guards "--break-glass" "--confirm"
  for word in freeze guards break-glass; do
    gives 2 help $word
    err_has "belay help protection"
  done
}
