"""The rest of data and infrastructure: verify and drill, corruption, another region, everything lost, provision, the first deployment, infrastructure, migrations."""

import json
import os
import shutil
import unittest

from data_world import DataWorld
from support import assert_dry_run_truth


class Proofs(unittest.TestCase):
  def gone(self, world, before):
    self.assertEqual(world.instances(), before)
    services = world.emulator.call("GET", f"https://run.googleapis.com/v2/projects/{world.place['project']}/locations/us-central1/services")["services"]
    self.assertEqual([each["name"].rpartition("/")[2] for each in services], [world.place["run"]])

  def test_a_backup_is_proved_in_an_instance_of_its_own_which_is_gone_afterwards(self):
    for service, environment in (("fineman-west", "production"), ("guesslyfe", "production")):
      with self.subTest(service), DataWorld(service, environment) as world:
        before = world.instances()
        _, ran = assert_dry_run_truth(self, world.emulator, world.belay, "backup", "verify", service, "-e", environment, "--confirm", environment)
        outputs = world.outputs(ran)
        self.assertEqual(outputs["id"], next(each["id"] for each in world.backup_runs() if each["status"] == "SUCCESSFUL"))
        self.gone(world, before)

  def test_a_dump_is_proved_in_an_instance_of_its_own(self):
    with DataWorld("guesslyfe", "staging") as world:
      made = world.outputs(world.belay("backup", "create", "guesslyfe", "-e", "staging", "--output", "json"))
      _, ran = assert_dry_run_truth(self, world.emulator, world.belay, "backup", "verify", "guesslyfe", "-e", "staging", "--dump", "latest")
      self.assertEqual(world.outputs(ran)["id"], made["dump"])
      self.gone(world, ["guesslyfe-db"])
      with open(os.path.join(made["path"], "dump.zst"), "r+b") as file:
        file.seek(200)
        file.write(b"damaged")
      damaged = world.belay("backup", "verify", "guesslyfe", "-e", "staging", "--dump", "latest", "--output", "json")
      self.assertEqual(damaged.exit, 3, repr(damaged))
      self.gone(world, ["guesslyfe-db"])

  def test_a_backup_that_does_not_hold_what_it_should_is_found_and_nothing_is_left(self):
    with DataWorld("guesslyfe", "staging") as world:
      world.sql("delete from bets; delete from users")
      world.emulator.control("sql/backup", {"instance": "guesslyfe-db", "age": 60})
      ran = world.belay("backup", "verify", "guesslyfe", "-e", "staging", "--output", "json")
      self.assertEqual(ran.exit, 3, repr(ran))
      self.gone(world, ["guesslyfe-db"])

  def test_a_drill_runs_the_service_on_the_restored_data_and_takes_everything_away(self):
    for service, environment in (("fineman-west", "production"), ("guesslyfe", "production")):
      with self.subTest(service), DataWorld(service, environment) as world:
        before, variable = world.instances(), world.variable()
        _, ran = assert_dry_run_truth(self, world.emulator, world.belay, "backup", "drill", service, "-e", environment, "--confirm", environment)
        outputs = world.outputs(ran)
        self.assertEqual(outputs["status"], 200)
        copies = [each for each in world.emulator.requests(who="belay") if each["method"] == "POST" and each["query"].get("serviceId") == world.place["run"] + "-drill"]
        self.assertEqual(len(copies), 1)
        self.assertIn(f"us-central1:{world.place['sql']}-{ran.json()['run'].split('-')[2]}", json.dumps(copies[0]["body"]))
        self.gone(world, before)
        self.assertEqual((world.variable(), world.is_public()), (variable, True))

  def test_a_drill_whose_service_does_not_answer_is_cleaned_up_all_the_same(self):
    with DataWorld("fineman-west", "staging") as world:
      world.emulator.fault(method="POST", where="-drill:setIamPolicy$", status=403)
      ran = world.belay("backup", "drill", "fineman-west", "-e", "staging", "--output", "json")
      self.assertEqual(ran.exit, 3, repr(ran))
      self.gone(world, ["fineman-west-staging"])

  def test_what_a_killed_drill_made_is_taken_away_by_its_resume(self):
    with DataWorld("fineman-west", "staging") as world:
      run = world.killed_after("/instances", "backup", "drill", "fineman-west", "-e", "staging")
      resumed = world.belay("runs", "resume", run, "--output", "json")
      self.assertEqual(resumed.exit, 0, repr(resumed))
      self.gone(world, ["fineman-west-staging"])

  def test_the_newest_recovery_point_is_held_to_the_objective(self):
    for service, objective in (("fineman-west", "1h"), ("guesslyfe", "15m")):
      with self.subTest(service), DataWorld(service, "production") as world:
        self.assertEqual(world.belay("backup", "list", service, "-e", "production").exit, 0)
        settings = {"settings": {"backupConfiguration": {"pointInTimeRecoveryEnabled": False}}}
        world.emulator.call("PATCH", f"https://sqladmin.googleapis.com/v1/projects/{world.place['project']}/instances/{world.place['sql']}", settings)
        stale = world.belay("backup", "list", service, "-e", "production")
        self.assertEqual(stale.exit, 4, repr(stale))

  def test_old_backups_on_demand_and_exports_go_and_the_newest_stay(self):
    with DataWorld("fineman-west", "staging") as world:
      for age in (40 * 86400, 35 * 86400):
        world.emulator.control("sql/backup", {"instance": "fineman-west-staging", "age": age, "type": "ON_DEMAND"})
      before = {each["id"]: each["type"] for each in world.backup_runs()}
      world.outputs(world.belay("backup", "create", "fineman-west", "-e", "staging", "--export", "--output", "json"))
      os.makedirs(world.backups)
      _, ran = assert_dry_run_truth(self, world.emulator, world.belay, "backup", "prune", "fineman-west", "-e", "staging", "--confirm", "staging")
      outputs = world.outputs(ran)
      left = {each["id"] for each in world.backup_runs()}
      self.assertEqual(sorted(set(before) - left), sorted(outputs["removed"]))
      self.assertEqual(len(outputs["removed"]), 2)
      self.assertEqual(len(world.objects("exports/")), 1)


class Lost(unittest.TestCase):
  def test_corruption_closes_the_service_keeps_what_is_there_and_waits_for_an_approval(self):
    with DataWorld("guesslyfe", "production") as world:
      world.lose_rows()
      ran = world.run("corruption", "--confirm", "production", "--output", "json")
      self.assertEqual(ran.exit, 9, repr(ran))
      run = ran.json()["run"]
      self.assertFalse(world.is_public())
      newest = world.backup_runs()[0]
      self.assertTrue(newest["description"].startswith("emergency-corruption-backup"))
      self.assertEqual(len(world.objects("emergency/")), 1)
      for forbidden in (("run", "cloud-run/migrate"), ("run", "cloud-run/migrate-back"), ("backup", "prune"), ("restore",)):
        arguments = (*forbidden, "-s", "guesslyfe") if forbidden[0] == "run" else (*forbidden, "guesslyfe")
        refused = world.belay(*arguments, "-e", "production", "--confirm", "production")
        self.assertEqual(refused.exit, 5, (forbidden, repr(refused)))
      self.assertEqual((world.rows(), world.instances(), len(world.backup_runs())), (5, ["guesslyfe-db"], 5))
      answered = world.belay("runs", "answer", run, "approved", "approved", "--output", "json")
      if answered.exit in (8, 9):
        answered = world.belay("runs", "resume", run, "--output", "json")
      self.assertEqual(answered.exit, 0, repr(answered))
      instance = "guesslyfe-db-" + run.split("-")[2]
      self.assertEqual((world.rows(instance), world.is_public()), (120, True))
      self.assertIn(instance, world.described()["spec"]["template"]["metadata"]["annotations"]["run.googleapis.com/cloudsql-instances"])

  def test_corruption_that_is_not_approved_leaves_the_service_closed_and_all_as_it_is(self):
    with DataWorld("guesslyfe", "staging") as world:
      run = world.run("corruption", "--output", "json").json()["run"]
      world.belay("runs", "answer", run, "approved", "stop")
      world.belay("runs", "resume", run)
      self.assertEqual((world.is_public(), world.instances()), (False, ["guesslyfe-db"]))

  def test_another_region_gets_database_and_service_and_waits_for_the_address(self):
    for service, environment in (("fineman-west", "production"), ("guesslyfe", "production")):
      with self.subTest(service), DataWorld(service, environment) as world:
        _, ran = assert_dry_run_truth(self, world.emulator, world.run, "restore/region", "--confirm", environment)
        self.assertEqual(ran.exit, 9, repr(ran))
        run = ran.json()["run"]
        done = world.belay("runs", "answer", run, "address", "moved", "--output", "json")
        if done.exit in (8, 9):
          done = world.belay("runs", "resume", run, "--output", "json")
        outputs = world.outputs(done)
        instance = world.place["sql"] + "-" + run.split("-")[2]
        found = world.emulator.call("GET", f"https://sqladmin.googleapis.com/v1/projects/{world.place['project']}/instances/{instance}")
        self.assertEqual((found["region"], world.rows(instance), outputs["in_time"]), ("us-east1", world.whole, True))
        there = world.emulator.call("GET", f"https://run.googleapis.com/v2/projects/{world.place['project']}/locations/us-east1/services/{world.place['run']}")
        self.assertEqual((there["terminalCondition"]["state"], there["uri"]), ("CONDITION_SUCCEEDED", outputs["url"]))
        self.assertEqual(world.variable()["name"], {"fineman-west": "DB_CONNECTION_NAME", "guesslyfe": "DATABASE_URL"}[service])

  def test_everything_is_made_again_from_an_export(self):
    with DataWorld("guesslyfe", "staging") as before:
      made = before.outputs(before.run("backup/emergency", "--name", "off-site", "--output", "json"))
      bucket, _, name = made["export"].removeprefix("gs://").partition("/")
      export = before.emulator.call("GET", f"https://storage.googleapis.com/storage/v1/b/{bucket}/o/{name.replace('/', '%2F')}?alt=media")
    with DataWorld("guesslyfe", "staging", empty=True, storage={"buckets": {"off-site": {}}}) as world:
      world.emulator.request("POST", "https://storage.googleapis.com/upload/storage/v1/b/off-site/o?uploadType=media&name=guesslyfe.sql.gz", export)
      ran = world.run("restore/full", "--export", "gs://off-site/guesslyfe.sql.gz", "--image", "us-docker.pkg.dev/guesslyfe-staging/app/guesslyfe-backend:v1.2.0", "--confirm", "staging", "--output", "json")
      self.assertEqual(ran.exit, 9, repr(ran))
      done = world.belay("runs", "answer", ran.json()["run"], "address", "moved", "--output", "json")
      if done.exit in (8, 9):
        done = world.belay("runs", "resume", ran.json()["run"], "--output", "json")
      outputs = world.outputs(done)
      self.assertEqual((world.rows(), world.is_public(), outputs["in_time"]), (120, True, True))


class Made(unittest.TestCase):
  def test_provision_makes_what_is_missing_and_nothing_twice(self):
    for environment in ("staging", "production"):
      with self.subTest(environment), DataWorld("fineman-west", environment, empty=True) as world:
        place = world.place
        _, ran = assert_dry_run_truth(self, world.emulator, world.run, "provision", "--confirm", environment)
        world.outputs(ran)
        found = world.emulator.call("GET", f"https://sqladmin.googleapis.com/v1/projects/{place['project']}/instances/{place['sql']}")
        settings = found["settings"]
        wanted = ("db-f1-micro", "20", "ZONAL", False) if environment == "staging" else ("db-custom-2-4096", "100", "REGIONAL", True)
        self.assertEqual((settings["tier"], settings["dataDiskSizeGb"], settings["availabilityType"], settings["deletionProtectionEnabled"]), wanted)
        self.assertEqual((settings["backupConfiguration"]["startTime"], settings["backupConfiguration"]["pointInTimeRecoveryEnabled"], found["databaseVersion"]), ("02:00", True, "POSTGRES_15"))
        policy = world.emulator.call("POST", f"https://cloudresourcemanager.googleapis.com/v1/projects/{place['project']}:getIamPolicy", {})
        member = f"serviceAccount:{place['account']}@{place['project']}.iam.gserviceaccount.com"
        roles = {binding["role"] for binding in policy["bindings"] if member in binding["members"]}
        self.assertEqual(roles, {"roles/cloudsql.client", "roles/logging.logWriter"} | ({"roles/monitoring.metricWriter"} if environment == "production" else set()))
        self.assertEqual(world.sql("select 1"), "1")
        world.emulator.forget_requests()
        world.outputs(world.run("provision", "--confirm", environment, "--output", "json"))
        self.assertEqual([each["path"] for each in world.emulator.requests(who="belay") if each["method"] in ("POST", "PATCH", "PUT") and not each["path"].endswith(":getIamPolicy")], [])

  def terraform(self, world, service_url, removed=False):
    """A project beside the compiled-in runbooks whose Terraform needs no provider from outside."""
    folder = os.path.join(world.emulator.folder, "project")
    shutil.copytree(os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "runbooks"), folder, dirs_exist_ok=True)
    code = os.path.join(folder, "infrastructure", "terraform")
    os.makedirs(code, exist_ok=True)
    connection = f"{world.place['project']}:us-central1:{world.place['sql']}"
    with open(os.path.join(code, "main.tf"), "w") as file:
      file.write('variable "environment" {}\nresource "terraform_data" "service" {\n  input = var.environment\n}\n' + ("" if removed else 'resource "terraform_data" "extra" {\n  input = "x"\n}\n')
                 + f'output "database_connection_name" {{\n  value = "{connection}"\n}}\noutput "service_url" {{\n  value = "{service_url}"\n}}\n')
    return folder

  @unittest.skipUnless(shutil.which("terraform"), "terraform is not installed")
  def test_infrastructure_is_planned_looked_at_and_applied_and_a_removal_is_refused(self):
    with DataWorld("liftlog", "staging") as world:
      folder = self.terraform(world, "http://127.0.0.1:1")
      def infrastructure(*options):
        return world.emulator.belay("--project", folder, "run", "cloud-run/infrastructure", "-s", "liftlog", "-e", "staging", *options, "--output", "json", cwd=folder, **world.variables())
      waiting = infrastructure()
      self.assertEqual(waiting.exit, 9, repr(waiting))
      self.assertFalse(os.path.exists(os.path.join(folder, "infrastructure", "terraform", "terraform.tfstate.d", "staging", "terraform.tfstate")))
      run = waiting.json()["run"]
      done = world.emulator.belay("--project", folder, "runs", "answer", run, "looked", "apply", "--output", "json", cwd=folder, **world.variables())
      if done.exit in (8, 9):
        done = world.emulator.belay("--project", folder, "runs", "resume", run, "--output", "json", cwd=folder, **world.variables())
      self.assertEqual(world.outputs(done)["changed"], 2)
      self.assertEqual(world.outputs(infrastructure())["changed"], 0)
      self.terraform(world, "http://127.0.0.1:1", removed=True)
      refused = infrastructure()
      self.assertEqual(refused.exit, 3, repr(refused))
      self.assertIn("terraform_data.extra", refused.json()["failure"]["message"])

  @unittest.skipUnless(shutil.which("terraform"), "terraform is not installed")
  def test_the_first_deployment_makes_secrets_infrastructure_schema_and_monitoring(self):
    with DataWorld("liftlog", "staging", secrets={}) as world:
      url = world.described()["status"]["url"]
      folder = self.terraform(world, url)
      key = os.path.join(folder, "key.json")
      with open(key, "w") as file:
        file.write('{"type": "service_account", "private_key": "' + "A" * 200 + '"}\n')
      email = os.path.join(folder, "email")
      with open(email, "w") as file:
        file.write("store@example.com\n")
      chain = {"ALEMBIC_CHAIN": "a81c55e0f2d7,b2"}
      secrets = ("-p", "openai_key=-", "-p", f"play_key=@{key}", "-p", f"play_email=@{email}")
      arguments = ("run", "cloud-run/initial", "-s", "liftlog", "-e", "staging", *secrets, "--output", "json")
      waiting = world.emulator.belay("--project", folder, *arguments, stdin="sk-test-key\n", cwd=folder, **world.variables(**chain))
      self.assertEqual(waiting.exit, 9, repr(waiting))
      run = waiting.json()["run"]
      answered = world.emulator.belay("--project", folder, "runs", "answer", run, "infrastructure/looked", "apply", cwd=folder, **world.variables(**chain))
      self.assertEqual(answered.exit, 6, repr(answered))  # no journal keeps a secret, so they are given again
      done = world.emulator.belay("--project", folder, "runs", "resume", run, *secrets, "--output", "json", stdin="sk-test-key\n", cwd=folder, **world.variables(**chain))
      outputs = world.outputs(done)
      self.assertEqual(outputs["schema"], "b2")
      self.assertEqual(world.sql("select version_num from alembic_version"), "b2")
      self.assertEqual((world.secret("openai-api-key-staging"), world.secret("google-play-email-staging")), ("sk-test-key", "store@example.com"))
      self.assertRegex(world.secret("web-auth-api-key-staging"), r"\A[0-9a-f]{64}\Z")
      encoded = world.secret("google-play-key-staging")
      self.assertNotIn("\n", encoded)
      self.assertTrue(len(encoded) > 76)
      policies = world.emulator.call("GET", f"https://monitoring.googleapis.com/v3/projects/{world.place['project']}/alertPolicies")["alertPolicies"]
      self.assertEqual([each["conditions"][0]["conditionThreshold"]["thresholdValue"] for each in policies], [0.01])


class Migrations(unittest.TestCase):
  CHAINS = {"fineman-west": ("ALEMBIC_CHAIN", "3f2a9c71d0b4,c4,d5", "3f2a9c71d0b4", "d5", "c4"), "liftlog": ("ALEMBIC_CHAIN", "a81c55e0f2d7,b2", "a81c55e0f2d7", "b2", "a81c55e0f2d7"),
            "guesslyfe": ("TYPEORM_CHAIN", "CreateUsers1718000000000,CreateMarkets1719000000000,CreateBets1720000000000,AddBadges1721000000000", "CreateBets1720000000000", "AddBadges1721000000000",
                          "CreateBets1720000000000")}

  def test_staging_is_migrated_with_a_backup_before_and_taken_back_one_step(self):
    for service, (name, chain, first, head, back) in self.CHAINS.items():
      with self.subTest(service), DataWorld(service, "staging") as world:
        before = len(world.backup_runs())
        migrate = lambda *options: world.belay(*options, variables={name: chain})
        _, ran = assert_dry_run_truth(self, world.emulator, migrate, "run", "cloud-run/migrate", "-s", service, "-e", "staging")
        outputs = world.outputs(ran)
        self.assertEqual((outputs["before"], outputs["after"], len(world.backup_runs())), (first, head, before + 1))
        again = world.outputs(migrate("run", "cloud-run/migrate", "-s", service, "-e", "staging", "--output", "json"))
        self.assertEqual((again["before"], again["backup"], len(world.backup_runs())), (head, "", before + 1))
        serving = world.described()["status"]["latestReadyRevisionName"]
        _, ran = assert_dry_run_truth(self, world.emulator, migrate, "run", "cloud-run/migrate-back", "-s", service, "-e", "staging", "--confirm", "staging")
        outputs = world.outputs(ran)
        self.assertEqual((outputs["before"], outputs["after"], len(world.backup_runs())), (head, back, before + 2))
        self.assertNotEqual(world.described()["status"]["latestReadyRevisionName"], serving)

  def test_production_is_not_migrated_before_staging(self):
    with DataWorld("fineman-west", "production") as world:
      connection = "fineman-west-production:us-central1:fineman-west-production"
      behind = world.belay("run", "cloud-run/migrate", "-s", "fineman-west", "-e", "production", "--confirm", "production", "--output", "json",
                           variables={"ALEMBIC_CHAIN": "3f2a9c71d0b4,c4", "BELAY_SET_VARS__STAGING__CONNECTION": connection})
      self.assertEqual(behind.exit, 3, repr(behind))
      self.assertIn("staging stands at 3f2a9c71d0b4", behind.json()["failure"]["message"])
      self.assertEqual([each["path"] for each in world.emulator.requests(who="belay") if each["method"] == "POST"], [])

  def test_a_migration_that_fails_half_way_is_told_with_where_the_schema_stands(self):
    with DataWorld("fineman-west", "staging") as world:
      ran = world.belay("run", "cloud-run/migrate", "-s", "fineman-west", "-e", "staging", "--output", "json", variables={"ALEMBIC_CHAIN": "3f2a9c71d0b4,c4,fails_d5"})
      self.assertEqual(ran.exit, 1, repr(ran))
      self.assertEqual(world.sql("select version_num from alembic_version"), "c4")
      self.assertIn("before a migration", world.backup_runs()[0]["description"])


if __name__ == "__main__":
  unittest.main()
