"""Searches of a service's log by a name: what each finds, and nothing of another service's."""

import unittest

from health_world import HealthWorld, result

ENTRIES = [
  ("ERROR", {"message": "invoice 17 not found", "error_type": "KeyError"}), ("ERROR", {"message": "invoice 23 not found", "error_type": "KeyError"}), ("ERROR", "JavaScript heap out of memory"),
  ("INFO", {"message": "request", "duration_ms": 9000, "path": "/slow"}), ("INFO", {"message": "request", "duration_ms": 90}), ("INFO", {"message": "called", "action": "claude_api_call"}),
  ("WARNING", {"message": "who is it", "error_type": "AuthenticationError"}),
]
FOUND = {("errors",): 3, ("all",): 7, ("slow",): 1, ("slow", "--over", "10s"): 0, ("action", "--of", "claude_api_call"): 1, ("text", "--of", "invoice"): 2, ("logins",): 1, ("memory",): 1, ("database",): 1,
         ("requests",): 0}


class LogsTest(unittest.TestCase):
  def test_each_search_finds_its_entries_of_each_service(self):
    for service in ("fineman-west", "liftlog", "guesslyfe"):
      with HealthWorld(service, "staging") as world:
        for severity, payload in ENTRIES:
          world.log(severity, payload)
        world.log("ERROR", {"message": "another's"}, service="another")
        world.log("WARNING", "too many connections", type="cloudsql_database")
        for options, count in FOUND.items():
          with self.subTest(f"{service} {options}"):
            ran = world.run("logs", "--query", *options)
            self.assertEqual(ran.exit, 0, repr(ran))
            self.assertEqual(result(ran)["outputs"]["count"], count, result(ran)["outputs"])
        groups = result(world.run("logs", "--query", "grouped"))["outputs"]["groups"]
        self.assertEqual([each["count"] for each in groups], [2, 1])
        self.assertEqual(world.mutations(), [])

  def test_a_search_that_there_is_not_names_those_that_there_are(self):
    with HealthWorld("liftlog", "staging") as world:
      ran = world.run("logs", "--query", "eror")
      self.assertNotEqual(ran.exit, 0)
      self.assertIn("there is no search 'eror'", ran.out)
      self.assertIn("errors, grouped, all, slow", ran.out)
      self.assertIn("wants to know what to look for", world.run("logs", "--query", "text").out)


if __name__ == "__main__":
  unittest.main()
