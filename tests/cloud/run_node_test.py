"""A client that is neither belay nor gcloud: Google's own for Node, in both versions of Cloud Run's API."""

import unittest

from node_clients import run_script
from support import HAS_GCLOUD, Emulator


class RunNodeTest(unittest.TestCase):
  def test_googles_client_for_node_speaks_both_versions(self):
    with Emulator() as emulator:
      seen = run_script("run_client.mjs", f"http://127.0.0.1:{emulator.port}/", emulator.token)
      first = seen["firstRevision"]
      self.assertEqual(seen["created"], "projects/demo-proj/locations/us-central1/services/node")
      self.assertEqual((seen["staleStatus"], seen["replacedStatus"], seen["replacedAgainStatus"]), (409, 200, 409))
      self.assertEqual(seen["trafficV2"], [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": first, "percent": 100}])
      self.assertEqual(seen["trafficV1"], [{"revisionName": first, "percent": 100}])
      self.assertEqual([each["type"] for each in seen["trafficAfterV1"]], ["TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"])
      self.assertNotEqual(seen["trafficAfterV1"][0]["revision"], first)
      self.assertEqual((seen["revisions"], seen["members"], seen["succeeded"]), (2, ["allUsers"], 1))
      if HAS_GCLOUD:
        self.hold_bodies(emulator.requests())

  def hold_bodies(self, entries):
    from sdk_messages import problems_of_recorded
    self.assertEqual(problems_of_recorded([dict(each, host="run.googleapis.com") for each in entries]), [])


if __name__ == "__main__":
  unittest.main()
