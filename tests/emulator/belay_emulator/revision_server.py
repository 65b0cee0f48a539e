"""The addresses of a Cloud Run service: loopback listeners that apply the traffic split to real requests."""

import time

from .fixture_apps import answer_of
from .routing import Problem, Reply
from .server import Server
from .traffic_log import Served


class Front:
  """One listener for the service's own address, one for each tag. Exact splits: after 10 requests at 90/10, one went to the second revision."""

  def __init__(self, world, state, service):
    self._world, self._state, self._service = world, state, service
    self._credit = {}
    self._server = Server(lambda request: self._answer(request, None)).start()
    self._tags = {}

  @property
  def url(self):
    return f"http://127.0.0.1:{self._server.port}"

  def tag_url(self, tag):
    return f"http://127.0.0.1:{self._tags[tag].port}" if tag in self._tags else self.url

  def set_tags(self, tags):
    """A tag that stays keeps its address."""
    for gone in set(self._tags) - set(tags):
      self._tags.pop(gone).stop()
    for tag in tags:
      if tag not in self._tags:
        self._tags[tag] = Server(lambda request, tag=tag: self._answer(request, tag)).start()

  def close(self):
    self.set_tags({})
    self._server.stop()

  def _answer(self, request, tag):
    began = time.monotonic()
    with self._world.lock:
      self._world.operations.settle()
      refusal = self._refusal(request)
      revision = None if refusal else self._choose(tag)
      if revision is None:
        return refusal or Reply(404, b"Error: Page not found\n", {"Content-Type": "text/plain"})
      answered = answer_of(self._world, revision, request)
    if answered.seconds > 0:
      time.sleep(answered.seconds)
    self._record(request, revision, answered.reply.status, time.monotonic() - began)
    return answered.reply

  def _refusal(self, request):
    service = self._service
    if service.ingress != "all" and not self._world.settings.get("callers_are_internal"):
      return Reply(404, b"Error: Page not found\n", {"Content-Type": "text/plain"})
    if service.annotations.get("run.googleapis.com/invoker-iam-disabled", "").lower() == "true":
      return None
    members = {member for binding in service.policy["bindings"] if binding["role"] in ("roles/run.invoker", "roles/run.admin") for member in binding.get("members", [])}
    if "allUsers" in members:
      return None
    try:
      self._world.access.authenticate(request)
      return None
    except Problem:
      return Reply(403, b"Error: Forbidden\nYour client does not have permission to get this URL from this server.\n", {"Content-Type": "text/plain"})

  def _choose(self, tag):
    service = self._service
    if tag is not None:
      name = next((entry["revisionName"] for entry in service.serving if entry.get("tag") == tag), None)
      return self._state.revisions.get((service.region, name))
    shares = {}
    for entry in service.serving:
      if entry.get("percent"):
        shares[entry["revisionName"]] = shares.get(entry["revisionName"], 0) + entry["percent"]
    if not shares:
      return None
    if set(shares) != set(self._credit):
      self._credit = {name: 0 for name in shares}
    for name, share in shares.items():
      self._credit[name] += share
    name = max(sorted(shares), key=lambda each: self._credit[each])
    self._credit[name] -= 100
    return self._state.revisions.get((service.region, name))

  def _record(self, request, revision, status, seconds):
    with self._world.lock:
      self._world.traffic_log.append(Served(self._world.clock.seconds(), revision.region, revision.service, revision.name, status, seconds))
      labels = {"service_name": revision.service, "revision_name": revision.name, "location": revision.region, "configuration_name": revision.service}
      severity = "ERROR" if status >= 500 else "WARNING" if status >= 400 else "INFO"
      self._world.log(severity, "cloud_run_revision", labels, log="run.googleapis.com%2Frequests", request={
        "requestMethod": request.method, "requestUrl": self.url + request.path, "status": status, "latency": f"{seconds:.6f}s",
        "userAgent": request.headers.get("user-agent", ""), "remoteIp": "127.0.0.1", "protocol": "HTTP/1.1"})
      if status >= 500:
        self._world.log("ERROR", "cloud_run_revision", labels, log="run.googleapis.com%2Fstdout", json={
          "message": "request failed", "path": request.path, "duration_ms": round(seconds * 1000, 3), "error_type": "InjectedFault", "version": self._world.variables_of(revision.spec).get("VERSION", "")})
