"""The gcloud command that belay shows beside each act of module cloud-run does the same: fed to the real gcloud, it leaves the same service."""

import json
import subprocess
import unittest

import cloud_run_test
from support import needs_gcloud

KEPT = ("containers", "scaling", "vpcAccess", "timeout", "serviceAccount", "volumes", "maxInstanceRequestConcurrency", "revision")
CASES = {
  "traffic": (None, [("act", "cloud-run.traffic", {"split": {"api-00001-one": 40, "api-00002-two": 60}})]),
  "traffic to the latest": ("api-00002-two", [("act", "cloud-run.traffic", {"split": {"LATEST": 100}})]),
  "tags": (None, [("act", "cloud-run.traffic", {"set_tags": {"old": "api-00001-one"}})]),
  "deploy": (None, [("act", "cloud-run.deploy", {"image": "gcr.io/demo-proj/api:4", "env": {"MODE": "a,b"}, "remove_env": ["COLOR"], "max_instances": 7, "min_instances": 1, "memory": "1Gi", "cpu": "2",
                                                 "concurrency": 40, "timeout": "60s", "port": 9090, "ingress": "internal", "service_account": "runner", "sql_instances": ["db1"]})]),
  "deploy without traffic": (None, [("act", "cloud-run.deploy", {"image": "gcr.io/demo-proj/api:4", "no_traffic": True, "tag": "next"})]),
  "deploy after a rollback": ("api-00002-two", [("act", "cloud-run.deploy", {"image": "gcr.io/demo-proj/api:4"})]),
  "scale": (None, [("act", "cloud-run.scale", {"min_instances": 2, "max_instances": 9})]),
  "restart": (None, [("act", "cloud-run.restart", {})]),
  "access": (None, [("act", "cloud-run.access", {"public": False})]),
  "a job's image": (None, [("act", "cloud-run.job-image", {"job": "migrate", "image": "gcr.io/demo-proj/api:2"})]),
}


def equivalent(told):
  """The first that is in a dry run's JSON."""
  if isinstance(told, dict) and told.get("equivalent"):
    return told["equivalent"]
  found = (equivalent(each) for each in (told.values() if isinstance(told, dict) else told if isinstance(told, list) else ()))
  return next((each for each in found if each), None)


@needs_gcloud
class EquivalentTest(unittest.TestCase):
  @classmethod
  def setUpClass(cls):
    cloud_run_test.CloudRunTest.setUpClass()
    cls.trial = cloud_run_test.CloudRunTest()

  @classmethod
  def tearDownClass(cls):
    cloud_run_test.CloudRunTest.tearDownClass()

  def left(self):
    """What a service, its policy and the job look like, without what each client writes about itself."""
    emulator = self.trial.emulator
    service = self.trial.service()
    template = {name: value for name, value in service["template"].items() if name in KEPT}
    for container in template["containers"]:
      container.pop("name", None)
      container["env"] = sorted(container.get("env", []), key=lambda each: each["name"])
    tags = {each["tag"]: each["revision"] for each in service["trafficStatuses"] if "tag" in each}
    policy = emulator.call("GET", cloud_run_test.API + ":getIamPolicy").get("bindings", [])
    job = emulator.call("GET", cloud_run_test.API.replace("services/api", "jobs/migrate"))["template"]["template"]["containers"][0]["image"]
    follows = any(each["type"].endswith("LATEST") and each.get("percent") for each in service["traffic"])
    return {"template": template, "split": self.trial.split(), "tags": tags, "ingress": service["ingress"], "policy": policy, "job": job, "follows the latest": follows}

  def begin(self, at):
    self.trial.setUp()
    if at:
      ran = self.trial.run_steps(("back", "cloud-run.traffic", {"split": {at: 100}}))
      self.assertEqual(ran.exit, 0, ran)

  def test_each_command_does_what_belay_does(self):
    for name, (at, steps) in CASES.items():
      with self.subTest(name):
        self.begin(at)
        ran = self.trial.run_steps(*steps, options=["--dry-run", "--output", "json"])
        self.assertEqual(ran.exit, 0, ran)
        line = equivalent(json.loads(ran.out))
        done = subprocess.run(["bash", "-c", line], env=self.trial.emulator.environment(), capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, f"{line}\n{done.stderr}")
        by_gcloud = self.left()
        self.begin(at)
        ran = self.trial.run_steps(*steps)
        self.assertEqual(ran.exit, 0, ran)
        self.maxDiff = None
        self.assertEqual(self.left(), by_gcloud, line)


if __name__ == "__main__":
  unittest.main()
