"""The filter language of Cloud Logging, on one entry."""

import os
import sys
import unittest

from support import ROOT

sys.path.insert(0, os.path.join(ROOT, "tests", "emulator"))
from belay_emulator.log_filter import FilterError, matches, parse

ENTRY = {
  "severity": "ERROR", "timestamp": "2025-06-20T10:00:00.123Z", "resource": {"type": "cloud_run_revision", "labels": {"service_name": "api"}},
  "jsonPayload": {"message": "db Timeout", "duration_ms": 1500, "s": "x"}, "labels": {"a.b/c": "1"}, "logName": "projects/p/logs/run.googleapis.com%2Frequests",
  "httpRequest": {"status": 500, "latency": "2.5s"},
}
CASES = (
  (True, ""), (True, "resource.type=cloud_run_revision AND severity>=ERROR"), (True, 'resource.type="cloud_run_revision"\n  severity>=ERROR\n jsonPayload.duration_ms>1000'),
  (False, "jsonPayload.duration_ms>5000"), (True, "jsonPayload.message:memory OR jsonPayload.message:timeout"), (True, 'timestamp>="2025-06-20T10:00:00Z"'),
  (True, "timestamp>=2025-06-20T10:00:00Z severity=ERROR"), (False, 'timestamp<"2025-06-20T12:00:00+02:00"'), (False, 'textPayload:"out of memory"'),
  # A bare field is a word to be found anywhere, no test of presence; a star is itself unless it stands alone.
  (False, "severity=ERROR AND jsonPayload.message"), (True, "jsonPayload.message:*"), (False, "jsonPayload.message:db*"), (True, '"db timeout"'),
  # A field that is not there compares with nothing.
  (False, "jsonPayload.nope!=x"), (True, "NOT jsonPayload.nope=x"), (False, "-severity=ERROR"), (True, 'labels."a.b/c"=1'), (True, 'log_id("run.googleapis.com/requests")'),
  (True, "resource.type=(a OR cloud_run_revision)"), (True, "httpRequest.latency>2s"), (True, "httpRequest.status>=500"), (True, 'jsonPayload.s=~"^x$"'),
  # OR binds stronger than AND.
  (False, "severity=INFO OR severity=ERROR AND jsonPayload.s=y"), (True, "jsonPayload.s=x AND severity=INFO OR severity=ERROR"), (True, "-- a note\nseverity=ERROR -- more"),
  (True, "resource.type = cloud_run_revision \n AND resource.labels.service_name = api \n AND severity >= DEFAULT"), (True, 'resource.labels.service_name=starts_with("a")'),
)


class LogFilterTest(unittest.TestCase):
  def test_what_a_filter_selects(self):
    for wanted, text in CASES:
      with self.subTest(text):
        self.assertEqual(matches(parse(text), ENTRY), wanted)

  def test_what_is_no_filter_is_refused(self):
    for text in ("severity>=", "(a=b", "severity=HIGH", "a=b)", "= x", "a=(b AND c OR d)", "nonsense(1)"):
      with self.subTest(text), self.assertRaises(FilterError):
        matches(parse(text), ENTRY)


if __name__ == "__main__":
  unittest.main()
