"""What a request and its answer are, and which handler answers which request."""

import dataclasses
import json
import re

# The HTTP status of each of Google's status names (google.rpc.Code).
STATUS_OF = {
  "INVALID_ARGUMENT": 400, "FAILED_PRECONDITION": 400, "OUT_OF_RANGE": 400, "UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403,
  "NOT_FOUND": 404, "ABORTED": 409, "ALREADY_EXISTS": 409, "RESOURCE_EXHAUSTED": 429, "CANCELLED": 499, "INTERNAL": 500,
  "UNKNOWN": 500, "UNIMPLEMENTED": 501, "UNAVAILABLE": 503, "DEADLINE_EXCEEDED": 504,
}
# The number of each (google.rpc.Code), as an operation's error carries it.
CODE_OF = {
  "CANCELLED": 1, "UNKNOWN": 2, "INVALID_ARGUMENT": 3, "DEADLINE_EXCEEDED": 4, "NOT_FOUND": 5, "ALREADY_EXISTS": 6, "PERMISSION_DENIED": 7,
  "RESOURCE_EXHAUSTED": 8, "FAILED_PRECONDITION": 9, "ABORTED": 10, "OUT_OF_RANGE": 11, "UNIMPLEMENTED": 12, "INTERNAL": 13,
  "UNAVAILABLE": 14, "UNAUTHENTICATED": 16,
}


@dataclasses.dataclass
class Request:
  """One request: `path` without its query and with percent escapes, `query` the last value of each name, `body` the JSON or None."""
  method: str
  host: str
  path: str
  query: dict
  body: object
  raw: bytes
  headers: dict
  query_all: dict = dataclasses.field(default_factory=dict)
  secure: bool = False
  port: int = 0  # the one that an absolute address names
  principal: str = ""  # who the token belongs to; empty on a public route

  @property
  def who(self):
    agent = self.headers.get("user-agent", "")
    return "gcloud" if agent.startswith("google-cloud-sdk") else agent.split("/")[0].split(" ")[0] or "unknown"

  def required(self, name):
    """A member of the JSON body that must be there."""
    value = self.body.get(name) if isinstance(self.body, dict) else None
    if value is None:
      raise Problem(400, f"{name} is required")
    return value


@dataclasses.dataclass
class Reply:
  """An answer: `body` is JSON (dict or list), bytes, or None for nothing."""
  status: int = 200
  body: object = None
  headers: dict = dataclasses.field(default_factory=dict)

  def payload(self):
    if self.body is None:
      return b""
    return self.body if isinstance(self.body, bytes) else json.dumps(self.body, separators=(",", ":")).encode()

  def content_type(self):
    return "application/octet-stream" if isinstance(self.body, bytes) else "application/json; charset=UTF-8"


class Problem(Exception):
  """An answer that is an error, in Google's envelope. `reason` adds the older `errors` list, which Cloud SQL, Storage and Compute send."""

  def __init__(self, status, message, code_name=None, reason=None, details=None, headers=None):
    super().__init__(message)
    self.status = status
    self.message = message
    self.code_name = code_name or next((name for name, code in STATUS_OF.items() if code == status), "UNKNOWN")
    self.reason = reason
    self.details = details
    self.headers = headers or {}

  def reply(self):
    error = {"code": self.status, "message": self.message}
    if self.reason:
      error["errors"] = [{"message": self.message, "domain": "global", "reason": self.reason}]
    else:
      error["status"] = self.code_name
    if self.details:
      error["details"] = self.details
    return Reply(self.status, {"error": error}, dict(self.headers))

  def status_message(self):
    """google.rpc.Status, as a finished operation carries it."""
    return {"code": CODE_OF.get(self.code_name, 2), "message": self.message}


class Route:
  """One row of an API's table. `permission` is asked for before the handler runs; a public route needs no token."""

  def __init__(self, method, host, path, handler, permission=None, public=False):
    self.method = method
    self.host = re.compile(host)
    self.path = re.compile(path)
    self.handler = handler
    self.permission = permission
    self.public = public


class Router:
  """The tables of all APIs, in order: the first row that fits answers."""

  def __init__(self):
    self._routes = []

  def add(self, rows):
    """Rows are `Route`s or tuples (method, host regex, path regex, handler[, permission])."""
    self._routes += [row if isinstance(row, Route) else Route(*row) for row in rows]

  def find(self, method, host, path):
    """(route, groups of its path). On a bare loopback host the path alone decides. Problem 404 or 405 where there is none."""
    bare = is_loopback(host)
    other_methods = []
    for route in self._routes:
      if not bare and not route.host.fullmatch(host):
        continue
      match = route.path.fullmatch(path)
      if match and route.method == method:
        return route, match.groups()
      if match:
        other_methods.append(route.method)
    if other_methods:
      raise Problem(405, f"{method} is not served here: {', '.join(sorted(set(other_methods)))} is", "UNIMPLEMENTED")
    raise Problem(404, f"the emulator serves no {method} {host}{path}", "NOT_FOUND")


def is_loopback(host):
  return host in ("127.0.0.1", "localhost", "::1", "[::1]", "169.254.169.254", "")


def api_host(host):
  """`run.localhost` is `run.googleapis.com`: curl takes every name under localhost for this machine, so no proxy is needed."""
  name = host.lower()
  return name[:-len(".localhost")] + ".googleapis.com" if name.endswith(".localhost") else name
