"""Faults on demand: the quota, the outage, the slow and the lost answer."""

import re
import threading

KINDS = ("status", "slow", "lose-answer", "lose-request", "late")


class Fault:
  """One rule: which requests (method, `where` = regex over host and path, who), from which match on, how often, and what happens to them."""

  def __init__(self, rule):
    self.kind = rule.get("kind", "status")
    if self.kind not in KINDS:
      raise ValueError(f"no fault is called {self.kind!r}: one of {', '.join(KINDS)}")
    self.method = rule.get("method")
    self.where = re.compile(rule.get("where", ""))
    self.who = rule.get("who")
    self.skip = rule.get("nth", 1) - 1
    self.times = rule.get("times", 1)
    self.status = rule.get("status", 503)
    self.message = rule.get("message")
    self.headers = rule.get("headers", {})
    self.seconds = rule.get("seconds", 0)
    self.matched = 0
    self.released = threading.Event()  # a late request without seconds waits until it is told to go on

  def fits(self, request):
    return ((self.method is None or self.method == request.method) and (self.who is None or self.who == request.who)
            and self.where.search(request.host + request.path))

  def shown(self):
    return {"kind": self.kind, "method": self.method, "where": self.where.pattern, "who": self.who, "matched": self.matched, "times": self.times}


class Faults:
  """The rules in order; the first that fits and has turns left is applied."""

  def __init__(self):
    self._rules = []

  def add(self, rule):
    self._rules.append(Fault(rule))

  def take(self, request):
    for fault in self._rules:
      if fault.times > 0 and fault.fits(request):
        fault.matched += 1
        if fault.matched > fault.skip:
          fault.times -= 1
          return fault
    return None

  def release(self):
    """Lets every late request that waits for it go on."""
    for fault in self._rules:
      fault.released.set()

  def clear(self):
    self.release()
    self._rules = []

  def shown(self):
    return [fault.shown() for fault in self._rules]
