# Global options, parameters, and what programs that read belay's output rely on.

three() {
  runbook t/three <<'Y'
claim: web/test
parameters:
  word: {type: string, default: w, help: what the second step writes}
  count: {type: integer, default: 1}
  loud: {type: boolean, default: false}
  names: {type: list, default: [a]}
  key: {type: string, secret: true, optional: true}
steps:
  - id: look
    use: core.read
    with: {argv: [echo, seen]}
  - id: one
    use: core.run
    with: {argv: [./note, one]}
    timeout: 20s
    irreversible: a line
  - id: two
    use: core.run
    with: {argv: [./note, "${{ params.word }}-${{ string(params.count) }}-${{ string(params.loud) }}-${{ params.names.join('+') }}"]}
    timeout: 20s
    irreversible: a line
  - id: three
    use: core.run
    with: {argv: [./note, "${{ steps.look.out }}"]}
    timeout: 20s
    irreversible: a line
outputs:
  word: ${{ params.word }}
Y
}

test_from_begins_at_a_step() {
  three
  gives 0 run t/three --from two
  ledger_is w-1-false-a seen
  step_is one skipped
  gives 2 run t/three --from tow
  err_has "two"
}

test_only_runs_one_step_and_the_reads() {
  three
  gives 0 run t/three --only three
  ledger_is seen
  gives 2 run t/three --only thre
  err_has "three"
}

test_parameters_are_options_and_pairs() {
  three
  gives 0 run t/three --word x --count 3 --loud --names p,q
  ledger_is one x-3-true-p+q seen
  : >ledger
  echo -n from-file >word.txt
  gives 0 run t/three -p word=@word.txt -p count=2 -p loud=true -p 'names=["r"]'
  ledger_is one from-file-2-true-r seen
  gives 2 run t/three --count many
  err_has "count" "many"
  gives 2 run t/three -p word=@no-such-file
  err_has "no-such-file"
  gives 2 run t/three -p word
  gives 2 run t/three --wrod x
  err_has "--word"
  gives 2 run t/three -p wrod=x
  err_has "word"
  gives 2 run t/three --word
  gives 2 run t/three -p word=a -p word=b
  ledger_is one from-file-2-true-r seen
}

test_a_secret_from_standard_input_is_never_shown() {
  runbook t/secret <<'Y'
parameters:
  key: {type: string, secret: true}
steps:
  - id: use
    use: core.shell
    with: {text: 'read -r k || true; ./note "length ${#k}"; echo "it is $k"; echo "on stderr $k" >&2', input: "${{ params.key }}"}
    timeout: 20s
    irreversible: a line
Y
  status=0 said_last="belay run t/secret -p key=-"
  echo "hunter2-and-more" | "$BELAY" run t/secret -p key=- --verbose >out 2>err || wrong "exit $?"
  same "$(cat ledger)" "length 16"
  ! grep -r hunter2 out err ../state || wrong "the secret was shown or kept"
  gives 0 runs logs latest
  out_has "it is" "on stderr"
  out_lacks hunter2
}

test_output_json_is_one_document() {
  three
  gives 0 run t/three --output json
  valid_json out
  same "$(json out .exit)" 0
  same "$(json out .state)" done
  same "$(json out .outputs.word)" w
  same "$(json out '.changed | length')" 3
  gives 2 run t/nothing --output json
  gives 0 runs show latest --output json
  valid_json out
  gives 0 runs list --output json
  valid_json out
}

test_output_ndjson_parses_line_by_line() {
  three
  gives 0 run t/three --output ndjson
  [ "$(wc -l <out)" -ge 8 ] || wrong "few lines"
  while read -r line; do
    echo "$line" >line.json
    jq -e . line.json >/dev/null || wrong "no JSON: $line"
  done <out
  # By belay's own reader too: integers stay integers.
  head -n 1 out >line.json
  "$BELAY" expr 'seq == 1 && type(seq) == int' --context line.json >answer || wrong "expr does not read it"
  same "$(cat answer)" true
  same "$(tail -n 1 out | jq -r .state)" done
}

test_quiet_says_nothing_of_success() {
  three
  gives 0 run t/three --quiet
  err_empty
  runbook t/bad <<'Y'
steps:
  - id: no
    use: core.fail
    with: {message: it is broken}
Y
  gives 3 run t/bad --quiet
  err_has "it is broken"
}

test_verbose_shows_what_steps_write() {
  runbook t/talk <<'Y'
steps:
  - id: talk
    use: core.run
    with: {argv: [echo, word of the step]}
    timeout: 20s
    irreversible: a word
Y
  gives 0 run t/talk --verbose
  err_has "word of the step"
  gives 0 run t/talk
  err_lacks "word of the step"
  gives 0 runs logs latest
  out_has "word of the step"
}

test_colours_only_where_they_are_wanted() {
  three
  gives 0 run t/three
  ! grep -q $'\x1b' err || wrong "escape sequences without a terminal"
  gives 0 run t/three --color always
  grep -q $'\x1b' err || wrong "no colours although asked for"
  NO_COLOR=1 gives 0 run t/three
  ! grep -q $'\x1b' err || wrong "NO_COLOR is not honoured"
  gives 2 run t/three --color sometimes
}

test_data_goes_to_stdout_and_the_rest_to_stderr() {
  three
  gives 0 run t/three --output json
  grep -q 'done' err || wrong "the ending is not on stderr"
  gives 0 run t/three
  [ "$(wc -l <out)" -le 2 ] || wrong "stdout has more than the outputs"
  gives 0 service list
  err_empty
}

test_a_word_too_many_and_a_flag_that_is_taken_for_no_value() {
  three
  gives 2 run t/three four
  err_has "four"
  gives 2 runs show latest more
  gives 2 run t/three --wait
  gives 2 run t/three --wait --yes
  gives 2 run t/three --wait soon
  err_has "soon"
  gives 0 run t/three --help
  out_has "RUNBOOK"
  ledger_is
}

test_yes_answers_plain_questions() {
  runbook t/ask <<'Y'
steps:
  - id: sure
    use: manual.confirm
    with: {question: Go on?}
  - id: act
    use: core.run
    with: {argv: [./note, act]}
    timeout: 20s
    irreversible: a line
Y
  gives 0 run t/ask --yes
  ledger_is act
}

test_a_typed_name_is_no_plain_question() {
  runbook t/drop <<'Y'
claim: web/test
steps:
  - id: before
    use: core.run
    with: {argv: [./note, before]}
    timeout: 20s
    irreversible: a line
  - id: drop
    use: core.run
    effect: destroys
    confirm: shop-db
    with: {argv: [./note, dropped]}
    timeout: 20s
    irreversible: gone is gone
Y
  gives 9 run t/drop --yes
  ledger_is before
  err_has "type 'shop-db'" "belay runs answer $(newest) drop shop-db"
  gives 9 runs resume latest --confirm shop
  ledger_is before
  gives 0 runs answer latest drop shop-db
  ledger_is before dropped
  : >ledger
  gives 0 run t/drop --confirm shop-db
  ledger_is before dropped
}
