"""The three services as health and diagnosis find them: well, with figures in Cloud Monitoring; and each thing that can be wrong with them."""

import os
import subprocess

from service_world import PASSWORD, SERVICES, project_of, seed_of
from support import ROOT, Emulator

PASSWORDS = {"fineman-west": "FINEMAN_WEST_DB_PASSWORD", "liftlog": "LIFTLOG_DB_PASSWORD", "guesslyfe": "GUESSLYFE_DB_PASSWORD"}
REGION = "us-central1"
FINDING = 4


class HealthWorld:
  """`with HealthWorld(SERVICE, ENVIRONMENT) as world:` an emulator in which the service is well."""

  def __init__(self, service, environment, *options, extensions=()):
    self.service, self.name, self.about = service, environment, SERVICES[service, environment]
    self.project = project_of(service, environment)
    seed = seed_of(service, environment)
    seed["sql"]["instances"][0]["databases"][0]["extensions"] = list(extensions)
    self.emulator = Emulator(*options, project=self.project, seed=seed)
    run = self.emulator.call("GET", self.run_url())
    self.revision, self.url = run["latestReadyRevision"].rpartition("/")[2], run["uri"]

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self.emulator.stop()

  def again(self):
    """As it was at first, and well."""
    self.emulator.control("reset", {})
    run = self.emulator.call("GET", self.run_url())
    self.revision, self.url = run["latestReadyRevision"].rpartition("/")[2], run["uri"]
    self.traffic({"200": 400}, 0.05)
    self.container("memory/utilizations", [0.4, 0.5])
    self.container("cpu/utilizations", [0.2, 0.3])
    self.series("cloudsql.googleapis.com/database/postgresql/num_backends", 5, "cloudsql_database", database_id=f"{self.project}:{self.about['sql']}", database=self.about["database"])
    return self

  # -- what monitoring says

  def run_url(self):
    return f"https://run.googleapis.com/v2/projects/{self.project}/locations/{REGION}/services/{self.about['run']}"

  def traffic(self, statuses, seconds):
    self.emulator.control("traffic", {"service": self.about["run"], "revision": self.revision, "statuses": statuses, "seconds": seconds, "ends_ago": 240, "over": 180})

  def series(self, type, value, resource, **labels):
    self.emulator.control("monitoring/series", {"type": type, "value": value, "resource": {"type": resource, "labels": labels}})

  def container(self, name, values):
    self.series("run.googleapis.com/container/" + name, values, "cloud_run_revision", service_name=self.about["run"], revision_name=self.revision, location=REGION)

  def log(self, severity, payload, service=None, type="cloud_run_revision"):
    labels = {"service_name": service or self.about["run"], "revision_name": self.revision, "location": REGION} if type == "cloud_run_revision" else {"database_id": f"{self.project}:{self.about['sql']}"}
    self.emulator.control("log", {"severity": severity, "type": type, "labels": labels, **({"json": payload} if isinstance(payload, dict) else {"text": payload})})

  def psql(self, statements):
    """Runs statements in the service's database, as the service."""
    address = self.emulator.control("state")["sql"]["instances"][self.about["sql"]]
    subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(address["port"]), "-U", self.about["user"], "-d", self.about["database"], "-c", statements], check=True, capture_output=True,
                   env={**os.environ, "PGPASSWORD": PASSWORD})

  # -- belay

  def variables(self, **more):
    here = os.path.join(ROOT, "tests", "cloud", "bin")
    return {"PATH": here + os.pathsep + os.environ["PATH"], PASSWORDS[self.service]: PASSWORD, **({"BELAY_SET_url": self.url} if self.name == "production" else {}), **more}

  def belay(self, *arguments, **more):
    variables = self.variables(**more.pop("variables", {}))
    return self.emulator.belay("--project", os.path.join(ROOT, "runbooks"), *arguments, **more, **variables)

  def run(self, runbook, *options, **more):
    return self.belay("run", "cloud-run/" + runbook, "-s", self.service, "-e", self.name, "--output", "json", *options, **more)

  def mutations(self):
    reads = ("/entries:list", ":getIamPolicy")
    return [each for each in self.emulator.requests(who="belay") if each["method"] not in ("GET", "HEAD") and not each["path"].endswith(reads)]


def result(ran):
  """What the run gave, as JSON; `belay health` lists one for each service."""
  given = ran.json()
  return given[0] if isinstance(given, list) else given


def findings(ran):
  """`subject: message` of each."""
  return [f"{each['subject']}: {each['message']}" for each in result(ran)["findings"]]
