"""The time of the emulated cloud: real time and an offset that only grows."""

import datetime
import time


class Clock:
  """Seconds since 1970 as the cloud sees them; `advance` moves them forward without waiting, `freeze` holds them still."""

  def __init__(self):
    self._offset = 0.0
    self._frozen = None

  def seconds(self):
    return self._frozen if self._frozen is not None else time.time() + self._offset

  def advance(self, seconds):
    if seconds < 0:
      raise ValueError("time does not go back")
    if self._frozen is not None:
      self._frozen += seconds
    else:
      self._offset += seconds

  def freeze(self, at=None):
    self._frozen = self.seconds() if at is None else at

  def thaw(self):
    if self._frozen is not None:
      self._offset = self._frozen - time.time()
      self._frozen = None

  def waits(self, until):
    """The real seconds until `until` comes by itself; None when only `advance` can bring it."""
    left = until - self.seconds()
    return max(0.0, left) if self._frozen is None or left <= 0 else None


def stamp(seconds):
  """RFC 3339 in UTC with microseconds, as Google's APIs write a time."""
  moment = datetime.datetime.fromtimestamp(round(seconds, 6), datetime.timezone.utc)
  return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def seconds_of(text):
  """The seconds of an RFC 3339 time; ValueError for anything else, also for a time without an offset."""
  moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
  if moment.tzinfo is None:
    raise ValueError(f"{text!r} has no offset from UTC")
  return moment.timestamp()
