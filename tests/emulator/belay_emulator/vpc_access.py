"""Serverless VPC Access v1: connectors. Seed: `"connectors": [{"name", "location", …Connector…}]`.

A Cloud Run revision's connector is looked for here once any exists."""

from . import long_running
from .routing import Problem, Route
from .secret_manager import answer

SEED = "connectors"
HOST = r"vpcaccess\.googleapis\.com"
LOCATION = "/v1/projects/([^/]+)/locations/([^/]+)"
CONNECTOR = LOCATION + "/connectors/([^/:]+)"
METADATA = "google.cloud.vpcaccess.v1.OperationMetadata"


def add(world, location, id, given):
  name = f"projects/{world.project}/locations/{location}/connectors/{id}"
  world.part("connectors")[name] = {"minThroughput": 200, "maxThroughput": 300, "minInstances": 2, "maxInstances": 3, "machineType": "e2-micro", "network": "default",
                                    "state": "READY", **given, "name": name}
  return world.part("connectors")[name]


def routes(world):
  def full(location, id):
    return f"projects/{world.project}/locations/{location}/connectors/{id}"

  def connector(location, id):
    if full(location, id) not in world.part("connectors"):
      raise Problem(404, f"Resource '{full(location, id)}' was not found", "NOT_FOUND")
    return world.part("connectors")[full(location, id)]

  def shown(resource):
    busy = long_running.running(world, resource["name"])
    return dict(resource, state={"create": "CREATING", "delete": "DELETING", "patch": "UPDATING"}[busy[0].about["verb"]]) if busy else resource

  def begin(resource, verb, work):
    long_running.refuse_while_busy(world, resource["name"])
    location = resource["name"].split("/")[3]
    begun = long_running.begin(world, "connectors." + verb, resource["name"], f"projects/{world.project}/locations/{location}/operations/", None, verb, work,
                               "google.cloud.vpcaccess.v1.Connector")
    operation = world.operations.get(begun["name"].rpartition("/")[2])
    method = {"create": "CreateConnector", "delete": "DeleteConnector", "patch": "UpdateConnector"}[verb]
    operation.about.update(verb=verb, metadata={"@type": "type.googleapis.com/" + METADATA, "createTime": world.now(), "target": resource["name"],
                                                "method": f"google.cloud.vpcaccess.v1.VpcAccessService.{method}"})
    return long_running.shown(operation)

  def listed(request, _, location):
    return answer(connectors=[shown(each) for name, each in sorted(world.part("connectors").items()) if location in ("-", name.split("/")[3])])

  def get(request, _, location, id):
    return shown(connector(location, id))

  def create(request, _, location):
    id, body = request.query.get("connectorId", ""), request.body or {}
    if full(location, id) in world.part("connectors"):
      raise Problem(409, f"Resource '{full(location, id)}' already exists", "ALREADY_EXISTS")
    if not id or not (body.get("ipCidrRange") or body.get("subnet")):
      raise Problem(400, "A connector needs an id, and an IP range or a subnet.", "INVALID_ARGUMENT")
    same = [name for name, each in world.part("connectors").items() if body.get("ipCidrRange") and each.get("ipCidrRange") == body["ipCidrRange"]]
    if same:
      raise Problem(400, f"The IP range {body['ipCidrRange']} is used by {same[0]}.", "INVALID_ARGUMENT")
    resource = add(world, location, id, body)
    return begin(resource, "create", lambda: resource)

  def patch(request, _, location, id):
    resource = connector(location, id)

    def work():
      resource.update({key: value for key, value in (request.body or {}).items() if key in ("minInstances", "maxInstances", "machineType", "minThroughput", "maxThroughput")})
      return resource
    return begin(resource, "patch", work)

  def delete(request, _, location, id):
    resource = connector(location, id)
    return begin(resource, "delete", lambda: world.part("connectors").pop(resource["name"]) and None)

  def check(name, region):
    """None, or why a revision cannot use it."""
    if not world.part("connectors"):
      return None
    wanted = name if name.startswith("projects/") else full(region, name)
    found = world.part("connectors").get(wanted)
    if found is None:
      return f"VPC connector {wanted} does not exist, or Cloud Run does not have permission to use it."
    return None if shown(found)["state"] == "READY" else f"VPC connector {wanted} is not in the state READY."

  world.checks["connector"].append(check)
  rows = [
    ("GET", LOCATION + "/connectors", listed, "vpcaccess.connectors.list"), ("POST", LOCATION + "/connectors", create, "vpcaccess.connectors.create"),
    ("GET", CONNECTOR, get, "vpcaccess.connectors.get"), ("PATCH", CONNECTOR, patch, "vpcaccess.connectors.update"), ("DELETE", CONNECTOR, delete, "vpcaccess.connectors.delete"),
    ("GET", LOCATION + "/operations/([^/:]+)", long_running.get(world), "vpcaccess.operations.get"),
  ]
  return [Route(method, HOST, path, handler, permission) for method, path, handler, permission in rows]


def seed(world, data):
  for given in data:
    given = dict(given)
    add(world, given.pop("location", "us-central1"), given.pop("name"), given)
