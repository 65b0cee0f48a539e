"""A client that is neither belay nor gcloud: Google's own for Node, in v1 of Cloud SQL, which the SDK does not speak."""

import unittest

from node_clients import run_script
from support import HAS_GCLOUD, Emulator


class SqladminNodeTest(unittest.TestCase):
  def test_googles_client_for_node_speaks_v1(self):
    with Emulator("--with-postgres") as emulator:
      seen = run_script("sqladmin_client.mjs", f"http://127.0.0.1:{emulator.port}/", emulator.token)
      self.assertEqual((seen["users"], seen["databases"]), (["app", "postgres"], ["app", "postgres"]))
      self.assertEqual(seen["backups"], [[True, "SUCCESSFUL", "by node"]])
      self.assertEqual((seen["patch"], seen["stale"], seen["tierInOld"]), ("UPDATE", 412, "db-custom-2-8192"))
      self.assertEqual((seen["restore"], seen["clone"], seen["instances"], seen["missing"]), (None, "twin", ["node", "twin"], 404))
      if HAS_GCLOUD:
        from sdk_messages import problems_of_recorded
        self.assertEqual(problems_of_recorded([dict(each, host="sqladmin.googleapis.com") for each in emulator.requests()]), [])


if __name__ == "__main__":
  unittest.main()
