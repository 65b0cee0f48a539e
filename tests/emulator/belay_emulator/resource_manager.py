"""Cloud Resource Manager v1 and v3: the one project and its policy. Seed: `"policy": {"bindings": [...]}`."""

from . import policies
from .routing import Problem, Route

SEED = "policy"
HOST = r"cloudresourcemanager\.googleapis\.com"
PROJECT = "/(v1|v3)/projects/([^/:]+)"


def policy_of(world):
  def exists(name):
    if name not in world.projects:
      raise Problem(403, f"The caller does not have permission on project {name}, or it does not exist.", "PERMISSION_DENIED")
  found = policies.of(world, "project", exists)
  if world.project not in world.part("policies").setdefault("project", {}):
    owner = {"role": "roles/owner", "members": ["user:operator@example.com"]}
    world.part("policies")["project"][world.project] = {**found.current(""), "bindings": [owner]}
  return found


def routes(world):
  def get(request, version, name):
    if name not in world.projects:
      raise Problem(403, "The caller does not have permission", "PERMISSION_DENIED")
    if version == "v1":
      return {"projectNumber": world.project_number, "projectId": world.project, "lifecycleState": "ACTIVE", "name": world.project, "createTime": "2024-01-01T00:00:00.000Z"}
    return {"name": f"projects/{world.project_number}", "projectId": world.project, "state": "ACTIVE", "displayName": world.project, "createTime": "2024-01-01T00:00:00Z", "etag": "W/\"1\""}

  def canonical(method):
    def handler(request, version, name):
      return getattr(policy_of(world), method)(request, world.project if name in world.projects else name)
    return handler

  rows = [("GET", PROJECT, get, "resourcemanager.projects.get"), ("POST", PROJECT + ":getIamPolicy", canonical("get"), "resourcemanager.projects.getIamPolicy"),
          ("POST", PROJECT + ":setIamPolicy", canonical("set"), "resourcemanager.projects.setIamPolicy"), ("POST", PROJECT + ":testIamPermissions", canonical("test"), None)]
  return [Route(method, HOST, path, handler, permission) for method, path, handler, permission in rows]


def seed(world, data):
  policy_of(world)
  world.part("policies")["project"][world.project]["bindings"] += data.get("bindings", [])
