"""Service Usage v1: which APIs of the project are enabled. Seed: `"services": ["run.googleapis.com", …]` (those that are enabled; without it, none is)."""

import re

from . import long_running
from .paging import page
from .routing import Problem, Route
from .secret_manager import answer

SEED = "services"
HOST = r"serviceusage\.googleapis\.com"
SERVICES = "/v1/projects/([^/]+)/services"
SERVICE = SERVICES + "/([^/:]+)"
KNOWN = """artifactregistry cloudbuild cloudresourcemanager compute containeranalysis containerscanning iam iamcredentials logging monitoring redis run secretmanager serviceusage
sqladmin storage sts vpcaccess cloudscheduler containerregistry dns pubsub servicenetworking""".split()


def routes(world):
  def enabled():
    return world.part("services", list)

  def shown(name):
    return {"name": f"projects/{world.project_number}/services/{name}", "parent": f"projects/{world.project_number}", "config": {"name": name, "title": name.partition(".")[0]},
            "state": "ENABLED" if name in enabled() else "DISABLED"}

  def check(name):
    if name.removesuffix(".googleapis.com") not in KNOWN or not name.endswith(".googleapis.com"):
      raise Problem(403, f"Not found or permission denied for service(s): {name}.", "PERMISSION_DENIED", details=[{
        "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_CONFIG_NOT_FOUND_OR_PERMISSION_DENIED", "domain": "serviceusage.googleapis.com"}])

  def begin(verb, response, work):
    begun = long_running.begin(world, "services." + verb, f"projects/{world.project}", f"operations/acat.p2-{world.project_number}-", None, verb, work, response)
    return begun

  def change(names, on):
    for name in names:
      if on and name not in enabled():
        enabled().append(name)
      elif not on and name in enabled():
        enabled().remove(name)

  def enable(request, _, name):
    check(name)

    def work():
      change([name], True)
      return {"service": shown(name)}
    return begin("enable", "google.api.serviceusage.v1.EnableServiceResponse", work)

  def disable(request, _, name):
    check(name)

    def work():
      change([name], False)
      return {"service": shown(name)}
    return begin("disable", "google.api.serviceusage.v1.DisableServiceResponse", work)

  def batch_enable(request, _):
    names = request.required("serviceIds")
    if not 1 <= len(names) <= 20:
      raise Problem(400, "Between 1 and 20 services can be enabled at once.", "INVALID_ARGUMENT")
    for name in names:
      check(name)

    def work():
      change(names, True)
      return {"services": [shown(name) for name in names]}
    return begin("batchEnable", "google.api.serviceusage.v1.BatchEnableServicesResponse", work)

  def get(request, _, name):
    check(name)
    return shown(name)

  def batch_get(request, _):
    names = [each.rpartition("/")[2] for each in request.query_all.get("names", [])]
    return answer(services=[shown(name) for name in names])

  def listed(request, _):
    wanted = request.query.get("filter", "")
    match = re.fullmatch(r"state:(ENABLED|DISABLED)", wanted)
    if wanted and not match:
      raise Problem(400, f"Invalid filter '{wanted}': state:ENABLED or state:DISABLED.", "INVALID_ARGUMENT")
    every = [shown(name) for name in sorted(set(enabled()) | {each + ".googleapis.com" for each in KNOWN})]
    every = [each for each in every if not match or each["state"] == match.group(1)]
    services, token = page(every, request.query.get("pageSize"), request.query.get("pageToken"), 50, 200)
    return answer(services=services, nextPageToken=token)

  def operation(request, id):
    return long_running.get(world)(request, id.split("-", 2)[2] if id.startswith("acat.") else id)

  rows = [
    ("GET", SERVICES, listed, "serviceusage.services.list"), ("POST", SERVICES + ":batchEnable", batch_enable, "serviceusage.services.enable"),
    ("GET", SERVICES + ":batchGet", batch_get, "serviceusage.services.get"), ("GET", SERVICE, get, "serviceusage.services.get"),
    ("POST", SERVICE + ":enable", enable, "serviceusage.services.enable"), ("POST", SERVICE + ":disable", disable, "serviceusage.services.disable"),
    ("GET", "/v1/operations/([^/]+)", operation, None),
  ]
  return [Route(method, HOST, path, handler, permission) for method, path, handler, permission in rows]


def seed(world, data):
  world.part("services", list)[:] = data
