"""A project for belay in a folder of its own, whose runbooks are given as text, and the emulator that they act on."""

import json
import os
import re
import shutil
import tempfile
import unittest

from support import Emulator

SEED = {
  "sql": {"instances": [{
    "name": "db1", "settings": {"tier": "db-custom-2-8192", "availabilityType": "REGIONAL", "backupConfiguration": {"enabled": True, "pointInTimeRecoveryEnabled": True}},
    "databases": [{"name": "app", "fixture": "fineman-west"}], "users": [{"name": "app", "password": "first"}], "backups": [{"age": 7200, "status": "FAILED"}, {"age": 3600}],
    "recoverable_for": 86400}]},
  "storage": {"buckets": {"bkt": {}}},
  "redis": [{"name": "cache", "tier": "STANDARD_HA", "memorySizeGb": 5}],
}
UNDONE = 3


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


class DataTest(unittest.TestCase):
  maxDiff = 4000
  options = ()

  @classmethod
  def setUpClass(cls):
    cls.emulator = Emulator(*cls.options, seed=SEED)

  @classmethod
  def tearDownClass(cls):
    cls.emulator.stop()

  def setUp(self):
    self.emulator.control("reset", {})
    self.folder = tempfile.mkdtemp(prefix="belay-data-")
    self.addCleanup(shutil.rmtree, self.folder, True)
    os.mkdir(os.path.join(self.folder, "t"))
    self.write("belay.yaml", "project: t\nenvironments:\n  test: {}\n")

  def write(self, name, text):
    path = os.path.join(self.folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
      file.write(text)
    return path

  def run_steps(self, steps, *options, outputs="", expect=0, **variables):
    """Runs a runbook of these steps (YAML) and returns the result, as JSON where that was asked for."""
    body = "\n".join("  " + line for line in steps.strip("\n").split("\n"))
    self.write("t/it.yaml", f"runbook: t/it\ntitle: It\nclaim: it\nsteps:\n{body}\n" + (f"outputs:\n{outputs}\n" if outputs else ""))
    done = self.emulator.belay("run", "t/it", "--project", self.folder, "--output", "json", *options, **variables)
    self.assertEqual(done.exit, expect, f"{done.out}\n{done.err}")
    return json.loads(done.out) if done.out.strip() else {}
