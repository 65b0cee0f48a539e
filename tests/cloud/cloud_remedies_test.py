"""Remedies on Google Cloud: what the dry run shows is what is sent, what became of it the real gcloud reads, and a failure in the middle is taken back."""

import base64
import os
import unittest

from dry_run_truth import mutations
from health_world import REGION, HealthWorld, result
from support import assert_dry_run_truth, needs_gcloud

UNDONE = 3


class RemediesTest(unittest.TestCase):
  def remedied(self, world, remedy, *options, **more):
    """Runs a remedy after its dry run told what it would do; gives its outputs."""
    def belay(*arguments):
      return world.belay(*arguments, **more)
    _, ran = assert_dry_run_truth(self, world.emulator, belay, "run", "cloud-run/remedy/" + remedy, "-s", world.service, "-e", world.name, "--yes", *options)
    self.assertEqual(ran.exit, 0, repr(ran))
    return result(ran)["outputs"]

  def gcloud(self, world, *arguments):
    shown = world.emulator.gcloud(*arguments, "--format=json")
    self.assertEqual(shown.exit, 0, repr(shown))
    return shown.json()

  @needs_gcloud
  def test_a_restart_is_a_new_revision_of_the_same_image_that_serves(self):
    for service in ("fineman-west", "liftlog", "guesslyfe"):
      with self.subTest(service), HealthWorld(service, "staging") as world:
        outputs = self.remedied(world, "restart")
        after = self.gcloud(world, "run", "services", "describe", world.about["run"], f"--region={REGION}")
        self.assertEqual([(each["revisionName"], each["percent"]) for each in after["status"]["traffic"]], [(outputs["revision"], 100)])
        self.assertNotEqual(outputs["revision"], world.revision)
        digests = [self.gcloud(world, "run", "revisions", "describe", name, f"--region={REGION}")["status"]["imageDigest"] for name in (world.revision, outputs["revision"])]
        self.assertEqual(*digests)

  @needs_gcloud
  def test_a_restart_that_is_not_well_gives_the_traffic_back(self):
    with HealthWorld("guesslyfe", "staging") as world:
      world.emulator.control("settings", {"image_env": {".": {"FAULT_HEALTH": "fail"}}})
      ran = world.run("remedy/restart", "--yes")
      self.assertEqual(ran.exit, UNDONE, repr(ran))
      after = self.gcloud(world, "run", "services", "describe", world.about["run"], f"--region={REGION}")
      self.assertEqual([(each["revisionName"], each["percent"]) for each in after["status"]["traffic"] if each.get("percent")], [(world.revision, 100)])

  @needs_gcloud
  def test_the_database_gets_another_machine_and_a_standby(self):
    for service in ("liftlog", "guesslyfe"):
      with self.subTest(service), HealthWorld(service, "staging") as world:
        self.remedied(world, "scale-database", "--tier", "db-custom-4-16384", "--availability", "REGIONAL")
        settings = self.gcloud(world, "sql", "instances", "describe", world.about["sql"])["settings"]
        self.assertEqual((settings["tier"], settings["availabilityType"]), ("db-custom-4-16384", "REGIONAL"))
        self.assertIn("neither a machine nor", world.run("remedy/scale-database", "--yes").out)

  @needs_gcloud
  def test_the_database_is_restarted_when_its_name_is_typed(self):
    with HealthWorld("guesslyfe", "staging") as world:
      refused = world.run("remedy/restart-database", "--yes", "--confirm", "another")
      self.assertNotEqual(refused.exit, 0)
      self.assertEqual(mutations(world.emulator.requests(who="belay")), [])
      self.remedied(world, "restart-database", "--confirm", "guesslyfe-db")
      operations = self.gcloud(world, "sql", "operations", "list", "--instance=guesslyfe-db")
      self.assertEqual((operations[0]["operationType"], operations[0]["status"]), ("RESTART", "DONE"))

  @needs_gcloud
  def test_memorystore_gets_memory_and_moves_to_its_replica(self):
    with HealthWorld("guesslyfe", "staging") as world:
      self.assertEqual(self.remedied(world, "redis-resize", "--size", "5"), {"before": 1, "size_gb": 5})
      instance = self.gcloud(world, "redis", "instances", "describe", "guesslyfe-redis", f"--region={REGION}")
      self.assertEqual((instance["memorySizeGb"], instance["state"]), (5, "READY"))
      outputs = self.remedied(world, "redis-failover")
      now = self.gcloud(world, "redis", "instances", "describe", "guesslyfe-redis", f"--region={REGION}")
      self.assertEqual((outputs["zone_before"], outputs["zone"]), (instance["currentLocationId"], now["currentLocationId"]))
      self.assertNotEqual(now["currentLocationId"], instance["currentLocationId"])

  @needs_gcloud
  def test_the_connector_is_made_anew_with_its_network_and_addresses(self):
    with HealthWorld("guesslyfe", "staging") as world:
      world.emulator.control("seed", {"connectors": [{"name": "guesslyfe-vpc-connector", "network": "default", "ipCidrRange": "10.8.0.0/28", "maxInstances": 5, "state": "ERROR"}]})
      outputs = self.remedied(world, "connector", "--confirm", "guesslyfe-vpc-connector")
      self.assertEqual(outputs, {"was_there": True, "state": "READY"})
      made = self.gcloud(world, "compute", "networks", "vpc-access", "connectors", "describe", "guesslyfe-vpc-connector", f"--region={REGION}")
      self.assertEqual((made["state"], made["ipCidrRange"], made["network"], made["minInstances"], made["maxInstances"]), ("READY", "10.8.0.0/28", "default", 2, 5))

  def secret(self, world):
    answer = world.emulator.call("GET", f"https://secretmanager.googleapis.com/v1/projects/{world.project}/secrets/blockchain-rpc-url/versions/latest:access")
    return base64.b64decode(answer["payload"]["data"]).decode()

  def test_another_blockchain_provider_is_a_new_version_that_a_new_revision_reads(self):
    with HealthWorld("guesslyfe", "staging") as world:
      outputs = self.remedied(world, "fallback-rpc", "-p", "url=-", stdin="https://other.example.com/key-7\n")
      self.assertEqual((self.secret(world), outputs["before"], outputs["version"]), ("https://other.example.com/key-7", "1", "2"))
      self.assertNotEqual(outputs["revision"], world.revision)
      for root, _, names in os.walk(os.path.join(world.emulator.folder, "state")):
        for name in names:
          with open(os.path.join(root, name), "rb") as file:
            self.assertNotIn(b"key-7", file.read())

  def test_a_provider_with_which_the_service_is_not_well_is_taken_back(self):
    with HealthWorld("guesslyfe", "staging") as world:
      world.emulator.control("settings", {"image_env": {".": {"FAULT_HEALTH": "fail"}}})
      ran = world.run("remedy/fallback-rpc", "--yes", "-p", "url=-", stdin="https://other.example.com/key-7\n")
      self.assertEqual(ran.exit, UNDONE, repr(ran))
      self.assertEqual(self.secret(world), "https://rpc.example.com/first")


class TuningTest(unittest.TestCase):
  def test_what_runs_otherwise_than_required_is_named(self):
    with HealthWorld("fineman-west", "production") as world:
      ran = world.run("tuning")
      drift = {each["what"]: each["is"] for each in result(ran)["outputs"]["drift"]}
      self.assertNotIn("Cloud SQL tier", drift)
      url = f"https://sqladmin.googleapis.com/v1/projects/{world.project}/instances/{world.about['sql']}"
      world.emulator.call("PATCH", url, {"settings": {"tier": "db-f1-micro", "availabilityType": "ZONAL"}})
      after = world.run("tuning")
      self.assertEqual(after.exit, 4, repr(after))
      changed = {each["what"]: each["is"] for each in result(after)["outputs"]["drift"]}
      self.assertEqual({name: changed[name] for name in changed if name not in drift}, {"Cloud SQL tier": "db-f1-micro", "Cloud SQL availability": "ZONAL"})
      self.assertEqual(world.mutations(), [])


if __name__ == "__main__":
  unittest.main()
