"""timeSeries.list of Cloud Monitoring: series aligned to periods that end with the interval, then reduced over labels.

What an aligner or reducer means is from the reference of Monitoring's v3 Aggregation. Percentiles of distributions are of the values themselves,
where Google interpolates within buckets.
"""

import math

from .clock import stamp
from .routing import Problem

NUMBERS = ("INT64", "DOUBLE")
GROWTH, BUCKETS = 1.4, 66
PERCENTILES = {"99": 99, "95": 95, "50": 50, "05": 5}


def invalid(message):
  return Problem(400, message, "INVALID_ARGUMENT")


def percentile(values, rank):
  ordered = sorted(values)
  at = (len(ordered) - 1) * rank / 100
  low = math.floor(at)
  return ordered[low] + (ordered[min(low + 1, len(ordered) - 1)] - ordered[low]) * (at - low)


def deviation(values):
  mean = sum(values) / len(values)
  return math.sqrt(sum((each - mean) ** 2 for each in values) / len(values))


def flat(values):
  """Numbers and distributions (lists of numbers) as numbers."""
  return [number for each in values for number in (each if isinstance(each, list) else [each])]


def align(series, aligner, period, end):
  """The series with one sample a period; raises Problem for an aligner that does not fit the metric."""
  if aligner in ("", "ALIGN_NONE"):
    return series
  kind, value = series["kind"], series["value"]
  new_kind, new_value, compute = aligned_type(aligner, kind, value, period)
  periods = {}
  for sample in series["samples"]:
    periods.setdefault(math.floor((end - sample[1]) / period + 1e-9) + 1, []).append(sample[2])
  samples = []
  for index in sorted(periods, reverse=True):
    last = end - (index - 1) * period
    samples.append((last if new_kind == "GAUGE" else last - period, last, compute(periods[index])))
  unit = series["unit"] + "/s" if aligner == "ALIGN_RATE" else "1" if "COUNT" in aligner else series["unit"]
  return dict(series, kind=new_kind, value=new_value, unit=unit, samples=samples)


def aligned_type(aligner, kind, value, period):
  distribution = value == "DISTRIBUTION"
  rank = PERCENTILES.get(aligner.removeprefix("ALIGN_PERCENTILE_"))
  refused = invalid(f"The supplied aggregation with perSeriesAligner {aligner} is not valid for a metric of kind {kind} and value type {value}.")
  if aligner.startswith("ALIGN_PERCENTILE_") and rank is not None:
    if not distribution:
      raise refused
    return "GAUGE", "DOUBLE", lambda found: percentile(flat(found), rank)
  if aligner in ("ALIGN_DELTA", "ALIGN_RATE"):
    if kind not in ("DELTA", "CUMULATIVE") or aligner == "ALIGN_RATE" and distribution:
      raise refused
    if aligner == "ALIGN_RATE":
      return "GAUGE", "DOUBLE", lambda found: sum(found) / period
    return "DELTA", value, flat if distribution else sum
  if aligner == "ALIGN_SUM":
    return ("DELTA" if kind == "DELTA" else "GAUGE"), value, flat if distribution else sum
  if aligner == "ALIGN_COUNT":
    return "GAUGE", "INT64", lambda found: len(flat(found)) if distribution else len(found)
  if aligner == "ALIGN_MEAN" and kind != "CUMULATIVE":
    return "GAUGE", "DOUBLE", lambda found: sum(flat(found)) / len(flat(found))
  plain = {"ALIGN_MIN": min, "ALIGN_MAX": max, "ALIGN_NEXT_OLDER": lambda found: found[-1], "ALIGN_INTERPOLATE": lambda found: found[-1]}
  if aligner in plain and kind == "GAUGE" and value in NUMBERS:
    return "GAUGE", value, plain[aligner]
  if aligner == "ALIGN_STDDEV" and kind == "GAUGE" and value in NUMBERS:
    return "GAUGE", "DOUBLE", deviation
  raise refused


def reduce(every, reducer, fields):
  """One series for each set of the named labels."""
  if reducer in ("", "REDUCE_NONE") or not every:
    return every
  new_value, compute = reduced_type(reducer, every[0]["value"])
  groups = {}
  for series in every:
    groups.setdefault(tuple(label_of(series, field) for field in fields), []).append(series)
  result = []
  for key, members in sorted(groups.items(), key=lambda each: str(each[0])):
    points = {}
    for series in members:
      for start, end, number in series["samples"]:
        points.setdefault((start, end), []).append(number)
    samples = [(start, end, compute(numbers)) for (start, end), numbers in sorted(points.items(), key=lambda each: each[0][1])]
    result.append({**members[0], **labelled(members, dict(zip(fields, key))), "value": new_value, "samples": samples})
  return result


def reduced_type(reducer, value):
  rank = PERCENTILES.get(reducer.removeprefix("REDUCE_PERCENTILE_"))
  if reducer.startswith("REDUCE_PERCENTILE_") and rank is not None:
    return "DOUBLE", lambda found: percentile(flat(found), rank)
  known = {"REDUCE_SUM": (value, flat if value == "DISTRIBUTION" else sum), "REDUCE_COUNT": ("INT64", len), "REDUCE_MEAN": ("DOUBLE", lambda found: sum(flat(found)) / len(flat(found))),
           "REDUCE_STDDEV": ("DOUBLE", lambda found: deviation(flat(found)))}
  if value in NUMBERS:
    known.update({"REDUCE_MIN": (value, min), "REDUCE_MAX": (value, max)})
  if reducer not in known:
    raise invalid(f"The supplied aggregation with crossSeriesReducer {reducer} is not valid for value type {value}.")
  return known[reducer]


def label_of(series, field):
  part, _, name = field.replace(".label.", ".labels.").partition(".labels.")
  if part not in ("metric", "resource") or not name:
    raise invalid(f"The group-by field '{field}' is not a label of the metric or the resource.")
  return series[part]["labels"].get(name, "")


def labelled(members, chosen):
  """What a reduced series still says of where it came from: the labels it was grouped by."""
  kept = {"metric": {"type": members[0]["metric"]["type"], "labels": {}}, "resource": {"type": members[0]["resource"]["type"], "labels": {}}}
  for field, value in chosen.items():
    part, _, name = field.replace(".label.", ".labels.").partition(".labels.")
    kept[part]["labels"][name] = value
  kept["resource"]["labels"].setdefault("project_id", members[0]["resource"]["labels"].get("project_id", ""))
  return kept


def shown(series, headers_only):
  """A series as the API writes it, the newest point first."""
  result = {"metric": without_empty(series["metric"]), "resource": without_empty(series["resource"]), "metricKind": series["kind"], "valueType": series["value"], "unit": series["unit"]}
  if not headers_only:
    result["points"] = [point(series, each) for each in sorted(series["samples"], key=lambda each: each[1], reverse=True)]
  return result


def without_empty(part):
  return {name: value for name, value in part.items() if value}


def point(series, sample):
  start, end, number = sample
  if series["value"] == "DISTRIBUTION":
    value = {"distributionValue": distribution(number)}
  elif series["value"] == "INT64":
    value = {"int64Value": str(int(number))}
  else:
    value = {"doubleValue": float(number)}
  return {"interval": {"startTime": time_of(end if series["kind"] == "GAUGE" else start), "endTime": time_of(end)}, "value": value}


def time_of(seconds):
  text = stamp(seconds)
  return text.replace(".000000Z", "Z")


def distribution(numbers):
  """google.api.Distribution of numbers, in buckets as Cloud Run's latencies have them."""
  mean = sum(numbers) / len(numbers)
  counts = [0] * (BUCKETS + 2)
  for number in numbers:
    counts[0 if number < 1 else min(int(math.log(number) / math.log(GROWTH)) + 1, BUCKETS + 1)] += 1
  while counts and counts[-1] == 0:
    counts.pop()
  return {"count": str(len(numbers)), "mean": mean, "sumOfSquaredDeviation": sum((each - mean) ** 2 for each in numbers), "bucketCounts": [str(each) for each in counts],
          "bucketOptions": {"exponentialBuckets": {"numFiniteBuckets": BUCKETS, "growthFactor": GROWTH, "scale": 1.0}}}
