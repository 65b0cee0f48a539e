"""Recorded requests: what gcloud sends is held to them, and where gcloud is missing they are sent in its place.

The emulator's ids are the same each time and its clock is frozen, so that what was recorded can be sent again byte for byte.
BELAY_ACCEPT=1 takes what gcloud sends for right and writes it down.
"""

import base64
import json
import os
import re
from urllib.parse import quote

from sdk_messages import problems_of_recorded

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recorded")
FROZEN = 1790000000  # a moment after every certificate's begin and before every token's end
KEPT = ("who", "method", "host", "path", "query", "body", "status")


def path_of(name):
  return os.path.join(FOLDER, name + ".json")


def load(name):
  with open(path_of(name)) as file:
    return json.load(file)


def save(name, cases):
  """One request a line, so that a change is seen in review."""
  lines = []
  for case in cases:
    requests = ",\n".join("      " + json.dumps(each, sort_keys=True) for each in case["requests"])
    lines.append(f'  {{"command": {json.dumps(case["command"])}, "exit": {case["exit"]}, "requests": [\n{requests}\n  ]}}')
  os.makedirs(FOLDER, exist_ok=True)
  with open(path_of(name), "w") as file:
    file.write("[\n" + ",\n".join(lines) + "\n]\n")


def kept(entry):
  return {name: entry[name] for name in KEPT}


def comparable(requests):
  """Requests without what differs from run to run: loopback ports, nonces, the letters of revision names, gcloud's version."""
  text = json.dumps([{name: value for name, value in each.items() if name != "query"} for each in requests], sort_keys=True)
  for pattern, same in ((r"http://127\.0\.0\.1:\d+", "http://service"), (r'(nonce": ")[a-z_]+"', r'\1NONCE"'), (r"(-\d{5}-)[a-z]{3}\b", r"\1xyz"),
                        (r'(client-version": ")[\d.]+"', r'\1VERSION"'), (r'(-[a-z]{3}){3}"', '-VOLUME"'), (r'timestamp>=\\"[^"]+"', 'timestamp>=TIME'), (r"===============\d+==", "BOUNDARY")):
    text = re.sub(pattern, same, text)
  found = json.loads(text)
  # How often gcloud asks whether something is done depends on how busy the machine is.
  return [each for index, each in enumerate(found) if index == 0 or each != found[index - 1]]


class Recording:
  """Collects one scenario: `case` runs a command and holds its requests to those recorded; `finish` writes them down when that was asked for."""

  def __init__(self, test, name, emulator):
    self._test, self._name, self._emulator = test, name, emulator
    self._accept = bool(os.environ.get("BELAY_ACCEPT"))
    self._recorded = [] if self._accept else load(name)
    self._cases = []
    self._entries = []
    emulator.forget_requests()

  def gcloud(self, *arguments, exit=0, says=""):
    """What was done since the last case belongs to this one."""
    ran = self._emulator.gcloud(*arguments)
    entries = self._emulator.requests()
    self._emulator.forget_requests()
    self._entries += entries
    requests = [kept(each) for each in entries]
    self._cases.append({"command": list(arguments), "exit": ran.exit, "requests": requests})
    with self._test.subTest(" ".join(arguments)):
      self._test.assertEqual(ran.exit, exit, ran)
      self._test.assertIn(says, ran.out + ran.err)
      if not self._accept:
        expected = self._recorded[len(self._cases) - 1] if len(self._cases) <= len(self._recorded) else {"command": None, "requests": []}
        self._test.assertEqual(expected["command"], list(arguments), "the recording is of other commands: BELAY_ACCEPT=1 writes it anew")
        self._test.assertEqual(comparable(expected["requests"]), comparable(requests))
    return ran

  def finish(self):
    """Holds every body, sent or answered, to Google's own messages."""
    self._test.assertEqual(problems_of_recorded(self._entries), [])
    if self._accept:
      save(self._name, self._cases)


def replay(test, name, emulator):
  """Sends what was recorded; each must be answered with the status that gcloud got."""
  sent = 0
  for case in load(name):
    for each in case["requests"]:
      query = "&".join(f"{key}={quote(value, safe='')}" for key, value in each["query"].items())
      body, headers = each["body"], {}
      if isinstance(body, str):  # of two parts, between lines that its first line names
        body, headers = body.encode(), {"Content-Type": f"multipart/related; boundary='{body.splitlines()[0][2:]}'"}
      # Headers are not recorded: what they were is seen by the answer.
      if each["status"] == 206:
        headers["Range"] = "bytes=0-"
      if each["path"] == "/v2/token":
        headers["Authorization"] = "Basic " + base64.b64encode(f"_token:{emulator.token}".encode()).decode()
      answer = emulator.request(each["method"], f"https://{each['host']}{each['path']}" + (f"?{query}" if query else ""), body, headers, token=each["status"] != 401)
      with test.subTest(f"{' '.join(case['command'])}: {each['method']} {each['path']}"):
        test.assertEqual(answer.status, each["status"], answer.body)
      sent += 1
  test.assertGreater(sent, 0)

