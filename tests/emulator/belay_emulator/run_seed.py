"""Fills Cloud Run from JSON: services with a history of revisions.

{"region": "us-central1", "services": [{"name", "image", "env": {…}, "annotations": {…}, "template_annotations": {…}, "labels": {…}, "public": true, "port", "service_account", "limits",
  "revisions": [{"name", "image", "env": {…}, "age_seconds"} …oldest first], "traffic": [{"revisionName" | "latestRevision", "percent", "tag"}]}],
 "jobs": [{"name", "image", "env": {…}, "command", "args"}], "domain_mappings": [{"domain", "service"}]}
"""

from .run_jobs_api import jobs_of


def fill(world, state, data):
  known = ("region", "services", "domain_mappings", "jobs")
  unknown = [name for name in data if name not in known]
  if unknown:
    raise ValueError(f"run: {unknown[0]!r} is none of {', '.join(known)}")
  region = data.get("region", "us-central1")
  for service in data.get("services", []):
    _fill_service(world, state, service.get("region", region), service)
  for job in data.get("jobs", []):
    variables = [{"name": name, "value": str(value)} for name, value in job.get("env", {}).items()]
    container = {"image": job["image"], **({"env": variables} if variables else {}), **{name: job[name] for name in ("command", "args") if name in job}}
    jobs_of(world).put(job.get("region", region), job["name"], "seed@example.com", {"spec": {"template": {"spec": {"containers": [container], "maxRetries": 0}}}}, {}, {}, create=True)
    _finish_all(world)
  for mapping in data.get("domain_mappings", []):
    world.part("domain_mappings").add(mapping.get("region", region), mapping["domain"], mapping["service"])


def _template(service, revision):
  variables = {**service.get("env", {}), **revision.get("env", {})}
  container = {"image": revision.get("image") or service["image"], "env": [{"name": name, "value": str(value)} for name, value in variables.items()]}
  if "port" in service:
    container["ports"] = [{"containerPort": service["port"]}]
  if "limits" in service:
    container["resources"] = {"limits": dict(service["limits"])}
  spec = {"containers": [container]}
  if "service_account" in service:
    spec["serviceAccountName"] = service["service_account"]
  metadata = {"annotations": dict(service.get("template_annotations", {}))}
  if "name" in revision:
    metadata["name"] = revision["name"]
  return {"metadata": metadata, "spec": spec}


def _fill_service(world, state, region, service):
  name = service["name"]
  revisions = service.get("revisions") or [{}]
  common = {"annotations": service.get("annotations", {}), "labels": service.get("labels", {}), "principal": "seed@example.com"}
  for index, revision in enumerate(revisions):
    last = index == len(revisions) - 1
    template = _template(service, revision)
    if index == 0:
      state.create(region, name, template=template, traffic=None, **common)
    else:
      found = state.service(region, name)
      state.change(found, template=template, traffic=None, **common)
    _finish_all(world)
    found = state.service(region, name)
    if revision.get("age_seconds"):
      made = state.revision(region, found.latest_created)
      made.created = made.updated = world.clock.seconds() - revision["age_seconds"]
    if last and service.get("traffic"):
      state.change(found, template=found.template, traffic=service["traffic"], **common)
      _finish_all(world)
  found = state.service(region, name)
  oldest = min(each.created for each in state.revisions_of(found))
  found.created = min(found.created, oldest)
  if service.get("public", True):
    found.policy["bindings"] = [{"role": "roles/run.invoker", "members": ["allUsers"]}]


def _finish_all(world):
  """What is filled in is there at once, however long operations take."""
  for operation in world.operations.all():
    if not operation.done:
      operation.due = world.clock.seconds()
  world.operations.settle()
