"""Watching, verifying, GitHub's way and scaling, on the services of Google Cloud."""

import json
import os
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from run_world import Load, RunWorld
from support import assert_dry_run_truth


class WatchTest(unittest.TestCase):
  def test_what_serves_well_is_watched_and_left_as_it_was(self):
    with RunWorld("guesslyfe", "staging") as world:
      newest = world.revisions()[-1]
      _, ran = assert_dry_run_truth(self, world.emulator, world.belay, "run", "cloud-run/watch", "-s", "guesslyfe", "-e", "staging", "--yes", "-p", "watch=3s")
      self.assertEqual((ran.exit, world.split(), world.tags()), (0, {newest: 100}, []), ran)

  def test_what_gcloud_deployed_and_fails_is_taken_back_by_itself(self):
    for service, faults in (("fineman-west", {"FAULT_HEALTH": "fail"}), ("liftlog", {"FAULT_ERROR_RATE": "0.4"})):
      with self.subTest(service), RunWorld(service, "staging") as world:
        good, bad = world.revisions()[-2:]
        world.breaks("v1.2.0", **faults)
        ran = world.act("cloud-run/watch", "-p", "watch=30s")
        self.assertEqual((ran.exit, world.split(), world.tags()), (3, {good: 100}, []), ran)
        self.assertEqual(world.state()["annotations"]["belay-left"], bad)


class VerifyTest(unittest.TestCase):
  def test_liftlog_is_verified_by_its_endpoints_a_user_and_its_log(self):
    with RunWorld("liftlog", "staging") as world:
      ran = world.act("cloud-run/verify", "--output", "json", "-p", "watch=1s")
      self.assertEqual(ran.exit, 0, ran)
      self.assertTrue(ran.json()["outputs"]["ok"])
      with open(os.path.join(world.emulator.folder, "state", "belay", "state.db"), "rb") as file:
        self.assertNotIn(b"password\\\":\\\"", file.read())
      world.emulator.control("log", {"severity": "ERROR", "json": {"message": "boom 17"}, "labels": {"service_name": world.about["run"], "revision_name": world.revisions()[-1], "location": "us-central1"}})
      ran = world.act("cloud-run/verify", "--output", "json", "-p", "create_user=false")
      self.assertEqual(ran.exit, 4, ran)
      self.assertEqual([each["count"] for each in ran.json()["outputs"]["errors"]], [1])

  def test_a_sick_endpoint_is_a_finding(self):
    with RunWorld("fineman-west", "staging") as world:
      world.breaks("v1.2.0", FAULT_HEALTH="error")
      ran = world.act("cloud-run/verify")
      self.assertEqual(ran.exit, 4, ran)
      self.assertIn("language model", ran.err + ran.out)


class GitHub:
  """GitHub's side of a workflow: takes a start, has a run of it, and what it does is `acts`."""

  def __init__(self, acts, conclusion="success"):
    self.started, self.asked = [], 0
    me = self

    class Handler(BaseHTTPRequestHandler):
      protocol_version = "HTTP/1.1"

      def say(self, status, body=None):
        raw = json.dumps(body).encode() if body is not None else b""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

      def run(self):
        given = me.started[-1]["inputs"]
        return {"id": 7, "display_title": " ".join(given.values()), "name": " ".join(given.values()), "event": "workflow_dispatch", "status": "completed", "conclusion": conclusion,
                "html_url": "https://github.example.com/runs/7", "created_at": "2099-01-01T00:00:00Z", "head_branch": "main", "run_number": 7, "path": ".github/workflows/x.yml"}

      def do_POST(self):
        me.started.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        me.authorized = self.headers.get("Authorization", "")
        acts(me.started[-1]["inputs"])
        self.say(204)

      def do_GET(self):
        me.asked += 1
        if self.path.split("?")[0].endswith("/runs"):
          self.say(200, {"total_count": len(me.started), "workflow_runs": [self.run()] if me.started else []})
        elif "/actions/runs/" in self.path and self.path.endswith("/jobs"):
          self.say(200, {"total_count": 0, "jobs": []})
        elif "/actions/runs/" in self.path:
          self.say(200, self.run())
        else:
          self.say(200, {"id": 1, "name": "Python Backend Deploy", "path": ".github/workflows/python-backend-deploy.yml", "state": "active"})

      def log_message(self, *_):
        pass

    self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=self.server.serve_forever, daemon=True).start()
    self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self.server.shutdown()
    self.server.server_close()


class GitHubTest(unittest.TestCase):
  def test_githubs_workflow_is_started_followed_and_verified_under_the_same_rule(self):
    with RunWorld("liftlog", "production") as world:
      def deploys(given):
        service = world.emulator.call("GET", world.api)
        service["template"]["containers"][0]["image"] = world.image(given["image_tag"])
        service["template"].pop("revision", None)
        world.emulator.call("PATCH", world.api + "?updateMask=template", {"template": service["template"]})
      with GitHub(deploys) as github:
        told = {"LIFTLOG_GITHUB_TOKEN": "ghp_0123456789", "BELAY_SET_VARS__GITHUB__api": github.url}
        ran = world.act("cloud-run/github", "-p", "version=latest", **told)
        self.assertEqual((ran.exit, github.started), (3, []), ran)
        ran = world.act("cloud-run/github", "-p", "version=v1.3.0", "--output", "json", **told)
        self.assertEqual(ran.exit, 0, ran)
        self.assertEqual((len(github.started), github.started[0]["inputs"]["environment"], github.started[0]["inputs"]["image_tag"]), (1, "production", "v1.3.0"))
        self.assertIn("ghp_0123456789", github.authorized)
        self.assertNotIn("ghp_0123456789", ran.out + ran.err)
        self.assertEqual((ran.json()["outputs"]["conclusion"], ran.json()["outputs"]["revision"]), ("success", world.revisions()[-1]))

  def test_a_workflow_that_fails_is_told(self):
    with RunWorld("liftlog", "staging") as world, GitHub(lambda given: None, "failure") as github:
      ran = world.act("cloud-run/github", "-p", "version=v1.3.0", LIFTLOG_GITHUB_TOKEN="ghp_0123456789", BELAY_SET_VARS__GITHUB__api=github.url)
      self.assertEqual(ran.exit, 1, ran)
      self.assertIn("failure", ran.err)


class ScaleTest(unittest.TestCase):
  def test_each_service_is_given_more_and_its_dry_run_said_so(self):
    for service, options in (("liftlog", ("-p", "max_instances=20", "-p", "cpu=2", "-p", "memory=4Gi")), ("guesslyfe", ("-p", "min_instances=3", "-p", "max_instances=20")), ("fineman-west", ("-p", "concurrency=120"))):
      with self.subTest(service), RunWorld(service, "staging") as world:
        with Load(world) as load:
          _, ran = assert_dry_run_truth(self, world.emulator, world.belay, "run", "cloud-run/scale", "-s", service, "-e", "staging", "--yes", *options)
        self.assertEqual((ran.exit, world.split(), load.failed()), (0, {world.revisions()[-1]: 100}, []), ran)
        made = world.revision(world.revisions()[-1])
        limits = made["containers"][0]["resources"]["limits"]
        if service == "liftlog":
          self.assertEqual((made["scaling"]["maxInstanceCount"], limits["cpu"], limits["memory"]), (20, "2", "4Gi"))
        elif service == "guesslyfe":
          self.assertEqual(made["scaling"], {"minInstanceCount": 3, "maxInstanceCount": 20})
        else:
          self.assertEqual(made["maxInstanceRequestConcurrency"], 120)

  def test_the_databases_machine_and_standby_are_changed_when_the_restart_is_confirmed(self):
    with RunWorld("liftlog", "staging") as world:
      sql = f"https://sqladmin.googleapis.com/v1/projects/{world.about['project']}/instances/{world.about['sql']}"
      options = ("run", "cloud-run/scale", "-s", "liftlog", "-e", "staging", "-p", "tier=db-custom-4-15360", "-p", "availability=REGIONAL")
      ran = world.belay(*options, "--yes")
      self.assertIn(ran.exit, (6, 9), ran)
      self.assertEqual(world.emulator.call("GET", sql)["settings"]["tier"], "db-custom-1-3840")
      world.belay("runs", "abort", "latest", "--reason", "not confirmed", "--yes")
      ran = world.belay(*options, "--confirm", f"restart {world.about['sql']}")
      self.assertEqual(ran.exit, 0, ran)
      settings = world.emulator.call("GET", sql)["settings"]
      self.assertEqual((settings["tier"], settings["availabilityType"]), ("db-custom-4-15360", "REGIONAL"))

  def test_no_instances_and_nothing_at_all_are_refused(self):
    with RunWorld("guesslyfe", "staging") as world:
      for options in ((), ("-p", "max_instances=0"), ("-p", "max_instances=2", "-p", "min_instances=3")):
        ran = world.act("cloud-run/scale", *options)
        self.assertEqual((ran.exit, world.writes()), (3, []), ran)

if __name__ == "__main__":
  unittest.main()
