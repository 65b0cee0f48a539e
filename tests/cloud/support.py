"""What the tests of the cloud stand on: an emulator of their own, the real gcloud and belay pointed at it."""

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

import dry_run_truth

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HAS_GCLOUD = shutil.which("gcloud") is not None and not os.environ.get("BELAY_WITHOUT_GCLOUD")
needs_gcloud = unittest.skipUnless(HAS_GCLOUD, "gcloud is not installed")


class Answer:
  """An HTTP answer: `status`, `headers`, `body` (JSON where it is JSON, else bytes)."""

  def __init__(self, response):
    raw = response.read()
    self.status = response.status
    self.headers = {name.lower(): value for name, value in response.getheaders()}
    self.body = json.loads(raw) if raw and "json" in self.headers.get("content-type", "") else raw


class Ran:
  """How a command ended: `exit`, `out`, `err`."""

  def __init__(self, done):
    self.exit, self.out, self.err = done.returncode, done.stdout, done.stderr

  def __repr__(self):
    return f"exit {self.exit}\nstdout: {self.out}\nstderr: {self.err}"

  def json(self):
    return json.loads(self.out)


class Emulator:
  """A belay-emulator in a process and a folder of its own; `with Emulator() as emulator:` or `stop()` ends both."""

  def __init__(self, *options, project="demo-proj", seed=None):
    self.folder = tempfile.mkdtemp(prefix="belay-cloud-")
    arguments = ["--folder", os.path.join(self.folder, "emulator"), "--project", project, *options]
    if seed is not None:
      with open(os.path.join(self.folder, "seed.json"), "w") as file:
        json.dump(seed, file)
      arguments += ["--seed", file.name]
    environment = dict(os.environ, PYTHONPATH=os.path.join(ROOT, "tests", "emulator"), PYTHONDONTWRITEBYTECODE="1")
    self._log = open(os.path.join(self.folder, "stderr.txt"), "w+")
    self._process = subprocess.Popen([sys.executable, "-m", "belay_emulator", *arguments], stdout=subprocess.PIPE, stderr=self._log, text=True, env=environment)
    line = self._process.stdout.readline()
    if not line:
      self._process.wait()
      self._log.seek(0)
      raise RuntimeError(f"the emulator did not start: {self._log.read()}")
    ready = json.loads(line)
    self.port, self.ca, self.project, self.token = ready["port"], ready["ca"], ready["project"], ready["token"]
    self._connection = None
    os.makedirs(os.path.join(self.folder, "gcloud"))
    with open(self.token_file, "w") as file:
      file.write(self.token)

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self.stop()

  @property
  def token_file(self):
    return os.path.join(self.folder, "token")

  def stop(self):
    self._process.terminate()
    try:
      self._process.wait(20)
    except subprocess.TimeoutExpired:
      self._process.kill()
      self._process.wait()
    self._process.stdout.close()
    self._log.seek(0)
    said = self._log.read()
    self._log.close()
    if self._connection:
      self._connection.close()
    shutil.rmtree(self.folder, ignore_errors=True)
    if said:
      raise AssertionError(f"the emulator wrote to its standard error:\n{said}")

  # -- requests

  def request(self, method, url, body=None, headers=None, token=True):
    """Sends to a Google address through the emulator (in absolute form, as through a proxy). `body`: JSON, or bytes."""
    url = url.replace("https://", "http://", 1)
    sent = dict(headers or {})
    sent["Host"] = urllib.parse.urlsplit(url).netloc
    if token:
      sent.setdefault("Authorization", "Bearer " + (token if isinstance(token, str) else self.token))
    if body is not None and not isinstance(body, bytes):
      body = json.dumps(body).encode()
      sent.setdefault("Content-Type", "application/json")
    try:
      if self._connection is None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
      self._connection.request(method, url, body, sent)
      return Answer(self._connection.getresponse())
    except (ConnectionError, http.client.HTTPException):
      self._connection.close()
      self._connection = None
      raise

  def call(self, method, url, body=None, **more):
    """The JSON of a request that must succeed."""
    answer = self.request(method, url, body, **more)
    if answer.status >= 300:
      raise AssertionError(f"{method} {url}: {answer.status} {answer.body}")
    return answer.body

  def control(self, name, body=None, method=None):
    """/_emulator/NAME: POST with a body, else GET."""
    return self.call(method or ("GET" if body is None else "POST"), f"http://127.0.0.1:{self.port}/_emulator/{name}", body, token=False)

  def requests(self, **wanted):
    return self.control("requests?" + urllib.parse.urlencode(wanted))["requests"]

  def forget_requests(self):
    self.control("requests", method="DELETE")

  def fault(self, **rule):
    self.control("faults", rule)

  def advance(self, seconds):
    self.control("clock", {"advance": seconds})

  # -- commands

  def environment(self, **more):
    """Route C of gcloud: real https addresses, through a proxy that speaks TLS with our own authority. belay reads the same variables."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("CLOUDSDK_", "GOOGLE_", "BELAY_", "GCE_METADATA")) and name.lower() not in ("http_proxy", "https_proxy", "all_proxy", "no_proxy")}
    return {
      **kept, "CLOUDSDK_CONFIG": os.path.join(self.folder, "gcloud"), "CLOUDSDK_CORE_PROJECT": self.project, "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
      "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true", "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true", "CLOUDSDK_SURVEY_DISABLE_PROMPTS": "true",
      "CLOUDSDK_CORE_DISABLE_FILE_LOGGING": "true", "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false", "CLOUDSDK_CORE_SHOULD_PROMPT_TO_ENABLE_API": "false",
      "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": self.token_file, "CLOUDSDK_PROXY_TYPE": "http", "CLOUDSDK_PROXY_ADDRESS": "127.0.0.1",
      "CLOUDSDK_PROXY_PORT": str(self.port), "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE": self.ca, "TERM": "dumb", "TZ": "UTC", **more,
    }

  def gcloud(self, *arguments, seconds=90, stdin="", **variables):
    return Ran(subprocess.run(["gcloud", *arguments], env=self.environment(**variables), input=stdin, capture_output=True, text=True, timeout=seconds, cwd=self.folder))

  def belay(self, *arguments, seconds=120, stdin="", cwd=None, **variables):
    binary = os.path.realpath(os.environ.get("BELAY") or os.path.join(ROOT, "build", "dev", "belay"))
    state = os.path.join(self.folder, "state")
    environment = self.environment(XDG_STATE_HOME=state, XDG_CONFIG_HOME=state, HOME=self.folder, **variables)
    return Ran(subprocess.run([binary, *arguments], env=environment, input=stdin, capture_output=True, text=True, timeout=seconds, cwd=cwd or self.folder))


def assert_dry_run_truth(test, emulator, belay, *arguments, between=None):
  """Runs `belay(*arguments)` as a dry run and then in earnest, both as JSON: the former must send nothing that changes, the latter what was predicted.

  `belay`: a function as Emulator.belay. `between`: called between the two. Gives both as Ran; how the run ended is the test's to judge."""
  emulator.forget_requests()
  dry = belay("--dry-run", *arguments, "--output", "json")
  test.assertEqual(dry.exit, 0, repr(dry))
  test.assertEqual(dry_run_truth.mutations(emulator.requests(who="belay")), [], "the dry run changed something")
  if between:
    between()
  emulator.forget_requests()
  ran = belay(*arguments, "--output", "json")
  test.assertEqual(dry_run_truth.mismatches(dry.json()["plan"], dry_run_truth.mutations(emulator.requests(who="belay"))), [], repr(ran))
  return dry, ran
