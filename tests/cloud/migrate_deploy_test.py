"""cloud-run/migrate-and-deploy: the schema, with a backup first, then the new revision."""

import unittest

from data_world import DataWorld
from run_world import QUICK

CHAIN = {"ALEMBIC_CHAIN": "a81c55e0f2d7,b2"}


class MigrateAndDeploy(unittest.TestCase):
  def act(self, world, **variables):
    return world.run("migrate-and-deploy", "--output", "json", "-p", "version=1.5.0", "-p", "watch=2s", variables={**QUICK, **CHAIN, **variables})

  def test_the_schema_is_there_before_the_revision_that_needs_it(self):
    with DataWorld("liftlog", "staging") as world:
      backups, before = len(world.backup_runs()), world.described()["status"]["latestReadyRevisionName"]
      ran = self.act(world)
      self.assertEqual(ran.exit, 0, repr(ran))
      outputs = world.outputs(ran)
      self.assertEqual((outputs["schema"], outputs["before"], len(world.backup_runs())), ("b2", before, backups + 1))
      self.assertEqual([(each["revisionName"], each["percent"]) for each in world.described()["status"]["traffic"]], [(outputs["revision"], 100)])

  def test_a_revision_that_is_not_fit_goes_back_and_the_schema_stays(self):
    with DataWorld("liftlog", "staging") as world:
      before = world.described()["status"]["latestReadyRevisionName"]
      world.emulator.control("settings", {"image_env": {":1.5.0$": {"FAULT_ERROR_RATE": "0.5"}}})
      ran = self.act(world)
      self.assertEqual(ran.exit, 1, repr(ran))
      self.assertEqual([each["revisionName"] for each in world.described()["status"]["traffic"] if each.get("percent")], [before])
      self.assertEqual(world.sql("SELECT version_num FROM alembic_version").strip(), "b2")


if __name__ == "__main__":
  unittest.main()
