"""The real gcloud drives Cloud Run through its commands; Google's own messages hold every body. Without gcloud, what it sent is sent again."""

import threading
import unittest

import recordings
from run_scenario import LATEST, REGION, SERVICE, SPLIT, Scenario
from support import needs_gcloud

IMAGE = "us-docker.pkg.dev/demo-proj/app/api:4"
FULL = ("--service-account=sa@demo-proj.iam.gserviceaccount.com", "--add-cloudsql-instances=demo-proj:us-central1:db1", "--set-env-vars=A=1,B=2", "--cpu=2", "--memory=1Gi",
        "--min-instances=1", "--max-instances=20", "--concurrency=80", "--timeout=300", "--port=8080")


class ServicesTest(Scenario):
  def deploy_and_look(self, record):
    gcloud = record.gcloud
    gcloud("run", "deploy", "new", "--image=" + IMAGE, REGION, "--platform=managed", "--allow-unauthenticated", *FULL, says="has been deployed and is serving 100 percent")
    gcloud("run", "deploy", "new", "--image=" + IMAGE, REGION, "--no-traffic", "--tag=candidate", "--memory=2Gi", says="serving 0 percent")
    self.assertEqual(len(self.emulator.control("state")["run"]["services"][1]["revisions"]), 2)
    gcloud("run", "deploy", "other", "--image=" + IMAGE, REGION, "--no-traffic", exit=1, says="--no-traffic not supported when creating a new service")
    gcloud("run", "deploy", "private", "--image=" + IMAGE, REGION, "--async")
    described = gcloud("run", "services", "describe", "new", REGION, "--format=json").json()
    template = described["spec"]["template"]
    self.assertEqual(template["metadata"]["annotations"]["run.googleapis.com/cloudsql-instances"], "demo-proj:us-central1:db1")
    self.assertEqual([each["name"] for each in template["spec"]["containers"][0]["env"]], ["A", "B"])
    gcloud("run", "services", "describe", "new", REGION, says="100%")
    gcloud("run", "services", "describe", "nope", REGION, exit=1, says="Cannot find service [nope]")
    gcloud("run", "revisions", "list", "--service=api", REGION, says="api-00003-abc")
    gcloud("run", "revisions", "describe", "api-00002-xyz", REGION, says="api-00002-xyz")
    gcloud("run", "services", "list", says="api")
    gcloud("run", "services", "list", REGION, says="api")
    gcloud("beta", "run", "domain-mappings", "list", REGION, says="api.example.com")
    gcloud("run", "services", "add-iam-policy-binding", "api", REGION, "--member=user:a@example.com", "--role=roles/run.invoker", says="user:a@example.com")
    gcloud("run", "services", "update", "api", REGION, "--update-env-vars=FAULT_START=never", exit=1, says="is not ready and cannot serve traffic")
    self.assertEqual(self.shown_traffic(), {"api-00003-abc": 100})
    gcloud("run", "revisions", "delete", "api-00003-abc", REGION, exit=1, says="receives traffic")
    gcloud("run", "revisions", "delete", "api-00001-aaa", REGION)
    gcloud("run", "services", "delete", "private", REGION)

  @needs_gcloud
  def test_gcloud_deploys_and_looks(self):
    record = recordings.Recording(self, "run_services", self.emulator)
    self.deploy_and_look(record)
    record.finish()

  def test_what_gcloud_sent_to_deploy_is_answered_again(self):
    recordings.replay(self, "run_services", self.emulator)


class TrafficTest(Scenario):
  def shift(self, record):
    def update(*arguments, before, after=None, exit=0, says=""):
      self.split(before)
      record.gcloud("run", "services", "update-traffic", "api", REGION, *arguments, exit=exit, says=says)
      if after is not None:
        self.assertEqual(self.shown_traffic(), after, arguments)

    update("--to-revisions=api-00002-xyz=10", before=LATEST, after={"api-00002-xyz": 10, "api-00003-abc": 90})
    for arguments, after in (
      ("--to-latest", {"api-00003-abc": 100, "#canary": "api-00003-abc"}),
      ("--to-revisions=api-00002-xyz=100", {"api-00002-xyz": 100, "#canary": "api-00003-abc"}),
      ("--to-revisions=api-00003-abc=0", {"api-00002-xyz": 100, "#canary": "api-00003-abc"}),
      ("--to-revisions=api-00003-abc=50", {"api-00002-xyz": 50, "api-00003-abc": 50, "#canary": "api-00003-abc"}),
      ("--to-tags=canary=100", {"api-00003-abc": 100, "#canary": "api-00003-abc"}),
      ("--set-tags=prev=api-00002-xyz", {"api-00002-xyz": 90, "api-00003-abc": 10, "#prev": "api-00002-xyz"}),
      ("--remove-tags=canary", {"api-00002-xyz": 90, "api-00003-abc": 10}),
      ("--clear-tags", {"api-00002-xyz": 90, "api-00003-abc": 10}),
    ):
      update(arguments, "--async", before=SPLIT, after=after)
    whole = {"api-00003-abc": 100}
    update("--to-revisions=LATEST=0", before=LATEST, after=whole, exit=1, says="100% of traffic has not been specified")
    update("--to-revisions=api-00002-xyz=70,api-00001-aaa=50", before=LATEST, after=whole, exit=1, says="Over 100% of traffic")
    update("--to-tags=nope=10", before=LATEST, after=whole, exit=1, says="no revision tagged with [nope]")
    update("--to-revisions=api-00009-zzz=10", before=LATEST, after=whole, exit=1, says="does not exist")

  @needs_gcloud
  def test_gcloud_shifts_traffic(self):
    record = recordings.Recording(self, "run_traffic", self.emulator)
    self.shift(record)
    record.finish()

  def test_what_gcloud_sent_to_shift_traffic_is_answered_again(self):
    recordings.replay(self, "run_traffic", self.emulator)

  @needs_gcloud
  def test_a_change_between_gclouds_read_and_its_write_is_a_conflict(self):
    self.emulator.control("clock", {"frozen": False})
    self.emulator.fault(where="services/api", method="PUT", kind="slow", seconds=3, who="gcloud")
    ran = []
    going = threading.Thread(target=lambda: ran.append(self.emulator.gcloud("run", "services", "update-traffic", "api", REGION, "--to-revisions=api-00001-aaa=100")))
    going.start()
    while not any(each["method"] == "PUT" for each in self.emulator.requests()):
      pass
    self.split(SPLIT)
    going.join()
    self.assertEqual(ran[0].exit, 1, ran[0])
    self.assertIn("Conflict for resource 'api'", ran[0].err)
    self.assertEqual(self.shown_traffic(), {"api-00002-xyz": 90, "api-00003-abc": 10, "#canary": "api-00003-abc"})

  @needs_gcloud
  def test_gclouds_write_makes_an_etag_that_was_read_before_it_a_conflict(self):
    etag = self.service()["etag"]
    self.assertEqual(self.emulator.gcloud("run", "services", "update-traffic", "api", REGION, "--to-revisions=api-00001-aaa=100", "--async").exit, 0)
    answer = self.emulator.request("PATCH", SERVICE + "?updateMask=traffic", {"traffic": LATEST, "etag": etag})
    self.assertEqual((answer.status, answer.body["error"]["status"]), (409, "ABORTED"))
    self.assertEqual(self.shown_traffic(), {"api-00001-aaa": 100})


if __name__ == "__main__":
  unittest.main()
