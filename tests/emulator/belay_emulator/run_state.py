"""Cloud Run's services and revisions: one state under both versions of the API, kept in Knative's form."""

import base64
import copy
import dataclasses
import hashlib

from . import run_template
from .clock import stamp
from .revision_server import Front
from .routing import Problem
from .run_translation import INGRESS

LATEST = [{"latestRevision": True, "percent": 100}]
# Annotations of a service that the server writes: what a client sends for them is not taken.
OWN_ANNOTATIONS = ("serving.knative.dev/creator", "serving.knative.dev/lastModifier", "run.googleapis.com/operation-id", "run.googleapis.com/urls",
                   "run.googleapis.com/ingress-status", "run.googleapis.com/creator", "run.googleapis.com/lastModifier")
LOCATION = "cloud.googleapis.com/location"


@dataclasses.dataclass
class Condition:
  """`status` is True, False or Unknown, as Knative spells it."""
  type: str
  status: str = "Unknown"
  reason: str = ""
  message: str = ""
  severity: str = ""
  since: float = 0.0


class Conditional:
  """Conditions by type, in the order in which they were first set."""

  def __init__(self, clock):
    self._clock = clock
    self.conditions = {}

  def set(self, type, status, reason="", message="", severity=""):
    before = self.conditions.get(type)
    since = before.since if before and before.status == status else self._clock.seconds()
    self.conditions[type] = Condition(type, status, reason, message, severity, since)

  def status_of(self, type):
    return self.conditions[type].status if type in self.conditions else "Unknown"

  def is_ready(self):
    return self.status_of("Ready") == "True"


class Revision(Conditional):
  """One immutable deployed version of a service."""

  def __init__(self, world, region, service, name, template, generation):
    super().__init__(world.clock)
    self.region, self.service, self.name, self.generation = region, service, name, generation
    self.uid = world.new_uuid()
    self.created = self.updated = world.clock.seconds()
    self.creator = ""
    self.labels = dict(template["metadata"].get("labels", {}))
    self.annotations = dict(template["metadata"].get("annotations", {}))
    self.spec = copy.deepcopy(template["spec"])
    image = self.spec["containers"][0]["image"]
    self.image_digest = image if "@" in image else image.rpartition(":")[0] + "@sha256:" + hashlib.sha256(image.encode()).hexdigest()
    if ":" not in image.rpartition("/")[2] and "@" not in image:
      self.image_digest = image + "@sha256:" + hashlib.sha256(image.encode()).hexdigest()
    self.set("Ready", "Unknown", "Deploying", "Deploying revision.")


class Service(Conditional):
  """What was asked for (`template`, `traffic`, annotations, labels) and what is so (`serving`, conditions)."""

  def __init__(self, world, region, name):
    super().__init__(world.clock)
    self.region, self.name = region, name
    self.uid = world.new_uuid()
    self.created = self.updated = world.clock.seconds()
    self.creator = self.modifier = ""
    self.generation = 0
    self.observed_generation = 0  # the last that came to an end, well or not
    self.served_generation = 0  # the last that came to a good end
    self.version = 0
    self.annotations, self.labels = {}, {}
    self.template, self.traffic = {}, copy.deepcopy(LATEST)
    self.latest_created = self.latest_ready = ""
    self.serving = []  # effective traffic: [{"revisionName", "percent", "tag", "latestRevision"}]
    self.operation_id = ""
    self.policy = {"bindings": [], "etag": 0}
    self.front = None

  def touch(self, world):
    """A new resourceVersion."""
    self.version = max(int(world.clock.seconds() * 1000000), self.version + 1)

  @property
  def reconciling(self):
    return self.observed_generation != self.generation

  @property
  def ingress(self):
    return self.annotations.get("run.googleapis.com/ingress", "all")

  @property
  def url(self):
    return self.front.url

  def target_of(self, entry):
    return self.latest_ready if entry.get("latestRevision") else entry.get("revisionName", "")

  def resource_version(self):
    return base64.b64encode(self.version.to_bytes(8, "big")).decode()

  def etag(self):
    return f'"{base64.urlsafe_b64encode(self.version.to_bytes(8, "big")).decode().rstrip("=")}"'


class RunState:
  """All services and revisions, and the rules by which they change."""

  def __init__(self, world):
    self.world = world
    self.services = {}  # (region, name)
    self.revisions = {}  # (region, name)

  def service(self, region, name):
    found = self.services.get((region, name))
    if found is None:
      raise Problem(404, f"Resource '{name}' of kind 'SERVICE' in region '{region}' in project '{self.world.project}' does not exist.")
    return found

  def revision(self, region, name):
    found = self.revisions.get((region, name))
    if found is None:
      raise Problem(404, f"Revision '{name}' in region '{region}' does not exist.")
    return found

  def revisions_of(self, service):
    """Newest first."""
    return sorted((each for each in self.revisions.values() if each.region == service.region and each.service == service.name),
                  key=lambda each: (each.created, each.generation), reverse=True)

  def check_version(self, service, stated, current):
    if stated and stated != current:
      raise Problem(409, f"Conflict for resource '{service.name}': version '{stated}' was specified but current version is '{current}'.", "ABORTED")

  # -- changes

  def create(self, region, name, principal, **wanted):
    if (region, name) in self.services:
      raise Problem(409, f"Resource '{name}' already exists.", "ALREADY_EXISTS")
    if not name or len(name) > 49 or not all(each.isalnum() and each == each.lower() or each == "-" for each in name) or not name[0].isalpha():
      raise Problem(400, f"metadata.name: '{name}': only lowercase, digits, and hyphens; must begin with letter, and cannot end with hyphen; must be less than 50 characters.")
    service = Service(self.world, region, name)
    service.creator = principal
    operation = self.change(service, principal, kind="create", **wanted)
    if operation:
      self.services[region, name] = service
      service.front = Front(self.world, self, service)
    return operation

  def change(self, service, principal, template, traffic, annotations, labels, kind="update", validate_only=False):
    """Takes what is wanted, all of it checked first; begins the operation that brings it about (None when it was only to be checked)."""
    template = run_template.completed(template, service.name, f"{self.world.project_number}-compute@developer.gserviceaccount.com")
    new_name = self._new_revision(service, template)
    if new_name:
      account = template["spec"]["serviceAccountName"]
      if not self.world.access.may(principal, "iam.serviceaccounts.actAs"):
        raise Problem(403, f"Permission 'iam.serviceaccounts.actAs' denied on service account {account} (or it may not exist).", "PERMISSION_DENIED")
    traffic = self._checked_traffic(traffic)
    ingress = (annotations or {}).get("run.googleapis.com/ingress", "all")
    if ingress not in INGRESS:
      raise Problem(400, f"metadata.annotations[run.googleapis.com/ingress]: '{ingress}' is none of {', '.join(INGRESS)}.")
    if validate_only:
      return None
    annotations = {name: value for name, value in (annotations or {}).items() if name not in OWN_ANNOTATIONS}
    labels = {**{name: value for name, value in (labels or {}).items() if name != LOCATION}, LOCATION: service.region}
    unchanged = (not new_name and traffic == service.traffic and labels == service.labels and annotations == service.annotations and service.generation)
    if unchanged:  # nothing to bring about; the operation ends at once
      return self._begin(service, None, kind)
    service.generation += 1
    service.modifier = principal
    service.updated = self.world.clock.seconds()
    service.template, service.traffic, service.annotations, service.labels = template, traffic, annotations, labels
    revision = None
    if new_name:
      revision = Revision(self.world, service.region, service.name, new_name, template, service.generation)
      revision.creator = principal
      self.revisions[service.region, new_name] = revision
      service.latest_created = new_name
      service.set("ConfigurationsReady", "Unknown", "Deploying", "Deploying Revision.")
    service.set("Ready", "Unknown", "Deploying", "Deploying Revision." if new_name else "Routing traffic.")
    service.set("RoutesReady", "Unknown", "Deploying", "Routing traffic.")
    return self._begin(service, revision, kind)

  def _begin(self, service, revision, kind):
    slow = float(self.world.variables_of(revision.spec).get("FAULT_START_SECONDS", 0) or 0) if revision else 0
    generation = service.generation
    operation = self.world.operations.begin(f"run.services.{kind}", self.full_name(service), lambda: self._finish(service, revision, generation), about=service)
    operation.due += slow
    service.operation_id = operation.id
    service.touch(self.world)
    return operation

  def _new_revision(self, service, template):
    """The name of the revision that this template makes; empty where it is the one that is there."""
    same = template == service.template
    name = template["metadata"].get("name")
    if name:
      existing = self.revisions.get((service.region, name))
      if existing is None:
        if not name.startswith(service.name + "-"):
          raise Problem(400, f"spec.template.metadata.name: the name of a revision must be prefixed by the name of its service, '{service.name}-'.")
        return name
      if same or existing.spec == template["spec"]:
        return ""
      raise Problem(409, f"Revision named '{name}' with different configuration already exists.", "ALREADY_EXISTS")
    if same:
      return ""
    letters = [self.world.random.choice("bcdfghjklmnpqrstvwxyz") if index != 1 else self.world.random.choice("aeiou") for index in range(3)]
    return f"{service.name}-{service.generation + 1:05d}-{''.join(letters)}"

  def _checked_traffic(self, traffic):
    traffic = [{name: value for name, value in entry.items() if name != "url" and value not in (None, "", 0, False)} for entry in (traffic or LATEST)]
    total, tags = 0, set()
    for entry in traffic:
      if not entry.get("revisionName"):
        entry["latestRevision"] = True  # Knative's default for a target that names no revision
      percent = entry.get("percent", 0)
      if not isinstance(percent, int) or not 0 <= percent <= 100:
        raise Problem(400, f"spec.traffic: {percent!r} is no percentage.")
      total += percent
      if "revisionName" in entry and entry.get("latestRevision"):
        raise Problem(400, "spec.traffic: a target is the latest revision or a named one, not both.")
      tag = entry.get("tag")
      if tag in tags:
        raise Problem(400, f"spec.traffic: the tag '{tag}' is given twice.")
      if tag:
        tags.add(tag)
    if total != 100:
      raise Problem(400, f"spec.traffic: the percentages of all targets must sum to 100, and sum to {total}.")
    return traffic

  # -- what the operation brings about

  def _finish(self, service, revision, generation):
    if (service.region, service.name) not in self.services:
      raise Problem(409, f"Service '{service.name}' was deleted meanwhile.", "ABORTED")
    if revision is not None:
      self._start(service, revision)
    problem = None
    if service.generation == generation:
      problem = self._settle(service)
      service.observed_generation = generation
      service.updated = self.world.clock.seconds()
    elif revision is not None and not revision.is_ready():
      problem = Problem(400, revision.conditions["Ready"].message, "FAILED_PRECONDITION")
    service.touch(self.world)
    if problem:
      raise problem
    return service

  def _start(self, service, revision):
    reason, message = self._why_it_cannot_start(revision)
    revision.updated = self.world.clock.seconds()
    if reason:
      log = f" Logs URL: {log_url(self.world, revision)}" if reason == "HealthCheckContainerError" else ""
      revision.set("Ready", "False", reason, message + log)
      for type in ("ContainerHealthy", "ResourcesAvailable") if reason == "HealthCheckContainerError" else ("ContainerReady",):
        revision.set(type, "False" if type != "ResourcesAvailable" else "True", reason if type != "ResourcesAvailable" else "", message if type != "ResourcesAvailable" else "")
      self.world.log("ERROR", "cloud_run_revision", {"service_name": service.name, "revision_name": revision.name, "location": service.region}, text=message)
      return
    revision.set("Ready", "True")
    for type in ("ContainerHealthy", "ContainerReady", "MinInstancesProvisioned", "ResourcesAvailable"):
      revision.set(type, "True")
    unused = not any(entry.get("latestRevision") or entry.get("revisionName") == revision.name for entry in service.traffic if entry.get("percent"))
    if unused and self.world.settings["latest_ready_lags"]:
      return
    if revision.generation >= getattr(self.revisions.get((service.region, service.latest_ready)), "generation", 0):
      service.latest_ready = revision.name

  def _why_it_cannot_start(self, revision):
    """(reason, message), both empty where it starts."""
    container = revision.spec["containers"][0]
    for each in revision.spec["containers"]:
      message = self.world.why_no_image(each["image"])
      if message:
        return "ContainerMissing", message
    for secret, version in run_template.secret_references(revision.spec):
      for check in self.world.checks["secret"]:
        message = check(secret, version)
        if message:
          return "SecretsAccessCheckFailed", message
    connector = revision.annotations.get("run.googleapis.com/vpc-access-connector")
    for check in self.world.checks["connector"] if connector else ():
      message = check(connector, revision.region)
      if message:
        return "VpcNetworkNotFound", message
    if self.world.variables_of(revision.spec).get("FAULT_START") == "never":
      port = container["ports"][0]["containerPort"]
      return "HealthCheckContainerError", (f"The user-provided container failed to start and listen on the port defined provided by the PORT={port} environment variable "
                                           "within the allocated timeout. This can happen when the container port is misconfigured or if the timeout is too short.")
    return "", ""

  def _settle(self, service):
    """Configuration, routes, and the verdict over both; the Problem that the operation ends with, or None."""
    created = self.revisions.get((service.region, service.latest_created))
    configured = created is not None and created.is_ready()
    if configured:
      service.set("ConfigurationsReady", "True")
    else:
      ready = created.conditions["Ready"]
      service.set("ConfigurationsReady", "False", ready.reason, f"Revision '{created.name}' is not ready and cannot serve traffic. {ready.message}")
    targets = [service.target_of(entry) or service.latest_created for entry in service.traffic]
    missing = [name for name in targets if getattr(self.revisions.get((service.region, name)), "service", "") != service.name]
    unready = [name for name in targets if name not in missing and not self.revisions[service.region, name].is_ready()]
    if missing:  # found only when the routes are made: what was asked for stays asked for
      service.set("RoutesReady", "False", "RevisionMissing",
                  f"Revision '{missing[0]}' does not exist or is deleted. Update all traffic to route to currently available revisions.")
    elif unready:
      service.set("RoutesReady", "False", "RevisionFailed", f"Revision '{unready[0]}' is not ready and cannot serve traffic.")
    else:
      service.serving = [dict(entry, revisionName=service.target_of(entry)) for entry in service.traffic]
      service.set("RoutesReady", "True")
      service.front.set_tags({entry["tag"]: entry["revisionName"] for entry in service.serving if "tag" in entry})
    for failed in (service.conditions["ConfigurationsReady"], service.conditions["RoutesReady"]):
      if failed.status == "False":
        service.set("Ready", "False", failed.reason, failed.message)
        return Problem(500, failed.message, "INTERNAL") if failed.reason == "RevisionMissing" else Problem(400, failed.message, "FAILED_PRECONDITION")
    service.set("Ready", "True")
    service.served_generation = service.generation
    return None

  # -- removal

  def delete(self, service):
    del self.services[service.region, service.name]
    for revision in self.revisions_of(service):
      del self.revisions[service.region, revision.name]
    service.front.close()

  def delete_revision(self, revision):
    service = self.service(revision.region, revision.service)
    if any(entry["revisionName"] == revision.name for entry in service.serving) or any(service.target_of(entry) == revision.name for entry in service.traffic):
      raise Problem(400, f"Revision '{revision.name}' cannot be deleted: it receives traffic or has a tag.", "FAILED_PRECONDITION")
    if revision.name == service.latest_created:
      raise Problem(400, f"Revision '{revision.name}' cannot be deleted: it is the latest created revision of its service.", "FAILED_PRECONDITION")
    del self.revisions[revision.region, revision.name]

  # -- views

  def full_name(self, service):
    return f"projects/{self.world.project}/locations/{service.region}/services/{service.name}"

  def is_active(self, revision):
    service = self.services.get((revision.region, revision.service))
    return service is not None and any(entry["revisionName"] == revision.name for entry in service.serving)

  def snapshot(self):
    return {"services": [{
      "name": each.name, "region": each.region, "generation": each.generation, "url": each.url, "ready": each.status_of("Ready"), "traffic": each.traffic,
      "serving": each.serving, "latest_created": each.latest_created, "latest_ready": each.latest_ready, "ingress": each.ingress,
      "revisions": [{"name": one.name, "image": one.spec["containers"][0]["image"], "ready": one.status_of("Ready"), "created": stamp(one.created)}
                    for one in self.revisions_of(each)],
    } for each in self.services.values()]}

  def close(self):
    for service in self.services.values():
      service.front.close()


def log_url(world, revision):
  return f"https://console.cloud.google.com/logs/viewer?project={world.project}&resource=cloud_run_revision/service_name/{revision.service}/revision_name/{revision.name}"
