"""The emulator's core: sockets, faults, the clock, tokens, the recorder."""

import http.client
import os
import socket
import ssl
import subprocess
import sys
import unittest

from support import ROOT, Emulator, needs_gcloud

TOKENINFO = "https://oauth2.googleapis.com/tokeninfo?access_token="


class CoreTest(unittest.TestCase):
  @classmethod
  def setUpClass(cls):
    cls.emulator = Emulator()

  @classmethod
  def tearDownClass(cls):
    cls.emulator.stop()

  def setUp(self):
    self.emulator.control("reset", {})

  def raw(self, text):
    with socket.create_connection(("127.0.0.1", self.emulator.port), timeout=10) as connection:
      connection.sendall(text.encode())
      connection.shutdown(socket.SHUT_WR)
      received = b""
      while True:
        part = connection.recv(65536)
        if not part:
          return received.decode()
        received += part

  def test_requests_come_in_origin_form_in_absolute_form_and_through_tls(self):
    path = "/tokeninfo?access_token=" + self.emulator.token
    for target in (f"GET {path} HTTP/1.1\r\nHost: oauth2.googleapis.com\r\n\r\n", f"GET http://oauth2.googleapis.com{path} HTTP/1.1\r\nHost: other\r\n\r\n",
                   f"GET {path} HTTP/1.1\r\nHost: oauth2.localhost:1\r\n\r\n"):
      self.assertIn("operator@example.com", self.raw(target))
    context = ssl.create_default_context(cafile=self.emulator.ca)
    connection = http.client.HTTPSConnection("127.0.0.1", self.emulator.port, context=context, timeout=10)
    connection.set_tunnel("oauth2.googleapis.com", 443)
    for _ in range(2):  # kept alive within the tunnel
      connection.request("GET", path)
      self.assertIn(b"operator@example.com", connection.getresponse().read())
    connection.close()
    self.assertEqual([each["host"] for each in self.emulator.requests()], ["oauth2.googleapis.com"] * 5)

  def test_a_tunnel_to_a_host_that_is_not_emulated_is_refused(self):
    self.assertTrue(self.raw("CONNECT example.com:443 HTTP/1.1\r\n\r\n").startswith("HTTP/1.1 502 "))

  def test_what_is_no_request_gets_400(self):
    self.assertTrue(self.raw("hello\r\n\r\n").startswith("HTTP/1.1 400 "))
    self.assertTrue(self.raw("POST /x HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{").startswith("HTTP/1.1 400 "))

  def test_what_is_not_served_says_so(self):
    answer = self.emulator.request("GET", "https://nothing.googleapis.com/v9/x")
    self.assertEqual((answer.status, answer.body["error"]["status"]), (404, "NOT_FOUND"))

  def test_faults_come_at_the_request_that_was_named_and_as_often_as_asked(self):
    self.emulator.fault(where="tokeninfo", nth=2, times=2, status=429, message="slow down", headers={"Retry-After": "3"})
    answers = [self.emulator.request("GET", TOKENINFO + self.emulator.token) for _ in range(4)]
    self.assertEqual([each.status for each in answers], [200, 429, 429, 200])
    self.assertEqual((answers[1].body["error"]["status"], answers[1].headers["retry-after"]), ("RESOURCE_EXHAUSTED", "3"))
    self.assertEqual([each["fault"] for each in self.emulator.requests()], [None, "status", "status", None])

  def test_a_lost_answer_has_its_effect_and_a_lost_request_has_none(self):
    for kind, status in (("lose-answer", 200), ("lose-request", None)):
      self.emulator.control("reset", {})
      self.emulator.fault(where="tokeninfo", kind=kind)
      with self.assertRaises((ConnectionError, http.client.HTTPException)):
        self.emulator.request("GET", TOKENINFO + self.emulator.token)
      self.assertEqual(self.emulator.requests()[0]["status"], status)

  def test_a_late_request_has_its_effect_when_it_is_released(self):
    self.emulator.fault(where="tokeninfo", kind="late")
    with self.assertRaises((ConnectionError, http.client.HTTPException)):
      self.emulator.request("GET", TOKENINFO + self.emulator.token)
    self.assertIsNone(self.emulator.requests()[0]["status"])
    self.emulator.control("release", {})
    while self.emulator.requests()[0]["status"] is None:
      pass
    self.assertEqual(self.emulator.requests()[0]["status"], 200)

  def test_the_clock_goes_forward_on_demand_and_tokens_end_with_it(self):
    token = self.emulator.control("token", {"principal": "ci@example.com", "seconds": 60})["access_token"]
    self.assertEqual(self.emulator.call("GET", TOKENINFO + token)["email"], "ci@example.com")
    self.emulator.advance(61)
    self.assertEqual(self.emulator.request("GET", TOKENINFO + token).status, 400)
    self.emulator.control("clock", {"frozen": True})
    first = self.emulator.control("clock")["seconds"]
    self.assertEqual(self.emulator.control("clock")["seconds"], first)
    self.emulator.advance(1.5)
    self.assertEqual(self.emulator.control("clock")["seconds"], first + 1.5)

  def test_a_seed_that_no_api_knows_is_refused_by_name(self):
    answer = self.emulator.request("POST", f"http://127.0.0.1:{self.emulator.port}/_emulator/seed", {"nonsense": {}})
    self.assertEqual(answer.status, 400)
    self.assertIn("nonsense", answer.body["error"]["message"])

  def test_it_is_one_file_that_python_runs(self):
    path = os.path.join(self.emulator.folder, "belay-emulator")
    subprocess.run([sys.executable, "-m", "zipapp", os.path.join(ROOT, "tests", "emulator"), "-o", path], check=True)
    done = subprocess.run([sys.executable, path, "--seed", "/nonexistent"], capture_output=True, text=True)
    self.assertEqual((done.returncode, done.stdout), (1, ""))
    self.assertIn("/nonexistent", done.stderr)

  @needs_gcloud
  def test_gcloud_reaches_it_by_its_real_addresses(self):
    ran = self.emulator.gcloud("run", "services", "list", "--region=us-central1", "--format=json")
    seen = self.emulator.requests()[0]
    self.assertEqual((seen["who"], seen["host"]), ("gcloud", "us-central1-run.googleapis.com"), ran)


if __name__ == "__main__":
  unittest.main()
