"""The real gcloud drives Cloud SQL through its commands, against a real PostgreSQL. Without gcloud, what it sent is sent again."""

import json
import os
import unittest

import recordings
from support import Emulator, needs_gcloud

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "api_seed.json")) as file:
  SEED = json.load(file)
NEW = ("--database-version=POSTGRES_15", "--tier=db-custom-2-8192", "--region=us-central1")
IN_THE_WINDOW = "2026-09-21T13:00:00Z"  # an hour before recordings.FROZEN, near enough


class SqlGcloudTest(unittest.TestCase):
  maxDiff = 4000

  def setUp(self):
    self.emulator = Emulator("--with-postgres")
    self.addCleanup(self.emulator.stop)
    self.emulator.control("clock", {"frozen": True, "at": recordings.FROZEN})
    self.emulator.control("seed", SEED)

  def record(self, name):
    return recordings.Recording(self, name, self.emulator)

  def operate(self, record):
    sql = lambda *arguments, **more: record.gcloud("sql", *arguments, **more)
    sql("instances", "describe", "db1", says="connectionName: demo-proj:us-central1:db1")
    sql("instances", "list", says="RUNNABLE")
    sql("instances", "patch", "db1", "--tier=db-custom-4-16384", says="Updated")
    sql("instances", "patch", "db1", "--activation-policy=ALWAYS", "--backup-start-time=02:00", "--storage-auto-increase", "--database-flags=max_connections=500")
    sql("instances", "patch", "db1", "--availability-type=REGIONAL", "--async")
    shown = self.emulator.call("GET", "https://sqladmin.googleapis.com/v1/projects/demo-proj/instances/db1")["settings"]
    self.assertEqual((shown["tier"], shown["backupConfiguration"]["startTime"], shown["databaseFlags"]), ("db-custom-4-16384", "02:00", [{"name": "max_connections", "value": "500"}]))
    sql("instances", "restart", "db1")
    sql("instances", "failover", "db1")
    sql("operations", "list", "--instance=db1", says="FAILOVER")
    operation = self.emulator.call("GET", "https://sqladmin.googleapis.com/v1/projects/demo-proj/operations?maxResults=1")["items"][0]["name"]
    sql("operations", "describe", operation, says="status: DONE")
    sql("operations", "wait", operation, says="DONE")
    sql("instances", "create", "db9", *NEW, "--enable-bin-log", exit=1, says="Binary log can only be enabled for MySQL instances")
    sql("instances", "create", "db9", *NEW, "--enable-point-in-time-recovery", "--backup-start-time=03:00", "--availability-type=regional", says="db9")
    sql("instances", "describe", "nope", exit=1, says="HTTPError 404: The Cloud SQL instance does not exist.")
    sql("instances", "delete", "db9", "--quiet", says="Deleted")
    self.emulator.control("operation", {"kind": "sql.RESTART", "error": {"message": "boom", "reason": "INTERNAL_ERROR"}})
    sql("instances", "restart", "db1", exit=1, says="[INTERNAL_ERROR] boom")
    self.emulator.control("operation", {"kind": "sql.UPDATE", "seconds": 3600})
    sql("instances", "patch", "db1", "--tier=db-custom-2-8192", "--async")
    sql("backups", "create", "--instance=db1", exit=1, says="HTTPError 409: Operation failed because another operation was already in progress.")

  def back_up(self, record):
    sql = lambda *arguments, **more: record.gcloud("sql", *arguments, **more)
    sql("backups", "create", "--instance=db1", "--description=pre-deploy", says="backed up")
    sql("backups", "create", "--instance=db1", "--async")
    sql("backups", "list", "--instance=db1", says="SUCCESSFUL")
    id = sql("backups", "list", "--instance=db1", "--limit=1", "--format=value(id)").out.strip()
    newest = sql("backups", "list", "--instance=db1", "--sort-by=~endTime", "--limit=1", "--filter=status=SUCCESSFUL", "--format=json").json()
    self.assertEqual(newest[0]["kind"], "sql#backupRun")
    sql("backups", "describe", id, "--instance=db1", says="status: SUCCESSFUL")
    sql("backups", "restore", id, "--restore-instance=db1", says="Restored")
    sql("instances", "clone", "db1", "db2", says="db2")
    sql("instances", "clone", "db1", "db3", "--point-in-time=" + IN_THE_WINDOW, says="db3")
    sql("instances", "clone", "db1", "db4", "--backup-id=" + id, exit=2, says="unrecognized arguments")
    sql("backups", "restore", id, "--restore-instance=db2", "--backup-instance=db1", "--async")
    sql("export", "sql", "db1", "gs://bkt/dump.sql.gz", "--database=app", "--offload", says="Exported")
    sql("databases", "create", "copy", "--instance=db1", says="Created database [copy]")
    sql("import", "sql", "db1", "gs://bkt/dump.sql.gz", "--database=copy", says="Imported")
    sql("users", "set-password", "app", "--instance=db1", "--password=s3cret", says="Updat")
    sql("users", "list", "--instance=db1", says="app")
    sql("backups", "delete", id, "--instance=db1", "--quiet", says="Deleted")
    self.assertEqual(self.emulator.control("state")["sql"]["instances"]["db1"]["databases"], ["app", "copy", "postgres"])

  @needs_gcloud
  def test_gcloud_operates_instances(self):
    record = self.record("sql_instances")
    self.operate(record)
    record.finish()

  @needs_gcloud
  def test_gcloud_backs_up_restores_and_clones(self):
    record = self.record("sql_backups")
    self.back_up(record)
    record.finish()

  def test_what_gcloud_sent_of_backups_is_answered_again(self):
    recordings.replay(self, "sql_backups", self.emulator)


if __name__ == "__main__":
  unittest.main()
