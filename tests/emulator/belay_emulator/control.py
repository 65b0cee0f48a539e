"""/_emulator/…: how a test, or a person, looks at the world and changes it."""

from .accounts import accounts_of
from .apis import seed_all
from .routing import Problem, Route
from .traffic_log import pretend

ANY = ".*"


def routes(world, reset):
  """`reset` empties the world as it was at the start."""

  def state(request):
    return world.snapshot()

  def requests(request):
    wanted = {name: request.query[name] for name in ("who", "method", "path", "host") if name in request.query}
    return {"requests": world.recorder.entries(int(request.query.get("since", 0)), **wanted)}

  def clear_requests(request):
    world.recorder.clear()
    return {}

  def add_fault(request):
    try:
      world.faults.add(request.body or {})
    except ValueError as problem:
      raise Problem(400, str(problem)) from None
    return {"faults": world.faults.shown()}

  def faults(request):
    return {"faults": world.faults.shown()}

  def clear_faults(request):
    world.faults.clear()
    world.operations.clear_rules()
    return {}

  def release(request):
    world.faults.release()
    return {}

  def clock(request):
    body = request.body or {}
    if "advance" in body:
      world.clock.advance(float(body["advance"]))
    if body.get("frozen") is True:
      world.clock.freeze(body.get("at"))
    elif body.get("frozen") is False:
      world.clock.thaw()
    world.operations.settle()
    world.changed.notify_all()
    return {"time": world.now(), "seconds": world.clock.seconds()}

  def settings(request):
    for name, value in (request.body or {}).items():
      world.settings[name] = value
    return {"settings": world.settings}

  def operation_rule(request):
    world.operations.add_rule(request.body or {})
    return {}

  def token(request):
    body = request.body or {}
    issued = world.access.issue(body.get("principal", "operator@example.com"), body.get("seconds", 3599), text=body.get("token"))
    return {"access_token": issued.text, "principal": issued.principal}

  def revoke(request):
    body = request.body or {}
    world.access.revoke(body.get("token"), body.get("principal"))
    return {}

  def deny(request):
    world.access.deny(request.required("permission"), request.body.get("principal"))
    return {}

  def allow(request):
    world.access.allow_all()
    return {}

  def credentials(request):
    """{"kind": "service_account" | "authorized_user", "email"} gives such a file; {"kind": "subject", "token", "principal"} lets a foreign token in."""
    accounts, body = accounts_of(world), request.body or {}
    if body.get("kind") == "service_account":
      return accounts.create_key(request.required("email"))
    if body.get("kind") == "authorized_user":
      return accounts.create_user(request.required("email"))
    if body.get("kind") == "subject":
      accounts.subjects[request.required("token")] = request.required("principal")
      return {}
    raise Problem(400, "kind is service_account, authorized_user or subject")

  def revoke_credentials(request):
    accounts, body = accounts_of(world), request.body or {}
    for id, key in accounts.keys.items():
      key["disabled"] = key["disabled"] or body.get("key_id") in (None, id)
    for user in accounts.refresh_tokens.values():
      user["revoked"] = user["revoked"] or "key_id" not in body
    return {}

  def metadata_server(request):
    accounts_of(world).instance_account = request.required("account") or None
    return {}

  def traffic(request):
    """{"service", "region", "revision", "statuses": {"200": N}, "seconds", "ends_ago", "over"}: requests that a revision is to have served."""
    body = request.body or {}
    statuses = {int(status): int(count) for status, count in request.required("statuses").items()}
    pretend(world, body.get("region", "us-central1"), request.required("service"), request.required("revision"), statuses, float(body.get("seconds", 0.05)),
            float(body.get("ends_ago", 0)), float(body.get("over", 60)))
    return {}

  def log(request):
    body = request.body or {}
    world.log(body.get("severity", "INFO"), body.get("type", "cloud_run_revision"), body.get("labels", {}), body.get("text"), body.get("json"), body.get("request"))
    return {}

  def seed(request):
    try:
      seed_all(world, request.body or {})
    except ValueError as problem:
      raise Problem(400, str(problem)) from None
    return {}

  def empty(request):
    reset()
    return {}

  rows = [
    ("GET", "state", state), ("GET", "requests", requests), ("DELETE", "requests", clear_requests),
    ("GET", "faults", faults), ("POST", "faults", add_fault), ("DELETE", "faults", clear_faults), ("POST", "release", release),
    ("GET", "clock", clock), ("POST", "clock", clock), ("GET", "settings", settings), ("POST", "settings", settings),
    ("POST", "operation", operation_rule), ("POST", "token", token), ("POST", "revoke", revoke),
    ("POST", "deny-permission", deny), ("DELETE", "deny-permission", allow), ("POST", "seed", seed),
    ("POST", "credentials", credentials), ("DELETE", "credentials", revoke_credentials), ("POST", "metadata-server", metadata_server),
    ("POST", "traffic", traffic), ("POST", "log", log), ("POST", "reset", empty),
  ]
  return [Route(method, ANY, "/_emulator/" + name, handler, public=True) for method, name, handler in rows]
