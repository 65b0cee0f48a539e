"""Emulated Cloud SQL: operations, versions, and real rows that backups, clones, exports and imports bring back."""

import gzip
import os
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from sdk_messages import problems_of_recorded, sdk_folder
from support import ROOT, Emulator

sys.path.insert(0, os.path.join(ROOT, "tests", "emulator"))
from belay_emulator.postgres import Postgres
from belay_emulator.postgres_cluster import PostgresCluster

API = "https://sqladmin.googleapis.com/v1/projects/demo-proj"
SEED = {
  "sql": {"instances": [{
    "name": "db1", "settings": {"tier": "db-custom-2-8192", "availabilityType": "REGIONAL", "backupConfiguration": {"enabled": True, "pointInTimeRecoveryEnabled": True}},
    "databases": [{"name": "app", "fixture": "fineman-west"}], "users": [{"name": "app", "password": "first"}], "backups": [{"age": 7200, "status": "FAILED"}, {"age": 3600}],
    "recoverable_for": 86400}]},
  "storage": {"buckets": {"bkt": {}}},
}


class CloudSqlTest(unittest.TestCase):
  @classmethod
  def setUpClass(cls):
    cls.emulator = Emulator("--with-postgres", seed=SEED)

  @classmethod
  def tearDownClass(cls):
    cls.emulator.stop()

  def setUp(self):
    self.emulator.control("reset", {})

  def tearDown(self):
    if sdk_folder():
      self.assertEqual(problems_of_recorded(self.emulator.requests()), [])

  def api(self, method, path, body=None):
    return self.emulator.call(method, API + path, body)

  def refused(self, method, path, body=None):
    answer = self.emulator.request(method, API + path, body)
    self.assertGreaterEqual(answer.status, 400, answer.body)
    return answer.status, answer.body["error"]["errors"][0]["reason"], answer.body["error"]["message"]

  def done(self, method, path, body=None):
    """The finished operation of a change that must succeed."""
    operation = self.api("GET", "/operations/" + self.api(method, path, body)["name"])
    self.assertEqual((operation["status"], operation.get("error")), ("DONE", None))
    return operation

  def psql(self, statement, instance="db1", user="app", password="first", database="app"):
    """What psql says, connected as a client of the instance connects."""
    port = self.emulator.control("state")["sql"]["instances"][instance]["port"]
    done = subprocess.run(["psql", "-XqAt", "-h", "127.0.0.1", "-p", str(port), "-U", user, "-d", database, "-c", statement], capture_output=True, text=True,
                          env={**os.environ, "PGPASSWORD": password})
    return done.stdout.strip() if done.returncode == 0 else "refused: " + done.stderr.strip()

  def backup(self):
    return self.done("POST", "/instances/db1/backupRuns", {"description": "by hand"})["backupContext"]["backupId"]

  def test_a_backup_brings_back_the_rows_that_it_holds(self):
    id = self.backup()
    self.assertEqual(self.api("GET", f"/instances/db1/backupRuns/{id}")["status"], "SUCCESSFUL")
    self.psql("DELETE FROM invoice_aging_snapshots; DELETE FROM invoices WHERE id > 10")
    self.assertEqual(self.psql("SELECT count(*) FROM invoices"), "10")
    self.done("POST", "/instances/db1/restoreBackup", {"restoreBackupContext": {"backupRunId": id, "instanceId": "db1"}})
    self.assertEqual(self.psql("SELECT count(*) FROM invoices"), "200")
    self.assertEqual(self.psql("SELECT version_num FROM alembic_version"), "3f2a9c71d0b4")

  def test_a_backup_is_restored_into_another_instance_with_its_users(self):
    id = self.backup()
    self.psql("TRUNCATE invoices CASCADE")
    self.done("POST", "/instances", {"name": "db2", "databaseVersion": "POSTGRES_15", "settings": {"tier": "db-custom-2-8192"}})
    self.done("POST", "/instances/db2/restoreBackup", {"restoreBackupContext": {"backupRunId": id, "instanceId": "db1"}})
    self.assertEqual((self.psql("SELECT count(*) FROM invoices", "db2"), self.psql("SELECT count(*) FROM invoices")), ("200", "0"))
    self.assertEqual(sorted(each["name"] for each in self.api("GET", "/instances/db2/users")["items"]), ["app", "postgres"])

  def test_a_clone_has_the_rows_of_the_time_that_was_asked_for(self):
    self.psql("DELETE FROM invoice_aging_snapshots; DELETE FROM invoices WHERE id > 150")
    at = self.emulator.control("sql/checkpoint", {"instance": "db1"})["time"]
    self.psql("DELETE FROM invoices")
    context = {"cloneContext": {"destinationInstanceName": "db3", "pointInTime": at}}
    self.assertEqual(self.refused("POST", "/instances/db1/clone", context)[:2], (400, "invalid"))  # not yet within the window
    self.emulator.advance(120)
    latest = self.api("GET", "/instances/db1/getLatestRecoveryTime")["latestRecoveryTime"]
    self.assertLess(at, latest)
    self.done("POST", "/instances/db1/clone", context)
    self.assertEqual(self.psql("SELECT count(*) FROM invoices", "db3"), "150")
    self.done("POST", "/instances/db1/clone", {"cloneContext": {"destinationInstanceName": "db4"}})
    self.assertEqual(self.psql("SELECT count(*) FROM invoices", "db4"), "0")
    before = "2020-01-01T00:00:00Z"
    self.assertIn("recovery window", self.refused("POST", "/instances/db1/clone", {"cloneContext": {"destinationInstanceName": "db5", "pointInTime": before}})[2])
    self.assertEqual(self.refused("POST", "/instances/db1/clone", context)[:2], (409, "instanceAlreadyExists"))

  def test_an_export_is_a_real_dump_and_an_import_brings_it_back(self):
    self.done("POST", "/instances/db1/export", {"exportContext": {"fileType": "SQL", "uri": "gs://bkt/app.sql.gz", "databases": ["app"]}})
    dump = self.emulator.call("GET", "https://storage.googleapis.com/storage/v1/b/bkt/o/app.sql.gz?alt=media")
    self.assertIn(b"CREATE TABLE public.invoices", gzip.decompress(dump))
    self.done("POST", "/instances/db1/databases", {"name": "copy"})
    self.done("POST", "/instances/db1/import", {"importContext": {"fileType": "SQL", "uri": "gs://bkt/app.sql.gz", "database": "copy"}})
    self.assertEqual(self.psql("SELECT count(*) FROM invoices", database="copy"), "200")
    failed = self.api("GET", "/operations/" + self.api("POST", "/instances/db1/import", {"importContext": {"uri": "gs://bkt/app.sql.gz", "database": "copy"}})["name"])
    self.assertEqual((failed["status"], failed["error"]["errors"][0]["code"]), ("DONE", "ERROR_RDBMS"))
    self.assertIn("already exists", failed["error"]["errors"][0]["message"])
    missing = self.api("GET", "/operations/" + self.api("POST", "/instances/db1/export", {"exportContext": {"uri": "gs://nowhere/x", "databases": ["app"]}})["name"])
    self.assertIn("bucket does not exist", missing["error"]["errors"][0]["message"])

  def test_a_password_counts_from_when_it_is_set(self):
    self.assertEqual(self.psql("SELECT 1"), "1")
    self.done("PUT", "/instances/db1/users?name=app", {"password": "second"})
    self.assertIn("password authentication failed", self.psql("SELECT 1"))
    self.assertEqual(self.psql("SELECT 1", password="second"), "1")
    self.done("POST", "/instances/db1/users", {"name": "reader", "password": "r"})
    self.assertEqual(self.psql("SELECT count(*) FROM invoices", user="reader", password="r"), "200")

  def test_one_operation_at_a_time_and_each_takes_its_time(self):
    self.emulator.control("operation", {"kind": "sql.BACKUP_VOLUME", "seconds": 300})
    operation = self.api("POST", "/instances/db1/backupRuns", {})
    self.assertEqual(operation["status"], "PENDING")
    self.assertEqual(self.refused("POST", "/instances/db1/restart")[:2], (409, "operationInProgress"))
    self.assertEqual(self.refused("POST", "/instances/db1/backupRuns", {})[:2], (409, "operationInProgress"))
    self.emulator.advance(200)
    self.assertEqual(self.api("GET", "/operations/" + operation["name"])["status"], "RUNNING")
    self.assertEqual(self.api("GET", "/instances/db1/backupRuns?maxResults=1")["items"][0]["status"], "RUNNING")
    self.emulator.advance(100)
    self.assertEqual(self.api("GET", "/operations/" + operation["name"])["status"], "DONE")
    self.assertEqual(len(self.api("GET", "/instances/db1/backupRuns")["items"]), 3)
    self.done("POST", "/instances/db1/restart")

  def test_an_operation_that_fails_ends_with_its_error_and_a_failed_backup_is_not_restored(self):
    self.emulator.control("operation", {"kind": "sql.BACKUP_VOLUME", "error": {"message": "no space", "reason": "INTERNAL_ERROR"}})
    operation = self.api("GET", "/operations/" + self.api("POST", "/instances/db1/backupRuns", {})["name"])
    self.assertEqual(operation["error"]["errors"], [{"kind": "sql#operationError", "code": "INTERNAL_ERROR", "message": "no space"}])
    newest = self.api("GET", "/instances/db1/backupRuns")["items"][0]
    self.assertEqual(newest["status"], "FAILED")
    self.assertEqual(self.refused("POST", "/instances/db1/restoreBackup", {"restoreBackupContext": {"backupRunId": newest["id"], "instanceId": "db1"}})[0], 400)

  def test_settings_are_merged_and_an_old_version_of_them_is_refused(self):
    before = self.api("GET", "/instances/db1")["settings"]
    self.done("PATCH", "/instances/db1", {"settings": {"tier": "db-custom-4-16384", "settingsVersion": before["settingsVersion"]}})
    after = self.api("GET", "/instances/db1")["settings"]
    self.assertEqual((after["tier"], after["availabilityType"], int(after["settingsVersion"])), ("db-custom-4-16384", "REGIONAL", int(before["settingsVersion"]) + 1))
    self.assertEqual(self.refused("PATCH", "/instances/db1", {"settings": {"tier": "db-custom-2-8192", "settingsVersion": before["settingsVersion"]}})[:2], (412, "staleData"))
    self.assertEqual(self.refused("POST", "/instances/db1/failover", {"failoverContext": {"settingsVersion": "99"}})[:2], (412, "staleData"))
    self.assertEqual(self.refused("PATCH", "/instances/db1", {"settings": {"tier": "huge"}})[0], 400)
    self.assertIn("Binary log", self.refused("PATCH", "/instances/db1", {"settings": {"backupConfiguration": {"binaryLogEnabled": True}}})[2])

  def test_a_failover_swaps_the_zones_and_a_restart_ends_sessions(self):
    self.done("POST", "/instances/db1/failover", {"failoverContext": {"settingsVersion": "1"}})
    self.assertEqual(self.api("GET", "/instances/db1")["gceZone"], "us-central1-c")
    port = self.emulator.control("state")["sql"]["instances"]["db1"]["port"]
    sleeper = subprocess.Popen(["psql", "-XqAt", "-h", "127.0.0.1", "-p", str(port), "-U", "app", "-d", "app", "-c", "SELECT 'begun'; SELECT pg_sleep(60)"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env={**os.environ, "PGPASSWORD": "first"})
    deadline = time.monotonic() + 20
    while self.psql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()") != "1":
      self.assertLess(time.monotonic(), deadline)
    self.done("POST", "/instances/db1/restart")
    self.assertIn("terminat", sleeper.communicate(timeout=20)[1])

  def test_a_stopped_instance_takes_no_connections(self):
    self.done("PATCH", "/instances/db1", {"settings": {"activationPolicy": "NEVER"}})
    self.assertIn("is stopped", self.psql("SELECT 1"))
    self.done("PATCH", "/instances/db1", {"settings": {"activationPolicy": "ALWAYS"}})
    self.assertEqual(self.psql("SELECT 1"), "1")

  def test_the_proxy_leads_to_the_instance_it_names(self):
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "cloud-sql-proxy")
    with socket.socket() as probe:
      probe.bind(("127.0.0.1", 0))
      port = probe.getsockname()[1]
    proxy = subprocess.Popen([program, f"--port={port}", "demo-proj:us-central1:db1"], stdout=subprocess.PIPE, text=True, env=self.emulator.environment())
    try:
      self.assertIn("Listening", proxy.stdout.readline())
      self.assertIn("ready for new connections", proxy.stdout.readline())
      done = subprocess.run(["psql", "-XqAt", f"postgresql://app@127.0.0.1:{port}/app", "-c", "SELECT count(*) FROM invoices"], capture_output=True, text=True,
                            env={**os.environ, "PGPASSWORD": "first"})
      self.assertEqual(done.stdout.strip(), "200", done.stderr)
    finally:
      proxy.terminate()
      self.assertEqual(proxy.wait(20), 143)
      proxy.stdout.close()
    missing = subprocess.run([program, f"--port={port}", "demo-proj:us-central1:nope"], capture_output=True, text=True, env=self.emulator.environment())
    self.assertEqual((missing.returncode, "instanceDoesNotExist" in missing.stderr), (1, True))

  def test_a_protected_instance_stays_and_a_deleted_name_stays_taken(self):
    self.done("PATCH", "/instances/db1", {"settings": {"deletionProtectionEnabled": True}})
    self.assertIn("protected", self.refused("DELETE", "/instances/db1")[2])
    self.done("PATCH", "/instances/db1", {"settings": {"deletionProtectionEnabled": False}})
    self.done("DELETE", "/instances/db1")
    self.assertEqual(self.refused("GET", "/instances/db1")[:2], (404, "instanceDoesNotExist"))
    again = {"name": "db1", "settings": {"tier": "db-f1-micro"}}
    self.assertEqual(self.refused("POST", "/instances", again)[:2], (409, "instanceAlreadyExists"))
    self.emulator.advance(7 * 86400 + 1)
    self.done("POST", "/instances", again)
    self.assertEqual(self.api("GET", "/instances/db1/databases")["items"][0]["name"], "postgres")

  def test_a_denied_permission_is_named(self):
    self.emulator.control("deny-permission", {"permission": "cloudsql.backupRuns.create"})
    self.assertEqual(self.refused("POST", "/instances/db1/backupRuns", {}),
                     (403, "notAuthorized", "boss::NOT_AUTHORIZED: Not authorized to access resource. Possibly missing permission cloudsql.backupRuns.create on resource instances/db1."))

  def test_lists_come_in_pages_newest_first(self):
    ids = [self.backup() for _ in range(3)]
    first = self.api("GET", "/instances/db1/backupRuns?maxResults=2")
    second = self.api("GET", f"/instances/db1/backupRuns?maxResults=2&pageToken={first['nextPageToken']}")
    self.assertEqual([each["id"] for each in first["items"] + second["items"]][:3], ids[::-1])
    self.done("DELETE", f"/instances/db1/backupRuns/{ids[0]}")
    self.assertEqual(self.refused("GET", f"/instances/db1/backupRuns/{ids[0]}")[0], 404)
    self.assertEqual([each["operationType"] for each in self.api("GET", "/operations?instance=db1")["items"]], ["DELETE_BACKUP"] + ["BACKUP_VOLUME"] * 3)


class GivenServerTest(unittest.TestCase):
  def test_a_server_that_was_given_is_used_and_left_as_it_was(self):
    with tempfile.TemporaryDirectory() as folder:
      cluster = PostgresCluster(folder)
      try:
        server = Postgres(folder, cluster.conninfo)
        server.sql("CREATE DATABASE mine")
        before = server.sql("SELECT datname FROM pg_database UNION ALL SELECT rolname FROM pg_roles ORDER BY 1")
        with Emulator("--postgres", cluster.conninfo, seed=SEED) as emulator:
          self.assertEqual(server.sql("SELECT count(*) FROM invoices", "db1.app"), "200")
          emulator.call("POST", API + "/instances/db1/clone", {"cloneContext": {"destinationInstanceName": "db2"}})
          emulator.call("GET", API + "/instances/db2")
          self.assertEqual(server.sql("SELECT count(*) FROM invoices", "db2.app"), "200")
          for path, body in (("/instances", {"name": "i" * 60, "settings": {"tier": "db-f1-micro"}}), ("/instances/db1/databases", {"name": "d" * 70})):
            self.assertIn("63 bytes", emulator.request("POST", API + path, body).body["error"]["message"])
        self.assertEqual(server.sql("SELECT datname FROM pg_database UNION ALL SELECT rolname FROM pg_roles ORDER BY 1"), before)
      finally:
        cluster.close()

  def test_a_server_that_cannot_be_reached_is_told_at_the_start(self):
    with self.assertRaises(RuntimeError) as refused:
      Emulator("--postgres", "host=127.0.0.1 port=1 user=nobody")
    self.assertIn("Connection refused", str(refused.exception))


if __name__ == "__main__":
  unittest.main()
