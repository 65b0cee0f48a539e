"""Operations that take time: begun by a request, finished when the clock says so."""

import dataclasses
import re
import time

from .routing import Problem


@dataclasses.dataclass
class Operation:
  """`work` makes the effect at the end: what it gives is the response, a Problem it raises is the operation's error."""
  id: str
  kind: str  # "run.services.update", "sql.RESTART": what a rule matches
  target: str  # the resource it works on
  began: float
  due: float
  work: object
  about: object = None  # what the API that began it keeps with it
  done: bool = False
  ended: float = None
  response: object = None
  error: Problem = None


class Operations:
  """All operations of the world. Every request first settles those that are due, in the order in which they fall due."""

  def __init__(self, world):
    self._world = world
    self._all = {}
    self._pending = []
    self._rules = []

  def begin(self, kind, target, work, about=None, seconds=None, id=None):
    """An operation that is due after `seconds` (else the rule for its kind, else the setting `operation_seconds`)."""
    rule = self._take_rule(kind)
    if seconds is None:
      seconds = rule.get("seconds", self._world.settings["operation_seconds"])
    now = self._world.clock.seconds()
    if rule.get("error"):
      failure, work_at_end = rule["error"], work
      def work():
        if rule.get("effect"):
          work_at_end()
        raise Problem(failure.get("status", 500), failure.get("message", "boom"), failure.get("code_name", "INTERNAL"), failure.get("reason"))
    operation = Operation(id or self._world.new_uuid(), kind, target, now, now + seconds, work, about)
    self._all[operation.id] = operation
    self._pending.append(operation)
    return operation

  def get(self, id):
    return self._all.get(id)

  def of(self, target_prefix):
    return [each for each in self._all.values() if each.target.startswith(target_prefix)]

  def all(self):
    return list(self._all.values())

  def settle(self):
    """Finishes what is due. Called with the world's lock held."""
    while True:
      now = self._world.clock.seconds()
      operation = min((each for each in self._pending if each.due <= now), key=lambda each: each.due, default=None)
      if operation is None:
        return
      self._pending.remove(operation)  # before its work, which may settle others
      operation.done = True
      operation.ended = max(operation.due, operation.began)
      try:
        operation.response = operation.work()
      except Problem as problem:
        operation.error = problem
      self._world.changed.notify_all()

  def wait(self, operation, seconds):
    """Until it is done or the real seconds have passed; the lock is let go meanwhile."""
    end = time.monotonic() + seconds
    while not operation.done:
      self.settle()
      left = end - time.monotonic()
      if operation.done or left <= 0:
        return
      natural = self._world.clock.waits(operation.due)
      self._world.changed.wait(left if natural is None else min(left, natural + 0.001))

  def add_rule(self, rule):
    """{"kind": regex, "seconds": N, "error": {"message", "code_name", "status", "reason"}, "effect": bool, "times": N (1)}"""
    self._rules.append(dict(rule, times=rule.get("times", 1)))

  def clear_rules(self):
    self._rules = []

  def _take_rule(self, kind):
    for rule in self._rules:
      if rule["times"] > 0 and re.search(rule.get("kind", ""), kind):
        rule["times"] -= 1
        return rule
    return {}
