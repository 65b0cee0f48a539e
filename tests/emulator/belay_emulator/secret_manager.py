"""Secret Manager v1. Seed: `"secrets": {"NAME": "text" or ["version 1", "version 2"]}`.

A Cloud Run revision's secret is looked for here once any secret exists."""

import base64

from . import policies
from .clock import seconds_of, stamp
from .crc32c import crc32c
from .paging import page
from .routing import Problem, Route

SEED = "secrets"
HOST = r"secretmanager\.googleapis\.com"
SECRETS = "/v1/projects/([^/]+)/secrets"
SECRET = SECRETS + "/([^/:]+)"
VERSION = SECRET + "/versions/([^/:]+)"


class Secrets:
  """name -> {"resource", "versions": [{"resource", "data"}]}; a snapshot shows states, never what is secret."""

  def __init__(self):
    self.all = {}

  def snapshot(self):
    return {name: {each["resource"]["name"].rpartition("/")[2]: each["resource"]["state"] for each in secret["versions"]} for name, secret in self.all.items()}


def state(world):
  return world.part("secrets", Secrets)


def missing(kind, name):
  return Problem(404, f"{kind} [{name}] not found.", "NOT_FOUND")


def add_secret(world, name, given):
  secrets = state(world).all
  if name in secrets:
    raise Problem(409, f"Secret [projects/{world.project_number}/secrets/{name}] already exists.", "ALREADY_EXISTS")
  replication = given.get("replication")
  if not replication or not (replication.keys() & {"automatic", "userManaged"}):
    raise Problem(400, "Secret.replication is required: automatic or userManaged.", "INVALID_ARGUMENT")
  resource = {"name": f"projects/{world.project_number}/secrets/{name}", "replication": replication, "createTime": world.now(), "etag": etag(world)}
  resource.update({key: given[key] for key in ("labels", "annotations", "expireTime", "rotation", "topics") if given.get(key)})
  secrets[name] = {"resource": resource, "versions": []}
  return resource


def etag(world):
  return f'"{world.random.getrandbits(52):x}"'


def add_version(world, name, data, checked):
  secret = secret_of(world, name)
  number = len(secret["versions"]) + 1
  resource = {"name": f"{secret['resource']['name']}/versions/{number}", "createTime": world.now(), "state": "ENABLED", "replicationStatus": {"automatic": {}}, "etag": etag(world)}
  if checked:
    resource["clientSpecifiedPayloadChecksum"] = True
  secret["versions"].append({"resource": resource, "data": data})
  return resource


def secret_of(world, name):
  found = state(world).all.get(name)
  if found is None:
    raise missing("Secret", f"projects/{world.project_number}/secrets/{name}")
  return found


def version_of(world, name, version):
  """`latest` is the newest that was made, whatever its state."""
  versions = secret_of(world, name)["versions"]
  index = len(versions) if version == "latest" else int(version) if version.isdigit() else 0
  if not 1 <= index <= len(versions):
    raise missing("Secret Version", f"projects/{world.project_number}/secrets/{name}/versions/{version}")
  return versions[index - 1]


def routes(world):
  def listed(request, project):
    secrets = [each["resource"] for _, each in sorted(state(world).all.items())]
    shown, token = page(secrets, request.query.get("pageSize"), request.query.get("pageToken"), 25000, 25000)
    return answer(secrets=shown, totalSize=len(secrets), nextPageToken=token)

  def create(request, project):
    return add_secret(world, request.query.get("secretId") or request.required("secretId"), request.body or {})

  def get(request, project, name):
    return secret_of(world, name)["resource"]

  def patch(request, project, name):
    resource = secret_of(world, name)["resource"]
    check_etag(resource, request.body or {})
    for field in request.query.get("updateMask", "").split(","):
      if field not in ("labels", "annotations", "expireTime", "rotation", "topics"):
        raise Problem(400, f"The field '{field}' of a secret cannot be changed.", "INVALID_ARGUMENT")
      resource[field] = (request.body or {}).get(field, {})
    resource["etag"] = etag(world)
    return resource

  def delete(request, project, name):
    secret_of(world, name)
    del state(world).all[name]
    return {}

  def check_etag(resource, given):
    if given.get("etag", resource["etag"]) != resource["etag"]:
      raise Problem(400, f"The etag [{given['etag']}] does not match the etag of the resource [{resource['etag']}].", "FAILED_PRECONDITION")

  def add(request, project, name):
    payload = request.required("payload")
    secret_of(world, name)
    try:
      data = base64.b64decode(payload.get("data", ""), validate=True)
    except ValueError:
      raise Problem(400, "Invalid value at 'payload.data' (TYPE_BYTES), Base64 decoding failed.", "INVALID_ARGUMENT") from None
    if not data or len(data) > 65536:
      raise Problem(400, "The secret payload must have between 1 and 65536 bytes.", "INVALID_ARGUMENT")
    given = payload.get("dataCrc32c")
    if given is not None and str(given) != str(crc32c(data)):
      raise Problem(400, f"The checksum [{given}] does not match that of the payload that was received.", "INVALID_ARGUMENT")
    return add_version(world, name, data, given is not None)

  def versions(request, project, name):
    every = [each["resource"] for each in reversed(secret_of(world, name)["versions"])]
    wanted = request.query.get("filter", "").replace(" ", "")
    if wanted:
      key, _, value = wanted.replace("=", ":", 1).partition(":")
      if key != "state":
        raise Problem(400, f"The filter [{wanted}] is not understood.", "INVALID_ARGUMENT")
      every = [each for each in every if each["state"] == value.upper()]
    shown, token = page(every, request.query.get("pageSize"), request.query.get("pageToken"), 25000, 25000)
    return answer(versions=shown, totalSize=len(every), nextPageToken=token)

  def get_version(request, project, name, version):
    return version_of(world, name, version)["resource"]

  def access(request, project, name, version):
    found = version_of(world, name, version)
    resource = found["resource"]
    if resource["state"] != "ENABLED":
      raise Problem(400, f"Secret Version [{resource['name']}] is in {resource['state']} state.", "FAILED_PRECONDITION", details=[{
        "@type": "type.googleapis.com/google.rpc.PreconditionFailure", "violations": [{"type": "STATE", "subject": resource["name"], "description": f"in {resource['state']} state"}]}])
    return {"name": resource["name"], "payload": {"data": base64.b64encode(found["data"]).decode(), "dataCrc32c": str(crc32c(found["data"]))}}

  def moved(to):
    def handler(request, project, name, version):
      found = version_of(world, name, version)
      resource = found["resource"]
      check_etag(resource, request.body or {})
      if resource["state"] == "DESTROYED" and to != "DESTROYED":
        raise Problem(400, f"Secret Version [{resource['name']}] is in DESTROYED state.", "FAILED_PRECONDITION")
      resource.update(state=to, etag=etag(world))
      if to == "DESTROYED":
        found["data"] = b""
        resource["destroyTime"] = world.now()
      return resource
    return handler

  policy = policies.of(world, "secret", lambda project, name: secret_of(world, name))

  def check_reference(secret, version):
    if not state(world).all:
      return None
    name = secret.rpartition("/")[2]
    try:
      found = version_of(world, name, version or "latest")["resource"]
    except Problem:
      return f"Secret projects/{world.project_number}/secrets/{name}/versions/{version or 'latest'} was not found"
    return None if found["state"] == "ENABLED" else f"Secret version {found['name']} is in {found['state']} state"

  world.checks["secret"].append(check_reference)
  rows = [
    ("GET", SECRETS, listed, "secretmanager.secrets.list"), ("POST", SECRETS, create, "secretmanager.secrets.create"), ("GET", SECRET, get, "secretmanager.secrets.get"),
    ("PATCH", SECRET, patch, "secretmanager.secrets.update"), ("DELETE", SECRET, delete, "secretmanager.secrets.delete"), ("POST", SECRET + ":addVersion", add, "secretmanager.versions.add"),
    ("GET", SECRET + "/versions", versions, "secretmanager.versions.list"), ("GET", VERSION, get_version, "secretmanager.versions.get"),
    ("GET", VERSION + ":access", access, "secretmanager.versions.access"), ("POST", VERSION + ":enable", moved("ENABLED"), "secretmanager.versions.enable"),
    ("POST", VERSION + ":disable", moved("DISABLED"), "secretmanager.versions.disable"), ("POST", VERSION + ":destroy", moved("DESTROYED"), "secretmanager.versions.destroy"),
    ("GET", SECRET + ":getIamPolicy", policy.get, "secretmanager.secrets.getIamPolicy"), ("POST", SECRET + ":setIamPolicy", policy.set, "secretmanager.secrets.setIamPolicy"),
    ("POST", SECRET + ":testIamPermissions", policy.test, None),
  ]
  return [Route(method, HOST, path, handler, permission) for method, path, handler, permission in rows]


def answer(**members):
  """Without what is empty, as JSON from protocol buffers is."""
  return {name: value for name, value in members.items() if value not in (None, [], 0, "")}


def seed(world, data):
  """A version may be {"data", "age" in seconds, "state"} instead of its text."""
  for name, versions in data.items():
    add_secret(world, name, {"replication": {"automatic": {}}})
    for each in [versions] if isinstance(versions, str) else versions:
      given = each if isinstance(each, dict) else {"data": each}
      resource = add_version(world, name, given["data"].encode(), True)
      resource.update(createTime=stamp(seconds_of(resource["createTime"]) - float(given.get("age", 0))), state=given.get("state", "ENABLED"))
