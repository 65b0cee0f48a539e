"""IAM policies of services and jobs: read, modify, write under an etag."""

import base64
import copy

from .routing import Problem


def shown(policy):
  out = {"version": 1, "etag": _etag(policy)}
  if policy["bindings"]:
    out["bindings"] = copy.deepcopy(policy["bindings"])
  return out


def replace(policy, wanted):
  """Takes the bindings of `wanted`; Problem 409 where its etag is not the current one."""
  if wanted.get("etag") and wanted["etag"] != _etag(policy):
    raise Problem(409, "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.", "ABORTED")
  bindings = []
  for binding in wanted.get("bindings", []):
    if not binding.get("role", "").startswith(("roles/", "projects/", "organizations/")):
      raise Problem(400, f"Role {binding.get('role')!r} is not supported for this resource.")
    for member in binding.get("members", []):
      if member not in ("allUsers", "allAuthenticatedUsers") and ":" not in member:
        raise Problem(400, f"The member {member} is of an unknown type. Please set a valid type prefix for the member.")
    if binding.get("members"):
      bindings.append({name: binding[name] for name in ("role", "members", "condition") if name in binding})
  policy["bindings"] = bindings
  policy["etag"] += 1
  return shown(policy)


def _etag(policy):
  return base64.b64encode(b"\x07" + policy["etag"].to_bytes(7, "big")).decode()


def routes_of(world, host, path, find, permission):
  """Rows for `path` (a regex that captures region and name) with :getIamPolicy, :setIamPolicy and :testIamPermissions."""

  def get(request, region, name):
    return shown(find(region, name).policy)

  def set(request, region, name):
    return replace(find(region, name).policy, request.required("policy"))

  def test(request, region, name):  # of a resource that is not there, too: that is how gcloud asks before it makes one
    return {"permissions": [each for each in request.body.get("permissions", []) if world.access.may(request.principal, each)]}

  return [("GET", host, path + ":getIamPolicy", get, permission + ".getIamPolicy"), ("POST", host, path + ":getIamPolicy", get, permission + ".getIamPolicy"),
          ("POST", host, path + ":setIamPolicy", set, permission + ".setIamPolicy"), ("POST", host, path + ":testIamPermissions", test)]
