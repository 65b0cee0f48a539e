"""Copies of instances and services, and minted secrets: the command that is shown does the same, and a lost answer or request is told from what stands."""

import subprocess
import unittest

from data_world import DataWorld
from support import needs_gcloud


def shown(ran, action):
  """The commands beside the steps of a dry run that use `action`."""
  if ran.exit != 0:
    raise AssertionError(repr(ran))
  return [step["equivalent"] for step in ran.json()["plan"]["steps"] if step["action"] == action]


class Equivalents(unittest.TestCase):
  def paste(self, world, command):
    done = subprocess.run(["bash", "-c", command], env=world.emulator.environment(), capture_output=True, text=True, timeout=120, cwd=world.emulator.folder)
    self.assertEqual(done.returncode, 0, f"{command}\n{done.stderr}")

  @needs_gcloud
  def test_what_a_drill_takes_away_gclouds_commands_take_away(self):
    with DataWorld("fineman-west", "staging") as world:
      dry = world.belay("--dry-run", "backup", "drill", "fineman-west", "-e", "staging", "--output", "json")
      create, = shown(dry, "cloud-sql.create")
      delete, = shown(dry, "cloud-sql.delete-copy")
      stop, = shown(dry, "cloud-run.delete-copy")
      self.paste(world, create)
      self.paste(world, "gcloud run deploy fineman-west-backend-staging-drill --image=gcr.io/fineman-west-staging/fineman-west-backend:v1.2.0 --region=us-central1")
      self.assertEqual(len(world.instances()), 2)
      self.paste(world, delete)
      self.paste(world, stop)
      self.assertEqual(world.instances(), ["fineman-west-staging"])
      services = world.emulator.gcloud("run", "services", "list", "--region=us-central1", "--format=value(metadata.name)")
      self.assertEqual(services.out.split(), ["fineman-west-backend-staging"])

  @needs_gcloud
  def test_a_minted_secret_by_openssl_and_gcloud_has_the_same_form(self):
    with DataWorld("liftlog", "staging") as world:
      project = world.emulator.folder + "/project"
      files = {"belay.yaml": "project: tried\nenvironments: {local: {}}\n", "services/it.yaml": "service: it\nplatform: cloud-run\nenvironments: {local: {}}\n",
               "cloud-run/mint.yaml": "runbook: cloud-run/mint\ntitle: Mint\nsteps:\n  - id: it\n    use: secret-manager.mint\n    irreversible: tried\n"
                                      "    with: {project: liftlog-staging, secret: web-auth-api-key-staging, bytes: 32, form: hex}\n"}
      for name, text in files.items():
        subprocess.run(["mkdir", "-p", f"{project}/{name}".rpartition("/")[0]], check=True)
        with open(f"{project}/{name}", "w") as file:
          file.write(text)
      def mint(*options):
        return world.emulator.belay("--project", project, *options, "run", "cloud-run/mint", "-s", "it", "-e", "local", "--output", "json", **world.variables())
      self.paste(world, shown(mint("--dry-run"), "secret-manager.mint")[0])
      self.assertRegex(world.secret("web-auth-api-key-staging"), r"\A[0-9a-f]{64}\Z")
      by_hand = world.secret("web-auth-api-key-staging")
      world.emulator.fault(method="POST", where="addVersion$", kind="lose-answer")
      lost = mint()
      self.assertEqual(lost.exit, 0, repr(lost))
      ours = world.secret("web-auth-api-key-staging")
      self.assertRegex(ours, r"\A[0-9a-f]{64}\Z")
      self.assertNotEqual(ours, by_hand)
      versions = world.emulator.control("state")["secrets"]["web-auth-api-key-staging"]
      self.assertEqual(len(versions), 3)
      self.assertNotIn(ours, lost.out + lost.err)


class Lost(unittest.TestCase):
  def test_a_copy_whose_answer_was_lost_is_made_once_and_taken_away(self):
    with DataWorld("fineman-west", "staging") as world:
      world.emulator.fault(method="POST", where="/us-central1/services$", kind="lose-answer")
      world.emulator.fault(method="DELETE", kind="lose-answer")
      ran = world.belay("backup", "drill", "fineman-west", "-e", "staging", "--output", "json")
      self.assertEqual(ran.exit, 0, repr(ran))
      self.assertEqual(world.instances(), ["fineman-west-staging"])
      made = [each for each in world.emulator.requests(who="belay") if each["method"] == "POST" and "serviceId" in each["query"]]
      self.assertEqual(len(made), 1)

  def test_a_restore_whose_request_may_be_lost_is_not_sent_again_and_its_instance_goes_with_it(self):
    with DataWorld("fineman-west", "staging") as world:
      before = world.variable()
      world.emulator.fault(method="POST", where="restoreBackup$", kind="lose-request")
      ran = world.belay("restore", "fineman-west", "-e", "staging", "--output", "json")
      self.assertEqual(ran.exit, 3, repr(ran))
      sent = [each for each in world.emulator.requests(who="belay") if each["path"].endswith("/restoreBackup")]
      self.assertEqual((len(sent), world.variable(), world.is_public(), world.instances()), (1, before, True, ["fineman-west-staging"]))


if __name__ == "__main__":
  unittest.main()
