"""What runs in a revision: small applications that answer as the services answer, with faults by environment variables.

FIXTURE             fineman-west | liftlog | guesslyfe (else by the service's name): the shape of the answers
FAULT_ERROR_RATE    0..1: this share of the requests is answered 500 (exactly: of 10 at 0.2, two), health checks only with FAULT_HEALTH
FAULT_LATENCY_MS    how long each answer takes
FAULT_HEALTH        fail: health answers 503 · error: a component of it is broken
FAULT_START         never: the revision never becomes ready;  FAULT_START_SECONDS: it takes so much longer
"""

import dataclasses
import json

from .routing import Reply

FIXTURES = ("fineman-west", "liftlog", "guesslyfe")


@dataclasses.dataclass
class Answered:
  """The answer, and the seconds to wait before it is sent."""
  reply: Reply
  seconds: float = 0.0


class App:
  """One revision as its requests see it."""

  def __init__(self, world, revision):
    self.world, self.revision = world, revision
    self.variables = world.variables_of(revision.spec)
    image = revision.spec["containers"][0]["image"]
    tag = image.rpartition("/")[2].partition("@")[0].partition(":")[2]
    self.version = self.variables.get("VERSION") or tag or "unknown"
    self.kind = self.variables.get("FIXTURE") or next((name for name in FIXTURES if name in revision.service), "")
    self.environment = self.variables.get("ENVIRONMENT") or self.variables.get("FLASK_ENV") or "production"
    self.broken = self.variables.get("FAULT_HEALTH", "")

  def answer(self, request):
    handler = {
      ("fineman-west", "/api/v1/escalation/ai/status"): self.ai_status, ("liftlog", "/metrics/summary"): self.summary, ("liftlog", "/v2/user/create"): self.create_user,
      ("guesslyfe", "/api/v1/health"): self.health, ("guesslyfe", "/api/v1/health/detailed"): self.detailed,
    }.get((self.kind, request.path))
    handler = handler or {"/health": self.health, "/healthz": self.health, "/": self.about, "/metrics": self.metrics}.get(request.path)
    if handler is None:
      return Reply(404, {"error": "not found"})
    return handler()

  def health(self):
    status = 503 if self.broken == "fail" else 200
    word = "unhealthy" if self.broken else "ok" if self.kind == "liftlog" else "healthy"
    if self.kind == "liftlog":
      return Reply(status, {"status": word})
    return Reply(status, {"status": word, "database": "disconnected" if self.broken else "connected", "timestamp": self.world.now(), "version": self.version,
                          "environment": self.environment, "revision": self.revision.name})

  def detailed(self):
    state = "unhealthy" if self.broken else "healthy"
    return Reply(503 if self.broken == "fail" else 200, {"status": state, "components": {
      "database": {"status": state}, "redis": {"status": "healthy"}, "memory": {"status": "healthy", "percent": 41.5}}})

  def ai_status(self):
    return Reply(503 if self.broken else 200, {"status": "error" if self.broken else "success", "message": "AI service answers", "model": "emulated-model"})

  def create_user(self):
    return Reply(200, {"user_id": self.world.new_uuid(), "password": self.world.new_uuid()})

  def about(self):
    return Reply(200, {"service": self.revision.service, "revision": self.revision.name, "version": self.version})

  def _served(self):
    return [each for each in self.world.traffic_log if each.revision == self.revision.name and each.region == self.revision.region]

  def summary(self):
    served = self._served()
    times = sorted(each.seconds * 1000 for each in served)
    failed = sum(each.status >= 500 for each in served)
    return Reply(200, {"requests": len(served), "errors": failed, "error_rate": failed / len(served) if served else 0.0,
                       "p95_ms": times[int(len(times) * 0.95)] if times else 0.0, "p99_ms": times[int(len(times) * 0.99)] if times else 0.0})

  def metrics(self):
    counts = {}
    for each in self._served():
      counts[each.status] = counts.get(each.status, 0) + 1
    lines = ["# TYPE http_requests_total counter"] + [f'http_requests_total{{status="{status}"}} {count}' for status, count in sorted(counts.items())]
    lines += ["# TYPE app_info gauge", f'app_info{{version={json.dumps(self.version)},revision={json.dumps(self.revision.name)}}} 1']
    return Reply(200, ("\n".join(lines) + "\n").encode(), {"Content-Type": "text/plain; version=0.0.4"})


def answer_of(world, revision, request):
  app = App(world, revision)
  wait = float(app.variables.get("FAULT_LATENCY_MS", 0) or 0) / 1000
  rate = float(app.variables.get("FAULT_ERROR_RATE", 0) or 0)
  is_health = "health" in request.path
  if rate > 0 and not is_health:
    revision.owed_errors = getattr(revision, "owed_errors", 0.0) + rate
    if revision.owed_errors >= 1 - 1e-9:
      revision.owed_errors -= 1
      return Answered(Reply(500, {"error": "injected fault", "revision": revision.name}), wait)
  reply = app.answer(request)
  if request.method == "POST" and reply.status == 200 and request.path != "/v2/user/create":
    reply = Reply(200, {"received": True, "revision": revision.name})
  return Answered(reply, wait)
