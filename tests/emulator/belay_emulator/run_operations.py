"""Cloud Run's long-running operations, as both versions of the API show them. Finished ones stay."""

from .paging import page
from .routing import Problem

HOST = r"(?:[a-z0-9-]+-)?run\.googleapis\.com"


def routes(world, show):
  """`show(version, subject)` gives the subject of an operation (a service, a job, an execution) as that version shows it, with its @type."""

  def view(operation, version):
    region = operation.target.split("/")[3]
    out = {"name": f"projects/{world.project}/locations/{region}/operations/{operation.id}"}
    subject = show(version, operation.about)
    if subject is not None:
      out["metadata"] = subject
    if not operation.done:
      return out
    out["done"] = True
    if operation.error:
      out["error"] = operation.error.status_message()
    else:
      out["response"] = subject if subject is not None else {"@type": "type.googleapis.com/google.protobuf.Empty"}
    return out

  def find(region, id):
    operation = world.operations.get(id)
    if operation is None or not operation.kind.startswith("run.") or operation.target.split("/")[3] != region:
      raise Problem(404, f"Operation '{id}' in region '{region}' does not exist.")
    return operation

  def wait(version):
    def handler(request, region, id):
      operation = find(region, id)
      text = (request.body or {}).get("timeout", "30s")
      world.operations.wait(operation, min(float(text.rstrip("s") or 0), 300.0))
      return view(operation, version)
    return handler

  def list_all(version):
    def handler(request, region):
      found = [each for each in world.operations.all() if each.kind.startswith("run.") and each.target.split("/")[3] == region]
      shown, token = page(found[::-1], request.query.get("pageSize"), request.query.get("pageToken"))
      return {"operations": [view(each, version) for each in shown], **({"nextPageToken": token} if token else {})}
    return handler

  rows = []
  for version in ("v1", "v2"):
    path = rf"/{version}/projects/[^/]+/locations/([^/]+)/operations"
    rows += [("POST", HOST, path + r"/([^/:]+):wait", wait(version), "run.operations.get"),
             ("GET", HOST, path + r"/([^/:]+)", lambda request, region, id, version=version: view(find(region, id), version), "run.operations.get"),
             ("GET", HOST, path, list_all(version), "run.operations.list")]
  return rows, view
