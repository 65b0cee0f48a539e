# The record of an incident: from its first minute to the post-mortem, with the runs that add themselves.

begin() {
  runbook t/fix <<'Y'
claim: web/test
parameters:
  fail: {type: boolean, default: false}
steps:
  - {id: one, use: core.run, with: {argv: [./note, one]}, timeout: 20s, irreversible: a line}
  - {id: no, use: core.fail, when: params.fail, with: {message: it did not help}}
Y
}

test_from_open_to_postmortem() {
  begin
  gives 0 incident open -s web -e test "Checkout answers 500"
  gives 0 incident list
  out_has "Checkout answers 500" "web"
  gives 0 incident list --output json
  local id
  id=$(json out '.[0].id')
  gives 0 incident ack
  gives 0 run t/fix -s web -e test
  err_has "added to $id"
  gives 1 run t/fix -s web -e test --fail
  gives 0 incident update "$id" "the cache is full"
  gives 0 incident mitigate the cache was emptied
  gives 0 incident resolve "$id" "no limit was set"
  gives 0 incident timeline "$id"
  out_has "Checkout answers 500" "t/fix" "the cache is full" "the cache was emptied" "no limit was set"
  gives 0 incident timeline "$id" --output json
  valid_json out
  gives 0 incident show "$id"
  gives 0 incident close "$id"
  gives 0 incident postmortem "$id"
  out_has "# " "Checkout answers 500" "t/fix" "the cache was emptied"
  gives 0 incident list
  out_lacks "Checkout answers 500"
  gives 0 incident list --all
  out_has "Checkout answers 500"
}

test_runs_of_other_services_and_environments_stay_away() {
  begin
  gives 0 incident open -s web -e live "Live is slow"
  gives 0 run t/fix -s web -e test
  err_lacks "added to"
  gives 0 run t/fix
  err_lacks "added to"
}

test_two_open_incidents_are_said_so() {
  begin
  gives 0 incident open -s web -e test "First"
  status=0
  "$BELAY" incident open -s web -e test "Second" >out 2>err || status=$?
  same "$status" 0 "(a second incident)"
  gives 0 run t/fix -s web -e test
  err_has "2 incidents are open"
  gives 2 incident update "which one?"
  err_has "2 incidents"
}

test_what_an_incident_needs() {
  gives 2 incident open -s web -e test
  gives 2 incident open "No service"
  gives 2 incident open -s wbe -e test "Which service?"
  err_has web
  gives 2 incident open -s web "Which environment?"
  err_has test live
  gives 2 incident show nothing
  gives 2 incident ack
  err_has "no incident is going on"
  gives 2 incident open -s web -e test --severity terrible "Very bad"
  err_has "terrible"
  gives 2 incident open -s web -e test --began "yesterday" "Since when?"
}
