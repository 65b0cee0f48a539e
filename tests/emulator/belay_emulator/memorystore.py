"""Memorystore for Redis v1. Seed: `"redis": [{"name", "location", …Instance…}]`. Setting `redis_replica_lags` (false): a failover that may lose nothing is refused."""

import re

from . import long_running
from .routing import Problem, Route
from .secret_manager import answer

SEED = "redis"
HOST = r"redis\.googleapis\.com"
LOCATION = "/v1/projects/([^/]+)/locations/([^/]+)"
INSTANCE = LOCATION + "/instances/([^/:]+)"
CHANGEABLE = {"displayName", "labels", "memorySizeGb", "redisConfigs", "replicaCount", "readReplicasMode", "maintenancePolicy", "persistenceConfig"}
METADATA = "google.cloud.redis.v1.OperationMetadata"


def add(world, location, id, given):
  name = f"projects/{world.project}/locations/{location}/instances/{id}"
  standard = given.get("tier") == "STANDARD_HA"
  zones = [given.get("locationId") or location + "-a", given.get("alternativeLocationId") or location + "-b"]
  resource = {
    "displayName": id, "redisVersion": "REDIS_7_0", "authorizedNetwork": f"projects/{world.project}/global/networks/default", "connectMode": "DIRECT_PEERING",
    "transitEncryptionMode": "DISABLED", "readReplicasMode": "READ_REPLICAS_DISABLED", "memorySizeGb": 1, "tier": "BASIC", **given, "name": name,
    "host": f"10.0.0.{3 + len(world.part('redis'))}", "port": 6379, "state": "READY", "createTime": world.now(), "locationId": zones[0], "currentLocationId": zones[0],
    "nodes": [{"id": f"node-{number}", "zone": zone} for number, zone in enumerate(zones[:2 if standard else 1])],
    "persistenceIamIdentity": f"serviceAccount:service-{world.project_number}@cloud-redis.iam.gserviceaccount.com"}
  if standard:
    resource.update(alternativeLocationId=zones[1], replicaCount=given.get("replicaCount", 1))
  world.part("redis")[name] = resource
  return resource


def routes(world):
  def full(location, id):
    return f"projects/{world.project}/locations/{location}/instances/{id}"

  def instance(location, id):
    name = full(location, id)
    if name not in world.part("redis"):
      raise Problem(404, f"Resource '{name}' was not found", "NOT_FOUND", details=[{"@type": "type.googleapis.com/google.rpc.ResourceInfo", "resourceName": name}])
    return world.part("redis")[name]

  def shown(resource):
    busy = long_running.running(world, resource["name"])
    return dict(resource, state=busy[0].about["state"]) if busy else resource

  def begin(resource, verb, state, work):
    long_running.refuse_while_busy(world, resource["name"])
    location = resource["name"].split("/")[3]
    begun = long_running.begin(world, "redis." + verb, resource["name"], f"projects/{world.project}/locations/{location}/operations/", METADATA, verb, work,
                               "google.cloud.redis.v1.Instance")
    world.operations.get(begun["name"].rpartition("/")[2]).about["state"] = state
    return begun

  def listed(request, _, location):
    return answer(instances=[shown(each) for name, each in sorted(world.part("redis").items()) if location in ("-", name.split("/")[3])])

  def get(request, _, location, id):
    return shown(instance(location, id))

  def create(request, _, location):
    id = request.query.get("instanceId", "")
    if full(location, id) in world.part("redis"):
      raise Problem(409, f"Resource '{full(location, id)}' already exists", "ALREADY_EXISTS")
    if not re.fullmatch(r"[a-z][-a-z0-9]{0,39}", id):
      raise Problem(400, f"Invalid instance id '{id}'.", "INVALID_ARGUMENT")
    resource = add(world, location, id, request.body or {})
    return begin(resource, "create", "CREATING", lambda: resource)

  def patch(request, _, location, id):
    resource, body = instance(location, id), request.body or {}
    fields = [camel(each) for each in request.query.get("updateMask", "").split(",") if each]
    for field in fields:
      if field.split(".")[0] not in CHANGEABLE:
        raise Problem(400, f"Field '{field}' of update_mask cannot be changed.", "INVALID_ARGUMENT")
    if not fields:
      raise Problem(400, "update_mask is required.", "INVALID_ARGUMENT")
    size = body.get("memorySizeGb", resource["memorySizeGb"])
    if not isinstance(size, int) or not 1 <= size <= 300:
      raise Problem(400, f"Invalid value for memory_size_gb: {size}; it must be between 1 and 300.", "INVALID_ARGUMENT")

    def work():
      resource.update({field.split(".")[0]: body[field.split(".")[0]] for field in fields if field.split(".")[0] in body})
      return resource
    return begin(resource, "update", "UPDATING", work)

  def camel(text):
    return re.sub(r"_(\w)", lambda found: found.group(1).upper(), text)

  def failover(request, _, location, id):
    resource = instance(location, id)
    mode = (request.body or {}).get("dataProtectionMode", "LIMITED_DATA_LOSS")
    if mode not in ("LIMITED_DATA_LOSS", "FORCE_DATA_LOSS"):
      raise Problem(400, f"Invalid value at 'data_protection_mode': {mode!r}", "INVALID_ARGUMENT")
    if resource["tier"] != "STANDARD_HA":
      raise Problem(400, "Failover is only supported for STANDARD_HA instances.", "FAILED_PRECONDITION")
    if mode == "LIMITED_DATA_LOSS" and world.settings.get("redis_replica_lags"):
      raise Problem(400, "The replica is too far behind for a failover with limited data loss; it can be forced with FORCE_DATA_LOSS.", "FAILED_PRECONDITION")

    def work():
      zones = [resource["locationId"], resource["alternativeLocationId"]]
      resource["currentLocationId"] = zones[1] if resource["currentLocationId"] == zones[0] else zones[0]
      return resource
    return begin(resource, "failover", "FAILING_OVER", work)

  def delete(request, _, location, id):
    resource = instance(location, id)
    return begin(resource, "delete", "DELETING", lambda: world.part("redis").pop(resource["name"]) and None)

  rows = [
    ("GET", LOCATION + "/instances", listed, "redis.instances.list"), ("POST", LOCATION + "/instances", create, "redis.instances.create"),
    ("GET", INSTANCE, get, "redis.instances.get"), ("PATCH", INSTANCE, patch, "redis.instances.update"), ("DELETE", INSTANCE, delete, "redis.instances.delete"),
    ("POST", INSTANCE + ":failover", failover, "redis.instances.failover"), ("GET", LOCATION + "/operations/([^/:]+)", long_running.get(world), "redis.operations.get"),
  ]
  return [Route(method, HOST, path, handler, permission) for method, path, handler, permission in rows]


def seed(world, data):
  for given in data:
    given = dict(given)
    add(world, given.pop("location", "us-central1"), given.pop("name"), given)
