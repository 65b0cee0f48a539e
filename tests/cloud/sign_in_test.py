"""Every way to a token: keys, people, workloads, impersonation, the metadata server; and how each is refused."""

import base64
import json
import os
import subprocess
import time
import unittest
import urllib.parse

from support import Emulator, needs_gcloud

TOKEN = "https://oauth2.googleapis.com/token"
SERVICES = "https://run.googleapis.com/v2/projects/demo-proj/locations/us-central1/services"
FLAVOR = {"Metadata-Flavor": "Google"}
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def encoded(value):
  return base64.urlsafe_b64encode(value if isinstance(value, bytes) else json.dumps(value).encode()).decode().rstrip("=")


class SignInTest(unittest.TestCase):
  @classmethod
  def setUpClass(cls):
    cls.emulator = Emulator()

  @classmethod
  def tearDownClass(cls):
    cls.emulator.stop()

  def setUp(self):
    self.emulator.control("reset", {})

  def form(self, url, **fields):
    return self.emulator.request("POST", url, urllib.parse.urlencode(fields).encode(), {"Content-Type": "application/x-www-form-urlencoded"}, token=False)

  def signed(self, key, **claims):
    now = int(time.time())
    claims = {"iat": now, "exp": now + 3600, "iss": key["client_email"], "aud": TOKEN, "scope": "https://www.googleapis.com/auth/cloud-platform", **claims}
    text = f"{encoded({'alg': 'RS256', 'typ': 'JWT', 'kid': key['private_key_id']})}.{encoded(claims)}"
    path = os.path.join(self.emulator.folder, "key.pem")
    with open(path, "w") as file:
      file.write(key["private_key"])
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", path], input=text.encode(), capture_output=True, check=True).stdout
    return f"{text}.{encoded(signature)}"

  def may_list(self, token):
    return self.emulator.request("GET", SERVICES, token=token).status

  def test_a_service_accounts_key_gets_a_token_and_its_signature_is_checked(self):
    key = self.emulator.control("credentials", {"kind": "service_account", "email": "ci@demo-proj.iam.gserviceaccount.com"})
    assertion = self.signed(key)
    answer = self.form(TOKEN, grant_type=JWT_BEARER, assertion=assertion)
    self.assertEqual((answer.status, answer.body["token_type"]), (200, "Bearer"), answer.body)
    self.assertEqual(self.may_list(answer.body["access_token"]), 200)
    other = self.emulator.control("credentials", {"kind": "service_account", "email": "ci@demo-proj.iam.gserviceaccount.com"})
    forged = self.signed(dict(key, private_key=other["private_key"]))
    for wrong, why in ((forged, "Invalid JWT Signature."), (assertion[:-8] + "AAAAAAAA", "Invalid JWT Signature."), (self.signed(key, exp=int(time.time()) + 9000), "short-lived"),
                       (self.signed(key, aud="https://example.com/"), "audience"), ("x.y", "three parts")):
      refused = self.form(TOKEN, grant_type=JWT_BEARER, assertion=wrong)
      self.assertEqual((refused.status, refused.body["error"]), (400, "invalid_grant"))
      self.assertIn(why, refused.body["error_description"])
    self.assertEqual(self.may_list(self.signed(key, aud="https://run.googleapis.com/")), 200)  # signed by itself, without a token
    self.emulator.control("credentials", {"key_id": key["private_key_id"]}, method="DELETE")
    self.assertEqual(self.form(TOKEN, grant_type=JWT_BEARER, assertion=assertion).status, 400)

  def test_a_person_gets_a_token_until_the_grant_is_revoked(self):
    user = self.emulator.control("credentials", {"kind": "authorized_user", "email": "ops@example.com"})
    fields = {"grant_type": "refresh_token", "client_id": user["client_id"], "client_secret": user["client_secret"], "refresh_token": user["refresh_token"]}
    answer = self.form(TOKEN, **fields)
    self.assertEqual(self.may_list(answer.body["access_token"]), 200)
    self.assertEqual(self.form(TOKEN, **dict(fields, client_secret="x")).body["error"], "invalid_client")
    self.emulator.control("credentials", {}, method="DELETE")
    self.assertEqual(self.form(TOKEN, **fields).body, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."})

  def test_a_workload_exchanges_its_token_and_takes_on_an_account(self):
    self.emulator.control("credentials", {"kind": "subject", "token": "from-github", "principal": "principal://pool/subject/repo"})
    fields = {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "audience": "//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/p/providers/g",
              "scope": "https://www.googleapis.com/auth/iam", "subject_token": "from-github", "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
              "requested_token_type": "urn:ietf:params:oauth:token-type:access_token"}
    federated = self.form("https://sts.googleapis.com/v1/token", **fields).body["access_token"]
    self.assertEqual(self.form("https://sts.googleapis.com/v1/token", **dict(fields, subject_token="other")).body["error"], "invalid_grant")
    url = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/deploy@demo-proj.iam.gserviceaccount.com:generateAccessToken"
    taken = self.emulator.call("POST", url, {"scope": ["https://www.googleapis.com/auth/cloud-platform"], "lifetime": "600s", "delegates": []}, token=federated)
    self.assertEqual(self.may_list(taken["accessToken"]), 200)
    self.emulator.advance(601)
    self.assertEqual(self.may_list(taken["accessToken"]), 401)
    self.emulator.control("deny-permission", {"permission": "iam.serviceAccounts.getAccessToken"})
    self.assertEqual(self.emulator.request("POST", url, {"scope": ["x"]}, token=federated).status, 403)

  def test_the_metadata_server_wants_its_header_and_gives_the_instances_token(self):
    root = "http://metadata.google.internal/computeMetadata/v1/"
    self.assertEqual(self.emulator.request("GET", root + "project/project-id", token=False).status, 403)
    answer = self.emulator.request("GET", root + "project/project-id", headers=FLAVOR, token=False)
    self.assertEqual((answer.body, answer.headers["metadata-flavor"]), (b"demo-proj", "Google"))
    email = self.emulator.call("GET", root + "instance/service-accounts/default/?recursive=true", headers=FLAVOR, token=False)["email"]
    token = self.emulator.call("GET", f"{root}instance/service-accounts/{email}/token", headers=FLAVOR, token=False)
    self.assertEqual((self.may_list(token["access_token"]), token["expires_in"]), (200, 3599))
    loopback = f"http://127.0.0.1:{self.emulator.port}/"  # as with GCE_METADATA_HOST
    self.assertEqual(self.emulator.request("GET", loopback + "computeMetadata/v1/project/project-id", headers=FLAVOR, token=False).body, b"demo-proj")

  def test_a_token_that_is_missing_unknown_or_revoked_is_401_and_a_denied_permission_403(self):
    self.assertEqual(self.emulator.request("GET", SERVICES, token=False).status, 401)
    self.assertEqual(self.may_list("nonsense"), 401)
    token = self.emulator.control("token", {"principal": "a@example.com"})["access_token"]
    self.assertEqual(self.may_list(token), 200)
    self.emulator.control("deny-permission", {"permission": "run.services.list", "principal": "a@example.com"})
    denied = self.emulator.request("GET", SERVICES, token=token)
    self.assertEqual((denied.status, denied.body["error"]["status"]), (403, "PERMISSION_DENIED"))
    self.assertIn("'run.services.list' denied on resource 'projects/demo-proj/locations/us-central1/services'", denied.body["error"]["message"])
    self.assertEqual(self.may_list(self.emulator.token), 200)
    self.emulator.control("revoke", {"token": token})
    self.assertEqual(self.may_list(token), 401)

  def test_another_project_is_refused(self):
    self.assertEqual(self.emulator.request("GET", SERVICES.replace("demo-proj", "other-proj")).status, 403)

  @needs_gcloud
  def test_gcloud_signs_in_with_a_key_and_with_a_persons_grant(self):
    for wanted in ({"kind": "service_account", "email": "ci@demo-proj.iam.gserviceaccount.com"}, {"kind": "authorized_user", "email": "ops@example.com"}):
      path = os.path.join(self.emulator.folder, "credentials.json")
      with open(path, "w") as file:
        json.dump(self.emulator.control("credentials", wanted), file)
      self.emulator.forget_requests()
      ran = self.emulator.gcloud("run", "services", "list", "--region=us-central1", CLOUDSDK_AUTH_ACCESS_TOKEN_FILE="", CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE=path)
      self.assertEqual(ran.exit, 0, ran)
      self.assertEqual({each["principal"] for each in self.emulator.requests() if "run.googleapis.com" in each["host"]}, {wanted["email"]})


if __name__ == "__main__":
  unittest.main()
