"""restore: into a new instance, to a time, from a dump, over the live one; what is refused, and what is left where it fails or is killed."""

import os
import subprocess
import unittest

from data_world import PASSWORD, DataWorld, url_secret
from support import assert_dry_run_truth

WHERE = (("fineman-west", "production"), ("liftlog", "production"), ("guesslyfe", "production"), ("liftlog", "staging"))


class RestoreRunbooks(unittest.TestCase):
  def moved(self, world, instance):
    """The service reads the new instance, callers reach it, and nothing is left of the proof."""
    connection = f"{world.place['project']}:us-central1:{instance}"
    variable = world.variable()
    if url_secret(world.service, world.name):
      reference = variable["valueFrom"]["secretKeyRef"]
      self.assertEqual(reference["name"], url_secret(world.service, world.name))
      self.assertTrue(world.secret(reference["name"], reference["key"]).endswith(f"?host=/cloudsql/{connection}"))
    else:
      self.assertEqual(variable["value"], connection)
    service = world.described()
    self.assertEqual([each.get("percent") for each in service["status"]["traffic"] if each.get("percent")], [100])
    self.assertFalse(any(each.get("tag") for each in service["status"]["traffic"]))
    self.assertIn(connection, service["spec"]["template"]["metadata"]["annotations"]["run.googleapis.com/cloudsql-instances"])
    self.assertTrue(world.is_public())

  def test_a_backup_goes_into_a_new_instance_and_the_service_moves_there(self):
    for service, environment in WHERE:
      with self.subTest(f"{service} {environment}"), DataWorld(service, environment) as world:
        world.lose_rows()
        left = world.rows()
        _, ran = assert_dry_run_truth(self, world.emulator, world.belay, "restore", service, "-e", environment, "--confirm", environment)
        outputs = world.outputs(ran)
        instance = outputs["instance"]
        self.assertEqual(world.instances(), [world.place["sql"], instance])
        self.assertEqual((world.rows(), world.rows(instance)), (left, world.whole))
        self.moved(world, instance)
        backup = next(each for each in world.backup_runs() if each["status"] == "SUCCESSFUL")
        self.assertEqual((outputs["backup"], outputs["kept"]), (backup["id"], world.place["sql"]))
        protected = world.emulator.call("GET", f"https://sqladmin.googleapis.com/v1/projects/{world.place['project']}/instances/{instance}")["settings"]["deletionProtectionEnabled"]
        self.assertEqual(protected, bool(world.place.get("protected")))

  def test_a_time_within_the_log_is_cloned_and_one_outside_is_refused_before_anything_changes(self):
    with DataWorld("fineman-west", "production") as world:
      at = world.emulator.control("sql/checkpoint", {"instance": world.place["sql"]})["time"]
      world.emulator.advance(300)
      world.lose_rows()
      for wrong in ("2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"):
        world.emulator.forget_requests()
        refused = world.belay("restore", "fineman-west", "-e", "production", "--at", wrong, "--confirm", "production")
        self.assertEqual(refused.exit, 3, repr(refused))
        self.assertIn("its log reaches from", refused.err)
        self.assertEqual([each for each in world.emulator.requests(who="belay") if each["method"] != "GET"], [])
      _, ran = assert_dry_run_truth(self, world.emulator, world.belay, "restore", "fineman-west", "-e", "production", "--at", at, "--confirm", "production")
      outputs = world.outputs(ran)
      self.assertEqual((world.rows(), world.rows(outputs["instance"])), (10, 200))
      self.moved(world, outputs["instance"])

  def test_a_dump_is_brought_back_in_one_transaction_and_compared_with_what_was_counted(self):
    with DataWorld("guesslyfe", "production") as world:
      made = world.outputs(world.belay("backup", "create", "guesslyfe", "-e", "production", "--confirm", "production", "--output", "json"))
      world.lose_rows()
      _, ran = assert_dry_run_truth(self, world.emulator, world.belay, "restore", "guesslyfe", "-e", "production", "--dump", "latest", "--confirm", "production")
      outputs = world.outputs(ran)
      self.assertEqual(outputs["backup"], made["dump"])
      self.assertEqual((world.rows(), world.rows(outputs["instance"])), (5, 120))
      self.assertEqual(world.sql("select count(*) from pg_constraint where conrelid = 'bets'::regclass", outputs["instance"]), world.sql("select count(*) from pg_constraint where conrelid = 'bets'::regclass"))
      self.moved(world, outputs["instance"])

  def test_over_the_live_instance_only_where_it_is_named(self):
    with DataWorld("liftlog", "staging") as world:
      world.lose_rows()
      refused = world.belay("restore", "liftlog", "-e", "staging", "--over", "another")
      self.assertEqual(refused.exit, 3, repr(refused))
      self.assertIn("the live instance of liftlog in staging is liftlog-user-data-staging", refused.err)
      unconfirmed = world.belay("restore", "liftlog", "-e", "staging", "--over", "liftlog-user-data-staging")
      self.assertEqual(unconfirmed.exit, 6, repr(unconfirmed))
      self.assertEqual((world.rows(), world.is_public()), (0, True))
      before = len(world.backup_runs())
      _, ran = assert_dry_run_truth(self, world.emulator, world.belay, "restore", "liftlog", "-e", "staging", "--over", "liftlog-user-data-staging", "--confirm", "liftlog-user-data-staging")
      outputs = world.outputs(ran)
      self.assertEqual((world.rows(), world.instances(), world.is_public()), (300, ["liftlog-user-data-staging"], True))
      self.assertEqual(len(world.backup_runs()), before + 1)
      self.assertTrue(outputs["kept"].startswith("safety backup "))

  def test_what_does_not_restore_leaves_the_service_where_it_was_and_nothing_behind(self):
    with DataWorld("guesslyfe", "staging") as world:
      before = world.variable()
      world.emulator.control("operation", {"kind": "sql.RESTORE_VOLUME", "error": {"message": "the backup cannot be read", "status": 500, "code_name": "INTERNAL"}})
      ran = world.belay("restore", "guesslyfe", "-e", "staging", "--output", "json")
      self.assertNotEqual(ran.exit, 0)
      self.assertIn("the backup cannot be read", ran.json()["failure"]["message"])
      self.assertEqual((world.variable(), world.rows(), world.is_public()), (before, 120, True))

  def test_a_database_that_fails_its_integrity_queries_is_taken_away_again(self):
    with DataWorld("fineman-west", "staging") as world:
      world.sql("delete from invoice_aging_snapshots")
      world.emulator.control("sql/backup", {"instance": "fineman-west-staging", "age": 60})
      ran = world.belay("restore", "fineman-west", "-e", "staging", "--output", "json")
      self.assertEqual(ran.exit, 3, repr(ran))
      self.assertEqual(world.instances(), ["fineman-west-staging"])
      self.assertEqual(world.variable()["value"], "before")

  def test_a_run_that_was_killed_while_the_backup_was_restored_goes_on_and_does_nothing_twice(self):
    with DataWorld("fineman-west", "staging") as world:
      world.lose_rows()
      world.emulator.control("operation", {"kind": "sql.RESTORE_VOLUME", "seconds": 3})
      run = world.killed_after("/restoreBackup", "restore", "fineman-west", "-e", "staging")
      resumed = world.belay("runs", "resume", run, "--output", "json")
      self.assertEqual(resumed.exit, 0, repr(resumed))
      instance = "fineman-west-staging-" + run.split("-")[2]
      self.assertEqual((world.instances(), world.rows(instance)), (["fineman-west-staging", instance], 200))
      self.assertEqual(len([each for each in world.emulator.requests(who="belay") if each["path"].endswith("/restoreBackup") and each["method"] == "POST"]), 1)
      self.moved(world, instance)


class Others(unittest.TestCase):
  def test_application_recovery_keeps_callers_out_until_the_data_is_proved(self):
    with DataWorld("fineman-west", "production") as world:
      world.lose_rows()
      _, ran = assert_dry_run_truth(self, world.emulator, world.run, "restore/application", "--confirm", "production")
      outputs = world.outputs(ran)
      self.assertEqual((world.rows(outputs["instance"]), world.is_public()), (200, True))
      policies = [any("allUsers" in binding["members"] for binding in each["body"]["policy"].get("bindings", [])) for each in world.emulator.requests(who="belay") if each["path"].endswith(":setIamPolicy")]
      self.assertEqual(policies, [False, True])

  def test_callers_are_let_in_again_where_the_recovery_fails(self):
    with DataWorld("fineman-west", "staging") as world:
      ran = world.run("restore/application", "--backup", "12345", "--output", "json")
      self.assertEqual(ran.exit, 3, repr(ran))
      self.assertTrue(world.is_public())

  def test_a_transaction_that_is_open_is_waited_for(self):
    with DataWorld("guesslyfe", "staging") as world:
      port = world.emulator.control("state")["sql"]["instances"]["guesslyfe-db"]["port"]
      writer = subprocess.Popen(["psql", "-XqAt", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-d", "guesslyfe", "-c", "begin; update users set balance = 1 where id = 1; select pg_sleep(3); commit"],
                                env={**os.environ, "PGPASSWORD": PASSWORD}, stdout=subprocess.DEVNULL)
      while world.sql("select count(*) from pg_stat_activity where query like 'begin; update%' and pid <> pg_backend_pid()") == "0":
        pass
      ran = world.run("writes/stop", "--output", "json")
      self.assertEqual((ran.exit, writer.poll(), world.is_public()), (0, 0, False), repr(ran))
      self.assertEqual(world.run("writes/start", "--output", "json").exit, 0)
      self.assertTrue(world.is_public())

  def test_rollback_data_brings_guesslyfes_dump_back(self):
    with DataWorld("guesslyfe", "production") as world:
      world.outputs(world.belay("backup", "create", "guesslyfe", "-e", "production", "--confirm", "production", "--output", "json"))
      world.lose_rows()
      _, ran = assert_dry_run_truth(self, world.emulator, world.run, "rollback-data", "--dump", "latest", "--confirm", "production")
      outputs = world.outputs(ran)
      self.assertEqual((world.rows(outputs["instance"]), world.rows(), world.is_public()), (120, 5, True))


if __name__ == "__main__":
  unittest.main()
