"""Diagnosis: each symptom's cause is named with the command that follows, which `runbook show` knows; a service that is well gets none."""

import os
import re
import unittest

from health_world import FINDING, HealthWorld, result
from support import ROOT

SYMPTOMS = ("any", "start", "errors", "slow", "database", "memory", "redis", "certificate", "external")


class DiagnoseTest(unittest.TestCase):
  @classmethod
  def setUpClass(cls):
    cls.worlds = {service: HealthWorld(service, "staging") for service in ("fineman-west", "liftlog", "guesslyfe")}

  @classmethod
  def tearDownClass(cls):
    for world in cls.worlds.values():
      world.emulator.stop()

  def world(self, service):
    world = self.worlds[service].again()
    world.emulator.forget_requests()
    return world

  def concluded(self, world, symptom, subject, words):
    """Asserts that the diagnosis concludes it, in these words, and proposes a procedure that there is."""
    ran = world.run("diagnose", "--symptom", symptom)
    self.assertEqual(ran.exit, FINDING, repr(ran))
    told = [each for each in result(ran)["outputs"]["next"] if each["subject"] == subject]
    self.assertEqual(len(told), 1, result(ran)["outputs"]["next"])
    self.assertIn(words, told[0]["message"])
    for name in re.findall(r"belay run (\S+)", told[0]["message"]):
      self.assertTrue(os.path.exists(os.path.join(ROOT, "runbooks", name + ".yaml")) or name in ("cloud-run/scale", "cloud-run/provision", "cloud-run/rotate-secret"), name)
    self.assertEqual(world.mutations(), [])
    return ran

  def test_a_service_that_is_well_gets_no_advice_whatever_the_symptom(self):
    for service in self.worlds:
      world = self.world(service)
      roles = {"fineman-west": "roles/logging.logWriter", "liftlog": "roles/secretmanager.secretAccessor", "guesslyfe": "roles/secretmanager.secretAccessor"}[service]
      policy_url = f"https://cloudresourcemanager.googleapis.com/v1/projects/{world.project}"
      policy = world.emulator.call("POST", policy_url + ":getIamPolicy", {})
      policy["bindings"].append({"role": roles, "members": next(each["members"] for each in policy["bindings"] if each["role"] == "roles/cloudsql.client")})
      world.emulator.call("POST", policy_url + ":setIamPolicy", {"policy": policy})
      for symptom in SYMPTOMS:
        with self.subTest(f"{service} {symptom}"):
          ran = world.run("diagnose", "--symptom", symptom)
          self.assertEqual((ran.exit, result(ran)["outputs"]["next"]), (0, []), repr(ran))

  def test_the_command_takes_the_symptom_as_a_word(self):
    world = self.world("guesslyfe")
    world.log("ERROR", "JavaScript heap out of memory")
    ran = world.belay("diagnose", "guesslyfe", "memory", "-e", "staging", "--output", "json")
    self.assertEqual((ran.exit, result(ran)["outputs"]["symptom"]), (FINDING, "memory"), repr(ran))
    self.assertIn("out of memory", [each["subject"] for each in result(ran)["outputs"]["next"]])
    self.assertEqual(world.belay("diagnose", "guesslyfe", "memry", "-e", "staging").exit, 2)
    self.assertIn("'more' is one word too many", world.belay("diagnose", "guesslyfe", "memory", "more", "-e", "staging").err)

  def test_a_role_that_the_account_lacks_is_named(self):
    self.concluded(self.world("liftlog"), "start", "roles of the service's account", "it lacks roles/secretmanager.secretAccessor → belay run cloud-run/provision -s liftlog -e staging")

  def test_a_revision_that_never_became_ready_is_named_with_its_reason(self):
    world = self.world("fineman-west")
    service = world.emulator.call("GET", world.run_url())
    service["template"]["containers"][0].setdefault("env", []).append({"name": "FAULT_START", "value": "never"})
    service["template"].pop("revision", None)
    world.emulator.call("PATCH", world.run_url(), {"template": service["template"], "etag": service["etag"]})
    self.concluded(world, "start", "a revision that never became ready", "--query starts")

  def test_errors_after_a_release_lead_back_and_older_ones_to_their_messages(self):
    for service in self.worlds:
      world = self.world(service)
      world.traffic({"200": 100, "500": 100}, 0.05)
      for number in range(3):
        world.log("ERROR", {"message": f"row {number} is gone"})
      ran = self.concluded(world, "errors", "an error rate over its alert", "--query grouped")
      self.assertEqual([each["count"] for each in result(ran)["outputs"]["errors"]], [3])
      fresh = self.concluded_after_release(world)
      self.assertIn(f"belay rollback {service} -e staging", fresh)

  def concluded_after_release(self, world):
    restarted = world.run("remedy/restart", "--yes")
    self.assertEqual(restarted.exit, 0, repr(restarted))
    world.emulator.forget_requests()
    ran = world.run("diagnose", "--symptom", "errors")
    return next(each["message"] for each in result(ran)["outputs"]["next"] if each["subject"] == "an error rate over its alert")

  def test_slow_answers_lead_to_more_instances_or_to_the_database(self):
    world = self.world("guesslyfe")
    world.traffic({"200": 100}, 4)
    world.log("INFO", {"message": "request", "duration_ms": 4000, "path": "/api/v1/bets"})
    ran = self.concluded(world, "slow", "slow answers", "belay run cloud-run/database")
    self.assertEqual([each["path"] for each in result(ran)["outputs"]["slow"]], ["/api/v1/bets"])
    world = self.world("liftlog")
    world.traffic({"200": 100}, 4)
    world.container("cpu/utilizations", [0.95, 0.99])
    self.concluded(world, "slow", "slow answers", "belay run cloud-run/scale -s liftlog -e staging --max-instances 20")

  def test_an_instance_that_ran_out_of_memory_gets_what_is_required_and_then_twice_as_much(self):
    for service, message, more in (("guesslyfe", "JavaScript heap out of memory", "2Gi"), ("fineman-west", "Memory limit of 4096 MiB exceeded", "4Gi"), ("liftlog", "out of memory", "2Gi")):
      world = self.world(service)
      world.log("ERROR", message)
      self.concluded(world, "memory", "out of memory", f"--memory {more}")
    service = world.emulator.call("GET", world.run_url())
    service["template"]["containers"][0]["resources"] = {"limits": {"cpu": "1", "memory": "2Gi"}}
    service["template"].pop("revision", None)
    world.emulator.call("PATCH", world.run_url(), {"template": service["template"], "etag": service["etag"]})
    world.emulator.call("GET", world.run_url())
    self.concluded(world, "memory", "out of memory", "an instance has 2Gi → belay run cloud-run/scale -s liftlog -e staging --memory 4Gi")

  def test_a_database_that_does_not_run_and_a_pool_that_is_empty_differ(self):
    for service in self.worlds:
      world = self.world(service)
      world.log("ERROR", {"message": "connection pool exhausted"})
      self.concluded(world, "database", "the pool of connections", "belay run cloud-run/remedy/restart")
      world.emulator.control("sql/state", {"instance": world.about["sql"], "state": "SUSPENDED"})
      self.concluded(world, "database", "the database's instance", "it is SUSPENDED → belay run cloud-run/remedy/restart-database")

  def test_redis_its_memory_its_connections_and_the_connector_are_told_apart(self):
    world = self.world("guesslyfe")
    world.log("ERROR", {"message": "Redis connection timeout"})
    self.concluded(world, "redis", "connections to Redis", "belay run cloud-run/remedy/restart")
    world.series("redis.googleapis.com/stats/memory/usage_ratio", 0.93, "redis_instance", instance_id=f"projects/{world.project}/locations/us-central1/instances/guesslyfe-redis")
    self.concluded(world, "redis", "Redis' memory", "it is 93% full → belay run cloud-run/remedy/redis-resize -s guesslyfe -e staging --size 2")
    world.emulator.control("seed", {"connectors": [{"name": "guesslyfe-vpc-connector", "network": "default", "ipCidrRange": "10.8.0.0/28", "state": "ERROR"}]})
    ran = self.concluded(world, "redis", "the VPC connector", "it is ERROR → belay run cloud-run/remedy/connector")
    self.assertNotIn("connections to Redis", [each["subject"] for each in result(ran)["outputs"]["next"]])

  def test_what_the_service_depends_on_is_named_with_the_other_provider(self):
    world = self.world("fineman-west")
    world.emulator.control("settings", {"image_env": {".": {"FAULT_HEALTH": "fail"}}})
    try:
      self.concluded(world, "external", "what it depends on", "language model does not answer well")
    finally:
      world.emulator.control("settings", {"image_env": {}})
    world = self.world("guesslyfe")
    world.log("ERROR", {"message": "RPC request failed: 429"})
    self.concluded(world, "external", "the blockchain provider", "belay run cloud-run/remedy/fallback-rpc -s guesslyfe -e staging")


if __name__ == "__main__":
  unittest.main()
