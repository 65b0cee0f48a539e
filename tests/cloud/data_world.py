"""The three services as the runbooks of data find them: an emulator for each environment, real rows, programs beside it, ways to look at what became of it."""

import base64
import os
import re
import subprocess
import time

from service_world import PASSWORD, SERVICES, seed_of
from support import HAS_GCLOUD, ROOT, Emulator

HERE = os.path.dirname(os.path.abspath(__file__))
VARIABLES = {"fineman-west": "DB_CONNECTION_NAME", "liftlog": "DATABASE_URL", "guesslyfe": "DATABASE_URL"}
TABLES = {"fineman-west": ("invoices", 200), "liftlog": ("user_events", 300), "guesslyfe": ("bets", 120)}
LOSSES = {"fineman-west": "delete from invoice_aging_snapshots; delete from invoices where id > 10", "liftlog": "delete from user_events", "guesslyfe": "delete from bets where id > 5"}


def url_secret(service, environment):
  """The secret that holds the service's address of its database; None where a variable alone says it."""
  return {"liftlog": f"database-url-{environment}", "guesslyfe": "database-url"}.get(service)


class DataWorld:
  """`with DataWorld(service, environment) as world:`; `empty`: a project in which nothing is yet."""

  def __init__(self, service, environment, empty=False, **more):
    self.service, self.name, self.place = service, environment, SERVICES[service, environment]
    self.table, self.whole = TABLES[service]
    seed = {} if empty else seed_of(service, environment)
    if not empty:
      seed["run"]["services"][0]["env"][VARIABLES[service]] = "before"
      if url_secret(service, environment):
        seed.setdefault("secrets", {})[url_secret(service, environment)] = ["postgresql://before"]
    seed.update(more)
    self.emulator = Emulator("--with-postgres", project=self.place["project"], seed=seed)
    self.backups = os.path.join(self.emulator.folder, "backups")

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self.emulator.stop()

  # -- belay

  def variables(self, **more):
    name = self.service.upper().replace("-", "_")
    path = os.pathsep.join([os.path.join(HERE, "programs"), os.path.join(HERE, "bin"), os.environ["PATH"]])
    return {"PATH": path, f"{name}_DB_PASSWORD": PASSWORD, f"{name}_STAGING_DB_PASSWORD": PASSWORD, "BELAY_SET_BACKUP__FOLDER": self.backups, **more}

  def belay(self, *arguments, variables=None, **more):
    return self.emulator.belay("--project", os.path.join(ROOT, "runbooks"), *arguments, **more, **self.variables(**(variables or {})))

  def run(self, *arguments, **more):
    """`belay run cloud-run/RUNBOOK …` of this service, where RUNBOOK is the first word that is no option, and nobody is there to answer."""
    at = next(index for index, word in enumerate(arguments) if not word.startswith("-"))
    return self.belay(*arguments[:at], "run", "cloud-run/" + arguments[at], "-s", self.service, "-e", self.name, *arguments[at + 1:], **more)

  def killed_after(self, path, *arguments):
    """Starts belay and kills it as soon as a request that changes something at an address with `path` in it is answered; gives the id of its run."""
    self.emulator.forget_requests()
    state = os.path.join(self.emulator.folder, "state")
    environment = self.emulator.environment(XDG_STATE_HOME=state, XDG_CONFIG_HOME=state, HOME=self.emulator.folder, **self.variables())
    binary = os.path.realpath(os.environ.get("BELAY") or os.path.join(ROOT, "build", "dev", "belay"))
    process = subprocess.Popen([binary, "--project", os.path.join(ROOT, "runbooks"), *arguments, "--output", "ndjson"], env=environment, cwd=self.emulator.folder,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    run = re.search(r"\d{8}-\d{4}-[a-z0-9]{5}", process.stderr.readline())[0]
    deadline = time.monotonic() + 60
    while not any(path in each["path"] and each["method"] != "GET" for each in self.emulator.requests(who="belay")):
      if process.poll() is not None or time.monotonic() > deadline:
        raise AssertionError(f"belay ended before it asked for {path}: {process.stderr.read()}")
    process.kill()
    process.wait()
    process.stderr.close()
    return run

  def outputs(self, ran):
    """The outputs of a run that was asked for as JSON and succeeded."""
    if ran.exit != 0:
      raise AssertionError(repr(ran))
    return ran.json()["outputs"]

  # -- looking

  def sql(self, statement, instance=None, password=PASSWORD):
    """What psql says, connected as the service connects; `refused: …` where it is."""
    instance = instance or self.place["sql"]
    port = self.emulator.control("state")["sql"]["instances"][instance]["port"]
    done = subprocess.run(["psql", "-XqAt", "-h", "127.0.0.1", "-p", str(port), "-U", self.place["user"], "-d", self.place["database"], "-c", statement],
                          capture_output=True, text=True, env={**os.environ, "PGPASSWORD": password})
    return done.stdout.strip() if done.returncode == 0 else "refused: " + done.stderr.strip()

  def rows(self, instance=None):
    return int(self.sql(f"select count(*) from {self.table}", instance))

  def lose_rows(self):
    """What somebody did by mistake: rows of the service are gone."""
    self.sql(LOSSES[self.service])

  def instances(self):
    return sorted(self.emulator.control("state")["sql"]["instances"])

  def backup_runs(self, instance=None):
    """Backups as gcloud lists them, newest first; as the API does where gcloud is not installed."""
    instance = instance or self.place["sql"]
    if HAS_GCLOUD:
      listed = self.emulator.gcloud("sql", "backups", "list", f"--instance={instance}", "--format=json")
      if listed.exit != 0:
        raise AssertionError(repr(listed))
      return listed.json()
    return self.emulator.call("GET", f"https://sqladmin.googleapis.com/v1/projects/{self.place['project']}/instances/{instance}/backupRuns")["items"]

  def described(self):
    """The Cloud Run service, as gcloud describes it."""
    place = self.place
    if HAS_GCLOUD:
      shown = self.emulator.gcloud("run", "services", "describe", place["run"], "--region=us-central1", "--format=json")
      if shown.exit != 0:
        raise AssertionError(repr(shown))
      return shown.json()
    return self.emulator.call("GET", f"https://us-central1-run.googleapis.com/apis/serving.knative.dev/v1/namespaces/{place['project']}/services/{place['run']}")

  def variable(self):
    """The variable by which what serves now learns of its database."""
    service = self.described()
    serving = max(service["status"]["traffic"], key=lambda each: each.get("percent", 0))["revisionName"]
    revision = self.emulator.call("GET", f"https://us-central1-run.googleapis.com/apis/serving.knative.dev/v1/namespaces/{self.place['project']}/revisions/{serving}")
    return next(each for each in revision["spec"]["containers"][0]["env"] if each["name"] == VARIABLES[self.service])

  def is_public(self):
    policy = self.emulator.call("GET", f"https://run.googleapis.com/v2/projects/{self.place['project']}/locations/us-central1/services/{self.place['run']}:getIamPolicy")
    return any("allUsers" in binding["members"] for binding in policy.get("bindings", []))

  def secret(self, name, version="latest"):
    answer = self.emulator.call("GET", f"https://secretmanager.googleapis.com/v1/projects/{self.place['project']}/secrets/{name}/versions/{version}:access")
    return base64.b64decode(answer["payload"]["data"]).decode()

  def objects(self, prefix=""):
    """Names and sizes of what is in the bucket."""
    found = self.emulator.call("GET", f"https://storage.googleapis.com/storage/v1/b/{self.place['bucket']}/o?prefix={prefix}")
    return {each["name"]: int(each["size"]) for each in found.get("items", [])}
