"""What the database does, asked through the Cloud SQL proxy: real sessions, locks and statements of a real PostgreSQL."""

import os
import subprocess
import unittest

from health_world import FINDING, PASSWORD, HealthWorld, findings, result


class Psql:
  """A session of somebody else's, held open; `pid` is its backend's."""

  def __init__(self, world, statements):
    port = world.emulator.control("state")["sql"]["instances"][world.about["sql"]]["port"]
    self.process = subprocess.Popen(["psql", "-XqAt", "-h", "127.0.0.1", "-p", str(port), "-U", world.about["user"], "-d", world.about["database"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                    stderr=subprocess.DEVNULL, text=True, env={**os.environ, "PGPASSWORD": PASSWORD})
    self.process.stdin.write("select pg_backend_pid();\n" + statements + "\n")
    self.process.stdin.flush()
    self.pid = int(self.process.stdout.readline())

  def close(self):
    self.process.stdin.close()
    self.process.wait(30)
    self.process.stdout.close()


class DatabaseTest(unittest.TestCase):
  TABLES = {"fineman-west": "public.invoices", "guesslyfe": "public.bets", "liftlog": "public.user_events"}

  def test_connections_sizes_and_indexes_are_read_through_the_proxy(self):
    for service in self.TABLES:
      with self.subTest(service), HealthWorld(service, "staging", "--with-postgres") as world:
        ran = world.run("database")
        self.assertEqual(ran.exit, 0, repr(ran))
        outputs = result(ran)["outputs"]
        self.assertEqual(outputs["state"], "RUNNABLE")
        self.assertGreaterEqual(outputs["connections"], 1)
        self.assertGreater(outputs["max"], outputs["connections"])
        self.assertIn(self.TABLES[service], [each["name"] for each in outputs["tables"]])
        self.assertIn(self.TABLES[service], [each["table"] for each in outputs["full_scans"]])
        self.assertEqual(outputs["counted"], bool(outputs["slowest"]))
        self.assertEqual(world.mutations(), [])

  def test_statements_are_ranked_where_they_are_counted(self):
    with HealthWorld("fineman-west", "staging", "--with-postgres", extensions=["pg_stat_statements"]) as world:
      world.psql("select count(*) from invoices; " * 7 + "select pg_sleep(0.2);")
      outputs = result(world.run("database"))["outputs"]
      self.assertTrue(outputs["counted"])
      self.assertIn("pg_sleep", outputs["slowest"][0]["statement"])
      self.assertEqual([each["calls"] for each in outputs["most_frequent"] if "invoices" in each["statement"]], [7])
      self.assertGreaterEqual(outputs["costliest"][0]["total_ms"], 200)

  def test_a_session_that_blocks_is_found_and_ended_and_the_one_that_waited_goes_on(self):
    for service, table in (("fineman-west", "invoices"), ("guesslyfe", "bets")):
      with self.subTest(service), HealthWorld(service, "staging", "--with-postgres") as world:
        blocking = Psql(world, f"begin; lock table {table} in access exclusive mode; select 'locked';")
        self.assertEqual(blocking.process.stdout.readline().strip(), "locked")
        waiting = Psql(world, f"select 'answered ' || count(*) from {table};")
        while True:
          ran = world.run("database", "--blocked", "1ms")
          blocks = result(ran)["outputs"]["blocking"]
          if blocks:
            break
        self.assertEqual(ran.exit, FINDING, repr(ran))
        self.assertEqual((blocks[0]["pid"], blocks[0]["by"]), (waiting.pid, [blocking.pid]))
        self.assertTrue(any(f"session {waiting.pid} has waited" in each for each in findings(ran)), findings(ran))
        refused = world.run("remedy/end-query", "--pid", str(waiting.pid), "--yes")
        self.assertNotEqual(refused.exit, 0)
        self.assertIn("blocks nobody", refused.out)
        ended = world.run("remedy/end-query", "--pid", str(blocking.pid), "--yes")
        self.assertEqual(ended.exit, 0, repr(ended))
        self.assertTrue(waiting.process.stdout.readline().startswith("answered "))
        waiting.close()
        blocking.close()

  def test_an_instance_that_does_not_run_is_a_finding_and_no_proxy_is_started(self):
    with HealthWorld("guesslyfe", "staging") as world:
      world.emulator.control("sql/state", {"instance": world.about["sql"], "state": "SUSPENDED"})
      ran = world.run("database")
      self.assertEqual(ran.exit, FINDING, repr(ran))
      self.assertIn("SUSPENDED", findings(ran)[0])


if __name__ == "__main__":
  unittest.main()
