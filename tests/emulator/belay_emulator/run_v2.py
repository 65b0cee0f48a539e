"""Cloud Run v2: services and revisions, changed by PATCH with a mask, each change an operation."""

import copy
import json
import re

from . import run_policy
from .paging import page
from .routing import Problem
from .run_operations import HOST
from .run_translation import INGRESS, inverse, no_system, only, template_to_v1, traffic_to_v1, without_system

PARENT = r"/v2/projects/[^/]+/locations/([^/]+)"
# What a client may set; everything else in a body is the server's and is passed over.
SETTABLE = ("description", "labels", "annotations", "client", "clientVersion", "ingress", "launchStage", "binaryAuthorization", "template", "traffic", "scaling",
            "invokerIamDisabled", "defaultUriDisabled", "customAudiences", "iapEnabled")
SERVERS = ("name", "uid", "generation", "createTime", "updateTime", "deleteTime", "expireTime", "creator", "lastModifier", "observedGeneration", "terminalCondition", "conditions",
           "latestReadyRevision", "latestCreatedRevision", "trafficStatuses", "uri", "urls", "etag", "reconciling", "satisfiesPzs", "buildConfig", "threatDetectionEnabled")


def masked(current, body, mask):
  """`current` with the members that `mask` names taken from `body`; a member that is not there is removed. An empty mask is all of the body."""
  if not mask:
    return {name: copy.deepcopy(body[name]) for name in SETTABLE if name in body}
  out = copy.deepcopy(current)
  for path in mask.split(","):
    names = [re.sub(r"_([a-z])", lambda found: found.group(1).upper(), each) for each in path.strip().split(".")]
    if names == ["*"]:
      return masked(current, body, "")
    if names[0] not in SETTABLE:
      raise Problem(400, f"update_mask: '{path}' is no field that can be changed.")
    source, target = body, out
    for name in names[:-1]:
      source = source.get(name, {}) if isinstance(source, dict) else {}
      target = target.setdefault(name, {})
      if not isinstance(target, dict):
        raise Problem(400, f"update_mask: '{path}' goes into a list.")
    if isinstance(source, dict) and names[-1] in source:
      target[names[-1]] = copy.deepcopy(source[names[-1]])
    else:
      target.pop(names[-1], None)
  return out


def annotations_of(wanted, before):
  """Knative's annotations of a service for its v2 members; those of the system that v2 does not know stay."""
  mapped = ("description", "client-name", "client-version", "ingress", "launch-stage", "minScale", "maxScale", "scalingMode", "manualInstanceCount", "invoker-iam-disabled",
            "default-url-disabled", "custom-audiences", "binary-authorization", "iap-enabled")
  out = {name: value for name, value in before.items() if without_system({name: value}) == {} and name.removeprefix("run.googleapis.com/") not in mapped}
  out.update(wanted.get("annotations", {}))
  scaling = wanted.get("scaling", {})
  only(scaling, ("minInstanceCount", "maxInstanceCount", "scalingMode", "manualInstanceCount"), "service.scaling")
  values = {
    "description": wanted.get("description"), "client-name": wanted.get("client"), "client-version": wanted.get("clientVersion"),
    "launch-stage": wanted.get("launchStage") if wanted.get("launchStage") not in (None, "GA") else None,
    "ingress": inverse(INGRESS, wanted["ingress"], "service.ingress") if wanted.get("ingress") not in (None, "INGRESS_TRAFFIC_UNSPECIFIED") else None,
    "minScale": scaling.get("minInstanceCount"), "maxScale": scaling.get("maxInstanceCount"), "scalingMode": (scaling.get("scalingMode") or "").lower(),
    "manualInstanceCount": str(scaling["manualInstanceCount"]) if "manualInstanceCount" in scaling else None,
    "invoker-iam-disabled": "true" if wanted.get("invokerIamDisabled") else None, "default-url-disabled": "true" if wanted.get("defaultUriDisabled") else None,
    "custom-audiences": json.dumps(wanted["customAudiences"]) if wanted.get("customAudiences") else None,
    "binary-authorization": "default" if wanted.get("binaryAuthorization") else None, "iap-enabled": "true" if wanted.get("iapEnabled") else None,
  }
  out.update({"run.googleapis.com/" + name: str(value) for name, value in values.items() if value not in (None, "", 0)})
  return out


def routes(world, state, views, operation_view):
  def change(request, service, body):
    """The wanted state of a service, in Knative's form."""
    only(body, SETTABLE + SERVERS, "service")
    no_system(body.get("labels"), "labels")
    no_system(body.get("annotations"), "annotations")
    current = views.v2_service(service)
    wanted = masked({name: current[name] for name in SETTABLE if name in current}, body, request.query.get("updateMask"))
    keeps_template = wanted.get("template") == current["template"]
    return {
      "template": service.template if keeps_template else template_to_v1(wanted.get("template") or {}, service.template),
      "traffic": traffic_to_v1(wanted.get("traffic", [])), "labels": wanted.get("labels", {}), "annotations": annotations_of(wanted, service.annotations),
    }

  def create(request, region):
    body = request.body or {}
    name = request.query.get("serviceId", "")
    only(body, SETTABLE + SERVERS, "service")
    no_system(body.get("labels"), "labels")
    no_system(body.get("annotations"), "annotations")
    checks = request.query.get("validateOnly") == "true"
    operation = state.create(region, name, request.principal, validate_only=checks, template=template_to_v1(body.get("template") or {}, None),
                             traffic=traffic_to_v1(body.get("traffic", [])), labels=body.get("labels"), annotations=annotations_of(body, {}))
    return operation_view(operation, "v2") if operation else _validated(region)

  def patch(request, region, name):
    if (region, name) not in state.services and request.query.get("allowMissing") == "true":
      request.query["serviceId"] = name
      return create(request, region)
    service = state.service(region, name)
    body = request.body or {}
    if body.get("name") and body["name"].split("/")[-1] != name:
      raise Problem(400, f"service.name: {body['name']!r} is not the service of the address.")
    state.check_version(service, body.get("etag"), service.etag())
    checks = request.query.get("validateOnly") == "true"
    operation = state.change(service, request.principal, validate_only=checks, **change(request, service, body))
    return operation_view(operation, "v2") if operation else _validated(region)

  def _validated(region):
    return {"name": f"projects/{world.project}/locations/{region}/operations/{world.new_uuid()}", "done": True}

  def delete(request, region, name):
    service = state.service(region, name)
    state.check_version(service, request.query.get("etag"), service.etag())
    def work():
      if state.services.get((region, name)) is service:
        state.delete(service)
      return service
    return operation_view(world.operations.begin("run.services.delete", state.full_name(service), work, about=service), "v2")

  def list_services(request, region):
    found = [each for each in state.services.values() if region in ("-", each.region)]
    shown, token = page(found, request.query.get("pageSize"), request.query.get("pageToken"))
    return {**({"services": [views.v2_service(each) for each in shown]} if shown else {}), **({"nextPageToken": token} if token else {})}

  def list_revisions(request, region, name):
    services = [state.service(region, name)] if name != "-" else [each for each in state.services.values() if region in ("-", each.region)]
    found = [revision for service in services for revision in state.revisions_of(service)]
    shown, token = page(found, request.query.get("pageSize"), request.query.get("pageToken"))
    return {**({"revisions": [views.v2_revision(each) for each in shown]} if shown else {}), **({"nextPageToken": token} if token else {})}

  def revision(region, service, name):
    found = state.revision(region, name)
    if service not in ("-", found.service):
      raise Problem(404, f"Revision '{name}' of service '{service}' does not exist.")
    return found

  def delete_revision(request, region, service, name):
    found = revision(region, service, name)
    state.delete_revision(found)
    operation = world.operations.begin("run.revisions.delete", f"projects/{world.project}/locations/{region}/services/{found.service}", lambda: found, about=found)
    return operation_view(operation, "v2")

  one = PARENT + r"/services/([^/:]+)"
  rows = [
    ("POST", HOST, PARENT + "/services", create, "run.services.create"), ("GET", HOST, PARENT + "/services", list_services, "run.services.list"),
    ("GET", HOST, one, lambda request, region, name: views.v2_service(state.service(region, name)), "run.services.get"),
    ("PATCH", HOST, one, patch, "run.services.update"), ("DELETE", HOST, one, delete, "run.services.delete"),
    ("GET", HOST, one + "/revisions", list_revisions, "run.revisions.list"),
    ("GET", HOST, one + r"/revisions/([^/:]+)", lambda request, *names: views.v2_revision(revision(*names)), "run.revisions.get"),
    ("DELETE", HOST, one + r"/revisions/([^/:]+)", delete_revision, "run.revisions.delete"),
  ]
  return rows + run_policy.routes_of(world, HOST, one, state.service, "run.services")
