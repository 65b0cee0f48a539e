"""belay's module cloud-sql against the emulator: real rows come back, and what is not possible is refused before anything changes."""

import os
import subprocess
import unittest

from data_project import DataTest, UNDONE

NEW = "with: {project: demo-proj, instance: db2, version: POSTGRES_15, region: us-central1, tier: db-custom-2-8192}"


class SqlDataTest(DataTest):
  options = ("--with-postgres",)

  def psql(self, statement, instance="db1", user="app", password="first", database="app"):
    port = self.emulator.control("state")["sql"]["instances"][instance]["port"]
    done = subprocess.run(["psql", "-XqAt", "-h", "127.0.0.1", "-p", str(port), "-U", user, "-d", database, "-c", statement], capture_output=True, text=True,
                          env={**os.environ, "PGPASSWORD": password})
    return done.stdout.strip() if done.returncode == 0 else "refused: " + done.stderr.strip()

  def writes(self):
    return [(each["method"], each["path"]) for each in self.emulator.requests() if each["method"] != "GET"]

  def test_a_backup_is_restored_into_a_new_instance_with_its_rows(self):
    before = self.psql("select count(*) from invoices")
    self.run_steps(f"""
- id: backup
  use: cloud-sql.backup-create
  with: {{project: demo-proj, instance: db1, description: pre-deploy}}
- id: new
  use: cloud-sql.create
  {NEW}
- id: back
  use: cloud-sql.restore
  irreversible: the new instance stays
  with: {{project: demo-proj, instance: db2, from: db1, backup: "${{{{ steps.backup.id }}}}"}}
""")
    self.assertEqual(self.psql("select count(*) from invoices", instance="db2"), before)
    self.assertEqual(self.psql("select count(*) from invoices"), before)

  def test_a_dry_run_changes_nothing_and_names_each_act(self):
    steps = f"""
- id: backup
  use: cloud-sql.backup-create
  with: {{project: demo-proj, instance: db1}}
- id: bigger
  use: cloud-sql.patch
  with: {{project: demo-proj, instance: db1, tier: db-custom-4-16384}}
"""
    self.emulator.forget_requests()
    self.run_steps(steps, "--dry-run")
    self.assertEqual(self.writes(), [])

  def test_a_patch_is_what_gcloud_reads_and_is_taken_back_when_a_later_step_fails(self):
    self.run_steps("""
- id: bigger
  use: cloud-sql.patch
  with: {project: demo-proj, instance: db1, tier: db-custom-4-16384, flags: {work_mem: "65536"}}
""")
    url = "https://sqladmin.googleapis.com/v1/projects/demo-proj/instances/db1"
    self.assertEqual(self.emulator.call("GET", url)["settings"]["tier"], "db-custom-4-16384")
    self.run_steps("""
- id: smaller
  use: cloud-sql.patch
  with: {project: demo-proj, instance: db1, tier: db-custom-1-3840}
- id: fails
  use: core.read
  with: {argv: ["false"]}
""", expect=UNDONE)
    self.assertEqual(self.emulator.call("GET", url)["settings"]["tier"], "db-custom-4-16384")

  def test_a_lost_answer_to_a_backup_is_found_again_and_taken_once(self):
    self.emulator.fault(kind="lose-answer", method="POST", where="backupRuns", times=1)
    self.run_steps("""
- id: backup
  use: cloud-sql.backup-create
  with: {project: demo-proj, instance: db1, description: once}
""")
    runs = self.emulator.call("GET", "https://sqladmin.googleapis.com/v1/projects/demo-proj/instances/db1/backupRuns")["items"]
    self.assertEqual(len([each for each in runs if each.get("description", "").startswith("once [")]), 1)

  def test_a_time_outside_the_window_is_refused_before_anything_changes(self):
    self.emulator.forget_requests()
    self.run_steps("""
- id: aside
  use: cloud-sql.clone
  with: {project: demo-proj, instance: db1, to: db9, at: "2001-01-01T00:00:00Z"}
""", expect=UNDONE)
    self.assertEqual(self.writes(), [])

  def test_a_password_is_set_that_psql_can_use(self):
    self.write("services/web.yaml", "service: web\nplatform: host\nsecrets: {database: env:WEB_PASSWORD}\nenvironments: {test: {}}\n")
    body = "runbook: t/it\ntitle: It\nclaim: it\nsteps:\n  - id: user\n    use: cloud-sql.user\n    irreversible: a password\n    with: {project: demo-proj, instance: db1, user: app, password: \"${{ secrets.database }}\"}\n"
    self.write("t/it.yaml", body)
    done = self.emulator.belay("run", "t/it", "-s", "web", "-e", "test", "--project", self.folder, WEB_PASSWORD="second-pass")
    self.assertEqual(done.exit, 0, done)
    self.assertNotIn("second-pass", done.out + done.err)
    self.assertEqual(self.psql("select 1", password="second-pass"), "1")

  def test_an_export_is_there_and_not_empty(self):
    result = self.run_steps("""
- id: out
  use: cloud-sql.export
  with: {project: demo-proj, instance: db1, database: app, uri: "gs://bkt/app.sql.gz"}
- id: there
  use: storage.stat
  with: {bucket: bkt, object: app.sql.gz, required: true}
  expect: [size > 0]
""")
    self.assertTrue(result)

  def test_what_an_instance_is_busy_with_is_waited_for(self):
    self.emulator.control("settings", {"operation_seconds": 2})
    url = "https://sqladmin.googleapis.com/v1/projects/demo-proj/instances/db1"
    self.emulator.call("POST", url + "/backupRuns", {})
    self.run_steps("""
- id: again
  use: cloud-sql.restart
  irreversible: connections
  with: {project: demo-proj, instance: db1}
""")


if __name__ == "__main__":
  unittest.main()
