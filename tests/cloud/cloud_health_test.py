"""`belay health` on Google Cloud: a service that is well, and each thing that can be wrong with it, found by name."""

import unittest

from certified import Certified
from health_world import FINDING, REGION, HealthWorld, findings, result


class HealthTest:
  """For each service the same, by what it has."""
  service = environment = None

  @classmethod
  def setUpClass(cls):
    cls.world = HealthWorld(cls.service, cls.environment)

  @classmethod
  def tearDownClass(cls):
    cls.world.emulator.stop()

  def setUp(self):
    self.world.again()
    self.world.emulator.forget_requests()

  def health(self, *options, **more):
    return self.world.belay("health", self.service, "-e", self.environment, "--output", "json", *options, **more)

  def found(self, subject, words, **more):
    """Asserts that health finds it, and says so; gives all that it found."""
    ran = self.health(**more)
    self.assertEqual(ran.exit, FINDING, repr(ran))
    all = findings(ran)
    self.assertTrue([each for each in all if each.startswith(subject) and words in each], f"nothing of {subject!r} with {words!r} in {all}")
    self.assertEqual(self.world.mutations(), [])
    return all

  def test_a_service_that_is_well_has_no_findings_and_nothing_is_changed(self):
    ran = self.health()
    self.assertEqual(ran.exit, 0, repr(ran))
    outputs = result(ran)["outputs"]
    self.assertEqual((outputs["ok"], outputs["revision"], outputs["database"]), (True, self.world.revision, "RUNNABLE"))
    figures = {each["name"]: each for each in outputs["figures"]}
    self.assertEqual((figures["error rate"]["value"], figures["error rate"]["state"]), (0, "normal"))
    self.assertAlmostEqual(figures["latency"]["value"], 50)
    self.assertEqual({each["state"] for each in figures.values() if each["alert"] is not None and each["name"] != "calls outside that fail"}, {"normal"})
    self.assertEqual(self.world.mutations(), [])

  def test_an_endpoint_that_is_not_well_is_named(self):
    self.world.emulator.control("settings", {"image_env": {".": {"FAULT_HEALTH": "fail"}}})
    try:
      self.found({"guesslyfe": "components"}.get(self.service, "health"), "answer 503")
    finally:
      self.world.emulator.control("settings", {"image_env": {}})

  def test_a_revision_that_never_became_ready_is_a_finding_of_the_service(self):
    service = self.world.emulator.call("GET", self.world.run_url())
    service["template"]["containers"][0].setdefault("env", []).append({"name": "FAULT_START", "value": "never"})
    service["template"].pop("revision", None)
    self.world.emulator.call("PATCH", self.world.run_url(), {"template": service["template"], "etag": service["etag"]})
    self.found(self.world.about["run"], "is not ready")

  def test_a_database_that_does_not_run_is_a_finding(self):
    self.world.emulator.control("sql/state", {"instance": self.world.about["sql"], "state": "SUSPENDED"})
    self.found(self.world.about["sql"], "SUSPENDED")

  def test_what_may_not_be_looked_at_is_a_finding_and_the_rest_is_asked(self):
    self.world.emulator.control("deny-permission", {"permission": "cloudsql.instances.get"})
    try:
      all = self.found(self.world.about["sql"], "cloudsql.instances.get")
    finally:
      self.world.emulator.control("deny-permission", method="DELETE")
    self.assertEqual([each for each in all if not each.startswith(self.world.about["sql"])], [])

  def test_failures_over_the_alert_are_a_finding(self):
    self.world.traffic({"200": 400, "500": 200}, 0.05)
    self.found("error rate", "is its alert")

  def test_slow_answers_are_a_finding(self):
    self.world.traffic({"200": 400}, 7)
    self.found("latency", "7000 ms")

  def test_full_memory_is_a_finding(self):
    self.world.container("memory/utilizations", [0.97, 0.98])
    self.found("memory", "% is its alert")


class RecoveryPointTest:
  """For a service that has an objective: without its log, the newest backup is what can be brought back, and it is an hour old."""

  def test_a_recovery_point_older_than_the_objective_is_a_finding(self):
    url = f"https://sqladmin.googleapis.com/v1/projects/{self.world.project}/instances/{self.world.about['sql']}"
    self.world.emulator.call("PATCH", url, {"settings": {"backupConfiguration": {"enabled": True, "pointInTimeRecoveryEnabled": False}}})
    self.found(self.world.about["sql"], "recovery point", variables={"BELAY_SET_objectives__recovery_point": "15m"})


class FinemanWestStagingHealth(HealthTest, RecoveryPointTest, unittest.TestCase):
  service, environment = "fineman-west", "staging"

  def test_connections_are_judged_against_the_machines_most(self):
    world = self.world
    world.series("cloudsql.googleapis.com/database/postgresql/num_backends", 24.5, "cloudsql_database", database_id=f"{world.project}:{world.about['sql']}", database=world.about["database"])
    self.found("connections", "95% is its alert")

  def test_calls_of_the_language_model_that_fail_are_a_finding(self):
    for index in range(10):
      self.world.log("ERROR" if index < 2 else "INFO", {"message": "called", "action": "claude_api_call"})
    self.found("calls outside that fail", "20%")


class FinemanWestProductionHealth(HealthTest, unittest.TestCase):
  service, environment = "fineman-west", "production"


class LiftLogStagingHealth(HealthTest, unittest.TestCase):
  service, environment = "liftlog", "staging"

  def test_connections_are_judged_as_a_number(self):
    world = self.world
    world.series("cloudsql.googleapis.com/database/postgresql/num_backends", 90, "cloudsql_database", database_id=f"{world.project}:{world.about['sql']}", database=world.about["database"])
    self.found("connections", "is 90, and 80 is its alert")

  def test_the_99th_percentile_has_its_own_alert(self):
    self.world.traffic({"200": 20}, 2)
    self.found("latency p99", "1000 ms is its alert")


class GuessLyfeStagingHealth(HealthTest, RecoveryPointTest, unittest.TestCase):
  service, environment = "guesslyfe", "staging"

  def test_memorystore_that_is_busy_is_a_finding(self):
    self.world.emulator.control("operation", {"kind": "redis", "seconds": 600})
    url = f"https://redis.googleapis.com/v1/projects/{self.world.project}/locations/{REGION}/instances/guesslyfe-redis"
    self.world.emulator.call("PATCH", url + "?updateMask=memorySizeGb", {"memorySizeGb": 5})
    self.found("guesslyfe-redis", "UPDATING")

  def test_memorystore_that_is_gone_is_a_finding(self):
    self.world.emulator.call("DELETE", f"https://redis.googleapis.com/v1/projects/{self.world.project}/locations/{REGION}/instances/guesslyfe-redis")
    self.world.emulator.advance(600)
    self.found("guesslyfe-redis", "not found")

  def test_a_connector_that_is_not_ready_is_a_finding(self):
    self.world.emulator.control("seed", {"connectors": [{"name": "guesslyfe-vpc-connector", "network": "default", "ipCidrRange": "10.8.0.0/28", "state": "ERROR"}]})
    self.found("guesslyfe-vpc-connector", "ERROR")


class GuessLyfeProductionHealth(HealthTest, unittest.TestCase):
  service, environment = "guesslyfe", "production"

  def served(self, days):
    """What health finds at a public address whose certificate has so many days left."""
    with Certified(days) as server:
      return self.health(variables={"BELAY_SET_url": server.url, "CURL_CA_BUNDLE": server.certificate})

  def test_a_certificate_is_a_finding_from_14_days_on(self):
    ran = self.served(16)
    self.assertEqual(ran.exit, 0, repr(ran))
    ran = self.served(10)
    self.assertEqual(ran.exit, FINDING, repr(ran))
    self.assertEqual(len(findings(ran)), 1)
    self.assertIn("its certificate expires in", findings(ran)[0])

  def test_a_public_address_that_does_not_answer_is_a_finding_while_the_service_is_well(self):
    ran = self.health(variables={"BELAY_SET_url": "http://127.0.0.1:9"})
    self.assertEqual(ran.exit, FINDING, repr(ran))
    self.assertTrue(all(each.startswith(("health at", "components at")) for each in findings(ran)), findings(ran))
    self.assertTrue(result(ran)["outputs"]["ok"])


if __name__ == "__main__":
  unittest.main()
