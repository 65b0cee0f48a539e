"""belay comes by a token in every way that Google knows, from a server that checks the proof; and says what is wrong where it is refused."""

import json
import os
import unittest

from support import Emulator

RUNBOOK = """runbook: t/ages
title: The ages of the secrets
steps:
  - id: ages
    use: secret-manager.list
    with: {project: demo-proj}
outputs:
  names: ${{ steps.ages.secrets.map(s, s.name) }}
"""
FILES = {
  "belay.yaml": "project: cloud\nenvironments:\n  test: {}\n",
  "services/shop.yaml": "service: shop\nplatform: host\nenvironments:\n  test: {}\n",
  "t/ages.yaml": RUNBOOK,
}
ROBOT = "robot@demo-proj.iam.gserviceaccount.com"


class BelaySignInTest(unittest.TestCase):
  def setUp(self):
    self.emulator = Emulator()
    self.addCleanup(self.emulator.stop)
    secrets = "https://secretmanager.googleapis.com/v1/projects/demo-proj/secrets"
    self.emulator.call("POST", secrets + "?secretId=db-pass", {"replication": {"automatic": {}}})
    self.emulator.call("POST", secrets + "/db-pass:addVersion", {"payload": {"data": "aHVudGVyMg=="}})
    self.emulator.forget_requests()
    self.project = os.path.join(self.emulator.folder, "project")
    for name, text in FILES.items():
      self.write(os.path.join(self.project, name), text)

  def write(self, path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
      file.write(text)
    return path

  def credentials(self, content):
    return self.write(os.path.join(self.emulator.folder, "credentials.json"), json.dumps(content))

  def ages(self, **variables):
    """Runs the read with nothing but these to sign in by."""
    self.emulator.forget_requests()
    return self.emulator.belay("run", "t/ages", "-s", "shop", "-e", "test", "--output", "json", cwd=self.project, **{"CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": "", **variables})

  def signed_in(self, principal, **variables):
    ran = self.ages(**variables)
    self.assertEqual(ran.exit, 0, ran)
    self.assertIn("db-pass", ran.out)
    seen = [each for each in self.emulator.requests() if each["host"] == "secretmanager.googleapis.com"]
    self.assertEqual({(each["principal"], each["status"], each["who"]) for each in seen}, {(principal, 200, "belay")})

  def test_a_token_of_a_file(self):
    self.signed_in("operator@example.com", CLOUDSDK_AUTH_ACCESS_TOKEN_FILE=self.emulator.token_file)

  def test_a_service_accounts_key(self):
    key = self.emulator.control("credentials", {"kind": "service_account", "email": ROBOT})
    self.signed_in(ROBOT, GOOGLE_APPLICATION_CREDENTIALS=self.credentials(key))
    self.emulator.control("credentials", {"key_id": key["private_key_id"]}, method="DELETE")
    refused = self.ages(GOOGLE_APPLICATION_CREDENTIALS=self.credentials(key))
    self.assertIn(refused.exit, (2, 3, 4), refused)
    self.assertIn("Invalid JWT Signature", refused.err + refused.out)
    self.assertNotIn("PRIVATE KEY", refused.err + refused.out)

  def test_a_persons_grant(self):
    user = self.emulator.control("credentials", {"kind": "authorized_user", "email": "ops@example.com"})
    self.signed_in("ops@example.com", GOOGLE_APPLICATION_CREDENTIALS=self.credentials(user))
    self.emulator.control("credentials", {}, method="DELETE")
    refused = self.ages(GOOGLE_APPLICATION_CREDENTIALS=self.credentials(user))
    self.assertIn(refused.exit, (2, 3, 4), refused)
    self.assertIn("expired or revoked", refused.err + refused.out)
    self.assertNotIn(user["refresh_token"], refused.err + refused.out)

  def test_an_account_that_is_taken_on(self):
    user = self.emulator.control("credentials", {"kind": "authorized_user", "email": "ops@example.com"})
    self.signed_in(ROBOT, GOOGLE_APPLICATION_CREDENTIALS=self.credentials({
      "type": "impersonated_service_account", "source_credentials": user, "delegates": [],
      "service_account_impersonation_url": f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{ROBOT}:generateAccessToken"}))

  def test_a_workload_of_another_provider(self):
    self.emulator.control("credentials", {"kind": "subject", "token": "from-elsewhere", "principal": "principal://pool/subject/repo"})
    subject = self.write(os.path.join(self.emulator.folder, "subject"), "from-elsewhere")
    federated = {
      "type": "external_account", "audience": "//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/p/providers/g",
      "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": "https://sts.googleapis.com/v1/token", "credential_source": {"file": subject}}
    self.signed_in("principal://pool/subject/repo", GOOGLE_APPLICATION_CREDENTIALS=self.credentials(federated))
    federated["service_account_impersonation_url"] = f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{ROBOT}:generateAccessToken"
    self.signed_in(ROBOT, GOOGLE_APPLICATION_CREDENTIALS=self.credentials(federated))

  def test_the_instance_it_runs_on(self):
    here = f"127.0.0.1:{self.emulator.port}"
    self.signed_in("123456789012-compute@developer.gserviceaccount.com", CLOUDSDK_CORE_CHECK_GCE_METADATA="true", GCE_METADATA_HOST=here, GCE_METADATA_IP=here)

  def test_a_token_that_was_taken_back_is_asked_for_again_once(self):
    user = self.emulator.control("credentials", {"kind": "authorized_user", "email": "ops@example.com"})
    self.emulator.fault(where="secretmanager", status=401)
    ran = self.ages(GOOGLE_APPLICATION_CREDENTIALS=self.credentials(user))
    self.assertEqual(ran.exit, 0, ran)
    hosts = [(each["host"].split(".")[0], each["status"]) for each in self.emulator.requests()]
    self.assertEqual(hosts[:4], [("oauth2", 200), ("secretmanager", 401), ("oauth2", 200), ("secretmanager", 200)])

  def test_a_missing_permission_is_named_with_a_role_that_has_it(self):
    self.emulator.control("deny-permission", {"permission": "secretmanager.secrets.list"})
    ran = self.ages(CLOUDSDK_AUTH_ACCESS_TOKEN_FILE=self.emulator.token_file)
    self.assertIn(ran.exit, (3, 4), ran)
    self.assertIn("secretmanager.secrets.list", ran.err + ran.out)
    self.assertIn("roles/secretmanager.", ran.err + ran.out)

  def test_a_quota_and_an_outage_are_waited_out_for_a_read(self):
    self.emulator.fault(where="secretmanager", status=429, headers={"Retry-After": "0"})
    self.emulator.fault(where="secretmanager", status=503)
    ran = self.ages(CLOUDSDK_AUTH_ACCESS_TOKEN_FILE=self.emulator.token_file)
    self.assertEqual(ran.exit, 0, ran)
    self.assertEqual([each["status"] for each in self.emulator.requests()][:3], [429, 503, 200])

  def test_without_any_credentials_it_says_what_was_tried(self):
    ran = self.ages(PATH="/nonexistent", GCE_METADATA_HOST="127.0.0.1:1", GCE_METADATA_IP="127.0.0.1:1")
    self.assertIn(ran.exit, (2, 3, 4), ran)
    self.assertIn("GOOGLE_APPLICATION_CREDENTIALS", ran.err + ran.out)
    self.assertEqual(self.emulator.requests(), [])


if __name__ == "__main__":
  unittest.main()
