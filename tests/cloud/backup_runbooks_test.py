"""backup create, list, verify, prune, drill and the emergency backup, on the three services of Google Cloud."""

import os
import unittest

from data_world import DataWorld
from support import assert_dry_run_truth


class BackupRunbooks(unittest.TestCase):
  def test_fineman_wests_backup_is_taken_and_exported_under_its_runs_name(self):
    for environment in ("staging", "production"):
      with self.subTest(environment), DataWorld("fineman-west", environment) as world:
        before = len(world.backup_runs())
        _, ran = assert_dry_run_truth(self, world.emulator, world.belay, "backup", "create", "fineman-west", "-e", environment, "--export", "--confirm", environment)
        outputs, run = world.outputs(ran), ran.json()["run"]
        newest = world.backup_runs()[0]
        self.assertEqual((newest["id"], newest["status"], newest["type"], len(world.backup_runs())), (outputs["id"], "SUCCESSFUL", "ON_DEMAND", before + 1))
        self.assertIn(run, newest["description"])
        self.assertEqual((outputs["schedule"]["backup_start"], outputs["schedule"]["retained_backups"]), ("02:00", 7))
        name = f"exports/{world.place['sql']}/{run}.sql.gz"
        self.assertEqual(outputs["export"], f"gs://{world.place['bucket']}/{name}")
        self.assertEqual(list(world.objects()), [name])
        self.assertGreater(world.objects()[name], 500)

  def test_liftlogs_backup_is_taken_and_waited_for(self):
    with DataWorld("liftlog", "staging") as world:
      world.emulator.control("operation", {"kind": "sql.BACKUP_VOLUME", "seconds": 2})
      outputs = world.outputs(world.belay("backup", "create", "liftlog", "-e", "staging", "--description", "before a change", "--output", "json"))
      newest = world.backup_runs()[0]
      self.assertEqual((newest["id"], newest["status"]), (outputs["id"], "SUCCESSFUL"))
      self.assertTrue(newest["description"].startswith("before a change"))

  def test_guesslyfes_dump_goes_through_the_proxy_into_the_folder_and_the_bucket_and_is_read_back(self):
    with DataWorld("guesslyfe", "staging") as world:
      _, ran = assert_dry_run_truth(self, world.emulator, world.belay, "backup", "create", "guesslyfe", "-e", "staging")
      outputs = world.outputs(ran)
      folder = f"dumps/guesslyfe-db/{outputs['dump']}/"
      self.assertEqual(world.objects(), {folder + "dump.zst": outputs["size"], folder + "manifest.json": os.path.getsize(os.path.join(outputs["path"], "manifest.json"))})
      with open(os.path.join(outputs["path"], "dump.zst"), "rb") as file:
        self.assertEqual(world.emulator.call("GET", f"https://storage.googleapis.com/storage/v1/b/{world.place['bucket']}/o/{folder.replace('/', '%2F')}dump.zst?alt=media"), file.read())
      self.assertGreater(outputs["rows"], 120)


if __name__ == "__main__":
  unittest.main()
