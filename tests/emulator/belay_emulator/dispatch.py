"""One request from its faults to its answer."""

import http.client
import re
import sys
import threading
import time
import traceback
import urllib.parse

from .routing import Problem, Reply, is_loopback

_PROJECT = re.compile(r"/(?:projects|namespaces)/([^/:]+)")


class Dispatcher:
  """Applies faults, records, authenticates, and calls the handler with the world's lock held."""

  def __init__(self, world, router):
    self._world = world
    self._router = router

  def answer(self, request):
    """The Reply, or None when the connection shall be closed without one."""
    if request.path.startswith("/_emulator/"):
      return self._handled(request)
    if request.port not in (0, 80, self._world.port) and is_loopback(request.host):
      return relayed(request)
    with self._world.lock:
      fault = self._world.faults.take(request)
      entry = self._world.recorder.begin(self._world.now(), request)
      if fault:
        entry["fault"] = fault.kind
    if fault and fault.kind == "slow":
      time.sleep(fault.seconds)
    if fault and fault.kind == "lose-request":
      return None
    if fault and fault.kind == "status":
      return self._recorded(entry, Problem(fault.status, fault.message or f"the emulator was told to answer {fault.status}", headers=fault.headers).reply())
    if fault and fault.kind == "late":
      threading.Thread(target=self._late, args=(fault, entry, request), daemon=True).start()
      return None
    reply = self._recorded(entry, self._handled(request, entry))
    return None if fault and fault.kind == "lose-answer" else reply

  def _late(self, fault, entry, request):
    if fault.seconds:
      time.sleep(fault.seconds)
    else:
      fault.released.wait()
    self._recorded(entry, self._handled(request, entry))

  def _recorded(self, entry, reply):
    with self._world.lock:
      self._world.recorder.end(entry, reply)
      for tell in self._world.heard:
        tell(entry)
    return reply

  def _handled(self, request, entry=None):
    try:
      route, groups = self._router.find(request.method, request.host, request.path)
      with self._world.lock:
        if not route.public:
          request.principal = self._world.access.authenticate(request)
          if entry is not None:
            entry["principal"] = request.principal
          self._check_project(request)
          self._world.access.check(request.principal, route.permission, _resource(request.path))
        self._world.operations.settle()
        answer = route.handler(request, *groups)
      return answer if isinstance(answer, Reply) else Reply(200, answer)
    except Problem as problem:
      return problem.reply()
    except Exception:  # a fault of the emulator's own: shown where its owner looks, and an honest 500 to the client
      traceback.print_exc(file=sys.stderr)
      return Problem(500, "the emulator has a fault of its own: see its standard error", "INTERNAL").reply()

  def _check_project(self, request):
    found = _PROJECT.search(request.path)
    if found and found.group(1) not in ("-", "_") and found.group(1) not in self._world.projects:
      raise Problem(403, f"Permission denied on resource project {found.group(1)}.", "PERMISSION_DENIED", details=[{
        "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "CONSUMER_INVALID", "domain": "googleapis.com",
        "metadata": {"consumer": f"projects/{found.group(1)}", "containerInfo": found.group(1)}}])


def _resource(path):
  """`projects/P/…` of a path, without its version and its verb."""
  found = re.search(r"(?:projects|namespaces)/.*", path)
  return (found.group(0) if found else path).split(":")[0]


def relayed(request):
  """What another server on this machine answers (a service's own address), for a client whose proxy we are."""
  connection = http.client.HTTPConnection(request.host, request.port, timeout=60)
  headers = {name: value for name, value in request.headers.items() if name not in ("connection", "proxy-connection", "content-length", "transfer-encoding")}
  query = urllib.parse.urlencode(request.query_all, doseq=True)
  try:
    connection.request(request.method, request.path + (f"?{query}" if query else ""), request.raw or None, headers)
    response = connection.getresponse()
    kept = {name: value for name, value in response.getheaders() if name.lower() not in ("connection", "content-length", "transfer-encoding")}
    return Reply(response.status, response.read(), kept)
  except (OSError, http.client.HTTPException) as problem:
    return Reply(502, f"{request.host}:{request.port}: {problem}\n".encode(), {"Content-Type": "text/plain"})
  finally:
    connection.close()
