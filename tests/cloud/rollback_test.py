"""cloud-run/rollback on Fineman West, LiftLog and GuessLyfe: to the last good revision, to a named one, and by the decision tree."""

import subprocess
import unittest

from run_world import Load, RunWorld
from support import assert_dry_run_truth, needs_gcloud

PLACES = (("fineman-west", "production"), ("liftlog", "staging"), ("guesslyfe", "production"))


class RollbackTest(unittest.TestCase):
  maxDiff = 4000

  def test_every_service_goes_back_without_losing_a_request_and_as_its_dry_run_said(self):
    for service, environment in PLACES:
      with self.subTest(service), RunWorld(service, environment) as world:
        _, good, bad = world.revisions()
        confirmed = ["--confirm", environment] if environment == "production" else ["--yes"]
        with Load(world) as load:
          dry, ran = assert_dry_run_truth(self, world.emulator, world.belay, "rollback", service, "-e", environment, *confirmed, "--watch", "1s")
        self.assertEqual((ran.exit, world.split(), load.failed(), len(world.writes())), (0, {good: 100}, [], 1), ran)
        self.assertIn(f"--to-revisions={good}=100", dry.out)
        self.assertEqual(world.state()["annotations"]["belay-left"], bad)
        self.assertEqual((ran.json()["outputs"]["revision"], ran.json()["outputs"]["before"]), (good, bad))

  def test_it_goes_past_a_revision_that_never_became_ready_and_one_that_was_left_as_bad(self):
    with RunWorld("liftlog", "staging") as world:
      oldest, good, bad = world.revisions()
      world.breaks("v1.3.0", FAULT_START="never")
      self.assertEqual(world.act("deploy", "--version", "v1.3.0").exit, 3)
      self.assertEqual((world.act("rollback").exit, world.split()), (0, {good: 100}))
      ran = world.act("rollback")
      self.assertEqual((ran.exit, world.split()), (0, {oldest: 100}), ran)
      self.assertIn("nothing tells whether it ever served", ran.err)
      ran = world.act("rollback")
      self.assertEqual((ran.exit, world.split()), (3, {oldest: 100}), ran)
      self.assertIn(f"{bad}: it was left as bad", ran.err)
      ran = world.act("rollback", "--to", good)
      self.assertEqual((ran.exit, world.split()), (0, {good: 100}), ran)

  def test_a_revision_that_is_not_there_or_the_services_own_name_is_refused(self):
    with RunWorld("fineman-west", "staging") as world:
      newest = world.revisions()[-1]
      for name in ("fineman-west-backend-staging", newest[:-1]):
        ran = world.act("rollback", "--to", name)
        self.assertEqual((ran.exit, world.writes()), (3, []), ran)
        self.assertIn("there is no revision", ran.err)

  def test_a_half_finished_canary_goes_back(self):
    with RunWorld("liftlog", "staging") as world:
      _, good, newest = world.revisions()
      world.emulator.call("PATCH", world.api + "?updateMask=traffic", {"traffic": [
        {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": newest, "percent": 90}, {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": good, "percent": 10}]})
      ran = world.act("rollback")
      self.assertEqual((ran.exit, world.split()), (0, {good: 100}), ran)

  def decided(self, world, *options, seconds_ago=240, **statuses):
    """What --decide says after this traffic in the last minutes."""
    if statuses:
      world.emulator.control("traffic", {"service": world.about["run"], "revision": world.revisions()[-1], "statuses": {name[1:]: count for name, count in statuses.items()}, "ends_ago": seconds_ago})
    world.clear()
    ran = world.act("rollback", "--decide", "--output", "json", *options, BELAY_SET_THRESHOLDS__ERROR_RATE__UNACCEPTABLE="0.05", BELAY_SET_THRESHOLDS__ERROR_RATE__ACCEPTABLE="0.01")
    self.assertEqual(ran.exit, 0, ran)
    return ran.json()["outputs"]

  def test_the_tree_goes_back_at_once_when_it_is_critical(self):
    with RunWorld("liftlog", "staging") as world:
      good = world.revisions()[-2]
      out = self.decided(world, s200=900, s500=100)
      self.assertEqual((out["decision"], world.split()), ("rollback", {good: 100}), out)
      self.assertIn("it is critical", out["why"])
    with RunWorld("liftlog", "staging") as world:
      world.breaks("v1.2.0", FAULT_HEALTH="fail")
      good = world.revisions()[-2]
      out = self.decided(world, "--fix-in", "5m")  # down is down, whoever can fix it
      self.assertEqual((out["decision"], world.split()), ("rollback", {good: 100}), out)
      self.assertIn("down", out["why"])

  def test_the_tree_leaves_what_can_be_fixed_in_time_and_otherwise_goes_back(self):
    with RunWorld("liftlog", "staging") as world:
      good, newest = world.revisions()[-2:]
      out = self.decided(world, "--fix-in", "10m", s200=980, s500=30)
      self.assertEqual((out["decision"], world.split(), world.writes()), ("fix", {newest: 100}, []), out)
      out = self.decided(world, "--fix-in", "20m")
      self.assertEqual((out["decision"], world.split()), ("rollback", {good: 100}), out)
      self.assertIn("last known good", out["why"])

  def test_the_tree_does_nothing_where_nothing_is_wrong(self):
    with RunWorld("liftlog", "staging") as world:
      newest = world.revisions()[-1]
      out = self.decided(world, s200=1000)
      self.assertEqual((out["decision"], world.split(), world.writes()), ("nothing", {newest: 100}, []), out)

  def test_what_is_sick_after_it_went_back_is_told_and_stays_there(self):
    with RunWorld("liftlog", "staging") as world:
      world.breaks("v1.1.0", FAULT_HEALTH="fail")
      good = world.revisions()[-2]
      ran = world.act("rollback")
      self.assertEqual((ran.exit, world.split()), (1, {good: 100}), ran)
      self.assertIn("503", ran.err)

  def test_lost_answers_conflicts_and_slow_operations_come_to_the_same_end(self):
    faults = [dict(kind="lose-answer"), dict(kind="lose-request"), dict(status=409, message="conflict"), dict(status=429, message="quota")]
    for fault in faults:
      with self.subTest(str(fault)), RunWorld("guesslyfe", "staging") as world:
        world.emulator.fault(method="PATCH", where="services/", **fault)
        good = world.revisions()[-2]
        ran = world.act("rollback")
        self.assertEqual((ran.exit, world.split()), (0, {good: 100}), ran)

  @needs_gcloud
  def test_the_command_that_the_plan_shows_does_the_same_by_the_real_gcloud(self):
    with RunWorld("liftlog", "staging") as world:
      oldest, good, _ = world.revisions()
      plan = world.act("rollback", "--dry-run", "--output", "json").json()["plan"]
      command = next(each["equivalent"] for each in plan["steps"] if each.get("equivalent"))
      # The command that the plan shows does what it says, by the real gcloud.
      ran = subprocess.run(["bash", "-c", command], env=world.emulator.environment(), capture_output=True, text=True, timeout=120)
      self.assertEqual((ran.returncode, world.split()), (0, {good: 100}), ran.stderr)


if __name__ == "__main__":
  unittest.main()
