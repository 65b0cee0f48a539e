"""Rotating secrets and keys, and the lists and checks before a deploy, on the services of Google Cloud."""

import base64
import os
import unittest

from run_world import Load, RunWorld


def secret_versions(world, name):
  """{number: state}"""
  found = world.emulator.call("GET", f"https://secretmanager.googleapis.com/v1/projects/{world.about['project']}/secrets/{name}/versions")["versions"]
  return {each["name"].split("/")[-1]: each["state"] for each in found}


def payload(world, name, version="latest"):
  answer = world.emulator.call("GET", f"https://secretmanager.googleapis.com/v1/projects/{world.about['project']}/secrets/{name}/versions/{version}:access")
  return base64.b64decode(answer["payload"]["data"]).decode()


def programs(world, **bodies):
  """Programs in the place of others: their bodies are shell. Gives the PATH that finds them."""
  folder = os.path.join(world.emulator.folder, "programs")
  os.makedirs(folder, exist_ok=True)
  for name, body in bodies.items():
    with open(os.path.join(folder, name), "w") as file:
      file.write("#!/bin/sh\n" + body)
    os.chmod(file.name, 0o755)
  return folder + ":" + os.environ["PATH"]


def rotate(world, secret, value):
  path = os.path.join(world.emulator.folder, "value")
  with open(path, "w") as file:
    file.write(value)
  return world.act("cloud-run/rotate-secret", "-p", "secret=" + secret, "-p", "value=@" + path)


class RotateTest(unittest.TestCase):
  def test_a_secret_is_rotated_and_the_old_version_disabled_after_it_was_verified(self):
    with RunWorld("liftlog", "staging") as world:
      with Load(world) as load:
        ran = rotate(world, "web-auth-api-key-staging", "0123456789abcdef\n")
      self.assertEqual((ran.exit, load.failed()), (0, []), ran)
      self.assertEqual(secret_versions(world, "web-auth-api-key-staging"), {"2": "ENABLED", "1": "DISABLED"})
      self.assertEqual(payload(world, "web-auth-api-key-staging"), "0123456789abcdef")
      made = world.revision(world.revisions()[-1])["containers"][0]["env"]
      bound = next(each["valueSource"]["secretKeyRef"] for each in made if each["name"] == "WEB_AUTH_API_KEY")
      self.assertEqual((bound["secret"].split("/")[-1], bound["version"], world.split()), ("web-auth-api-key-staging", "2", {world.revisions()[-1]: 100}))
      self.assertNotIn("0123456789abcdef", ran.out + ran.err)

  def test_a_secret_that_no_variable_holds_starts_the_service_anew(self):
    with RunWorld("guesslyfe", "staging") as world:
      ran = rotate(world, "blockchain-rpc-url", "https://rpc.example.com/second")
      self.assertEqual((ran.exit, len(world.revisions()), payload(world, "blockchain-rpc-url")), (0, 4, "https://rpc.example.com/second"), ran)

  def test_a_value_that_the_service_does_not_live_with_is_taken_back(self):
    with RunWorld("liftlog", "staging") as world:
      old = world.revisions()[-1]
      world.emulator.control("settings", {"image_env": {"@sha256:|:v1.2.0$": {"FAULT_HEALTH": "fail"}}})
      ran = rotate(world, "web-auth-api-key-staging", "unusable-unusable")
      self.assertEqual((ran.exit, world.split()), (3, {old: 100}), ran)
      self.assertEqual(payload(world, "web-auth-api-key-staging"), "value of web-auth-api-key")
      self.assertNotIn("DISABLED", secret_versions(world, "web-auth-api-key-staging").values())

  def test_a_service_accounts_key_is_made_used_verified_and_the_old_one_deleted(self):
    with RunWorld("fineman-west", "staging") as world:
      account = f"{world.about['account']}@{world.about['project']}.iam.gserviceaccount.com"
      keys = f"https://iam.googleapis.com/v1/projects/{world.about['project']}/serviceAccounts/{account}/keys"
      world.emulator.call("POST", keys, {})
      [old] = [each["name"].split("/")[-1] for each in world.emulator.call("GET", keys)["keys"]]
      ran = world.belay("run", "cloud-run/rotate-key", "-s", "fineman-west", "-e", "staging", "--confirm", "delete the old keys")
      if ran.exit == 9:  # a person is asked whether everything works with the new one
        self.assertIn(old, [each["name"].split("/")[-1] for each in world.emulator.call("GET", keys)["keys"]])
        ran = world.belay("runs", "answer", "latest", "used", "yes")
      if ran.exit == 9:
        ran = world.belay("runs", "answer", "latest", f"delete[{old}]", "delete the old keys")
      self.assertEqual(ran.exit, 0, ran)
      left = [each["name"].split("/")[-1] for each in world.emulator.call("GET", keys)["keys"]]
      self.assertEqual(len(left), 1)
      self.assertNotIn(old, left)
      self.assertIn(left[0], payload(world, "fineman-west-staging-key"))
      self.assertNotIn("PRIVATE KEY", ran.out + ran.err)


class ListTest(unittest.TestCase):
  def test_the_list_before_a_deploy_runs_every_program_and_asks_for_the_rest(self):
    for service in ("liftlog", "fineman-west"):
      with self.subTest(service), RunWorld(service, "staging") as world:
        told = os.path.join(world.emulator.folder, "told.txt")
        path = programs(world, uv=f'echo "$*" >>{told}\n')
        ran = world.act("cloud-run/checklist", PATH=path)
        self.assertEqual(ran.exit, 9, ran)
        ran = world.belay("runs", "answer", "latest", "asked", "all", PATH=path)
        self.assertEqual(ran.exit, 4, ran)  # its account lacks a role
        self.assertIn("roles/", ran.err)
        with open(told) as file:
          self.assertIn("run pytest", file.read())
        self.assertEqual(world.writes(), [])

  def test_a_program_that_fails_is_named_and_the_others_ran(self):
    with RunWorld("liftlog", "staging") as world:
      path = programs(world, uv='case "$*" in *mypy*|*bandit*) echo "found something" >&2; exit 1;; esac\n')
      ran = world.act("cloud-run/checklist", PATH=path)
      self.assertEqual(ran.exit, 3, ran)
      self.assertIn("not ready to be deployed: types, security failed", ran.err)

  def test_a_configuration_that_lacks_something_or_has_a_weak_secret_is_refused(self):
    with RunWorld("liftlog", "staging") as world:
      ran = world.act("cloud-run/config-check")
      self.assertEqual(ran.exit, 3, ran)
      self.assertIn("lacks", ran.err)
      self.assertEqual(world.act("deploy", "--version", "v1.3.0", "--strategy", "blue-green", "--watch", "1s").exit, 0)
      ran = world.act("cloud-run/config-check")
      self.assertEqual(ran.exit, 3, ran)
      self.assertIn("shorter than 32", ran.err)
      for value, said in (("your-secret-key-minimum-32-characters", "sample out of a document"), ("0f" * 32, None)):
        rotate(world, "web-auth-api-key-staging", value)
        ran = world.act("cloud-run/config-check")
        self.assertEqual(ran.exit, 3 if said else 0, ran)
        if said:
          self.assertIn(said, ran.err)


if __name__ == "__main__":
  unittest.main()
