"""What tests of Cloud Run begin with: an emulator whose clock stands still, with one service of three revisions."""

import json
import os
import unittest

import recordings
from support import Emulator

REGION = "--region=us-central1"
SERVICE = "https://run.googleapis.com/v2/projects/demo-proj/locations/us-central1/services/api"
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "run_seed.json")) as file:
  SEED = json.load(file)


def traffic(*entries):
  """v2 traffic of ("REVISION" or "", percent, tag)."""
  return [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_" + ("REVISION" if name else "LATEST"), **({"revision": name} if name else {}), **({"percent": percent} if percent else {}),
           **({"tag": tag} if tag else {})} for name, percent, tag in entries]


LATEST = traffic(("", 100, ""))
SPLIT = traffic(("api-00002-xyz", 90, ""), ("api-00003-abc", 10, "canary"))


class Scenario(unittest.TestCase):
  maxDiff = 4000

  def setUp(self):
    self.emulator = Emulator()
    self.addCleanup(self.emulator.stop)
    self.emulator.control("clock", {"frozen": True, "at": recordings.FROZEN})
    self.emulator.control("seed", SEED)

  def service(self):
    return self.emulator.call("GET", SERVICE)

  def split(self, wanted):
    self.emulator.call("PATCH", SERVICE + "?updateMask=traffic", {"traffic": wanted})

  def shown_traffic(self):
    """{revision: percent, "tag revision": tag} as v2 shows what is effective."""
    found = {}
    for each in self.service()["trafficStatuses"]:
      if each.get("percent"):
        found[each["revision"]] = found.get(each["revision"], 0) + each["percent"]
      if each.get("tag"):
        found["#" + each["tag"]] = each["revision"]
    return found
