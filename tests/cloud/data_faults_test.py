"""Acts whose answer is lost, or that never arrive: told from what stands, done once, and said so."""

import unittest

from data_project import SQL, DataTest, plain

LOGGING, IAM = "https://logging.googleapis.com/v2/projects/demo-proj", "https://iam.googleapis.com/v1/projects/demo-proj/serviceAccounts"
SECRETS, POLICY = "https://secretmanager.googleapis.com/v1/projects/demo-proj/secrets", "https://cloudresourcemanager.googleapis.com/v1/projects/demo-proj:getIamPolicy"
MADE = "\n".join(f"- id: {id}\n  use: secret-manager.{use}\n  with: {{project: demo-proj, secret: s{more}}}" for id, use, more in (("make", "create", ""), ("one", "add", ", value: a"), ("two", "add", ", value: b")))

# action, inputs, method and place of its write, what is compared, whether a write that never arrived is made again
CASES = [
  ("cloud-sql.patch", "instance: db1, tier: db-custom-4-16384", "PATCH", "instances/db1", SQL + "/db1", True),
  ("cloud-sql.create", "instance: db8, version: POSTGRES_15, region: us-central1, tier: db-f1-micro", "POST", "instances$", SQL, True),
  ("cloud-sql.clone", "instance: db1, to: db7", "POST", "clone$", SQL, True),
  ("cloud-sql.database", "instance: db1, database: other", "POST", "databases$", SQL + "/db1/databases", True),
  ("cloud-sql.user", "instance: db1, user: new, password: secret-enough", "POST", "users$", SQL + "/db1/users", False),
  ("cloud-sql.backup-create", "instance: db1", "POST", "backupRuns$", SQL + "/db1/backupRuns", False),
  ("cloud-sql.restart", "instance: db1", "POST", "restart$", "https://sqladmin.googleapis.com/v1/projects/demo-proj/operations?instance=db1", False),
  ("cloud-sql.failover", "instance: db1", "POST", "failover$", "https://sqladmin.googleapis.com/v1/projects/demo-proj/operations?instance=db1", True),
  ("secret-manager.create", "secret: other", "POST", "secrets$", SECRETS, True),
  ("secret-manager.add", "secret: s, value: c", "POST", "addVersion$", SECRETS + "/s/versions", False),
  ("secret-manager.version", "secret: s, version: '1', state: disabled", "POST", "disable$", SECRETS + "/s/versions", True),
  ("iam.account", "account: api", "POST", "serviceAccounts$", IAM, True),
  ("iam.binding", "member: 'user:a@example.com', roles: [roles/viewer]", "POST", "setIamPolicy$", POLICY, True),
  ("service-usage.enable", "services: [redis.googleapis.com]", "POST", "batchEnable$", "https://serviceusage.googleapis.com/v1/projects/demo-proj/services?filter=state:ENABLED", False),
  ("compute.firewall", "name: deny-all, sources: [203.0.113.0/24]", "POST", "firewalls$", "https://compute.googleapis.com/compute/v1/projects/demo-proj/global/firewalls", False),
  ("compute.connector", "region: us-central1, connector: conn, range: 10.8.0.0/28", "POST", "connectors$", "https://vpcaccess.googleapis.com/v1/projects/demo-proj/locations/us-central1/connectors", False),
  ("memorystore.resize", "region: us-central1, instance: cache, size_gb: 8", "PATCH", "instances/cache", "https://redis.googleapis.com/v1/projects/demo-proj/locations/us-central1/instances/cache", False),
  ("logging.sink", "name: keep, destination: storage.googleapis.com/bkt", "POST", "sinks$", LOGGING + "/sinks", False),
  ("logging.metric", "name: errors, filter: severity>=ERROR", "POST", "metrics$", LOGGING + "/metrics", False),
  ("monitoring.alert-policy", "name: E, filter: 'metric.type=\"run.googleapis.com/request_count\" AND resource.type=\"cloud_run_revision\"', threshold: 1", "POST", "alertPolicies$",
   "https://monitoring.googleapis.com/v3/projects/demo-proj/alertPolicies", False),
]


class FaultsTest(DataTest):
  options = ("--with-postgres",)

  def left_by(self, case, fault=None):
    use, inputs, method, where, url, _ = case
    self.emulator.control("reset", {})
    if use.startswith("secret-manager"):
      self.run_steps(MADE)
    if fault:
      self.emulator.fault(kind=fault, method=method, where=where, times=1)
    self.emulator.forget_requests()
    self.run_steps(f"- id: it\n  use: {use}\n  irreversible: tried\n  with: {{project: demo-proj, {inputs}}}\n")
    if fault:
      self.assertEqual([each["times"] for each in self.emulator.control("faults")["faults"]], [0], "nothing was lost")
    writes = [each for each in self.emulator.requests() if each["method"] == method and not each["path"].endswith(("getIamPolicy", "entries:list"))]
    return plain(self.emulator.call("POST" if url == POLICY else "GET", url, {} if url == POLICY else None)), len(writes)

  def test_a_lost_answer_is_told_from_what_stands_and_nothing_is_done_twice(self):
    for case in CASES:
      with self.subTest(case[0]):
        wanted, once = self.left_by(case)
        found, writes = self.left_by(case, "lose-answer")
        self.assertEqual((found, writes), (wanted, once))

  def test_what_never_arrived_is_made_again_where_its_condition_allows_it(self):
    for case in CASES:
      if not case[5]:
        continue
      with self.subTest(case[0]):
        wanted, _ = self.left_by(case)
        found, _ = self.left_by(case, "lose-request")
        self.assertEqual(found, wanted)


if __name__ == "__main__":
  unittest.main()
