"""The one state behind all emulated APIs."""

import random
import re
import threading
import uuid

from .access import Access
from .clock import Clock, stamp
from .faults import Faults
from .operations import Operations
from .recorder import Recorder
from .run_template import environment

DEFAULT_SETTINGS = {
  "operation_seconds": 0.0,  # how long an operation takes when nothing else is said, in seconds of the emulated clock
  "latest_ready_lags": False,  # seen in the wild: a revision without traffic is ready, and latestReadyRevision still names the one before
  "image_env": {},  # {regular expression over images: variables}: what an image brings along, as if it stood in its build file
  "missing_images": [],  # regular expressions: images that cannot be pulled
  "metrics_delay_seconds": 180.0,  # how late monitoring data arrives
}


class World:
  """Everything the APIs share. Handlers run with `lock` held; `part` keeps an API's own state under its name."""

  def __init__(self, folder, project="demo-proj", postgres=None, lasting=None):
    self.lock = threading.RLock()
    self.changed = threading.Condition(self.lock)
    self.folder = folder
    self.project = project
    self.project_number = "123456789012"
    self.projects = {project, self.project_number}
    self.postgres = postgres  # conninfo of the PostgreSQL behind Cloud SQL; "own" for one to be started in the folder, None for none
    self._lasting = {} if lasting is None else lasting
    self.port = None  # the emulator's own, once it listens
    self.settings = dict(DEFAULT_SETTINGS)
    self.clock = Clock()
    # Ids are the same in every emulator that is asked the same, so that recorded requests can be played again.
    self.random = random.Random(20261122)
    self.operations = Operations(self)
    self.recorder = Recorder()
    self.faults = Faults()
    self.access = Access(self)
    self.traffic_log = []  # served requests of revisions, see traffic_log.py
    self.logs = []  # entries of Cloud Logging as JSON, in the order in which they came: see `log`
    # Whether what a revision needs is there: functions that give None, or why it is not. image(image) · secret(secret, version) · connector(name, region)
    self.heard = []  # functions that are told each recorded request with its answer
    self.checks = {"image": [], "secret": [], "connector": []}
    self._parts = {}

  def part(self, name, make=dict):
    """The state kept under `name`, made on first use. It may have `snapshot()` (JSON to show) and `close()`."""
    if name not in self._parts:
      self._parts[name] = make()
    return self._parts[name]

  def lasting(self, name, make):
    """What outlives a reset of the world (a database server), made on first use; its `close()` is called at the end of the emulator."""
    if name not in self._lasting:
      self._lasting[name] = make()
    return self._lasting[name]

  def now(self):
    """The emulated time as RFC 3339."""
    return stamp(self.clock.seconds())

  def new_uuid(self):
    return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

  def new_number(self, digits):
    return str(self.random.randrange(10 ** (digits - 1), 10 ** digits))

  def log(self, severity, resource_type, labels, text=None, json=None, request=None, log="run.googleapis.com%2Fstderr"):
    """Writes an entry (logging v2 `LogEntry`): `text` or `json` its payload, `request` an HttpRequest."""
    entry = {
      "logName": f"projects/{self.project}/logs/{log}", "resource": {"type": resource_type, "labels": {"project_id": self.project, **labels}},
      "timestamp": self.now(), "receiveTimestamp": self.now(), "severity": severity, "insertId": self.new_uuid().replace("-", "")[:20],
    }
    for name, value in (("textPayload", text), ("jsonPayload", json), ("httpRequest", request)):
      if value is not None:
        entry[name] = value
    self.logs.append(entry)

  def variables_of(self, spec):
    """What the first container of a template sees: what its image brings (setting `image_env`), and over it what the template says."""
    container = spec["containers"][0]
    brought = {}
    for pattern, variables in self.settings["image_env"].items():
      if re.search(pattern, container["image"]):
        brought.update(variables)
    return {**brought, **environment(spec)}

  def why_no_image(self, image):
    """Why an image cannot be pulled; None where it can."""
    if any(re.search(pattern, image) for pattern in self.settings["missing_images"]):
      return f"Image '{image}' not found."
    return next(filter(None, (check(image) for check in self.checks["image"])), None)

  def snapshot(self):
    """What `/_emulator/state` shows."""
    parts = {name: part.snapshot() if hasattr(part, "snapshot") else part for name, part in self._parts.items()}
    return {"project": self.project, "time": self.now(), "settings": self.settings, **parts}

  def close(self):
    for part in self._parts.values():
      if hasattr(part, "close"):
        part.close()
