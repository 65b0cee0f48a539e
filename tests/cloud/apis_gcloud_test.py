"""The real gcloud drives Secret Manager, Logging, Storage, Memorystore, IAM and the other APIs. Without gcloud, what it sent is sent again."""

import json
import os
import unittest

import recordings
from support import Emulator, needs_gcloud

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "api_seed.json")) as file:
  SEED = json.load(file)
REGION = "--region=us-central1"
ACCOUNT = "api@demo-proj.iam.gserviceaccount.com"
ERRORS = 'resource.type="cloud_run_revision" AND severity>=ERROR'


class ApisGcloudTest(unittest.TestCase):
  maxDiff = 4000

  def setUp(self):
    self.emulator = Emulator()
    self.addCleanup(self.emulator.stop)
    self.emulator.control("clock", {"frozen": True, "at": recordings.FROZEN})
    self.emulator.control("seed", SEED)
    with open(os.path.join(self.emulator.folder, "secret.txt"), "w") as file:
      file.write("hunter2")

  def secrets_and_logs(self, gcloud):
    gcloud("secrets", "create", "empty", "--replication-policy=automatic", says="Created secret [empty]")
    gcloud("secrets", "create", "filled", "--data-file=secret.txt", says="Created version [1] of the secret [filled]")
    gcloud("secrets", "versions", "add", "db-pass", "--data-file=secret.txt", says="Created version [3]")
    gcloud("secrets", "versions", "list", "db-pass", says="enabled")
    gcloud("secrets", "versions", "disable", "1", "--secret=db-pass", says="Disabled version [1]")
    gcloud("secrets", "versions", "access", "1", "--secret=db-pass", exit=1, says="is in DISABLED state")
    gcloud("secrets", "versions", "enable", "1", "--secret=db-pass", says="Enabled version [1]")
    gcloud("secrets", "versions", "destroy", "1", "--secret=db-pass", "--quiet", says="Destroyed version [1]")
    self.assertEqual(gcloud("secrets", "versions", "access", "latest", "--secret=db-pass").out, "hunter2")
    self.assertEqual(gcloud("secrets", "versions", "access", "latest", "--secret=db-pass", "--format=json").json()["payload"]["dataCrc32c"], "1736498283")
    gcloud("secrets", "describe", "db-pass", says="automatic")
    gcloud("secrets", "list", says="filled")
    gcloud("secrets", "versions", "access", "9", "--secret=db-pass", exit=1, says="NOT_FOUND")
    gcloud("logging", "read", ERRORS, "--limit=2", "--format=json")
    found = gcloud("logging", "read", ERRORS, "--freshness=1h", "--limit=2000", "--order=asc", "--format=json").json()
    self.assertEqual([each["jsonPayload"]["message"] for each in found], ["boom"])
    gcloud("run", "services", "logs", "read", "api", REGION, "--limit=5")
    gcloud("logging", "sinks", "create", "s1", "storage.googleapis.com/bkt", "--log-filter=severity>=ERROR", says="Created")
    gcloud("logging", "metrics", "create", "error_rate", "--description=errors", "--log-filter=" + ERRORS, says="Created [error_rate]")
    gcloud("logging", "write", "mylog", "hello", "--severity=ERROR", says="Created log entry")
    self.assertIn("hello", gcloud("logging", "read", "logName:mylog", "--order=asc", "--format=value(textPayload)").out)
    gcloud("logs", "read", ERRORS, exit=2, says="Invalid choice: 'logs'")

  def accounts_and_networks(self, gcloud):
    gcloud("services", "enable", "run.googleapis.com")
    gcloud("services", "enable", "run.googleapis.com", "sqladmin.googleapis.com", says="finished successfully")
    gcloud("services", "list", "--enabled", says="sqladmin.googleapis.com")
    gcloud("iam", "service-accounts", "create", "worker", "--display-name=Worker", says="Created service account [worker]")
    gcloud("iam", "service-accounts", "keys", "create", "sakey.json", "--iam-account=" + ACCOUNT, says="created key")
    with open(os.path.join(self.emulator.folder, "sakey.json")) as file:
      key = json.load(file)["private_key_id"]
    gcloud("iam", "service-accounts", "keys", "list", "--iam-account=" + ACCOUNT, says=key)
    gcloud("iam", "service-accounts", "keys", "disable", key, "--iam-account=" + ACCOUNT)
    gcloud("iam", "service-accounts", "keys", "delete", key, "--iam-account=" + ACCOUNT, "--quiet", says="deleted key")
    binding = ("projects", "add-iam-policy-binding", "demo-proj", "--member=serviceAccount:" + ACCOUNT)
    gcloud(*binding, "--role=roles/cloudsql.client", says="roles/cloudsql.client")
    gcloud(*binding, "--role=roles/logging.logWriter", "--condition=None", says="roles/logging.logWriter")
    gcloud(*binding, "--role=roles/monitoring.writer", exit=1, says="INVALID_ARGUMENT")
    gcloud("projects", "get-iam-policy", "demo-proj", says="roles/owner")
    gcloud("projects", "describe", "demo-proj", says="ACTIVE")
    gcloud("compute", "networks", "vpc-access", "connectors", "describe", "conn", REGION, says="state: READY")
    gcloud("compute", "firewall-rules", "create", "deny-one", "--network=default", "--action=DENY", "--rules=all", "--direction=INGRESS", "--source-ranges=203.0.113.0/24",
           "--priority=100", says="deny-one")
    gcloud("compute", "firewall-rules", "create", "deny-all", "--rules=all", "--action=DENY", says="deny-all")
    gcloud("compute", "firewall-rules", "create", "allow-hc", "--network=default", "--allow=tcp:8080", "--source-ranges=35.191.0.0/16,130.211.0.0/22", says="allow-hc")
    gcloud("compute", "firewall-rules", "list", says="deny-one")
    gcloud("compute", "firewall-rules", "delete", "deny-all", "--quiet", says="Deleted")

  def images_storage_and_the_rest(self, gcloud):
    repository = "us-central1-docker.pkg.dev/demo-proj/app"
    gcloud("artifacts", "docker", "images", "list", repository, "--include-tags", says="v1")
    gcloud("artifacts", "docker", "tags", "list", repository + "/api", says="v1")
    gcloud("artifacts", "docker", "images", "describe", repository + "/api:v1", says="sha256:")
    gcloud("artifacts", "docker", "images", "describe", repository + "/api:v9", exit=1)
    gcloud("services", "enable", "containeranalysis.googleapis.com")
    gcloud("artifacts", "docker", "images", "describe", repository + "/api:v1", "--show-package-vulnerability", says="CVE-2025-0001")
    gcloud("container", "images", "list-tags", "gcr.io/demo-proj/api", says="1")
    gcloud("builds", "log", "b1", says="step one")
    gcloud("storage", "ls", "gs://bkt/", says="gs://bkt/folder/")
    gcloud("storage", "buckets", "describe", "gs://bkt", says="bkt")
    self.assertEqual(gcloud("storage", "cat", "gs://bkt/a.txt").out.strip(), "hello")
    gcloud("storage", "cp", "secret.txt", "gs://bkt/up.txt")
    self.assertEqual(self.emulator.call("GET", "https://storage.googleapis.com/storage/v1/b/bkt/o/up.txt?alt=media"), b"hunter2")
    gcloud("storage", "rm", "gs://bkt/a.txt")
    gcloud("redis", "instances", "describe", "cache", REGION, says="state: READY")
    gcloud("redis", "instances", "list", REGION, says="cache")
    gcloud("redis", "instances", "failover", "cache", REGION, says="done")
    self.assertEqual(gcloud("redis", "instances", "describe", "cache", REGION, "--format=value(currentLocationId)").out.strip(), "us-central1-b")
    gcloud("redis", "instances", "failover", "cache", REGION, "--data-protection-mode=force-data-loss", "--async")
    gcloud("redis", "instances", "update", "cache", REGION, "--size=8", "--update-redis-config=maxmemory-policy=allkeys-lru", says="memorySizeGb: 8")
    gcloud("alpha", "monitoring", "policies", "create", "--display-name=5xx", "--condition-display-name=5xx", "--if=> 0.05", "--duration=300s", "--combiner=OR",
           '--condition-filter=metric.type="run.googleapis.com/request_count" AND resource.type="cloud_run_revision"',
           '--aggregation={"alignmentPeriod":"60s","perSeriesAligner":"ALIGN_RATE"}', says="Created alert policy")
    gcloud("alpha", "monitoring", "policies", "list", says="COMPARISON_GT")
    gcloud("beta", "monitoring", "channels", "list")
    gcloud("monitoring", "dashboards", "list")
    gcloud("monitoring", "time-series", "list", exit=2)

  @needs_gcloud
  def test_gcloud_keeps_secrets_and_reads_logs(self):
    self.driven("secrets_and_logs")

  @needs_gcloud
  def test_gcloud_manages_accounts_and_networks(self):
    self.driven("accounts_and_networks")

  @needs_gcloud
  def test_gcloud_reads_images_and_storage_and_the_rest(self):
    self.driven("images_storage_and_the_rest")

  def driven(self, name):
    record = recordings.Recording(self, name, self.emulator)
    getattr(self, name)(record.gcloud)
    record.finish()

  def test_what_gcloud_sent_of_secrets_and_logs_is_answered_again(self):
    recordings.replay(self, "secrets_and_logs", self.emulator)

  def test_what_gcloud_sent_of_accounts_and_networks_is_answered_again(self):
    recordings.replay(self, "accounts_and_networks", self.emulator)

  def test_what_gcloud_sent_of_images_and_storage_is_answered_again(self):
    recordings.replay(self, "images_storage_and_the_rest", self.emulator)


if __name__ == "__main__":
  unittest.main()
