"""Cloud Logging v2: entries, sinks, log-based metrics, buckets. Seed: `"logs": [LogEntry with an "age" in seconds for its timestamp]`.

Settings: `logging_delay_seconds` (0): how long an entry is not found after its receipt; `logging_empty_pages` (0): so many empty pages with a token come first."""

import json
import urllib.parse

from .clock import seconds_of, stamp
from .log_filter import FilterError, matches, nanoseconds, parse
from .paging import page
from .routing import Problem, Route
from .secret_manager import answer

SEED = "logs"
HOST = r"logging\.googleapis\.com"
DESTINATIONS = ("storage.googleapis.com/", "bigquery.googleapis.com/", "pubsub.googleapis.com/", "logging.googleapis.com/")


def parsed(text):
  if len(text) > 20000:
    raise Problem(400, "The filter is longer than 20000 characters.", "INVALID_ARGUMENT")
  try:
    return parse(text)
  except FilterError as problem:
    raise Problem(400, str(problem), "INVALID_ARGUMENT") from None


def selected(world, node):
  """The entries that have arrived and fit, in order of time."""
  arrived = world.clock.seconds() - world.settings.get("logging_delay_seconds", 0)
  try:
    found = [each for each in world.logs if seconds_of(each["receiveTimestamp"]) <= arrived and matches(node, each)]
  except FilterError as problem:
    raise Problem(400, str(problem), "INVALID_ARGUMENT") from None
  return sorted(found, key=lambda each: nanoseconds(each["timestamp"]))


def add_entry(world, given):
  entry = {"timestamp": world.now(), "insertId": world.new_uuid().replace("-", "")[:20], **given, "receiveTimestamp": world.now()}
  entry["resource"] = {**entry["resource"], "labels": {"project_id": world.project, **entry["resource"].get("labels", {})}}
  if entry.get("severity") == "DEFAULT":
    del entry["severity"]
  # Two entries of one log with the same time and id are one.
  key = [(each["logName"], each["timestamp"], each["insertId"]) for each in world.logs[-1000:]]
  if (entry["logName"], entry["timestamp"], entry["insertId"]) not in key:
    world.logs.append(entry)


def routes(world):
  def list_entries(request):
    body = request.body or {}
    names = body.get("resourceNames", [])
    if not names:
      raise Problem(400, "resource_names is required.", "INVALID_ARGUMENT")
    for name in names:
      if name.split("/")[1] not in world.projects:
        raise Problem(403, f"Permission 'logging.logEntries.list' denied on resource (or it may not exist): {name}", "PERMISSION_DENIED")
    order = body.get("orderBy") or "timestamp asc"
    if order not in ("timestamp", "timestamp asc", "timestamp desc"):
      raise Problem(400, f"order_by '{order}' is not supported: 'timestamp asc' or 'timestamp desc' is.", "INVALID_ARGUMENT")
    found = selected(world, parsed(body.get("filter", "")))
    if order.endswith("desc"):
      found.reverse()
    token, empty = body.get("pageToken", ""), int(world.settings.get("logging_empty_pages", 0))
    skipped = int(token[1:]) if token.startswith("E") else 0
    if not token.startswith("P") and skipped < empty:
      return {"nextPageToken": f"E{skipped + 1}"}
    entries, after = page(found, body.get("pageSize"), token if token.startswith("P") else None, 50, 1000)
    return answer(entries=entries, nextPageToken=after)

  def write(request):
    body = request.body or {}
    for given in request.required("entries"):
      entry = {"logName": body.get("logName"), "resource": body.get("resource"), **given}
      if body.get("labels"):
        entry["labels"] = {**body["labels"], **given.get("labels", {})}
      if not entry["logName"] or not entry["resource"]:
        raise Problem(400, "Log entry has no log_name or no resource.", "INVALID_ARGUMENT")
      if not body.get("dryRun"):
        add_entry(world, entry)
    return {}

  def list_logs(request, project):
    return answer(logNames=sorted({each["logName"] for each in world.logs}))

  def sinks():
    return world.part("logging_sinks")

  def sink_of(name):
    if urllib.parse.unquote(name) not in sinks():
      raise Problem(404, f"Sink {name} does not exist", "NOT_FOUND")
    return sinks()[urllib.parse.unquote(name)]

  def checked_sink(body):
    if not body.get("destination", "").startswith(DESTINATIONS):
      raise Problem(400, f"Unsupported destination for log sink: {body.get('destination', '')!r}", "INVALID_ARGUMENT")
    parsed(body.get("filter", ""))
    return {key: body[key] for key in ("name", "destination", "filter", "description", "disabled", "exclusions", "includeChildren") if key in body}

  def add_sink(request, project):
    name = request.required("name")
    if name in sinks():
      raise Problem(409, f"Sink {name} already exists", "ALREADY_EXISTS")
    unique = request.query.get("uniqueWriterIdentity", "").lower() == "true"
    writer = f"serviceAccount:service-{world.project_number}@gcp-sa-logging.iam.gserviceaccount.com" if unique else "serviceAccount:cloud-logs@system.gserviceaccount.com"
    sinks()[name] = {**checked_sink(request.body), "writerIdentity": writer, "createTime": world.now(), "updateTime": world.now(),
                     "resourceName": f"projects/{world.project}/sinks/{name}"}
    return sinks()[name]

  def update_sink(request, project, name):
    sink = sink_of(name)
    sink.update(checked_sink({**sink, **(request.body or {})}), updateTime=world.now())
    return sink

  def list_sinks(request, project):
    shown, token = page(list(sinks().values()), request.query.get("pageSize"), request.query.get("pageToken"))
    return answer(sinks=shown, nextPageToken=token)

  def remove(kind, of):
    def handler(request, project, name):
      of(name)
      del world.part(kind)[urllib.parse.unquote(name)]
      return {}
    return handler

  def metrics():
    return world.part("logging_metrics")

  def metric_of(name):
    if urllib.parse.unquote(name) not in metrics():
      raise Problem(404, f"Metric {name} does not exist", "NOT_FOUND")
    return metrics()[urllib.parse.unquote(name)]

  def checked_metric(body):
    for field in ("name", "filter"):
      if not body.get(field):
        raise Problem(400, f"The metric has no {field}.", "INVALID_ARGUMENT")
    parsed(body["filter"])
    type = f"logging.googleapis.com/user/{body['name']}"
    distribution = "valueExtractor" in body
    descriptor = {"metricKind": "DELTA", "valueType": "DISTRIBUTION" if distribution else "INT64", "unit": "1", **body.get("metricDescriptor", {})}
    return {**body, "metricDescriptor": {**descriptor, "name": f"projects/{world.project}/metricDescriptors/{type}", "type": type}, "updateTime": world.now()}

  def add_metric(request, project):
    name = request.required("name")
    if name in metrics():
      raise Problem(409, f"Metric {name} already exists", "ALREADY_EXISTS")
    metrics()[name] = {**checked_metric(request.body), "createTime": world.now()}
    return metrics()[name]

  def update_metric(request, project, name):
    name = urllib.parse.unquote(name)
    created = metrics().get(name, {}).get("createTime", world.now())
    metrics()[name] = {**checked_metric({**(request.body or {}), "name": name}), "createTime": created}
    return metrics()[name]

  def list_metrics(request, project):
    shown, token = page(list(metrics().values()), request.query.get("pageSize"), request.query.get("pageToken"))
    return answer(metrics=shown, nextPageToken=token)

  def buckets():
    found = world.part("logging_buckets")
    for name, days in (("_Default", 30), ("_Required", 400)):
      found.setdefault(name, {"name": f"projects/{world.project}/locations/global/buckets/{name}", "retentionDays": days, "lifecycleState": "ACTIVE", "description": f"{name[1:]} bucket"})
    return found

  def get_bucket(request, project, location, name):
    if name not in buckets():
      raise Problem(404, f"Bucket {name} does not exist", "NOT_FOUND")
    return buckets()[name]

  def patch_bucket(request, project, location, name):
    bucket = get_bucket(request, project, location, name)
    if name == "_Required":
      raise Problem(400, "The bucket _Required cannot be changed.", "INVALID_ARGUMENT")
    bucket.update({key: value for key, value in (request.body or {}).items() if key in ("retentionDays", "description", "locked")}, updateTime=world.now())
    return bucket

  def list_buckets(request, project, location):
    return {"buckets": list(buckets().values())}

  project = "/v2/projects/([^/]+)"
  sink, metric, bucket = project + "/sinks/([^/]+)", project + "/metrics/([^/]+)", project + "/locations/([^/]+)/buckets"
  rows = [
    ("POST", "/v2/entries:list", list_entries, "logging.logEntries.list"), ("POST", "/v2/entries:write", write, "logging.logEntries.create"),
    ("GET", project + "/logs", list_logs, "logging.logs.list"),
    ("POST", project + "/sinks", add_sink, "logging.sinks.create"), ("GET", project + "/sinks", list_sinks, "logging.sinks.list"),
    ("GET", sink, lambda request, _, name: sink_of(name), "logging.sinks.get"), ("PUT", sink, update_sink, "logging.sinks.update"),
    ("PATCH", sink, update_sink, "logging.sinks.update"), ("DELETE", sink, remove("logging_sinks", sink_of), "logging.sinks.delete"),
    ("POST", project + "/metrics", add_metric, "logging.logMetrics.create"), ("GET", project + "/metrics", list_metrics, "logging.logMetrics.list"),
    ("GET", metric, lambda request, _, name: metric_of(name), "logging.logMetrics.get"), ("PUT", metric, update_metric, "logging.logMetrics.update"),
    ("DELETE", metric, remove("logging_metrics", metric_of), "logging.logMetrics.delete"),
    ("GET", bucket, list_buckets, "logging.buckets.list"), ("GET", bucket + "/([^/:]+)", get_bucket, "logging.buckets.get"), ("PATCH", bucket + "/([^/:]+)", patch_bucket, "logging.buckets.update"),
  ]
  return [Route(method, HOST, path, handler, permission) for method, path, handler, permission in rows]


def seed(world, data):
  for given in data:
    entry = json.loads(json.dumps(given))
    if "age" in entry:
      entry["timestamp"] = stamp(world.clock.seconds() - float(entry.pop("age")))
    entry.setdefault("logName", f"projects/{world.project}/logs/run.googleapis.com%2Fstderr")
    entry.setdefault("resource", {"type": "global", "labels": {"project_id": world.project}})
    add_entry(world, entry)
