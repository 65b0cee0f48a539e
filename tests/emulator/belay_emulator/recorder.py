"""Every request that came, for tests to count and compare."""

import collections


class Recorder:
  """A bounded list of requests as plain dicts, numbered from 1 since the last `clear`."""

  def __init__(self, limit=50000):
    self._entries = collections.deque(maxlen=limit)
    self._count = 0

  def begin(self, time, request, principal=""):
    self._count += 1
    entry = {
      "n": self._count, "time": time, "method": request.method, "host": request.host, "path": request.path, "query": request.query,
      "body": request.body if request.body is not None else (request.raw.decode("utf-8", "replace")[:4096] if request.raw else None),
      "user_agent": request.headers.get("user-agent", ""), "who": request.who, "principal": principal,
      "quota_project": request.headers.get("x-goog-user-project", ""), "status": None, "reply": None, "fault": None,
    }
    self._entries.append(entry)
    return entry

  def end(self, entry, reply):
    entry["status"] = reply.status
    entry["reply"] = reply.body if isinstance(reply.body, (dict, list)) else None

  def entries(self, since=0, **wanted):
    """Entries after number `since` whose members equal those given."""
    return [each for each in self._entries if each["n"] > since and all(each.get(key) == value for key, value in wanted.items())]

  def clear(self):
    self._entries.clear()
    self._count = 0
