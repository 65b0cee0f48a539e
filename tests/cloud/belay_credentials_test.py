"""What stands on belay's credentials: their renewal and end, what doctor tells of them, gcloud's overrides, secrets of Secret Manager, the guard of the project."""

import json
import os
import unittest

import cloud_run_test

LOOK = ("look", "cloud-run.describe", {})
UNSET = {"CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": ""}


class BelayCredentialsTest(unittest.TestCase):
  @classmethod
  def setUpClass(cls):
    cloud_run_test.CloudRunTest.setUpClass()
    cls.trial = cloud_run_test.CloudRunTest()
    cls.emulator = cls.trial.emulator

  @classmethod
  def tearDownClass(cls):
    cloud_run_test.CloudRunTest.tearDownClass()

  def setUp(self):
    self.trial.setUp()

  def file(self, data):
    path = os.path.join(self.trial.folder, "credentials.json")
    with open(path, "w") as file:
      json.dump(data, file)
    return {**UNSET, "GOOGLE_APPLICATION_CREDENTIALS": path}

  def looks(self, **environment):
    ran = self.trial.run_steps(LOOK, **environment)
    self.assertEqual(ran.exit, 0, ran)

  def test_a_service_accounts_key(self):
    key = self.emulator.control("credentials", {"kind": "service_account", "email": "ci@demo-proj.iam.gserviceaccount.com"})
    self.looks(**self.file(key))
    self.assertEqual(sum(each["path"].startswith("/token") for each in self.emulator.requests()), 1)
    told = self.trial.belay("doctor", **self.file(key))
    self.assertIn("ci@demo-proj.iam.gserviceaccount.com, project demo-proj", told.out)
    self.emulator.control("credentials", {"key_id": key["private_key_id"]}, method="DELETE")
    ran = self.trial.run_steps(LOOK, **self.file(key))
    self.assertEqual(ran.exit, 3, ran)
    self.assertIn("invalid_grant", ran.err)

  def test_a_persons_login_and_its_end(self):
    user = self.file(self.emulator.control("credentials", {"kind": "authorized_user", "email": "ops@example.com"}))
    self.looks(**user)
    self.emulator.control("credentials", {}, method="DELETE")
    ran = self.trial.run_steps(LOOK, **user)
    self.assertIn("Token has been expired or revoked.", ran.err)
    self.assertIn("gcloud auth application-default login", ran.err)

  def test_nothing_at_all_names_what_was_tried(self):
    ran = self.trial.run_steps(LOOK, **UNSET, HOME=self.trial.folder, PATH="/nowhere")
    self.assertEqual(ran.exit, 3, ran)
    self.assertIn("there are no Google credentials (CLOUDSDK_AUTH_ACCESS_TOKEN: not set;", ran.err)

  def test_a_token_that_was_revoked_meanwhile_is_got_anew(self):
    user = self.file(self.emulator.control("credentials", {"kind": "authorized_user", "email": "ops@example.com"}))
    self.emulator.fault(where="services/api", status=401, message="revoked")
    self.looks(**user)
    self.assertEqual(sum(each["path"].startswith("/token") for each in self.emulator.requests()), 2)

  def test_requests_go_where_gclouds_overrides_lead(self):
    direct = {name: "" for name in ("CLOUDSDK_PROXY_TYPE", "CLOUDSDK_PROXY_ADDRESS", "CLOUDSDK_PROXY_PORT", "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE")}
    self.looks(**direct, CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN=f"http://run.localhost:{self.emulator.port}/")
    ran = self.trial.run_steps(LOOK, **direct, CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN="http://run.localhost:1")
    self.assertIn("with the slash at its end", ran.err)

  def test_a_secret_is_of_secret_manager_and_its_version_is_pinned(self):
    secrets = "https://secretmanager.googleapis.com/v1/projects/demo-proj/secrets"
    self.emulator.call("POST", secrets + "?secretId=db", {"replication": {"automatic": {}}})
    self.emulator.call("POST", secrets + "/db:addVersion", {"payload": {"data": "aHVudGVyMmh1bnRlcjI="}})
    self.trial.write("services/api.yaml", {"service": "api", "platform": "cloud-run", "secrets": {"db": "gcp:projects/demo-proj/secrets/db"}, "environments": {"staging": {}}})
    ran = self.trial.run_steps(("show", "core.run", {"argv": ["sh", "-c", "test \"$(cat)\" = hunter2hunter2"], "input": "${{ secrets.db }}"}))
    self.assertEqual(ran.exit, 0, ran)
    self.assertNotIn("hunter2hunter2", ran.out + ran.err)

  def test_the_guard_of_the_project_holds_a_destroying_step(self):
    self.trial.write("belay.yaml", {"project": "test", "environments": {"staging": {"guards": {"project": "another-proj"}}}})
    step = ("wipe", "core.run", {"argv": ["true"]}, {"effect": "destroys"})
    ran = self.trial.run_steps(step)
    self.assertEqual(ran.exit, 6, ran)
    self.assertIn("project must be another-proj and is demo-proj", ran.err)
    self.trial.write("belay.yaml", {"project": "test", "environments": {"staging": {"guards": {"project": "demo-proj"}}}})
    self.assertEqual(self.trial.run_steps(step).exit, 0)


if __name__ == "__main__":
  unittest.main()
