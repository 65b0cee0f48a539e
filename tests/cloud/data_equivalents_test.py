"""The command that belay shows beside an act does the same: the real gcloud runs it, and what then stands is compared with what belay left."""

import re
import subprocess
import unittest

from data_project import DataTest
from support import needs_gcloud

SQL = "https://sqladmin.googleapis.com/v1/projects/demo-proj/instances"
OWN = {"etag", "settingsVersion", "createTime", "createTimestamp", "creationTimestamp", "updateTime", "updated", "insertTime", "enqueuedTime", "startTime", "endTime", "windowStartTime", "selfLink", "id", "uniqueId",
       "oauth2ClientId", "generation", "timeCreated", "timeFinalized", "timeStorageClassUpdated", "mediaLink", "writerIdentity", "port", "labelFingerprint", "creationRecord", "mutationRecord"}


def plain(value):
  """Without what differs between any two makings of a thing."""
  if isinstance(value, dict):
    return {name: plain(each) for name, each in value.items() if name not in OWN}
  if isinstance(value, str):
    return re.sub(r"\[\d{8}-\d{4}-\w+/", "[RUN/", value)
  return [plain(each) for each in value] if isinstance(value, list) else value


class EquivalentsTest(DataTest):
  options = ("--with-postgres",)

  def same(self, use, inputs, url, before="", method="GET"):
    steps = f"- id: it\n  use: {use}\n  irreversible: tried\n  with: {{project: demo-proj, {inputs}}}\n"
    def read():
      return plain(self.emulator.call(method, url, {} if method == "POST" else None))
    def begin():
      self.emulator.control("reset", {})
      if before:
        self.run_steps(before)
    begin()
    shown = [step["equivalent"] for step in self.run_steps(steps, "--dry-run")["plan"]["steps"]]
    untouched = read()
    self.run_steps(steps)
    ours = read()
    begin()
    for command in shown:
      self.assertTrue(command.startswith("gcloud "), command)
      done = subprocess.run(["bash", "-c", command], env=self.emulator.environment(), capture_output=True, text=True, timeout=90, cwd=self.emulator.folder)
      self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}\n{done.stderr}")
    self.assertEqual(ours, read(), shown)
    self.assertNotEqual(untouched, ours, "the act changes nothing that is compared")

  @needs_gcloud
  def test_a_patch_of_an_instance(self):
    self.same("cloud-sql.patch", "instance: db1, tier: db-custom-4-16384, backup_start: '04:00', flags: {work_mem: '65536'}, deletion_protection: true", SQL + "/db1")

  @needs_gcloud
  def test_a_new_database(self):
    self.same("cloud-sql.database", "instance: db1, database: other", SQL + "/db1/databases")

  @needs_gcloud
  def test_a_clone(self):
    self.same("cloud-sql.clone", "instance: db1, to: db7", SQL)

  @needs_gcloud
  def test_roles_of_a_member(self):
    self.same("iam.binding", "member: 'user:a@example.com', roles: [roles/viewer, roles/browser]", "https://cloudresourcemanager.googleapis.com/v1/projects/demo-proj:getIamPolicy", method="POST")

  @needs_gcloud
  def test_enabled_services(self):
    self.same("service-usage.enable", "services: [redis.googleapis.com, run.googleapis.com]", "https://serviceusage.googleapis.com/v1/projects/demo-proj/services?filter=state:ENABLED")

  @needs_gcloud
  def test_a_firewall_rule(self):
    self.same("compute.firewall", "name: deny-all, sources: [203.0.113.0/24], priority: 100", "https://compute.googleapis.com/compute/v1/projects/demo-proj/global/firewalls")

  @needs_gcloud
  def test_a_sink_of_the_log(self):
    self.same("logging.sink", "name: keep, destination: storage.googleapis.com/bkt, filter: severity>=ERROR", "https://logging.googleapis.com/v2/projects/demo-proj/sinks")

  @needs_gcloud
  def test_a_metric_of_the_log(self):
    self.same("logging.metric", "name: errors, filter: severity>=ERROR, description: counted", "https://logging.googleapis.com/v2/projects/demo-proj/metrics")

  @needs_gcloud
  def test_an_alert_policy(self):
    self.same("monitoring.alert-policy", "name: Errors, filter: 'metric.type=\"run.googleapis.com/request_count\" AND resource.type=\"cloud_run_revision\"', threshold: 0.05, align: ALIGN_RATE",
              "https://monitoring.googleapis.com/v3/projects/demo-proj/alertPolicies")

  @needs_gcloud
  def test_a_secret(self):
    self.same("secret-manager.create", "secret: s", "https://secretmanager.googleapis.com/v1/projects/demo-proj/secrets")

  @needs_gcloud
  def test_a_new_instance(self):
    self.same("cloud-sql.create", "instance: db8, version: POSTGRES_15, region: us-central1, tier: db-custom-2-8192, storage_gb: 20, storage_type: SSD, backup_start: '02:00', deletion_protection: true, availability: REGIONAL", SQL)

  @needs_gcloud
  def test_a_backup(self):
    self.same("cloud-sql.backup-create", "instance: db1, description: pre-deploy", SQL + "/db1/backupRuns")

  @needs_gcloud
  def test_a_restore_over_the_live_instance(self):
    self.emulator.control("reset", {})
    steps = "- id: it\n  use: cloud-sql.restore-over\n  irreversible: tried\n  with: {project: demo-proj, instance: db1, backup: latest}\n"
    command = self.run_steps(steps, "--dry-run")["plan"]["steps"][0]["equivalent"]
    done = subprocess.run(["bash", "-c", command], env=self.emulator.environment(), capture_output=True, text=True, timeout=90, cwd=self.emulator.folder)
    self.assertEqual(done.returncode, 0, done.stderr)
    sent = [each["body"] for each in self.emulator.requests() if each["path"].endswith("/restoreBackup")]
    self.run_steps(steps)
    ours = [each["body"] for each in self.emulator.requests() if each["path"].endswith("/restoreBackup")][-1]
    self.assertEqual({**sent[0]["restoreBackupContext"], "project": "demo-proj"}, {**ours["restoreBackupContext"], "project": "demo-proj"})

  @needs_gcloud
  def test_a_failover_and_a_restart(self):
    for action in ("restart", "failover"):
      self.same("cloud-sql." + action, "instance: db1", "https://sqladmin.googleapis.com/v1/projects/demo-proj/operations?instance=db1")

  @needs_gcloud
  def test_memory_of_a_cache(self):
    self.same("memorystore.resize", "region: us-central1, instance: cache, size_gb: 8", "https://redis.googleapis.com/v1/projects/demo-proj/locations/us-central1/instances/cache")

  @needs_gcloud
  def test_a_connector(self):
    self.same("compute.connector", "region: us-central1, connector: conn, range: 10.8.0.0/28", "https://vpcaccess.googleapis.com/v1/projects/demo-proj/locations/us-central1/connectors")

  @needs_gcloud
  def test_a_disabled_version(self):
    before = "\n".join(f"- id: {id}\n  use: secret-manager.{use}\n  with: {{project: demo-proj, secret: s{more}}}" for id, use, more in (("make", "create", ""), ("one", "add", ", value: a"), ("two", "add", ", value: b")))
    self.same("secret-manager.version", "secret: s, version: '1', state: disabled", "https://secretmanager.googleapis.com/v1/projects/demo-proj/secrets/s/versions", before)

  @needs_gcloud
  def test_a_service_account(self):
    self.same("iam.account", "account: api, title: API", "https://iam.googleapis.com/v1/projects/demo-proj/serviceAccounts")


if __name__ == "__main__":
  unittest.main()
