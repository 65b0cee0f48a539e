"""Each service's world stands: its revision serves, its rows are there, its backups are listed."""

import os
import subprocess
import unittest

from sdk_messages import problems_of_recorded, sdk_folder
from service_world import PASSWORD, SERVICES, project_of, seed_of
from support import Emulator

COUNTS = {"fineman-west": ("invoices", "200"), "liftlog": ("users", "50"), "guesslyfe": ("bets", "120")}


class ServiceWorldTest(unittest.TestCase):
  def test_every_service_stands_ready_in_every_environment(self):
    for (service, environment), about in SERVICES.items():
      with self.subTest(f"{service} {environment}"), Emulator(project=project_of(service, environment), seed=seed_of(service, environment)) as emulator:
        project = "projects/" + about["project"]
        run = emulator.call("GET", f"https://run.googleapis.com/v2/{project}/locations/us-central1/services/{about['run']}")
        self.assertEqual((run["terminalCondition"]["state"], run["template"]["containers"][0]["image"]), ("CONDITION_SUCCEEDED", about["image"] + ":v1.2.0"))
        self.assertEqual(len(emulator.call("GET", f"https://run.googleapis.com/v2/{run['name']}/revisions")["revisions"]), 3)
        sql = emulator.call("GET", f"https://sqladmin.googleapis.com/v1/{project}/instances/{about['sql']}")
        self.assertEqual(sql["state"], "RUNNABLE")
        backups = emulator.call("GET", f"https://sqladmin.googleapis.com/v1/{project}/instances/{about['sql']}/backupRuns")["items"]
        self.assertEqual([each["status"] for each in backups], ["FAILED", "SUCCESSFUL", "SUCCESSFUL", "SUCCESSFUL"])
        if sdk_folder():
          self.assertEqual(problems_of_recorded(emulator.requests()), [])

  def test_the_rows_are_there_for_a_client_of_the_database(self):
    for service, (table, count) in COUNTS.items():
      about = SERVICES[service, "production"]
      with Emulator("--with-postgres", project=about["project"], seed=seed_of(service, "production")) as emulator:
        port = emulator.control("state")["sql"]["instances"][about["sql"]]["port"]
        done = subprocess.run(["psql", "-XqAt", "-h", "127.0.0.1", "-p", str(port), "-U", about["user"], "-d", about["database"], "-c", f"SELECT count(*) FROM {table}"],
                              capture_output=True, text=True, env={**os.environ, "PGPASSWORD": PASSWORD})
        self.assertEqual(done.stdout.strip(), count, done.stderr)


if __name__ == "__main__":
  unittest.main()
