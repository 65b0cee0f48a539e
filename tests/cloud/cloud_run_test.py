"""Module cloud-run, end to end: belay's requests, what is in effect afterwards, and what a person reads when it goes wrong."""

import json
import os
import subprocess
import tempfile
import unittest

from support import ROOT, Emulator, Ran

BELAY = os.environ.get("BELAY", os.path.join(ROOT, "build", "dev", "belay"))
API = "https://run.googleapis.com/v2/projects/demo-proj/locations/us-central1/services/api"
SEED = {"run": {"services": [{"name": "api", "image": "gcr.io/demo-proj/api:1", "env": {"COLOR": "blue", "API_TOKEN": "hunter2hunter2"}, "port": 8080,
                              "limits": {"cpu": "1", "memory": "512Mi"},
                              "revisions": [{"name": "api-00001-one", "image": "gcr.io/demo-proj/api:1", "age_seconds": 7200}, {"name": "api-00002-two", "image": "gcr.io/demo-proj/api:2", "age_seconds": 3600},
                                            {"name": "api-00003-bad", "image": "gcr.io/demo-proj/api:3", "age_seconds": 60}]}],
                "jobs": [{"name": "migrate", "image": "gcr.io/demo-proj/api:1"}]}}
PLACE = {"project": "demo-proj", "region": "us-central1", "service": "api"}


class CloudRunTest(unittest.TestCase):
  @classmethod
  def setUpClass(cls):
    cls.emulator = Emulator(seed=SEED)

  @classmethod
  def tearDownClass(cls):
    cls.emulator.stop()

  def setUp(self):
    self.emulator.control("reset", {})
    self.folder = tempfile.mkdtemp(prefix="belay-run-", dir=self.emulator.folder)
    os.makedirs(os.path.join(self.folder, "services"))
    os.makedirs(os.path.join(self.folder, "cloud-run"))
    self.write("belay.yaml", {"project": "test", "environments": {"staging": {}}})
    self.write("services/api.yaml", {"service": "api", "platform": "cloud-run", "environments": {"staging": {}}})

  def write(self, name, data):
    with open(os.path.join(self.folder, name), "w") as file:
      file.writelines(f"{key}: {json.dumps(value)}\n" for key, value in data.items())

  def belay(self, *arguments, **environment):
    done = subprocess.run([BELAY, *arguments, "--state", os.path.join(self.folder, "state")], cwd=self.folder, env=self.emulator.environment(**environment), capture_output=True, text=True, timeout=120)
    return Ran(done)

  def run_steps(self, *steps, options=(), outputs=None, **environment):
    """Runs a runbook of these steps: (id, action, inputs[, more keys])."""
    place = lambda action: {name: value for name, value in PLACE.items() if action.startswith("cloud-run.") and (name != "service" or not action.startswith("cloud-run.job"))}
    listed = [{"id": each[0], "use": each[1], "with": {**place(each[1]), **each[2]}, **(each[3] if len(each) > 3 else {})} for each in steps]
    self.write("cloud-run/trial.yaml", {"runbook": "cloud-run/trial", "title": "A trial", "claim": "trial", "steps": listed, **({"outputs": outputs} if outputs else {})})
    return self.belay("run", "cloud-run/trial", "-s", "api", "-e", "staging", "--yes", *options, **environment)

  def service(self):
    return self.emulator.call("GET", API)

  def split(self):
    out = {}
    for each in self.service()["trafficStatuses"]:
      if each.get("percent"):
        out[each["revision"]] = out.get(each["revision"], 0) + each["percent"]
    return out

  def writes(self):
    return [each for each in self.emulator.requests() if each["method"] in ("PATCH", "PUT", "DELETE") or (each["method"] == "POST" and not each["path"].endswith((":wait", "entries:list")))]

  def rollback(self, **environment):
    return self.run_steps(("choose", "cloud-run.last-good", {}), ("shift", "cloud-run.traffic", {"split": "${{ {steps.choose.revision: 100} }}", "bad": ["${{ steps.choose.before }}"]}), **environment)

  def test_a_rollback_goes_to_the_last_good_revision_and_remembers_the_bad_one(self):
    ran = self.rollback()
    self.assertEqual(ran.exit, 0, ran)
    self.assertEqual(self.split(), {"api-00002-two": 100})
    self.assertEqual(self.service()["annotations"]["belay-left"], "api-00003-bad")
    self.assertEqual(len(self.writes()), 1)
    # And from there not back to the bad one: what is older than the record is next, and then nothing is.
    ran = self.rollback()
    self.assertEqual((ran.exit, self.split()), (0, {"api-00001-one": 100}), ran)
    ran = self.rollback()
    self.assertEqual((ran.exit, self.split()), (3, {"api-00001-one": 100}), ran)
    self.assertIn("api-00003-bad: it was left as bad", ran.err)

  def test_a_dry_run_changes_nothing_and_shows_the_true_request(self):
    ran = self.run_steps(("shift", "cloud-run.traffic", {"split": {"api-00001-one": 100}}), options=["--dry-run", "--output", "json"])
    self.assertEqual(ran.exit, 0, ran)
    self.assertEqual(self.writes(), [])
    self.assertIn("https://run.googleapis.com/v2/projects/demo-proj/locations/us-central1/services/api?updateMask=traffic%2Cannotations", ran.out)
    self.assertIn("gcloud run services update-traffic api --project=demo-proj --region=us-central1 --to-revisions=api-00001-one=100", ran.out)

  def test_a_revision_that_is_not_there_is_refused_before_anything_is_sent(self):
    ran = self.run_steps(("shift", "cloud-run.traffic", {"split": {"api-00001-on": 100}}))
    self.assertEqual((ran.exit, self.writes()), (3, []), ran)
    self.assertIn("did you mean 'api-00001-one'", ran.err + ran.out)

  def test_a_deploy_makes_a_revision_keeps_what_it_does_not_name_and_hides_what_is_secret(self):
    ran = self.run_steps(("new", "cloud-run.deploy", {"image": "gcr.io/demo-proj/api:4", "env": {"MODE": "fast"}, "max_instances": 7}), outputs={"revision": "${{ steps.new.revision }}"})
    self.assertEqual(ran.exit, 0, ran)
    service = self.service()
    container = service["template"]["containers"][0]
    self.assertEqual({each["name"]: each["value"] for each in container["env"]}, {"COLOR": "blue", "API_TOKEN": "hunter2hunter2", "MODE": "fast"})
    self.assertEqual((container["image"], container["resources"]["limits"]["memory"], service["template"]["scaling"]["maxInstanceCount"]), ("gcr.io/demo-proj/api:4", "512Mi", 7))
    self.assertEqual(self.split(), {service["latestReadyRevision"].split("/")[-1]: 100})
    with open(os.path.join(self.folder, "state", "state.db"), "rb") as file:
      self.assertNotIn(b"hunter2hunter2", file.read())
    self.assertNotIn("hunter2hunter2", ran.out + ran.err)

  def test_a_deploy_after_a_rollback_gets_the_traffic(self):
    self.rollback()
    ran = self.run_steps(("new", "cloud-run.deploy", {"image": "gcr.io/demo-proj/api:4"}))
    self.assertEqual(ran.exit, 0, ran)
    self.assertEqual(list(self.split().values()), [100])
    self.assertNotIn("api-00002-two", self.split())

  def test_a_canary_goes_in_steps_and_a_failure_takes_all_of_it_back(self):
    ran = self.run_steps(("new", "cloud-run.deploy", {"image": "gcr.io/demo-proj/api:4", "no_traffic": True, "tag": "next"}),
                         ("some", "cloud-run.traffic", {"split": "${{ {steps.new.revision: 10, 'api-00003-bad': 90} }}"}),
                         ("fails", "cloud-run.describe", {}, {"expect": ["revision == 'nobody'"]}))
    self.assertEqual(ran.exit, 3, ran)
    self.assertEqual(self.split(), {"api-00003-bad": 100})
    self.assertEqual([each for each in self.service()["traffic"] if "tag" in each], [])
    self.assertTrue(self.service()["annotations"]["belay-left"].startswith("api-00004-"))

  def test_a_revision_that_never_becomes_ready_leaves_the_traffic_and_tells_why(self):
    ran = self.run_steps(("new", "cloud-run.deploy", {"image": "gcr.io/demo-proj/api:4", "env": {"FAULT_START": "never"}}))
    self.assertIn(ran.exit, (1, 3), ran)
    self.assertEqual(self.split(), {"api-00003-bad": 100})
    self.assertIn("did not become ready", ran.err + ran.out)
    self.assertIn("api-00003-bad 100 %", ran.err + ran.out)
    self.assertIn("its log: https://", ran.err + ran.out)

  def test_a_conflict_is_planned_anew_and_never_written_over(self):
    self.emulator.fault(method="PATCH", where="services/api", status=409, message="conflict")
    ran = self.run_steps(("shift", "cloud-run.traffic", {"split": {"api-00001-one": 100}}, {"retry": {"attempts": 3, "delay": "0.1s"}}))
    self.assertEqual((ran.exit, self.split()), (0, {"api-00001-one": 100}), ran)

  def test_a_lost_answer_is_read_back(self):
    self.emulator.fault(method="PATCH", where="services/api", kind="lose-answer")
    ran = self.run_steps(("shift", "cloud-run.traffic", {"split": {"api-00001-one": 100}}))
    self.assertEqual((ran.exit, self.split()), (0, {"api-00001-one": 100}), ran)
    self.assertEqual(len(self.writes()), 1)

  def test_a_lost_request_is_sent_again(self):
    self.emulator.fault(method="PATCH", where="services/api", kind="lose-request")
    ran = self.run_steps(("shift", "cloud-run.traffic", {"split": {"api-00001-one": 100}}))
    self.assertEqual((ran.exit, self.split()), (0, {"api-00001-one": 100}), ran)

  def test_a_restart_and_a_new_scale_are_like_what_serves_not_like_the_template(self):
    self.rollback()
    ran = self.run_steps(("again", "cloud-run.restart", {}))
    self.assertEqual(ran.exit, 0, ran)
    self.assertIn("api", self.service()["template"]["containers"][0]["image"])
    self.assertEqual(self.emulator.call("GET", API + "/revisions/" + list(self.split())[0])["containers"][0]["image"], self.emulator.call("GET", API + "/revisions/api-00002-two")["containers"][0]["image"])
    ran = self.run_steps(("more", "cloud-run.scale", {"min_instances": 2, "max_instances": 9}))
    self.assertEqual(ran.exit, 0, ran)
    self.assertEqual(self.service()["template"]["scaling"], {"minInstanceCount": 2, "maxInstanceCount": 9})

  def test_a_job_is_run_to_its_end(self):
    ran = self.run_steps(("image", "cloud-run.job-image", {"job": "migrate", "image": "gcr.io/demo-proj/api:2"}), ("run", "cloud-run.job-run", {"job": "migrate"}))
    self.assertEqual(ran.exit, 0, ran)

  def test_who_may_call_it_is_changed_and_taken_back(self):
    ran = self.run_steps(("close", "cloud-run.access", {"public": False}), ("fails", "cloud-run.describe", {}, {"expect": ["revision == 'nobody'"]}))
    self.assertEqual(ran.exit, 3, ran)
    self.assertEqual(self.emulator.call("GET", API + ":getIamPolicy")["bindings"], [{"role": "roles/run.invoker", "members": ["allUsers"]}])

  def test_a_missing_service_and_a_missing_permission_are_told(self):
    ran = self.run_steps(("look", "cloud-run.describe", {"service": "apo"}))
    self.assertIn("did you mean 'api'?", ran.err + ran.out)
    self.emulator.control("deny-permission", {"permission": "run.services.update"})
    ran = self.run_steps(("shift", "cloud-run.traffic", {"split": {"api-00001-one": 100}}))
    self.assertEqual(ran.exit, 3, ran)
    self.assertIn("lacks run.services.update; roles/run.developer has it", ran.err + ran.out)

  def test_no_token_and_a_refused_one_are_told(self):
    ran = self.run_steps(("look", "cloud-run.describe", {}), CLOUDSDK_AUTH_ACCESS_TOKEN_FILE="/nowhere/token")
    self.assertEqual(ran.exit, 3, ran)
    self.assertIn("/nowhere/token", ran.err + ran.out)
    ran = self.run_steps(("look", "cloud-run.describe", {}), CLOUDSDK_AUTH_ACCESS_TOKEN="wrong")
    self.assertIn("401", ran.err + ran.out)
    self.assertIn("belay doctor", ran.err + ran.out)


if __name__ == "__main__":
  unittest.main()
