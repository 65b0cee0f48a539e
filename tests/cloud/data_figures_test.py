"""belay's module monitoring against the emulator: what Cloud Run served is counted and judged."""

import datetime
import json
import os
import unittest

from data_project import DataTest

HERE = os.path.dirname(os.path.abspath(__file__))


class FiguresTest(DataTest):
  def setUp(self):
    super().setUp()
    with open(os.path.join(HERE, "run_seed.json")) as file:
      self.emulator.control("seed", json.load(file))

  def traffic(self, revision, statuses):
    self.emulator.control("traffic", {"service": "api", "revision": revision, "statuses": statuses, "seconds": 0.05, "ends_ago": 300, "over": 120})

  def counts(self):
    result = self.run_steps("""
- id: counts
  use: monitoring.counts
  with: {project: demo-proj, region: us-central1, service: api, revisions: [api-00003-abc], from: "%s"}
""" % self.since(), outputs="  servers: ${{ steps.counts.servers }}\n  rate: ${{ steps.counts.error_rate }}")
    return result["outputs"]

  def since(self):
    now = datetime.datetime.now(datetime.timezone.utc)
    return (now - datetime.timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%SZ")

  def test_requests_and_failures_are_counted_for_each_revision(self):
    self.traffic("api-00003-abc", {"200": 95, "500": 5})
    self.traffic("api-00002-xyz", {"200": 400})
    found = self.counts()
    self.assertEqual(found["servers"], {"api-00002-xyz": {"requests": 400, "failures": 0}, "api-00003-abc": {"requests": 100, "failures": 5}})
    self.assertEqual(found["rate"], 0.01)

  def test_a_revision_of_which_nothing_is_known_yet_counts_from_0(self):
    self.assertEqual(self.counts()["servers"], {"api-00003-abc": {"requests": 0, "failures": 0}})

  def test_a_quantile_of_the_latencies_is_judged(self):
    self.traffic("api-00003-abc", {"200": 100})
    result = self.run_steps("""
- id: latency
  use: monitoring.series
  with: {project: demo-proj, metric: run.googleapis.com/request_latencies, window: 30m, align: ALIGN_PERCENTILE_95, reduce: REDUCE_MAX, filter: 'resource.labels.service_name="api"', above: 10, what: p95}
""", expect=4)
    self.assertIn("is above 10", str(result["findings"]))


if __name__ == "__main__":
  unittest.main()
