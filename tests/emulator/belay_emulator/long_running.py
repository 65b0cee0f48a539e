"""google.longrunning.Operation, as the APIs that follow it show theirs (Memorystore, VPC access, Artifact Registry, Service Usage)."""

from .clock import stamp
from .routing import Problem


def begin(world, kind, target, name, metadata_type, verb, work, response_type=None):
  """Starts an operation called `name` with the id in its end. `work` gives the resource that becomes the response. Gives the operation's JSON."""
  id = world.new_uuid()
  about = {"name": name + id, "response_type": response_type,
           "metadata": {"@type": "type.googleapis.com/" + metadata_type, "createTime": world.now(), "target": target, "verb": verb, "apiVersion": "v1"} if metadata_type else None}
  return shown(world.operations.begin(kind, target, work, about, id=id))


def shown(operation):
  about = operation.about
  result = {"name": about["name"], "done": operation.done}
  if about["metadata"]:
    result["metadata"] = dict(about["metadata"], **({"endTime": stamp(operation.ended)} if operation.done else {}))
  if operation.error:
    result["error"] = operation.error.status_message()
  elif operation.done:
    type = about["response_type"] or "google.protobuf.Empty"
    result["response"] = {"@type": "type.googleapis.com/" + type, **(operation.response or {})}
  return result


def get(world):
  """The handler that reads one by the last part of its name."""
  def handler(request, *groups):
    found = world.operations.get(groups[-1])
    if found is None or not isinstance(found.about, dict) or "response_type" not in found.about:
      raise Problem(404, f"Resource 'operations/{groups[-1]}' was not found", "NOT_FOUND")
    return shown(found)
  return handler


def running(world, target):
  return [each for each in world.operations.all() if each.target == target and not each.done]


def refuse_while_busy(world, target):
  """Memorystore, VPC access: one operation on a resource at a time."""
  if running(world, target):
    raise Problem(409, f"Resource '{target}' is being changed by another operation.", "ABORTED")
