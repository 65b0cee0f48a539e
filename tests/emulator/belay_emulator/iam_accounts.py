"""IAM v1: service accounts, their keys and policies. Seed: `"service_accounts": ["NAME", …]`. The keys are real: a token is given for what they sign."""

import base64
import json
import re
import urllib.parse

from . import policies
from .accounts import accounts_of
from .clock import stamp
from .paging import page
from .routing import Problem, Route
from .secret_manager import answer

SEED = "service_accounts"
HOST = r"iam\.googleapis\.com"
ACCOUNTS = "/v1/projects/([^/]+)/serviceAccounts"
ACCOUNT = ACCOUNTS + "/([^/:]+)"
KEY = ACCOUNT + "/keys/([^/:]+)"
MOST_KEYS = 10


def email_of(world, id):
  return f"{id}@{world.project}.iam.gserviceaccount.com"


def add(world, id, given=None):
  email = email_of(world, id)
  number = world.new_number(21)
  resource = {"name": f"projects/{world.project}/serviceAccounts/{email}", "projectId": world.project, "uniqueId": number, "email": email, "oauth2ClientId": number, "etag": "MDEwMjE5MjA="}
  resource.update({key: given[key] for key in ("displayName", "description") if given and given.get(key)})
  world.part("service_accounts")[email] = resource
  return resource


def routes(world):
  def account(email):
    email = urllib.parse.unquote(email)
    found = world.part("service_accounts")
    by_number = next((each for each in found.values() if each["uniqueId"] == email), None)
    if email not in found and not by_number:
      raise Problem(404, f"Unknown service account: {email}", "NOT_FOUND")
    return by_number or found[email]

  def listed(request, _):
    every = [each for _, each in sorted(world.part("service_accounts").items())]
    shown, token = page(every, request.query.get("pageSize"), request.query.get("pageToken"), 20, 100)
    return answer(accounts=shown, nextPageToken=token)

  def create(request, _):
    id = request.required("accountId")
    if not re.fullmatch(r"[a-z][-a-z0-9]{1,28}[a-z0-9]", id):
      raise Problem(400, f"Service account ID '{id}' is not valid.", "INVALID_ARGUMENT")
    if email_of(world, id) in world.part("service_accounts"):
      raise Problem(409, f"Service account {id} already exists within project projects/{world.project}.", "ALREADY_EXISTS")
    return add(world, id, request.body.get("serviceAccount"))

  def get(request, _, email):
    return account(email)

  def patch(request, _, email):
    resource, given = account(email), (request.body or {}).get("serviceAccount", {})
    for field in (request.body or {}).get("updateMask", "").split(","):
      name = re.sub(r"_(\w)", lambda found: found.group(1).upper(), field)
      if name not in ("displayName", "description"):
        raise Problem(400, f"The field '{field}' of a service account cannot be changed.", "INVALID_ARGUMENT")
      resource[name] = given.get(name, "")
    return resource

  def delete(request, _, email):
    found = account(email)["email"]
    del world.part("service_accounts")[found]
    for id in [id for id, key in accounts_of(world).keys.items() if key["email"] == found]:
      accounts_of(world).delete_key(id)
    return {}

  def switched(off):
    def handler(request, _, email):
      resource = account(email)
      resource.pop("disabled", None)
      if off:
        resource["disabled"] = True
      return {}
    return handler

  # -- keys

  def key_shown(email, id, key):
    shown = {"name": f"projects/{world.project}/serviceAccounts/{email}/keys/{id}", "validAfterTime": stamp(key["created"])[:-8] + "Z", "validBeforeTime": "9999-12-31T23:59:59Z",
             "keyAlgorithm": "KEY_ALG_RSA_2048", "keyOrigin": "GOOGLE_PROVIDED", "keyType": "USER_MANAGED"}
    return dict(shown, disabled=True) if key["disabled"] else shown

  def keys_of(email):
    return {id: key for id, key in accounts_of(world).keys.items() if key["email"] == email}

  def key(email, id):
    found = account(email)["email"]
    if id not in keys_of(found):
      raise Problem(404, f"Service account key {id} does not exist.", "NOT_FOUND")
    return found, keys_of(found)[id]

  def list_keys(request, _, email):
    found = account(email)["email"]
    wanted = request.query_all.get("keyTypes", ["USER_MANAGED", "SYSTEM_MANAGED"])
    shown = [key_shown(found, id, each) for id, each in sorted(keys_of(found).items(), key=lambda each: each[1]["created"])]
    return answer(keys=shown if "USER_MANAGED" in wanted else [])

  def create_key(request, _, email):
    found = account(email)
    if found.get("disabled"):
      raise Problem(400, "Precondition check failed.", "FAILED_PRECONDITION")
    if len(keys_of(found["email"])) >= MOST_KEYS:
      raise Problem(400, "Precondition check failed.", "FAILED_PRECONDITION")
    if (request.body or {}).get("privateKeyType", "TYPE_GOOGLE_CREDENTIALS_FILE") != "TYPE_GOOGLE_CREDENTIALS_FILE":
      raise Problem(400, "Only TYPE_GOOGLE_CREDENTIALS_FILE is emulated.", "INVALID_ARGUMENT")
    file = accounts_of(world).create_key(found["email"])
    shown = key_shown(found["email"], file["private_key_id"], keys_of(found["email"])[file["private_key_id"]])
    return {**shown, "privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE", "privateKeyData": base64.b64encode(json.dumps(file, indent=2).encode()).decode()}

  def get_key(request, _, email, id):
    found, each = key(email, id)
    return key_shown(found, id, each)

  def delete_key(request, _, email, id):
    key(email, id)
    accounts_of(world).delete_key(id)
    return {}

  def switch_key(off):
    def handler(request, _, email, id):
      key(email, id)[1]["disabled"] = off
      return {}
    return handler

  policy = policies.of(world, "service_account", lambda project, email: account(email))
  rows = [
    ("GET", ACCOUNTS, listed, "iam.serviceAccounts.list"), ("POST", ACCOUNTS, create, "iam.serviceAccounts.create"), ("GET", ACCOUNT, get, "iam.serviceAccounts.get"),
    ("PATCH", ACCOUNT, patch, "iam.serviceAccounts.update"), ("DELETE", ACCOUNT, delete, "iam.serviceAccounts.delete"),
    ("POST", ACCOUNT + ":disable", switched(True), "iam.serviceAccounts.disable"), ("POST", ACCOUNT + ":enable", switched(False), "iam.serviceAccounts.enable"),
    ("GET", ACCOUNT + "/keys", list_keys, "iam.serviceAccountKeys.list"), ("POST", ACCOUNT + "/keys", create_key, "iam.serviceAccountKeys.create"),
    ("GET", KEY, get_key, "iam.serviceAccountKeys.get"), ("DELETE", KEY, delete_key, "iam.serviceAccountKeys.delete"),
    ("POST", KEY + ":disable", switch_key(True), "iam.serviceAccountKeys.disable"), ("POST", KEY + ":enable", switch_key(False), "iam.serviceAccountKeys.enable"),
    ("POST", ACCOUNT + ":getIamPolicy", policy.get, "iam.serviceAccounts.getIamPolicy"), ("POST", ACCOUNT + ":setIamPolicy", policy.set, "iam.serviceAccounts.setIamPolicy"),
  ]
  return [Route(method, HOST, path, handler, permission) for method, path, handler, permission in rows]


def seed(world, data):
  for id in data:
    add(world, id)
