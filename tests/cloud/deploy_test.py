"""cloud-run/deploy on Fineman West, LiftLog and GuessLyfe, with requests going through the service meanwhile, and what stands after each fault."""

import os
import signal
import subprocess
import unittest

from run_world import Load, RunWorld
from support import assert_dry_run_truth, needs_gcloud

PLACES = (("fineman-west", "staging"), ("fineman-west", "production"), ("liftlog", "staging"), ("liftlog", "production"), ("guesslyfe", "production"))
FAST = ("--watch", "3s")


class DeployTest(unittest.TestCase):
  maxDiff = 4000

  def truly(self, world, *arguments, **variables):
    """A dry run that tells the truth, and the run."""
    if world.about["image"].startswith("gcr.io"):
      world.emulator.control("images", {"image": world.image("v1.3.0")})
    confirmed = ["--confirm", world.environment] if world.environment == "production" else ["--yes"]
    return assert_dry_run_truth(self, world.emulator, lambda *words: world.belay(*words, **variables), "deploy", world.service, "-e", world.environment, *confirmed, *arguments)

  def test_a_canary_deploy_of_every_service_loses_no_request_and_does_what_its_dry_run_said(self):
    for service, environment in PLACES:
      with self.subTest(f"{service} {environment}"), RunWorld(service, environment) as world:
        with Load(world) as load:
          dry, ran = self.truly(world, "--version", "v1.3.0", *FAST)
        self.assertEqual(ran.exit, 0, ran)
        old, new = world.revisions()[-2:]
        self.assertEqual((world.split(), world.tags(), load.failed()), ({new: 100}, [], []))
        self.assertEqual(world.state()["template"]["containers"][0]["image"], world.image("v1.3.0"))
        self.assertIn(f"--to-revisions={new}=10,{old}=90", dry.out)
        self.assertGreater(load.by(old), 0)
        self.assertGreater(load.by(new), 0)
        self.assertEqual(ran.json()["outputs"]["before"], old)

  def test_fineman_wests_revision_has_the_size_account_and_database_of_its_environment_and_keeps_other_variables(self):
    for environment, size in (("staging", ("2", "4Gi", 0, 10, 80)), ("production", ("4", "8Gi", 1, 100, 1000))):
      def more(seed):
        seed["run"]["services"][0]["env"]["FEATURE"] = "kept"
        seed["images"].append({"image": seed["run"]["services"][0]["image"].rpartition(":")[0] + ":v9"})
      with self.subTest(environment), RunWorld("fineman-west", environment, change=more) as world:
        ran = world.act("deploy", "--version", "v9", "--strategy", "blue-green", *FAST)
        self.assertEqual(ran.exit, 0, ran)
        made = world.revision(world.revisions()[-1])
        container, scaling = made["containers"][0], made.get("scaling", {})
        self.assertEqual((container["resources"]["limits"]["cpu"], container["resources"]["limits"]["memory"], scaling.get("minInstanceCount", 0), scaling["maxInstanceCount"], made["maxInstanceRequestConcurrency"]), size)
        self.assertEqual((made["timeout"], container["ports"][0]["containerPort"]), ("60s", 8080))
        self.assertEqual(made["serviceAccount"], f"{world.about['account']}@{world.about['project']}.iam.gserviceaccount.com")
        self.assertEqual(made["volumes"][0]["cloudSqlInstance"]["instances"], [f"{world.about['project']}:us-central1:{world.about['sql']}"])
        variables = {each["name"]: each.get("value") for each in container["env"]}
        self.assertEqual((variables["ENVIRONMENT"], variables["FEATURE"], variables["DB_CONNECTION_NAME"]), (environment, "kept", f"{world.about['project']}:us-central1:{world.about['sql']}"))

  def test_fineman_wests_tag_is_the_environment_and_the_commit(self):
    with RunWorld("fineman-west", "staging") as world:
      code = os.path.join(world.emulator.folder, "code")
      said = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com"}
      subprocess.run(["git", "init", "-q", code], check=True)
      subprocess.run(["git", "-C", code, "commit", "-q", "--allow-empty", "-m", "first"], check=True, env={**os.environ, **said})
      short = subprocess.run(["git", "-C", code, "rev-parse", "--short", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
      world.emulator.control("images", {"image": world.image(f"staging-{short}")})
      ran = world.act("deploy", "--strategy", "blue-green", *FAST, BELAY_SET_VARS__code=code)
      self.assertEqual(ran.exit, 0, ran)
      self.assertEqual(world.state()["template"]["containers"][0]["image"], world.image(f"staging-{short}"))
      # It is built and pushed where that is asked for; a program in place of docker's says what it was told.
      with open(os.path.join(code, "new.py"), "w") as file:
        file.write("pass\n")
      world.clear()
      ran = world.act("deploy", "--build", *FAST, BELAY_SET_VARS__code=code)
      self.assertEqual((ran.exit, world.writes()), (3, []), ran)
      self.assertIn("files differ from commit", ran.err)

  def test_an_image_is_built_for_linux_amd64_and_pushed_before_anything_else_changes(self):
    with RunWorld("fineman-west", "staging") as world:
      code = os.path.join(world.emulator.folder, "code")
      os.makedirs(code)
      programs = os.path.join(world.emulator.folder, "programs")
      os.makedirs(programs)
      told = os.path.join(world.emulator.folder, "docker.txt")
      world.emulator.control("images", {"image": world.image("v7")})  # what the push would bring
      with open(os.path.join(programs, "docker"), "w") as file:
        file.write(f"""#!/bin/sh
echo "$*" >>{told}
case "$1 $2" in
"image inspect") [ -e {programs}/built ] || {{ echo "Error: No such image: x" >&2; exit 1; }}
  echo '{{"Id":"sha256:1","RepoDigests":[],"Os":"linux","Architecture":"amd64"}}' ;;
build*) : >{programs}/built ;;
push*) echo "v7: digest: sha256:{'7' * 64} size: 528" ;;
esac
""")
      os.chmod(file.name, 0o755)
      ran = world.act("deploy", "--build", "--version", "v7", "--strategy", "blue-green", *FAST, BELAY_SET_VARS__code=code, PATH=programs + ":" + os.environ["PATH"])
      self.assertEqual(ran.exit, 0, ran)
      with open(told) as file:
        acts = [line.strip() for line in file if not line.startswith("image")]
      self.assertEqual(acts, [f"build --platform linux/amd64 --tag {world.image('v7')} {code}", f"push {world.image('v7')}"])

  def test_liftlogs_production_takes_version_tags_only(self):
    with RunWorld("liftlog", "production") as world:
      for version in ("latest", "v1.3", "v1.3.0-rc1", "xv1.3.0"):
        ran = world.act("deploy", "--version", version)
        self.assertEqual((ran.exit, world.writes()), (3, []), ran)
        self.assertIn("production takes version tags only", ran.err)
      self.assertEqual(world.act("deploy").exit, 3)
    with RunWorld("liftlog", "staging") as world:
      self.assertEqual(world.act("deploy", "--version", "latest", "--strategy", "blue-green", *FAST).exit, 0)

  def test_a_version_that_fails_too_often_gets_ten_percent_for_a_moment_and_everything_goes_back(self):
    for service, environment in (("liftlog", "staging"), ("guesslyfe", "staging")):
      with self.subTest(service), RunWorld(service, environment) as world:
        world.breaks("v1.3.0", FAULT_ERROR_RATE="0.5")
        old = world.revisions()[-1]
        with Load(world) as load:
          ran = world.act("deploy", "--version", "v1.3.0", *FAST)
        new = world.revisions()[-1]
        self.assertEqual(ran.exit, 3, ran)
        self.assertIn("FAIL", ran.err)
        self.assertEqual((world.split(), world.tags()), ({old: 100}, []))
        self.assertEqual(world.state()["annotations"]["belay-left"], new)
        self.assertLess(len(load.failed()), 0.1 * len(load.answers) + 2)
        # Nobody chooses it again: a rollback has nothing to do with it.
        ran = world.act("rollback")
        self.assertEqual(ran.exit, 0, ran)
        self.assertNotIn(new, world.split())

  def test_a_version_that_breaks_while_it_is_watched_is_taken_back_with_nobody_there(self):
    # Each service's own trigger: Fineman West's health, LiftLog's rate of errors, an outage of GuessLyfe.
    for service, faults in (("fineman-west", {"FAULT_HEALTH": "fail"}), ("liftlog", {"FAULT_ERROR_RATE": "0.3"}), ("guesslyfe", {"FAULT_HEALTH": "fail", "FAULT_ERROR_RATE": "1"})):
      with self.subTest(service), RunWorld(service, "staging") as world:
        world.emulator.control("images", {"image": world.image("v1.3.0")})
        old = world.revisions()[-1]
        process = world.begin("deploy", "--version", "v1.3.0", "--watch", "60s", BELAY_SET_VARS__WITHIN="90s", BELAY_SET_VARS__DECIDE_IN="20s")
        with Load(world):
          world.wait_for(lambda: len(world.revisions()) == 4 and world.split_now() == {world.revisions()[-1]: 100}, 90)
          world.breaks("v1.3.0", **faults)
          _, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 3, err)
        self.assertIn("going back", err)
        self.assertEqual((world.split(), world.tags()), ({old: 100}, []))

  def test_a_revision_that_never_becomes_ready_leaves_the_traffic_and_its_reason_is_shown(self):
    for strategy in ("canary", "all-at-once"):
      with self.subTest(strategy), RunWorld("liftlog", "staging") as world:
        world.breaks("v1.3.0", FAULT_START="never")
        old = world.revisions()[-1]
        with Load(world) as load:
          ran = world.act("deploy", "--version", "v1.3.0", "--strategy", strategy, *FAST)
        self.assertEqual((ran.exit, world.split(), load.failed(), world.tags()), (3, {old: 100}, [], []), ran)
        self.assertIn("did not become ready", ran.err)
        self.assertIn("its log: https://", ran.err)

  def test_an_image_that_is_not_there_is_told_before_anything_changes_or_by_cloud_run_itself(self):
    for service in ("fineman-west", "guesslyfe"):
      with self.subTest(service), RunWorld(service, "staging") as world:
        ran = world.act("deploy", "--version", "v8.8.8", *FAST)
        self.assertEqual((ran.exit, world.writes()), (3, []), ran)
        self.assertIn("v8.8.8", ran.err)
    with RunWorld("liftlog", "staging") as world:  # another's registry: only Cloud Run can tell
      world.emulator.control("settings", {"missing_images": [":v8"]})
      old = world.revisions()[-1]
      ran = world.act("deploy", "--version", "v8.8.8", *FAST)
      self.assertEqual((ran.exit, world.split()), (3, {old: 100}), ran)
      self.assertIn("not found", ran.err)

  def test_traffic_that_somebody_moved_meanwhile_is_read_and_left_alone(self):
    with RunWorld("liftlog", "staging") as world:
      oldest = world.revisions()[0]
      process = world.begin("deploy", "--version", "v1.3.0", *FAST, BELAY_SET_VARS__DECIDE_IN="20s", BELAY_SET_THRESHOLDS__ERROR_RATE__UNACCEPTABLE="0.02")
      world.wait_for(lambda: 10 in world.split_now().values())
      world.emulator.call("PATCH", world.api + "?updateMask=traffic", {"traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": oldest, "percent": 100}]})
      _, err = process.communicate(timeout=150)
      self.assertEqual(process.returncode, 1, err)
      self.assertIn("others have changed it since: it is left as it is\n", err)
      self.assertEqual(world.split(), {oldest: 100})

  def test_a_conflict_over_nothing_is_planned_anew(self):
    with RunWorld("liftlog", "staging") as world:
      world.emulator.fault(method="PATCH", where="services/liftlog", status=409, message="conflict", nth=2)
      ran = world.act("deploy", "--version", "v1.3.0", *FAST)
      self.assertEqual((ran.exit, world.split()), (0, {world.revisions()[-1]: 100}), ran)

  def test_lost_answers_and_lost_requests_are_read_back(self):
    for kind in ("lose-answer", "lose-request"):
      for nth in (1, 2, 4):
        with self.subTest(f"{kind} {nth}"), RunWorld("liftlog", "staging") as world:
          world.emulator.fault(kind=kind, method="PATCH", where="services/liftlog", nth=nth)
          ran = world.act("deploy", "--version", "v1.3.0", *FAST)
          self.assertEqual((ran.exit, world.split(), len(world.revisions())), (0, {world.revisions()[-1]: 100}, 4), ran)

  def test_a_deploy_that_was_killed_is_resumed_and_makes_no_second_revision(self):
    def at_ten(world):
      return 10 in world.split_now().values()

    def at_all(world):
      return len(world.revisions()) == 4 and world.split_now() == {world.revisions()[-1]: 100}

    for when in (at_ten, at_all):
      with self.subTest(when.__name__), RunWorld("liftlog", "staging") as world:
        process = world.begin("deploy", "--version", "v1.3.0", "--watch", "8s", BELAY_SET_VARS__DECIDE_IN="20s")
        world.wait_for(lambda: when(world))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        ran = world.belay("runs", "resume", "latest", "--yes")
        self.assertEqual((ran.exit, world.split(), len(world.revisions()), world.tags()), (0, {world.revisions()[-1]: 100}, 4, []), ran)

  def test_all_at_once_and_blue_green_are_watched_as_well(self):
    for strategy in ("all-at-once", "blue-green"):
      with self.subTest(strategy), RunWorld("guesslyfe", "staging") as world:
        with Load(world) as load:
          dry, ran = self.truly(world, "--version", "v1.3.0", "--strategy", strategy, *FAST)
        self.assertEqual((ran.exit, world.split(), load.failed()), (0, {world.revisions()[-1]: 100}, []), ran)
        self.assertIn("with all the traffic" if strategy == "all-at-once" else "without traffic", dry.out)

  def test_the_first_deploy_makes_the_service_and_lets_the_public_in(self):
    def none(seed):
      seed["run"]["services"] = []
    with RunWorld("liftlog", "staging", change=none) as world:
      ran = world.act("deploy", "--version", "v1.3.0", *FAST)
      self.assertEqual((ran.exit, world.writes()), (3, []), ran)
      ran = world.act("deploy", "--version", "v1.3.0", "--first", *FAST)
      self.assertEqual((ran.exit, list(world.split().values())), (0, [100]), ran)
      with Load(world) as load:
        world.wait_for(lambda: load.answers)
      self.assertEqual(load.failed(), [])

  def test_a_split_that_was_left_half_way_is_no_place_to_begin(self):
    def half(seed):
      seed["run"]["services"][0]["revisions"][0]["name"] = "liftlog-python-backend-staging-00001-one"
      seed["run"]["services"][0]["traffic"] = [{"latestRevision": True, "percent": 90}, {"revisionName": "liftlog-python-backend-staging-00001-one", "percent": 10}]
    with RunWorld("liftlog", "staging", change=half) as world:
      ran = world.act("deploy", "--version", "v1.3.0")
      self.assertEqual((ran.exit, world.writes()), (3, []), ran)
      self.assertIn("is split between", ran.err)

  @needs_gcloud
  def test_the_commands_that_a_dry_run_shows_do_the_same_by_the_real_gcloud(self):
    with RunWorld("liftlog", "staging") as world:
      dry = world.act("deploy", "--version", "v1.3.0", "--dry-run", "--output", "json").json()
      commands = [each["equivalent"] for each in dry["plan"]["steps"] if each.get("equivalent")]
      for command in commands[:4]:
        ran = subprocess.run(["bash", "-c", command], env=world.emulator.environment(), capture_output=True, text=True, timeout=120)
        self.assertEqual(ran.returncode, 0, f"{command}\n{ran.stderr}")
      self.assertEqual(world.split(), {world.revisions()[-1]: 100})
      self.assertIn(world.revisions()[-1], commands[3])


if __name__ == "__main__":
  unittest.main()
