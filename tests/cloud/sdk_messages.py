"""Google's own message definitions, as the SDK has them, hold every body that was sent to the emulator and every body that it gave.

Stricter than the SDK's decoder: an unknown member, a word that is none of an enumeration, a number where JSON wants a string of digits (int64),
a time that is not RFC 3339 and bytes that are not base64 are all told, each with its path.
"""

import base64
import datetime
import glob
import importlib
import inspect
import os
import re
import shutil
import sys

# Host (without .googleapis.com) and the beginning of the path: which client of the SDK defines it.
CLIENTS = (
  (r"([a-z0-9-]+-)?run", r"/v2/", "run", "v2"), (r"([a-z0-9-]+-)?run", r"/", "run", "v1"), (r"sqladmin", r"/", "sqladmin", "v1beta4"),
  (r"secretmanager", r"/v1/", "secretmanager", "v1"), (r"logging", r"/v2/", "logging", "v2"), (r"monitoring", r"/v3/", "monitoring", "v3"),
  (r"monitoring", r"/v1/", "monitoring", "v1"), (r"storage", r"/storage/v1/", "storage", "v1"), (r"redis", r"/v1/", "redis", "v1"),
  (r"serviceusage", r"/v1/", "serviceusage", "v1"), (r"cloudresourcemanager", r"/v1/", "cloudresourcemanager", "v1"),
  (r"cloudresourcemanager", r"/v3/", "cloudresourcemanager", "v3"), (r"iam", r"/v1/", "iam", "v1"), (r"iamcredentials", r"/v1/", "iamcredentials", "v1"),
  (r"artifactregistry", r"/v1/", "artifactregistry", "v1"), (r"compute", r"/compute/v1/", "compute", "v1"), (r"vpcaccess", r"/v1/", "vpcaccess", "v1"),
  (r"containeranalysis", r"/v1/", "containeranalysis", "v1"), (r"ondemandscanning", r"/v1/", "ondemandscanning", "v1"),
)
# The same messages under another path: Cloud SQL's v1 differs from v1beta4 in its prefix alone.
SAME_PATH = ((re.compile(r"^/v1/(projects/.*)"), r"/sql/v1beta4/\1"),)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")


def sdk_folder():
  """Where the SDK's library is, or None."""
  gcloud = shutil.which("gcloud")
  roots = [os.path.dirname(os.path.dirname(os.path.realpath(gcloud)))] if gcloud else []
  roots += ["/usr/lib/google-cloud-sdk"] + glob.glob(os.path.expanduser("~/google-cloud-sdk"))
  return next((os.path.join(root, "lib") for root in roots if os.path.isdir(os.path.join(root, "lib", "googlecloudsdk", "generated_clients"))), None)


class Messages:
  """One API version: its methods, and its message classes by name."""

  def __init__(self, api, version):
    folder = sdk_folder()
    for path in (folder, os.path.join(folder, "third_party")):
      if path not in sys.path:
        sys.path.append(path)
    package = f"googlecloudsdk.generated_clients.apis.{api}.{version}.{api}_{version}_"
    self.classes = importlib.import_module(package + "messages")
    client = next(each for _, each in inspect.getmembers(importlib.import_module(package + "client"), inspect.isclass) if hasattr(each, "_CLIENT_CLASS_NAME"))
    base = re.sub(r"^https://[^/]+/", "/", client.BASE_URL)
    self.methods = []
    for _, service in inspect.getmembers(client, inspect.isclass):
      for _, method in inspect.getmembers(service, inspect.isfunction):
        if hasattr(method, "method_config"):
          config = method.method_config()
          path = base + (config.flat_path or config.relative_path)
          self.methods.append((config, re.compile(_pattern(path))))
    # A literal segment before a placeholder, a verb before a name that could hold it.
    self.methods.sort(key=lambda each: (each[1].pattern.count("[^"), -len(each[1].pattern)))

  def find(self, method, path):
    return next((config for config, pattern in self.methods if config.http_method == method and pattern.fullmatch(path)), None)

  def request_class(self, config):
    if not config.request_field:
      return None
    whole = getattr(self.classes, config.request_type_name)
    return whole if config.request_field == "<request>" else whole.field_by_name(config.request_field).message_type

  def of_type(self, type_url):
    """The class of an `@type`, or None where the SDK has none."""
    words = type_url.rpartition("/")[2].split(".")
    camel = "".join(word[:1].upper() + word[1:] for word in words)
    for name in (words[-1], camel):
      if hasattr(self.classes, name):
        return getattr(self.classes, name)
    return None


def _pattern(path):
  path = re.escape(path).replace(r"\{", "{").replace(r"\}", "}").replace(r"\+", "+")
  return re.sub(r"\{[^}+]+\}", "[^/]+?", re.sub(r"\{\+[^}]+\}", ".+?", path))


_LOADED = {}


def messages_of(host, path):
  """(Messages, the path as the SDK has it), or (None, path)."""
  name = host.removesuffix(".googleapis.com")
  for host_pattern, path_start, api, version in CLIENTS:
    if re.fullmatch(host_pattern, name) and path.startswith(path_start):
      if (api, version) not in _LOADED:
        _LOADED[api, version] = Messages(api, version)
      if api == "sqladmin":
        for pattern, same in SAME_PATH:
          path = pattern.sub(same, path)
      return _LOADED[api, version], path
  return None, path


def problems_of(messages, wanted, value, path=""):
  """What is wrong with a JSON value as a message of class `wanted`: lines `path: what`."""
  from apitools.base.py import encoding_helper, extra_types
  if not isinstance(value, dict):
    return [f"{path}: {type(value).__name__} where an object belongs"]
  if wanted in (extra_types.JsonObject, extra_types.JsonValue):
    return []
  names = {(encoding_helper.GetCustomJsonFieldMapping(wanted, python_name=field.name) or field.name): field for field in wanted.all_fields()}
  extra = next((field for field in wanted.all_fields() if field.name == "additionalProperties"), None)
  found = []
  for name, each in value.items():
    here = f"{path}.{name}" if path else name
    if name == "@type":
      typed = messages.of_type(each)
      if typed is not None and typed is not wanted:
        found += problems_of(messages, typed, {key: member for key, member in value.items() if key != "@type"}, path + "(@type)")
      continue
    field = names.get(name) if name != "additionalProperties" else None
    if field is None and extra is not None:
      field = extra.message_type.field_by_name("value")
    if field is None:
      found.append(f"{here}: no member of {wanted.__name__}")
    elif field.repeated and not isinstance(each, list):
      found.append(f"{here}: {type(each).__name__} where a list belongs")
    else:
      for index, one in enumerate(each if field.repeated else [each]):
        found += _problems_of_field(messages, field, one, f"{here}[{index}]" if field.repeated else here)
  return found


def _problems_of_field(messages, field, value, path):
  from apitools.base.py import encoding_helper
  from apitools.base.protorpclite import messages as kinds
  if isinstance(field, kinds.MessageField):
    if field.message_type.__name__ in ("JsonObject", "JsonValue", "JsonArray"):
      return []
    if field.message_type.__name__ == "DateTimeMessage":
      return _problems_of_time(value, path)
    return problems_of(messages, field.message_type, value, path)
  if isinstance(field, kinds.EnumField):
    words = {encoding_helper.GetCustomJsonEnumMapping(field.type, python_name=name) or name for name in field.type.names()}
    return [] if value in words else [f"{path}: {value!r} is none of {', '.join(sorted(words))}"]
  if isinstance(field, kinds.IntegerField):
    wide = field.variant in (kinds.Variant.INT64, kinds.Variant.UINT64)
    right = isinstance(value, str) and re.fullmatch(r"-?\d+", value) if wide else isinstance(value, int) and not isinstance(value, bool)
    return [] if right else [f"{path}: {value!r} is no {'string of digits' if wide else 'number'}"]
  if isinstance(field, kinds.BooleanField):
    return [] if isinstance(value, bool) else [f"{path}: {value!r} is no boolean"]
  if isinstance(field, kinds.FloatField):
    return [] if isinstance(value, (int, float)) and not isinstance(value, bool) or value in ("NaN", "Infinity", "-Infinity") else [f"{path}: {value!r} is no number"]
  if not isinstance(value, str):
    return [f"{path}: {value!r} is no string"]
  if isinstance(field, kinds.BytesField):
    return _problems_of_bytes(value, path)
  return _problems_of_time(value, path) if re.search(r"(Time|Timestamp|[a-z]Date)$", field.name) and field.name != "startTime" else []


def _problems_of_bytes(value, path):
  try:
    plain = value.replace("-", "+").replace("_", "/")
    return [] if base64.b64encode(base64.b64decode(plain, validate=True)).decode() == plain else [f"{path}: {value!r} is not canonical base64"]
  except ValueError:
    return [f"{path}: {value!r} is no base64"]


def _problems_of_time(value, path):
  if not isinstance(value, str) or not TIME.fullmatch(value):
    return [f"{path}: {value!r} is no time of RFC 3339"]
  try:
    datetime.datetime.fromisoformat(value[:19])
    return []
  except ValueError:
    return [f"{path}: {value!r} is no time"]


def problems_of_recorded(entries):
  """What is wrong with recorded requests (the emulator's `requests`) and their answers; a request that the SDK knows no method for is told too."""
  found = []
  for entry in entries:
    where = f"{entry['method']} {entry['host']}{entry['path']}"
    messages, path = messages_of(entry["host"], entry["path"])
    if messages is None:
      continue
    config = messages.find(entry["method"], path)
    if config is None:
      if entry["status"] not in (404, 405, None):
        found.append(f"{where}: the SDK has no such method")
      continue
    wanted = messages.request_class(config)
    if wanted is not None and isinstance(entry["body"], dict):
      found += [f"{where} request: {each}" for each in problems_of(messages, wanted, entry["body"])]
    if entry["status"] is not None and 200 <= entry["status"] < 300 and isinstance(entry["reply"], dict):
      found += [f"{where} reply: {each}" for each in problems_of(messages, getattr(messages.classes, config.response_type_name), entry["reply"])]
  return found
