# Secrets are used and never seen: not in output, journal, logs, nor in what other processes can read.

test_secrets_by_reference_are_never_seen() {
  echo -n "s3cret-of-file" >key.txt
  chmod 600 key.txt
  export WEB_TOKEN=s3cret-of-env
  cat >services/web.yaml <<'Y'
service: web
platform: host
secrets: {token: env:WEB_TOKEN, key: file:key.txt}
environments: {test: {}}
Y
  runbook t/secret <<'Y'
claim: web/test
steps:
  - id: use
    use: core.shell
    with:
      text: 'echo "token $TOKEN"; cat; echo; echo "key $TOKEN" | base64; touch inside; while [ ! -e go ]; do sleep 0.05; done'
      input: ${{ secrets.key }}
      environment: {TOKEN: "${{ secrets.token }}"}
    timeout: 60s
    irreversible: nothing
  - id: fails
    use: core.shell
    with: {text: 'echo "bad $TOKEN" >&2; exit 1', environment: {TOKEN: "${{ secrets.token }}"}}
    timeout: 60s
    irreversible: nothing
Y
  gives 0 run t/secret -s web -e test --dry-run --output json
  ! grep -q s3cret out err || wrong "the dry run shows a secret"
  "$BELAY" run t/secret -s web -e test --verbose --output ndjson >out 2>err </dev/null &
  local pid=$!
  until_true 15 test -e inside
  local seen
  ps -eo args >processes
  grep -q 'touch inside' processes || wrong "the step's own process is not seen"
  seen=$(grep '[s]3cret' processes)
  touch go
  status=0 said_last="belay run t/secret"
  wait $pid || status=$?
  [ -z "$seen" ] || wrong "seen from outside: $seen"
  [ "$status" = 1 ] || wrong "exit $status"
  ! grep -q s3cret out err || wrong "shown: $(grep -h s3cret out err)"
  ! grep -raq s3cret ../state || wrong "kept: $(grep -ral s3cret ../state)"
  ! grep -raq "$(printf 'key s3cret-of-env\n' | base64)" ../state out err || wrong "its base64 was kept or shown"
  gives 0 runs logs latest
  out_has "token " "bad "
  out_lacks s3cret
  gives 0 runs accept latest --reason "a test"
  gives 1 run t/secret -s web -e test --output json
  ! grep -q s3cret out err || wrong "the ending shows a secret"
  gives 0 service show web -e test
  out_lacks s3cret
  out_has "env:WEB_TOKEN"
}

test_a_dry_run_of_a_read_that_fails_shows_no_secret() {
  export WEB_TOKEN=s3cret-of-env
  printf 'service: web\nplatform: host\nsecrets: {token: env:WEB_TOKEN}\nenvironments: {test: {}}\n' >services/web.yaml
  echo 'read_commands: [[sh]]' >>belay.yaml
  runbook t/look <<'Y'
parameters:
  key: {type: string, secret: true}
steps:
  - {id: look, use: core.read, with: {argv: [sh, -c, 'cat >&2; echo " with $T" >&2; exit 1'], environment: {T: "${{ secrets.token }}"}, input: "${{ params.key }}"}, timeout: 20s}
Y
  local mode
  for mode in --dry-run --dry-run=offline --verbose; do
    echo hunter2-and-more | "$BELAY" run t/look -s web -e test -p key=- $mode --output json >out 2>err
    valid_json out
    ! grep -qE 's3cret|hunter2' out err || wrong "$mode shows a secret: $(grep -hE 's3cret|hunter2' out err)"
  done
}

test_a_secret_in_argv_is_refused() {
  export WEB_TOKEN=s3cret-of-env
  cat >services/web.yaml <<'Y'
service: web
platform: host
secrets: {token: env:WEB_TOKEN}
environments: {test: {}}
Y
  runbook t/argv <<'Y'
steps:
  - {id: one, use: core.run, with: {argv: [./note, "${{ secrets.token }}"]}, timeout: 20s, irreversible: a line}
Y
  gives 4 runbook check t/argv
  out_has "argv"
  status=0
  "$BELAY" run t/argv -s web -e test >out 2>err || status=$?
  [ "$status" != 0 ] || wrong "it ran"
  ledger_is
  ! grep -rq s3cret out err ../state 2>/dev/null || wrong "the secret leaked"
}

test_a_secret_that_cannot_be_had() {
  cat >services/web.yaml <<'Y'
service: web
platform: host
secrets: {token: env:NO_SUCH_TOKEN}
environments: {test: {}}
Y
  runbook t/use <<'Y'
steps:
  - {id: one, use: core.run, with: {argv: [./note, one], environment: {T: "${{ secrets.token }}"}}, timeout: 20s, irreversible: a line}
Y
  gives 3 run t/use -s web -e test
  err_has "token" "NO_SUCH_TOKEN"
  ledger_is
  gives 4 service check web
  out_has "NO_SUCH_TOKEN"
}

test_a_secret_too_short_to_be_hidden_is_refused() {
  printf 'secrets: {pin: "env:PIN"}\n' >>services/web.yaml
  runbook t/pin <<'Y'
steps: [{id: one, use: core.run, with: {argv: [./note, one], input: "${{ secrets.pin }}"}, timeout: 20s, irreversible: a line}]
Y
  PIN=123 gives 3 run t/pin -s web -e test
  err_has "shorter than 4 bytes"
  err_lacks 123
  runbook t/given <<'Y'
parameters: {key: {secret: true}}
steps: [{id: one, use: core.run, with: {argv: [./note, one], input: "${{ params.key }}"}, timeout: 20s, irreversible: a line}]
Y
  gives 2 run t/given --key abc
  err_has "shorter than 4 bytes"
  ledger_is
}
