"""What stands in an emulated project, read through Google's own APIs: two projects to which the same was done read the same."""

import base64
import gzip
import hashlib
import itertools
import json
import os
import re
import subprocess
import urllib.parse

from equivalents_cases import ACCOUNT, FIREWALLS, LOGGING, POLICIES, PROJECT, RUN, SECRETS, SQL

STORAGE = "https://storage.googleapis.com/storage/v1/b"
REDIS = "https://redis.googleapis.com/v1/projects/demo-proj/locations/us-central1/instances"
CONNECTORS = "https://vpcaccess.googleapis.com/v1/projects/demo-proj/locations/us-central1/connectors"
ACCOUNTS = ACCOUNT.rpartition("/")[0]
ENABLED = "https://serviceusage.googleapis.com/v1/projects/demo-proj/services?filter=state:ENABLED"
# What differs between any two makings of a thing (versions of it, ids), and what a client writes about itself.
OWN = {"etag", "settingsVersion", "generation", "observedGeneration", "uid", "uniqueId", "oauth2ClientId", "client", "clientVersion", "creationRecord", "mutationRecord", "labelFingerprint",
       "metageneration", "fingerprint"}
ABOUT_CLIENTS = re.compile(r"(run\.googleapis\.com/(client-|operation-id|launch-stage)|client\.knative\.dev/|belay-)")


SETS = ("traffic", "trafficStatuses", "env", "databaseFlags", "bindings", "members", "labels")  # lists whose order means nothing


def plain(value):
  if isinstance(value, dict):
    kept = {name: plain(each) for name, each in sorted(value.items()) if name not in OWN and not ABOUT_CLIENTS.match(name)}
    if kept.get("kind") == "sql#backupConfiguration" and not kept.get("enabled"):
      kept.pop("startTime", None)  # of backups that are not taken
    return {name: sorted(each, key=json.dumps) if name in SETS and isinstance(each, list) else each for name, each in kept.items() if each != {}}
  if isinstance(value, list):
    return [plain(each) for each in value]
  if isinstance(value, str):
    for pattern, same in ((r"\[\d{8}-\d{4}-\w+/", "[RUN/"), (r"http://127\.0\.0\.1:\d+", "http://HERE"), (r"^https://compute\.googleapis\.com/compute/v1/", "")):
      value = re.sub(pattern, same, value)
  return value


def payload_of(data):
  """A secret's value; of a key, what it is of, and of a random secret what it is like: no two are the same."""
  text = base64.b64decode(data).decode()
  for form, letters in (("hex", r"[0-9a-f]{40,}"), ("base64", r"[A-Za-z0-9+/]{40,}={0,2}")):
    if re.fullmatch(letters, text):
      return f"{len(text)} of {form}"
  return {**json.loads(text), "private_key": "PEM" if "PRIVATE KEY" in text else None} if text.startswith("{") else text


class Reading:
  def __init__(self, emulator):
    self._emulator = emulator
    self.get = lambda url: emulator.call("GET", url)

  def run(self):
    out = {"jobs": self.get(RUN + "/jobs").get("jobs", [])}
    for job in out["jobs"]:
      out[job["name"]] = self.get(f"https://run.googleapis.com/v2/{job['name']}/executions").get("executions", [])
    for service in self.get(RUN + "/services").get("services", []):
      url = "https://run.googleapis.com/v2/" + service["name"]
      out[service["name"]] = {"service": service, "policy": self.get(url + ":getIamPolicy").get("bindings", []), "revisions": self.get(url + "/revisions").get("revisions", [])}
    return out

  def sql(self):
    """Operations but those on users, and a row of the same as one: gcloud needs two where the API needs one. Passwords by which of them lets a user in, rows as that user's pg_dump writes them."""
    ports = {name: each["port"] for name, each in self._emulator.control("state").get("sql", {}).get("instances", {}).items()}
    out = {}
    for instance in self.get(SQL + "/instances").get("items", []):
      name = instance["name"]
      url = f"{SQL}/instances/{name}"
      operations = [each["operationType"] for each in self.get(f"{SQL}/operations?instance={name}&maxResults=100").get("items", [])]
      users, databases = self.get(url + "/users").get("items", []), self.get(url + "/databases").get("items", [])
      passwords = {each["name"]: password_of(ports[name], each["name"]) for each in users if each["name"] != "postgres" and ports[name]}
      user = next((each for each in passwords if passwords[each]), None)
      out[name] = {"instance": instance, "backups": self.get(url + "/backupRuns").get("items", []), "users": users, "passwords": passwords, "databases": databases,
                   "operations": [kind for kind, of in itertools.groupby(operations) if not kind.endswith("_USER")],
                   "rows": {each["name"]: rows(ports[name], user, passwords[user], each["name"]) for each in databases if each["name"] != "postgres"} if user else "nobody can read them"}
    return out

  def secrets(self):
    out = {}
    for secret in self.get(SECRETS).get("secrets", []):
      name = secret["name"].rpartition("/")[2]
      versions = self.get(f"{SECRETS}/{name}/versions").get("versions", [])
      payloads = [payload_of(self.get(f"{SECRETS}/{name}/versions/{each['name'].rpartition('/')[2]}:access")["payload"]["data"]) for each in versions if each["state"] == "ENABLED"]
      out[name] = {"secret": secret, "versions": versions, "payloads": payloads}
    return out

  def storage(self):
    out = {}
    for bucket in self.get(STORAGE + "?project=demo-proj").get("items", []):
      url = f"{STORAGE}/{bucket['name']}/o"
      out[bucket["name"]] = {"bucket": bucket, "objects": [self.object(url, each) for each in self.get(url).get("items", [])]}
    return out

  def object(self, url, about):
    """Its contents in place of their sums: no two dumps are the same to the byte."""
    raw = self.get(f"{url}/{urllib.parse.quote(about['name'], safe='')}?alt=media")
    raw = json.dumps(raw).encode() if not isinstance(raw, bytes) else gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    return {**{name: value for name, value in about.items() if name not in ("crc32c", "md5Hash", "size")}, "content": without_tokens(raw.decode())}

  def accounts(self):
    out = {"policy": self._emulator.call("POST", PROJECT + ":getIamPolicy", {"options": {"requestedPolicyVersion": 3}}).get("bindings", [])}
    for account in self.get(ACCOUNTS).get("accounts", []):
      out[account["email"]] = {"account": account, "keys": self.get(f"{ACCOUNTS}/{account['email']}/keys").get("keys", [])}
    return out

  def others(self):
    urls = {"redis": REDIS, "connectors": CONNECTORS, "firewalls": FIREWALLS, "sinks": LOGGING + "/sinks", "metrics": LOGGING + "/metrics", "policies": POLICIES, "enabled": ENABLED}
    return {name: self.get(url) for name, url in urls.items()}

  def all(self):
    """Everything, plain."""
    return plain({name: getattr(self, name)() for name in ("run", "sql", "secrets", "storage", "accounts", "others")})


def asked(program, port, user, password, database, *arguments):
  return subprocess.run([program, "-h", "127.0.0.1", "-p", str(port), "-U", user, "-d", database, *arguments], capture_output=True, text=True, env={**os.environ, "PGPASSWORD": password, "PGOPTIONS": ""})


def password_of(port, user):
  return next((each for each in ("hunter2", "first") if asked("psql", port, user, each, "postgres", "-XqAtc", "select 1").returncode == 0), None)


def rows(port, user, password, database):
  done = asked("pg_dump", port, user, password, database, "--no-owner", "--no-acl")
  if done.returncode != 0:
    return done.stderr
  return hashlib.sha256(without_tokens(done.stdout).encode()).hexdigest()


def without_tokens(dump):
  """pg_dump writes a random word into each."""
  return "".join(line for line in dump.splitlines(True) if not line.startswith(("\\restrict", "\\unrestrict")))
