"""Cloud Run v1: services, revisions, routes and configurations in Knative's API."""

import re

from . import run_policy
from .paging import page
from .routing import Problem
from .run_operations import HOST

KNATIVE = r"/apis/serving\.knative\.dev/v1/namespaces/[^/]+"
REGIONAL = r"/v1/projects/[^/]+/locations/([^/]+)"
REGIONS = ("asia-northeast1", "europe-west1", "us-central1", "us-east1", "us-west1")


def region_of(request):
  """The region that a regional host names; None on the global one."""
  found = re.fullmatch(r"([a-z0-9-]+)-run\.googleapis\.com", request.host)
  return found.group(1) if found else None


def selected(items, selector):
  """Those whose labels fit `a = b,c=d`."""
  for term in filter(None, (selector or "").split(",")):
    name, equals, value = term.partition("=")
    if not equals:
      raise Problem(400, f"labelSelector: '{term}' is not of the form label=value.")
    items = [each for each in items if each["metadata"]["labels"].get(name.strip()) == value.strip().lstrip("=").strip()]
  return items


def listed(kind, items, request):
  """A list in Knative's form; `metadata` is there even when it is empty, for gcloud needs it."""
  shown, token = page(selected(items, request.query.get("labelSelector")), request.query.get("limit"), request.query.get("continue"))
  return {"apiVersion": "serving.knative.dev/v1", "kind": kind + "List", "metadata": {"continue": token} if token else {}, "items": shown}


def by_region(table, region, name, missing):
  """The entry of that region; without a region (global host) the only one of that name."""
  if region and region != "-":
    return missing(region, name) if (region, name) not in table else table[region, name]
  found = [each for (_, one), each in table.items() if one == name]
  return found[0] if len(found) == 1 else missing(region or "-", name)


def routes(world, state, views):
  def service(request, name):
    return by_region(state.services, region_of(request), name, state.service)

  def revision(request, name):
    return by_region(state.revisions, region_of(request), name, state.revision)

  def in_region(table, region):
    return [each for each in table.values() if region in (None, "-", each.region)]

  def wanted(body, name):
    metadata, spec = body.get("metadata") or {}, body.get("spec") or {}
    if body.get("kind", "Service") != "Service" or metadata.get("name", name) != name:
      raise Problem(400, f"metadata.name: {metadata.get('name')!r} is not the service of the address, {name!r}.")
    return {"template": spec.get("template"), "traffic": spec.get("traffic"), "annotations": metadata.get("annotations"), "labels": metadata.get("labels")}

  def create(request, region=None):
    body = request.body or {}
    name = (body.get("metadata") or {}).get("name", "")
    region = region or region_of(request)
    if not region:
      raise Problem(400, "A service is created at the address of its region, REGION-run.googleapis.com.")
    dry = request.query.get("dryRun") == "all"
    state.create(region, name, request.principal, validate_only=dry, **wanted(body, name))
    if dry:
      return body
    return views.v1_service(state.service(region, name))

  def replace(request, name):
    found = service(request, name)
    body = request.body or {}
    state.check_version(found, (body.get("metadata") or {}).get("resourceVersion"), found.resource_version())
    dry = request.query.get("dryRun") == "all"
    state.change(found, request.principal, validate_only=dry, **wanted(body, name))
    return body if dry else views.v1_service(found)

  def delete(request, name):
    state.delete(service(request, name))
    return {"status": "Success"}

  def delete_revision(request, name):
    state.delete_revision(revision(request, name))
    return {"status": "Success"}

  def list_services(request, region=None):
    return listed("Service", [views.v1_service(each) for each in in_region(state.services, region or region_of(request))], request)

  def list_revisions(request, region=None):
    found = sorted(in_region(state.revisions, region or region_of(request)), key=lambda each: each.created, reverse=True)
    return listed("Revision", [views.v1_revision(each) for each in found], request)

  def route(found):
    shown = views.v1_service(found)
    conditions = [each for each in shown["status"].get("conditions", []) if each["type"] == "RoutesReady"]
    return {"apiVersion": "serving.knative.dev/v1", "kind": "Route", "metadata": {**shown["metadata"], "annotations": {}}, "spec": {"traffic": shown["spec"]["traffic"]},
            "status": {**{name: shown["status"][name] for name in ("observedGeneration", "traffic", "url", "address") if name in shown["status"]},
                       "conditions": [dict(each, type="Ready") for each in conditions]}}

  def configuration(found):
    shown = views.v1_service(found)
    conditions = [each for each in shown["status"].get("conditions", []) if each["type"] == "ConfigurationsReady"]
    return {"apiVersion": "serving.knative.dev/v1", "kind": "Configuration", "metadata": {**shown["metadata"], "annotations": {}}, "spec": {"template": shown["spec"]["template"]},
            "status": {**{name: shown["status"][name] for name in ("observedGeneration", "latestCreatedRevisionName", "latestReadyRevisionName") if name in shown["status"]},
                       "conditions": [dict(each, type="Ready") for each in conditions]}}

  def locations(request):
    return {"locations": [{"name": f"projects/{world.project}/locations/{each}", "locationId": each, "displayName": each, "labels": {"cloud.googleapis.com/region": each}}
                          for each in REGIONS]}

  rows = [
    ("POST", HOST, KNATIVE + "/services", create, "run.services.create"),
    ("GET", HOST, KNATIVE + "/services", list_services, "run.services.list"),
    ("GET", HOST, KNATIVE + r"/services/([^/:]+)", lambda request, name: views.v1_service(service(request, name)), "run.services.get"),
    ("PUT", HOST, KNATIVE + r"/services/([^/:]+)", replace, "run.services.update"),
    ("DELETE", HOST, KNATIVE + r"/services/([^/:]+)", delete, "run.services.delete"),
    ("GET", HOST, KNATIVE + "/revisions", list_revisions, "run.revisions.list"),
    ("GET", HOST, KNATIVE + r"/revisions/([^/:]+)", lambda request, name: views.v1_revision(revision(request, name)), "run.revisions.get"),
    ("DELETE", HOST, KNATIVE + r"/revisions/([^/:]+)", delete_revision, "run.revisions.delete"),
    ("GET", HOST, KNATIVE + "/routes", lambda request: listed("Route", [route(each) for each in in_region(state.services, region_of(request))], request), "run.routes.list"),
    ("GET", HOST, KNATIVE + r"/routes/([^/:]+)", lambda request, name: route(service(request, name)), "run.routes.get"),
    ("GET", HOST, KNATIVE + "/configurations",
     lambda request: listed("Configuration", [configuration(each) for each in in_region(state.services, region_of(request))], request), "run.configurations.list"),
    ("GET", HOST, KNATIVE + r"/configurations/([^/:]+)", lambda request, name: configuration(service(request, name)), "run.configurations.get"),
    ("GET", HOST, r"/v1/projects/[^/]+/locations", locations, "run.locations.list"),
    ("GET", HOST, REGIONAL + "/services", list_services, "run.services.list"),
    ("POST", HOST, REGIONAL + "/services", create, "run.services.create"),
    ("GET", HOST, REGIONAL + r"/services/([^/:]+)", lambda request, region, name: views.v1_service(state.service(region, name)), "run.services.get"),
    ("GET", HOST, REGIONAL + "/revisions", list_revisions, "run.revisions.list"),
    ("GET", HOST, REGIONAL + r"/revisions/([^/:]+)", lambda request, region, name: views.v1_revision(state.revision(region, name)), "run.revisions.get"),
  ]
  return rows + run_policy.routes_of(world, HOST, REGIONAL + r"/services/([^/:]+)", state.service, "run.services")
