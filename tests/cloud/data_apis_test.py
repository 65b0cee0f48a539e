"""belay's modules for secrets, storage, the log, metrics, accounts, connectors and firewall rules against the emulator, read back by other clients."""

import os
import re
import unittest

from data_project import DataTest, UNDONE
from support import needs_gcloud

PROJECT = "project: demo-proj"


class ApisDataTest(DataTest):
  def test_a_secret_is_made_rotated_and_its_old_version_disabled(self):
    result = self.run_steps(f"""
- id: make
  use: secret-manager.create
  with: {{{PROJECT}, secret: db-pass}}
- id: first
  use: secret-manager.add
  with: {{{PROJECT}, secret: db-pass, value: hunter2}}
- id: second
  use: secret-manager.add
  with: {{{PROJECT}, secret: db-pass, value: hunter3}}
- id: old
  use: secret-manager.version
  with: {{{PROJECT}, secret: db-pass, version: "${{{{ steps.first.version }}}}", state: disabled}}
- id: read
  use: secret-manager.access
  with: {{{PROJECT}, secret: db-pass}}
""", outputs="  version: ${{ steps.read.version }}\n  reference: ${{ steps.second.reference }}")
    self.assertIn("gcp:projects/demo-proj/secrets/db-pass/versions/2", str(result))
    url = "https://secretmanager.googleapis.com/v1/projects/demo-proj/secrets/db-pass/versions"
    self.assertEqual({each["name"][-1]: each["state"] for each in self.emulator.call("GET", url)["versions"]}, {"2": "ENABLED", "1": "DISABLED"})

  def test_a_version_that_was_disabled_is_enabled_again_when_a_later_step_fails(self):
    self.run_steps(f"""
- id: make
  use: secret-manager.create
  with: {{{PROJECT}, secret: s}}
- id: one
  use: secret-manager.add
  with: {{{PROJECT}, secret: s, value: a}}
- id: two
  use: secret-manager.add
  with: {{{PROJECT}, secret: s, value: b}}
- id: old
  use: secret-manager.version
  with: {{{PROJECT}, secret: s, version: "1", state: disabled}}
- id: fails
  use: core.read
  with: {{argv: ["false"]}}
""", expect=UNDONE)
    url = "https://secretmanager.googleapis.com/v1/projects/demo-proj/secrets/s/versions/1"
    self.assertEqual(self.emulator.call("GET", url)["state"], "ENABLED")

  def test_a_large_file_goes_up_in_pieces_through_lost_answers_and_comes_back(self):
    data = os.urandom(20_000_000)
    path = os.path.join(self.folder, "dump")
    with open(path, "wb") as file:
      file.write(data)
    self.emulator.fault(kind="lose-answer", method="PUT", where="upload", nth=2, times=1)
    self.run_steps(f"""
- id: up
  use: storage.put
  with: {{bucket: bkt, object: a/dump, file: "{self.folder}/dump"}}
- id: down
  use: storage.fetch
  with: {{bucket: bkt, object: a/dump, file: "{self.folder}/back"}}
""")
    with open(os.path.join(self.folder, "back"), "rb") as file:
      self.assertEqual(file.read(), data)
    again = f"- id: up\n  use: storage.put\n  with: {{bucket: bkt, object: a/dump, file: '{self.folder}/dump'}}"
    self.emulator.forget_requests()
    self.run_steps(again)
    self.assertEqual([each for each in self.emulator.requests() if each["method"] != "GET"], [])
    self.run_steps("- id: up\n  use: storage.put\n  with: {bucket: bkt, object: a/dump, content: other}", expect=UNDONE)

  def test_roles_are_given_and_taken_back_exactly(self):
    url = "https://cloudresourcemanager.googleapis.com/v1/projects/demo-proj:getIamPolicy"
    before = self.emulator.call("POST", url, {})["bindings"]
    self.run_steps(f"""
- id: account
  use: iam.account
  with: {{{PROJECT}, account: api}}
- id: roles
  use: iam.binding
  with: {{{PROJECT}, member: "${{{{ steps.account.member }}}}", roles: [roles/cloudsql.client, roles/logging.logWriter]}}
- id: fails
  use: core.read
  with: {{argv: ["false"]}}
""", expect=UNDONE)
    self.assertEqual(self.emulator.call("POST", url, {})["bindings"], before)

  def test_a_key_is_in_the_secret_and_nowhere_else(self):
    result = self.run_steps(f"""
- id: account
  use: iam.account
  with: {{{PROJECT}, account: api}}
- id: place
  use: secret-manager.create
  with: {{{PROJECT}, secret: sa-key}}
- id: key
  use: iam.key-create
  with: {{{PROJECT}, account: api, secret: sa-key}}
""")
    self.assertNotIn("PRIVATE KEY", str(result))
    url = "https://secretmanager.googleapis.com/v1/projects/demo-proj/secrets/sa-key/versions/1:access"
    self.assertTrue(self.emulator.call("GET", url)["payload"]["data"])
    state = os.path.join(self.emulator.folder, "state")
    for folder, _, files in os.walk(state):
      for name in files:
        with open(os.path.join(folder, name), "rb") as file:
          self.assertNotIn(b"PRIVATE KEY", file.read())

  def test_errors_of_the_log_are_grouped(self):
    for number in (1, 2, 3):
      self.emulator.call("POST", "https://logging.googleapis.com/v2/entries:write",
                         {"entries": [{"logName": "projects/demo-proj/logs/app", "resource": {"type": "global"}, "severity": "ERROR", "textPayload": f"timeout after {number} ms"}]})
    result = self.run_steps(f"- id: errors\n  use: logging.errors\n  with: {{{PROJECT}, since: 1h}}", outputs="  groups: ${{ steps.errors.groups }}")
    self.assertIn("timeout after # ms", str(result))

  @needs_gcloud
  def test_what_belay_makes_gcloud_reads(self):
    self.run_steps(f"""
- id: apis
  use: service-usage.enable
  with: {{{PROJECT}, services: [run.googleapis.com, redis.googleapis.com]}}
- id: deny
  use: compute.firewall
  with: {{{PROJECT}, name: deny-all, sources: [203.0.113.0/24], priority: 100}}
- id: sink
  use: logging.sink
  with: {{{PROJECT}, name: keep, destination: storage.googleapis.com/bkt, filter: severity>=ERROR}}
""")
    self.assertIn("redis.googleapis.com", self.emulator.gcloud("services", "list", "--enabled", "--format=value(config.name)").out)
    self.assertIn("deny-all", self.emulator.gcloud("compute", "firewall-rules", "list", "--format=value(name)").out)
    self.assertIn("severity>=ERROR", self.emulator.gcloud("logging", "sinks", "describe", "keep").out)

  def test_a_dry_run_sends_nothing_that_changes(self):
    self.emulator.forget_requests()
    self.run_steps(f"""
- id: make
  use: secret-manager.create
  with: {{{PROJECT}, secret: never}}
- id: add
  use: secret-manager.add
  with: {{{PROJECT}, secret: never, value: x}}
- id: roles
  use: iam.binding
  with: {{{PROJECT}, member: "user:a@example.com", roles: [roles/viewer]}}
""", "--dry-run")
    reading = re.compile(r":getIamPolicy$|entries:list$")
    self.assertEqual([each["path"] for each in self.emulator.requests() if each["method"] != "GET" and not reading.search(each["path"])], [])


if __name__ == "__main__":
  unittest.main()
