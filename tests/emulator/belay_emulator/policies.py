"""IAM policies of resources: read with an etag, written back under it."""

import base64
import struct

from .routing import Problem


class Policies:
  """`exists(name)` raises where there is no such resource. Etags are canonical base64, since clients decode and encode them again."""

  def __init__(self, world, kind, exists):
    self._world, self._kind, self._exists = world, kind, exists

  def _all(self):
    return self._world.part("policies").setdefault(self._kind, {})

  def current(self, name):
    return self._all().get(name) or {"version": 1, "bindings": [], "etag": self._etag(0), "count": 0}

  def _etag(self, count):
    return base64.b64encode(b"\x05\xc6" + struct.pack(">IH", 0xE1A80000 + count, 0)).decode()

  def _shown(self, policy):
    shown = {"version": policy["version"], "etag": policy["etag"]}
    return dict(shown, bindings=policy["bindings"]) if policy["bindings"] else shown

  def get(self, request, *names):
    self._exists(*names)
    return self._shown(self.current("/".join(names)))

  def put(self, request, *names):
    """The policy is the body itself, as Cloud Storage has it."""
    return self._write(request.body or {}, *names)

  def set(self, request, *names):
    return self._write(request.required("policy"), *names)

  def _write(self, given, *names):
    self._exists(*names)
    name = "/".join(names)
    before = self.current(name)
    if given.get("etag") and given["etag"] != before["etag"]:
      raise Problem(409, "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff. The request's ETag "
                    f"'{given['etag']}' did not match the current policy's ETag '{before['etag']}'.", "ABORTED")
    for binding in given.get("bindings", []):
      self.check(binding)
    count = before["count"] + 1
    policy = {"version": given.get("version", 1), "bindings": [each for each in given.get("bindings", []) if each.get("members")], "etag": self._etag(count), "count": count}
    self._all()[name] = policy
    return self._shown(policy)

  def check(self, binding):
    role = binding.get("role", "")
    if role in UNKNOWN_ROLES or not role.startswith(("roles/", "projects/", "organizations/")):
      raise Problem(400, f"Role {role} is not supported for this resource." if role in UNKNOWN_ROLES else f"Invalid role: {role}.", "INVALID_ARGUMENT")
    for member in binding.get("members", []):
      if ":" not in member and member not in ("allUsers", "allAuthenticatedUsers"):
        raise Problem(400, f"Invalid argument: '{member}' is no member: it needs a type such as user: or serviceAccount:.", "INVALID_ARGUMENT")

  def test(self, request, *names):
    self._exists(*names)
    wanted = (request.body or {}).get("permissions", [])
    held = [each for each in wanted if self._world.access.may(request.principal, each)]
    return {"permissions": held} if held else {}


# Roles that are often written and do not exist.
UNKNOWN_ROLES = ("roles/monitoring.writer", "roles/cloudsql.user", "roles/logging.writer")


def of(world, kind, exists):
  return Policies(world, kind, exists)
