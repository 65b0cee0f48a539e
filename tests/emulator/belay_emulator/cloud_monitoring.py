"""Cloud Monitoring v3: time series, metric descriptors, alert policies, notification channels; v1: dashboards.

Control: `/_emulator/monitoring/series` sets a series (metric_sources.add_series). Setting `metrics_delay_seconds` (180). Seed: `"monitoring": {"series": [...]}`."""

import re
import urllib.parse

from . import time_series
from .clock import seconds_of
from .log_filter import FilterError, matches, parse
from .metric_sources import METRICS, add_series, descriptor, series_of
from .paging import page
from .routing import Problem, Route
from .secret_manager import answer
from .time_series import invalid

SEED = "monitoring"
HOST = r"monitoring\.googleapis\.com"
PROJECT = "/v3/projects/([^/]+)"
COMBINERS = ("AND", "OR", "AND_WITH_MATCHING_RESOURCE")
COMPARISONS = ("COMPARISON_GT", "COMPARISON_GE", "COMPARISON_LT", "COMPARISON_LE", "COMPARISON_EQ", "COMPARISON_NE")


def parsed(text):
  try:
    return parse(text)
  except FilterError as problem:
    raise invalid(f"Field filter had an invalid value of \"{text}\": {problem}") from None


def metric_of(node):
  """The one metric type that a filter names."""
  found = []

  def walk(each):
    if each[0] in ("and", "or"):
      for part in each[1]:
        walk(part)
    elif each[0] == "compare" and each[1] == ["metric", "type"] and each[2] == "=":
      found.append(each[3][1])
  walk(node)
  if len(found) != 1:
    raise invalid("Field filter had an invalid value: The filter must name exactly one metric type with metric.type = \"…\".")
  return found[0]


def routes(world):
  def seconds(text, what):
    if not re.fullmatch(r"\d+(\.\d+)?s", text or ""):
      raise invalid(f"Field {what} had an invalid value of \"{text}\": a number of seconds such as 60s is wanted.")
    return float(text[:-1])

  def moment(request, name):
    try:
      return seconds_of(request.query[name])
    except (KeyError, ValueError):
      raise invalid(f"Field {name} had an invalid value: an RFC 3339 time is required.") from None

  def list_series(request, project):
    query = request.query
    node = parsed(query.get("filter", ""))
    type = metric_of(node)
    if descriptor(world, type) is None:
      raise Problem(404, f"Cannot find metric(s) that match type = \"{type}\". If a metric was created recently, it could take up to 10 minutes to become available.", "NOT_FOUND")
    end = moment(request, "interval.endTime")
    start = moment(request, "interval.startTime") if "interval.startTime" in query else end - 1e-6
    if start > end:
      raise invalid("Field interval had an invalid value: the start is after the end.")
    every = [each for each in series_of(world, type, start, end) if each["samples"] and fits(node, each)]
    for prefix in ("aggregation.", "secondaryAggregation."):
      every = aggregated(every, query, request.query_all, prefix, end)
    headers_only = query.get("view") == "HEADERS"
    shown = [time_series.shown(each, headers_only) for each in sorted(every, key=lambda each: str((each["resource"], each["metric"])))]
    return paged(shown, query, every[0]["unit"] if every else None)

  def fits(node, series):
    entry = {part: {"type": series[part]["type"], "labels": series[part]["labels"], "label": series[part]["labels"]} for part in ("metric", "resource")}
    return matches(node, {**entry, "project": world.project})

  def aggregated(every, query, query_all, prefix, end):
    aligner, reducer = query.get(prefix + "perSeriesAligner", "ALIGN_NONE"), query.get(prefix + "crossSeriesReducer", "REDUCE_NONE")
    if aligner == "ALIGN_NONE" and reducer == "REDUCE_NONE":
      return every
    if aligner == "ALIGN_NONE":
      raise invalid("Field aggregation.perSeriesAligner had an invalid value: A cross-series reducer needs an aligner other than ALIGN_NONE.")
    period = seconds(query.get(prefix + "alignmentPeriod"), prefix + "alignmentPeriod")
    if period < 60:
      raise invalid(f"Field {prefix}alignmentPeriod had an invalid value of \"{period:g}s\": The alignment period must be at least 60 seconds.")
    fields = query_all.get(prefix + "groupByFields", [])
    aligned = [each for each in (time_series.align(one, aligner, period, end) for one in every) if each["samples"]]
    return time_series.reduce(aligned, reducer, fields)

  def paged(shown, query, unit):
    """pageSize counts points, so a series may go on in the next page."""
    flat = [(index, each) for index, series in enumerate(shown) for each in series.get("points", [None])]
    part, token = page(flat, query.get("pageSize"), query.get("pageToken"), 100000, 100000)
    result = {}
    for index, each in part:
      series = result.setdefault(index, {**shown[index], "points": []} if each else shown[index])
      if each:
        series["points"].append(each)
    return answer(timeSeries=list(result.values()), nextPageToken=token, unit=unit if result else None)

  def list_descriptors(request, project):
    node = parsed(request.query.get("filter", ""))
    every = [{"name": f"projects/{world.project}/metricDescriptors/{type}", "type": type, "metricKind": kind, "valueType": value, "unit": unit}
             for type, (kind, value, unit) in sorted(METRICS.items()) if matches(node, {"metric": {"type": type}})]
    shown, token = page(every, request.query.get("pageSize"), request.query.get("pageToken"), 10000, 10000)
    return answer(metricDescriptors=shown, nextPageToken=token)

  # -- alert policies and notification channels

  def checked_policy(body):
    if not body.get("displayName"):
      raise invalid("Field alert_policy.display_name must be set.")
    if not body.get("conditions"):
      raise invalid("Field alert_policy.conditions must have at least one condition.")
    if body.get("combiner") not in COMBINERS:
      raise invalid(f"Field alert_policy.combiner had an invalid value of \"{body.get('combiner', '')}\".")
    for number, condition in enumerate(body["conditions"]):
      check_condition(condition, f"alert_policy.conditions[{number}]")
    for name in body.get("notificationChannels", []):
      channel(name)
    return body

  def check_condition(condition, where):
    kinds = [each for each in ("conditionThreshold", "conditionAbsent", "conditionMatchedLog", "conditionMonitoringQueryLanguage", "conditionPrometheusQueryLanguage", "conditionSql")
             if each in condition]
    if len(kinds) != 1:
      raise invalid(f"Field {where} must have exactly one condition.")
    inner = condition[kinds[0]]
    if kinds[0] == "conditionThreshold":
      metric_of(parsed(inner.get("filter", "")))
      if inner.get("comparison") not in COMPARISONS:
        raise invalid(f"Invalid value at '{where}.condition_threshold.comparison' (type.googleapis.com/google.monitoring.v3.ComparisonType), \"{inner.get('comparison', '')}\"")
      if seconds(inner.get("duration", "0s"), where + ".condition_threshold.duration") % 60:
        raise invalid(f"Field {where}.condition_threshold.duration must be a multiple of 60 seconds.")
      for aggregation in inner.get("aggregations", []):
        if seconds(aggregation.get("alignmentPeriod"), where + ".condition_threshold.aggregations.alignment_period") < 60:
          raise invalid(f"Field {where}.condition_threshold.aggregations.alignment_period must be at least 60 seconds.")

  def policies():
    return world.part("alert_policies")

  def channels():
    return world.part("notification_channels")

  def channel(name):
    if name not in channels():
      raise Problem(404, f"Notification channel {name} not found.", "NOT_FOUND")
    return channels()[name]

  def policy(project, id):
    name = f"projects/{world.project}/alertPolicies/{id}"
    if name not in policies():
      raise Problem(404, f"The alert policy {name} does not exist.", "NOT_FOUND")
    return policies()[name]

  def who(request):
    return {"mutateTime": world.now(), "mutatedBy": request.principal}

  def add_policy(request, project):
    given = checked_policy(request.body or {})
    name = f"projects/{world.project}/alertPolicies/{world.new_number(19)}"
    conditions = [dict(each, name=f"{name}/conditions/{world.new_number(19)}") for each in given["conditions"]]
    policies()[name] = {"enabled": True, **given, "name": name, "conditions": conditions, "creationRecord": who(request), "mutationRecord": who(request)}
    return policies()[name]

  def patch_policy(request, project, id):
    old, body = policy(project, id), request.body or {}
    fields = [each.split(".")[0] for each in request.query.get("updateMask", "").split(",") if each]
    chosen = {camel(each): body.get(camel(each)) for each in fields} if fields else body
    new = checked_policy({**{key: value for key, value in {**old, **chosen}.items() if value is not None}, "name": old["name"]})
    for condition in new["conditions"]:
      condition.setdefault("name", f"{old['name']}/conditions/{world.new_number(19)}")
    policies()[old["name"]] = {**new, "creationRecord": old["creationRecord"], "mutationRecord": who(request)}
    return policies()[old["name"]]

  def camel(text):
    return re.sub(r"_(\w)", lambda found: found.group(1).upper(), text)

  def add_channel(request, project):
    body = request.body or {}
    if not body.get("type"):
      raise invalid("Field notification_channel.type must be set.")
    name = f"projects/{world.project}/notificationChannels/{world.new_number(19)}"
    channels()[name] = {"enabled": True, **body, "name": name, "creationRecord": who(request), "mutationRecords": [who(request)]}
    return channels()[name]

  def get_channel(request, project, id):
    return channel(f"projects/{world.project}/notificationChannels/{id}")

  def delete_channel(request, project, id):
    name = get_channel(request, project, id)["name"]
    users = [each["name"] for each in policies().values() if name in each.get("notificationChannels", [])]
    if users and request.query.get("force") != "true":
      raise Problem(400, f"Cannot delete notification channel {name}: it is used by {', '.join(users)}.", "FAILED_PRECONDITION")
    del channels()[name]
    return {}

  def delete_policy(request, project, id):
    del policies()[policy(project, id)["name"]]
    return {}

  def listing(member, all):
    def handler(request, project):
      node = parsed(request.query.get("filter", ""))
      every = [each for _, each in sorted(all().items()) if matches(node, dict(each, display_name=each.get("displayName"), user_labels=each.get("userLabels")))]
      shown, token = page(every, request.query.get("pageSize"), request.query.get("pageToken"))
      return answer(**{member: shown, "totalSize": len(every) if member != "dashboards" else None, "nextPageToken": token})
    return handler

  def dashboards():
    return world.part("dashboards")

  def add_dashboard(request, project):
    body = request.body or {}
    if not body.get("displayName"):
      raise invalid("Field dashboard.displayName must be set.")
    name = f"projects/{world.project_number}/dashboards/{body.get('name', '').rpartition('/')[2] or world.new_uuid()}"
    dashboards()[name] = {**body, "name": name, "etag": world.new_uuid().replace("-", "")}
    return dashboards()[name]

  def dashboard(request, project, id):
    name = f"projects/{world.project_number}/dashboards/{urllib.parse.unquote(id)}"
    if name not in dashboards():
      raise Problem(404, f"Dashboard {name} not found.", "NOT_FOUND")
    return dashboards()[name]

  def delete_dashboard(request, project, id):
    del dashboards()[dashboard(request, project, id)["name"]]
    return {}

  def set_one(request):
    add_series(world, request.body or {})
    return {}

  one, channel_one, boards = PROJECT + "/alertPolicies/([^/]+)", PROJECT + "/notificationChannels/([^/:]+)", "/v1/projects/([^/]+)/dashboards"
  rows = [
    ("GET", PROJECT + "/timeSeries", list_series, "monitoring.timeSeries.list"), ("GET", PROJECT + "/metricDescriptors", list_descriptors, "monitoring.metricDescriptors.list"),
    ("GET", PROJECT + "/alertPolicies", listing("alertPolicies", policies), "monitoring.alertPolicies.list"),
    ("POST", PROJECT + "/alertPolicies", add_policy, "monitoring.alertPolicies.create"),
    ("GET", one, lambda request, project, id: policy(project, id), "monitoring.alertPolicies.get"), ("PATCH", one, patch_policy, "monitoring.alertPolicies.update"),
    ("DELETE", one, delete_policy, "monitoring.alertPolicies.delete"),
    ("GET", PROJECT + "/notificationChannels", listing("notificationChannels", channels), "monitoring.notificationChannels.list"),
    ("POST", PROJECT + "/notificationChannels", add_channel, "monitoring.notificationChannels.create"),
    ("GET", channel_one, get_channel, "monitoring.notificationChannels.get"), ("DELETE", channel_one, delete_channel, "monitoring.notificationChannels.delete"),
    ("GET", boards, listing("dashboards", dashboards), "monitoring.dashboards.list"), ("POST", boards, add_dashboard, "monitoring.dashboards.create"),
    ("GET", boards + "/([^/]+)", dashboard, "monitoring.dashboards.get"), ("DELETE", boards + "/([^/]+)", delete_dashboard, "monitoring.dashboards.delete"),
  ]
  return ([Route(method, HOST, path, handler, permission) for method, path, handler, permission in rows]
          + [Route("POST", ".*", "/_emulator/monitoring/series", set_one, public=True)])


def seed(world, data):
  for given in data.get("series", []):
    add_series(world, given)
