"""The gcloud command that belay shows beside an act does the same as the act: on two emulators that are seeded alike belay acts on one, the real gcloud on the other, and both worlds are read through Google's APIs and compared."""

import concurrent.futures
import datetime
import difflib
import json
import os
import re
import subprocess
import time
import unittest

import equivalents_cases
from equivalents_world import Reading
from support import Emulator, Ran, needs_gcloud

FILES = {
  "belay.yaml": "project: cloud\nenvironments:\n  test: {}\n",
  "services/shop.yaml": "service: shop\nplatform: host\nenvironments:\n  test: {}\nsecrets:\n  pass: env:THE_PASS\n",
  "up.txt": "to be uploaded\n",
}
MODULES = ("cloud-run", "cloud-sql", "secret-manager", "storage", "memorystore", "service-usage", "iam", "compute", "artifact-registry", "logging", "monitoring")
PLACES = {"project": "demo-proj", "region": "us-central1", "service": "api"}
TABLES = (equivalents_cases.run_cases, equivalents_cases.instance_cases, equivalents_cases.row_cases, equivalents_cases.access_cases, equivalents_cases.network_and_storage_cases, equivalents_cases.watching_cases)


class Side:
  """One emulator with a project for belay beside it."""

  def __init__(self, seed, *options):
    self.emulator = Emulator(*options)
    self.seed = seed
    self.call, self.control = self.emulator.call, self.emulator.control
    self.folder = os.path.join(self.emulator.folder, "project")
    for name, text in FILES.items():
      self.write(name, text)

  def write(self, name, text):
    path = os.path.join(self.folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
      file.write(text)

  def ago(self, seconds):
    return datetime.datetime.fromtimestamp(self.at - seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

  def begin(self, case, at):
    """Both sides at the same moment, which stands still, so that times and the ids that come of them are the same. What is seeded is a day old."""
    self.at = at
    self.control("reset", {})
    self.control("clock", {"frozen": True, "at": at - 86400})
    self.control("seed", self.seed)
    self.control("clock", {"frozen": True, "at": at})
    for method, url, body in case.before:
      self.call(method, url, body)
    for name in set(os.listdir(self.folder)) - {"t", *(each.split("/")[0] for each in FILES)}:
      os.remove(os.path.join(self.folder, name))

  def belay(self, *options):
    return self.emulator.belay("run", "t/act", "-s", "shop", "-e", "test", "--output", "json", *options, cwd=self.folder, THE_PASS="hunter2")

  def paste(self, line, typed):
    """As a person does who has questions asked; in a session of its own, so that there is no terminal to ask on."""
    done = subprocess.run(["bash", "-c", line], env=self.emulator.environment(CLOUDSDK_CORE_DISABLE_PROMPTS="false"), input=typed, capture_output=True, text=True, timeout=120, cwd=self.folder, start_new_session=True)
    return Ran(done)

  def world(self):
    """What stands in the cloud, and in the folder."""
    read = Reading(self.emulator).all()
    for name in sorted(os.listdir(self.folder)):
      if name.endswith(".txt"):
        with open(os.path.join(self.folder, name)) as file:
          read[name] = file.read()
    return read


def help_of_actions():
  """{action: the names of its inputs}, of those that change something."""
  told = subprocess.run([os.path.realpath(os.environ.get("BELAY") or os.path.join(os.path.dirname(__file__), "../../build/dev/belay")), "help", "actions"], capture_output=True, text=True).stdout
  found, inputs = {}, None
  for line in told.splitlines():
    head = re.fullmatch(r"  ([a-z-]+)\.([a-z-]+)  \((\w+)\)  .*", line)
    if head:
      inputs = found.setdefault(f"{head[1]}.{head[2]}", []) if head[1] in MODULES and head[3] in ("adds", "tells", "changes", "destroys") else None
    elif inputs is not None and (one := re.match(r"      ([a-z_]+)\??  ?", line)):
      inputs.append(one[1])
  return found


def differences(ours, theirs):
  lines = [json.dumps(each, indent=1, sort_keys=True).splitlines() for each in (ours, theirs)]
  return "\n".join(difflib.unified_diff(*lines, "by belay", "by gcloud", n=4, lineterm=""))


class EquivalentsTest(unittest.TestCase):
  def compare(self, table, seed, *options):
    self.inputs_of = help_of_actions()
    sides = []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
      for future in [pool.submit(Side, seed, *options) for _ in range(2)]:
        sides.append(future.result())
        self.addCleanup(sides[-1].emulator.stop)
      for action, cases in table.items():
        for case in cases:
          with self.subTest(action=action, case=case.title):
            self.one(pool, *sides, action, case)

  def one(self, pool, a, b, action, case):
    at = int(time.time())
    list(pool.map(lambda side: side.begin(case, at), (a, b)))
    inputs = case.inputs(a) if callable(case.inputs) else case.inputs
    places = {name: value for name, value in PLACES.items() if name in self.inputs_of[action]}
    step = {"id": "act", "use": action, "with": {**places, **inputs}, "irreversible": "it is tried"}
    a.write("t/act.yaml", f"runbook: t/act\ntitle: Act\nsteps:\n  - {json.dumps(step)}\n")
    planned = a.belay("--dry-run")
    self.assertEqual(planned.exit, 0, planned)
    shown = planned.json()["plan"]["steps"][0]
    if case.none:
      self.assertEqual(shown["equivalent"], "", case.none)
      self.assertEqual(shown["act"] == "", case.none == "nothing", shown)
      return
    line = shown["equivalent"]
    self.assertIn("gcloud ", line, shown["act"])
    before = a.world()
    ran, pasted = pool.map(lambda work: work(), (lambda: a.belay("--yes"), lambda: b.paste(line, case.typed)))
    self.assertEqual(ran.exit, 0, ran)
    self.assertEqual(pasted.exit, 0, f"{line}\n{pasted}")
    ours, theirs = pool.map(lambda side: side.world(), (a, b))
    self.assertNotEqual(before, ours, "the act left the world as it was")
    found = differences(ours, theirs)
    if found:
      self.fail(f"{line}\nwhere the act was\n{shown['act']}\n{found}")

  @needs_gcloud
  def test_cloud_run(self):
    self.compare(equivalents_cases.run_cases(), equivalents_cases.PRODUCT_SEED)

  @needs_gcloud
  def test_cloud_sql_instances(self):
    self.compare(equivalents_cases.instance_cases(), equivalents_cases.SQL_SEED)

  @needs_gcloud
  def test_cloud_sql_rows(self):
    self.compare(equivalents_cases.row_cases(), equivalents_cases.SQL_SEED, "--with-postgres")

  @needs_gcloud
  def test_secrets_accounts_and_services(self):
    self.compare(equivalents_cases.access_cases(), equivalents_cases.PRODUCT_SEED)

  @needs_gcloud
  def test_networks_and_storage(self):
    self.compare(equivalents_cases.network_and_storage_cases(), equivalents_cases.PRODUCT_SEED)

  @needs_gcloud
  def test_logs_and_alerts(self):
    self.compare(equivalents_cases.watching_cases(), equivalents_cases.PRODUCT_SEED)

  def test_every_action_that_changes_something_is_in_the_table(self):
    tried = {action for table in TABLES for action in table()}
    self.assertEqual(sorted(tried | set(equivalents_cases.UNTRIED)), sorted(help_of_actions()))
    self.assertEqual(tried & set(equivalents_cases.UNTRIED), set())


if __name__ == "__main__":
  unittest.main()
