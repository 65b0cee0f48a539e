"""Where monitoring data comes from: requests that revisions really served, log entries that fit a log-based metric, and series that a test sets.

Each series is {"metric", "resource", "kind", "value", "unit", "samples": [(start, end, number, or list of numbers for a distribution)]}, in seconds.
"""

from .clock import seconds_of
from .log_filter import FilterError, matches, parse

# type: (kind, value type, unit), as Google's list of metrics has them.
METRICS = {
  "run.googleapis.com/request_count": ("DELTA", "INT64", "1"), "run.googleapis.com/request_latencies": ("DELTA", "DISTRIBUTION", "ms"),
  "run.googleapis.com/container/memory/utilizations": ("DELTA", "DISTRIBUTION", "10^2.%"), "run.googleapis.com/container/cpu/utilizations": ("DELTA", "DISTRIBUTION", "10^2.%"),
  "run.googleapis.com/container/instance_count": ("GAUGE", "INT64", "1"), "run.googleapis.com/container/max_request_concurrencies": ("DELTA", "DISTRIBUTION", "1"),
  "run.googleapis.com/container/startup_latencies": ("DELTA", "DISTRIBUTION", "ms"), "run.googleapis.com/container/billable_instance_time": ("DELTA", "DOUBLE", "s"),
  "cloudsql.googleapis.com/database/cpu/utilization": ("GAUGE", "DOUBLE", "10^2.%"), "cloudsql.googleapis.com/database/memory/utilization": ("GAUGE", "DOUBLE", "10^2.%"),
  "cloudsql.googleapis.com/database/disk/utilization": ("GAUGE", "DOUBLE", "10^2.%"), "cloudsql.googleapis.com/database/disk/bytes_used": ("GAUGE", "INT64", "By"),
  "cloudsql.googleapis.com/database/postgresql/num_backends": ("GAUGE", "INT64", "1"), "cloudsql.googleapis.com/database/up": ("GAUGE", "INT64", "1"),
  "cloudsql.googleapis.com/database/replication/replica_lag": ("GAUGE", "DOUBLE", "s"), "cloudsql.googleapis.com/database/network/connections": ("GAUGE", "INT64", "1"),
  "redis.googleapis.com/stats/memory/usage_ratio": ("GAUGE", "DOUBLE", "10^2.%"), "redis.googleapis.com/stats/memory/usage": ("GAUGE", "INT64", "By"),
  "redis.googleapis.com/clients/connected": ("GAUGE", "INT64", "1"), "redis.googleapis.com/stats/cache_hit_ratio": ("GAUGE", "DOUBLE", "10^2.%"),
  "redis.googleapis.com/stats/cpu_utilization": ("GAUGE", "DOUBLE", "s{CPU}"), "vpcaccess.googleapis.com/connector/instances": ("GAUGE", "INT64", "1"),
}
PERIOD = 60.0  # one point a minute


def descriptor(world, type):
  """(kind, value type, unit) of a metric, or None where there is none of that name."""
  log_metric = world.part("logging_metrics").get(type.removeprefix("logging.googleapis.com/user/"))
  if log_metric and type.startswith("logging.googleapis.com/user/"):
    about = log_metric["metricDescriptor"]
    return about["metricKind"], about["valueType"], about["unit"]
  return METRICS.get(type) or next((tuple(each["descriptor"]) for each in world.part("set_series", list) if each["metric"]["type"] == type), None)


def series_of(world, type, start, end):
  """All series of a metric with the samples that end within (start, end] and have arrived."""
  arrived = world.clock.seconds() - world.settings["metrics_delay_seconds"]
  found = set_series(world, type, start, min(end, arrived))
  if type in ("run.googleapis.com/request_count", "run.googleapis.com/request_latencies"):
    found += request_series(world, type, start, end, arrived)
  if type.startswith("logging.googleapis.com/user/"):
    found += log_series(world, type, start, end, arrived)
  return found


def made(series, kind, value, unit, metric, resource):
  key = (tuple(sorted(metric["labels"].items())), resource["type"], tuple(sorted(resource.get("labels", {}).items())))
  return series.setdefault(key, {"metric": metric, "resource": resource, "kind": kind, "value": value, "unit": unit, "samples": []})


def seen(time, start, end, arrived):
  """A minute's data arrives as one, some time after the minute's end."""
  return start < time <= end and (time // PERIOD + 1) * PERIOD <= arrived


def request_series(world, type, start, end, arrived):
  kind, value, unit = METRICS[type]
  series = {}
  for served in world.traffic_log:
    if seen(served.time, start, end, arrived):
      metric = {"type": type, "labels": {"response_code": str(served.status), "response_code_class": f"{served.status // 100}xx"}}
      resource = {"type": "cloud_run_revision", "labels": {"project_id": world.project, "location": served.region, "service_name": served.service,
                                                           "revision_name": served.revision, "configuration_name": served.service}}
      made(series, kind, value, unit, metric, resource)["samples"].append((served.time, served.time, 1 if value == "INT64" else [served.seconds * 1000]))
  return list(series.values())


def log_series(world, type, start, end, arrived):
  metric = world.part("logging_metrics").get(type.removeprefix("logging.googleapis.com/user/"))
  if not metric or metric.get("disabled"):
    return []
  node, series = parse(metric["filter"]), {}
  for entry in world.logs:
    time = seconds_of(entry["timestamp"])
    try:
      counted = seen(time, start, end, arrived) and time >= seconds_of(metric["createTime"]) and matches(node, entry)
    except FilterError:
      return []
    if counted:
      made(series, "DELTA", "INT64", "1", {"type": type, "labels": {}}, entry["resource"])["samples"].append((time, time, 1))
  return list(series.values())


def set_series(world, type, start, end):
  found = []
  for each in world.part("set_series", list):
    if each["metric"]["type"] != type:
      continue
    kind, value, unit = each["descriptor"]
    samples = [tuple(point) for point in each["points"] if start < point[1] <= end]
    if "constant" in each:  # from long ago until now, a point each minute
      minute = (start // PERIOD + 1) * PERIOD
      while minute <= end:
        samples.append((minute if kind == "GAUGE" else minute - PERIOD, minute, each["constant"]))
        minute += PERIOD
    found.append({"metric": each["metric"], "resource": each["resource"], "kind": kind, "value": value, "unit": unit, "samples": samples})
  return found


def add_series(world, given):
  """{"type", "labels", "resource": {"type", "labels"}, "value": constant, or "points": [{"ago": seconds, "value"}]}; a distribution's value is a list of numbers.
  What was set for the same labels before is replaced."""
  type = given["type"]
  descriptor = list(METRICS.get(type) or (given.get("kind", "GAUGE"), given.get("valueType", "DOUBLE"), given.get("unit", "1")))
  metric, resource = {"type": type, "labels": given.get("labels", {})}, given.get("resource", {"type": "global", "labels": {}})
  resource = {"type": resource["type"], "labels": {"project_id": world.project, **resource.get("labels", {})}}
  now = world.clock.seconds()
  points = [(now - each["ago"] - (0 if descriptor[0] == "GAUGE" else PERIOD), now - each["ago"], each["value"]) for each in given.get("points", [])]
  every = world.part("set_series", list)
  every[:] = [each for each in every if (each["metric"], each["resource"]) != (metric, resource)]
  every.append({"metric": metric, "resource": resource, "descriptor": descriptor, "points": sorted(points), **({"constant": given["value"]} if "value" in given else {})})
