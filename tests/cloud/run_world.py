"""A service of the examples on Cloud Run in an emulator of its own, real requests that are sent to it meanwhile, and what is in effect afterwards."""

import http.client
import json
import os
import subprocess
import threading
import time
import urllib.parse

import dry_run_truth
from service_world import SERVICES, project_of, seed_of
from support import HAS_GCLOUD, ROOT, Emulator

RUNBOOKS = os.path.join(ROOT, "runbooks")
# Decisions within seconds, from the requests that belay sends itself where Cloud Monitoring's figures are not there yet.
QUICK = {
  "BELAY_SET_VARS__DECIDE_IN": "1s", "BELAY_SET_VARS__WITHIN": "40s", "BELAY_SET_VARS__probe": "/", "BELAY_SET_THRESHOLDS__ERROR_RATE__ACCEPTABLE": "0.01",
  "BELAY_SET_THRESHOLDS__ERROR_RATE__UNACCEPTABLE": "0.2", "BELAY_SET_THRESHOLDS__LATENCY__LIMIT": "20s",
}
PASSWORDS = {"FINEMAN_WEST_DB_PASSWORD": "correct-horse-7", "LIFTLOG_DB_PASSWORD": "correct-horse-7", "GUESSLYFE_DB_PASSWORD": "correct-horse-7"}


class RunWorld:
  """`with RunWorld("liftlog", "staging") as world:`; v1.2.0 serves, v1.3.0 is built and not deployed."""

  def __init__(self, service, environment, options=(), change=None):
    self.service, self.environment, self.about = service, environment, SERVICES[service, environment]
    seed = seed_of(service, environment)
    if change:
      change(seed)
    self.emulator = Emulator(*options, project=project_of(service, environment), seed=seed)
    self.api = f"https://run.googleapis.com/v2/projects/{self.about['project']}/locations/us-central1/services/{self.about['run']}"

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self.emulator.stop()

  # -- belay

  def belay(self, *arguments, **variables):
    """belay with the runbooks of this repository as its project; what it asks for is answered on the command line."""
    return self.emulator.belay("--project", RUNBOOKS, *arguments, seconds=180, **{**QUICK, **PASSWORDS, **variables})

  def act(self, procedure, *options, **variables):
    """A procedure on this service: `deploy`, `rollback`, or `run cloud-run/…`."""
    words = ["run", procedure, "-s", self.service] if "/" in procedure else [procedure, self.service]
    confirmed = ["--confirm", self.environment] if self.environment == "production" else ["--yes"]
    return self.belay(*words, "-e", self.environment, *confirmed, *options, **variables)

  def begin(self, procedure, *options, **variables):
    """The same, begun and not waited for: a process."""
    binary = os.path.realpath(os.environ.get("BELAY") or os.path.join(ROOT, "build", "dev", "belay"))
    state = os.path.join(self.emulator.folder, "state")
    environment = self.emulator.environment(XDG_STATE_HOME=state, XDG_CONFIG_HOME=state, HOME=self.emulator.folder, **{**QUICK, **PASSWORDS, **variables})
    return subprocess.Popen([binary, "--project", RUNBOOKS, procedure, self.service, "-e", self.environment, "--yes", *options], env=environment, cwd=self.emulator.folder,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)

  # -- what is in effect

  def state(self):
    return self.emulator.call("GET", self.api)

  def split(self):
    """{revision: percent}, read by gcloud where it is installed."""
    if HAS_GCLOUD:
      ran = self.emulator.gcloud("run", "services", "describe", self.about["run"], "--region=us-central1", "--format=json")
      assert ran.exit == 0, ran
      listed = [(each["revisionName"], each.get("percent", 0)) for each in ran.json()["status"]["traffic"]]
    else:
      listed = [(each["revision"], each.get("percent", 0)) for each in self.state()["trafficStatuses"]]
    out = {}
    for name, percent in listed:
      if percent:
        out[name] = out.get(name, 0) + percent
    return out

  def split_now(self):
    return {each["revision"]: each["percent"] for each in self.state().get("trafficStatuses", []) if each.get("percent")}

  def tags(self):
    return sorted(each["tag"] for each in self.state()["traffic"] if each.get("tag"))

  def revisions(self):
    """Names, oldest first."""
    return [each["name"].split("/")[-1] for each in reversed(self.emulator.call("GET", self.api + "/revisions")["revisions"])]

  def revision(self, name):
    return self.emulator.call("GET", f"{self.api}/revisions/{name}")

  def image(self, version):
    return f"{self.about['image']}:{version}"

  def breaks(self, version, **variables):
    """From now on every instance of this version behaves so."""
    self.emulator.control("settings", {"image_env": {f":{version}$": variables}})

  def writes(self, who="belay"):
    return dry_run_truth.mutations(self.emulator.requests(who=who))

  def wait_for(self, holds, seconds=60):
    end = time.monotonic() + seconds
    while not holds():
      assert time.monotonic() < end, f"it did not come to it: {self.split_now()}"
      time.sleep(0.05)

  def clear(self):
    self.emulator.forget_requests()


class Load:
  """`with Load(world) as load:` asks the service's address steadily; `answers` is [(status, revision)]."""

  def __init__(self, world, path="/", every=0.02):
    self._url = urllib.parse.urlsplit(world.state()["uri"])
    self._path, self._every, self._over = path, every, threading.Event()
    self.answers = []
    self._thread = threading.Thread(target=self._run, daemon=True)

  def __enter__(self):
    self._thread.start()
    return self

  def __exit__(self, *_):
    self._over.set()
    self._thread.join()

  def _run(self):
    while not self._over.wait(self._every):
      try:
        connection = http.client.HTTPConnection(self._url.hostname, self._url.port, timeout=20)
        connection.request("GET", self._path)
        answer = connection.getresponse()
        body = json.loads(answer.read())
        self.answers.append((answer.status, body.get("revision", "")))
        connection.close()
      except (OSError, ValueError, http.client.HTTPException) as problem:
        self.answers.append((0, str(problem)))

  def failed(self):
    return [each for each in self.answers if each[0] != 200]

  def by(self, revision):
    return sum(name == revision for _, name in self.answers)
