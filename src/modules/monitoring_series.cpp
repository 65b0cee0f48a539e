#include "modules/command_outcome.hpp"
#include "modules/monitoring.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <cmath>
#include <fmt/core.h>
#include <map>

namespace belay::modules::monitoring {
namespace {

Timestamp before(Timestamp now, Duration by) {
  now.seconds -= by / std::chrono::seconds(1);
  return now;
}

/// A point's number: 64-bit integers come as text, a distribution counts as its mean.
Value number_of(const Value& value) {
  if (const Value whole = gcp::whole(value["int64Value"]); !whole.is_null()) return static_cast<double>(whole.integer());
  if (const Value real = value["doubleValue"]; real.kind() == Kind::real || real.kind() == Kind::integer) return real_or(real, 0);
  if (const Value flag = value["boolValue"]; flag.kind() == Kind::boolean) return flag.boolean() ? 1.0 : 0.0;
  if (const Value mean = value["distributionValue"]["mean"]; mean.kind() == Kind::real || mean.kind() == Kind::integer) return real_or(mean, 0);
  return {};
}

/// The parameters of a look at [start, end], in the words of the API.
struct Look {
  Value filter;
  Timestamp start, end;
  Duration period = std::chrono::minutes(1);
  std::string aligner, reducer;
  std::vector<Value> group_by;
};

Expected<Value> read_all(const Call& call, const Reads& reads, const Look& look) {
  std::vector<Value> pieces{"v3/projects/", gcp::segment(call.in["project"]), "/timeSeries?filter=", gcp::segment(look.filter), "&interval.startTime=", gcp::segment(rfc3339(look.start)),
                            "&interval.endTime=", gcp::segment(rfc3339(look.end)), "&view=FULL&pageSize=10000"};
  if (!look.aligner.empty()) pieces.insert(pieces.end(), {"&aggregation.perSeriesAligner=", look.aligner, "&aggregation.alignmentPeriod=", fmt::format("{}s", look.period / std::chrono::seconds(1))});
  if (!look.reducer.empty()) pieces.insert(pieces.end(), {"&aggregation.crossSeriesReducer=", look.reducer});
  for (const Value& label : look.group_by) pieces.insert(pieces.end(), {"&aggregation.groupByFields=", gcp::segment(label)});
  return gcp::read_pages(reads, gcp::get(gcp::url("monitoring", join(pieces))), "timeSeries", 100000, call.stop);
}

Value filter_of(std::string_view metric, const Value& more) {
  const auto rest = text_or(more, "");
  return fmt::format("metric.type=\"{}\"{}{}", metric, rest.empty() ? "" : " AND ", rest);
}

/// Labels of metric and resource together, by their short names.
Value labels_of(const Value& series) {
  auto all = named(series["resource"]["labels"]);
  for (auto& one : named(series["metric"]["labels"])) all.push_back(std::move(one));
  Value::Map map;
  for (const auto& [name, value] : all) {
    std::erase_if(map, [&, key = Value(name)](const auto& member) { return member.first == key; });
    map.emplace_back(Value(name), value);
  }
  return Value(std::move(map));
}

} // namespace

std::vector<std::string> touches(const Value& in) { return {gcp::resource("gcp-metrics", {in["project"]})}; }

Outcome read_series(const Call& call, const Reads& reads) {
  const Value& in = call.in;
  const Duration window = std::max<Duration>(duration_or(in["window"], std::chrono::minutes(5)), std::chrono::minutes(1));
  Look look{filter_of(text_or(in["metric"], ""), in["filter"]), {}, before(reads.time.wall(), duration_or(in["lag"], {})), duration_or(in["period"], window), text_or(in["align"], ""), text_or(in["reduce"], ""), elements(in["group_by"])};
  look.start = before(look.end, window);
  if (look.period < std::chrono::minutes(1)) return failed_outcome({Cause::refused, Reached::no, "Cloud Monitoring has no period below a minute", "period: 1m"});
  const auto found = read_all(call, reads, look);
  if (!found) return failed_outcome(found.error());
  Value::List series;
  Value most, least, newest;
  double sum = 0;
  for (const Value& one : elements(*found)) {
    Value::List points;
    for (const Value& point : elements(one["points"])) { // newest first
      const Value number = number_of(point["value"]);
      if (number.is_null()) continue;
      points.push_back(Value::object({{"at", gcp::time_of(point["interval"]["endTime"])}, {"value", number}}));
      if (most.is_null() || number.real() > most.real()) most = number;
      if (least.is_null() || number.real() < least.real()) least = number;
      sum += number.real();
    }
    const Value value = points.empty() ? Value() : points.front()["value"];
    if (!value.is_null()) newest = newest.is_null() ? value : Value(newest.real() + value.real());
    series.push_back(Value::object({{"labels", labels_of(one)}, {"value", value}, {"points", Value(std::move(points))}}));
  }
  Outcome outcome;
  const bool single = series.size() == 1;
  outcome.outputs = Value::object({{"value", single ? series.front()["value"] : newest}, {"most", most}, {"least", least}, {"sum", most.is_null() ? Value() : Value(sum)}, {"series", Value(std::move(series))}});
  const double scale = real_or(in["scale"], 1);
  const auto what = text_or(in["what"], text_or(in["metric"], ""));
  if (const Value above = in["above"]; !above.is_null() && !most.is_null() && most.real() * scale > real_or(above, 0))
    outcome.findings.push_back({what, fmt::format("{:.6g} is above {:.6g}", most.real() * scale, real_or(above, 0)), most});
  if (const Value below = in["below"]; !below.is_null() && !least.is_null() && least.real() * scale < real_or(below, 0))
    outcome.findings.push_back({what, fmt::format("{:.6g} is below {:.6g}", least.real() * scale, real_or(below, 0)), least});
  if (boolean_or(in["needs_data"], false) && most.is_null()) outcome.findings.push_back({what, "there is no data in the last " + duration_text(window), {}});
  return outcome;
}

/// Sums since a fixed time only grow, so a gate takes them for the counters that they are, late data included.
Outcome read_counts(const Call& call, const Reads& reads) {
  const Value& in = call.in;
  const Value from = in["from"];
  const Timestamp now = reads.time.wall();
  Look look{filter_of("run.googleapis.com/request_count",
                      Value(fmt::format("resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"{}\" AND resource.labels.location=\"{}\"", text_or(in["service"], ""), text_or(in["region"], "")))),
            from.kind() == Kind::timestamp ? from.timestamp() : before(call.id.run_started, std::chrono::minutes(1)),
            now,
            std::chrono::minutes(1),
            "ALIGN_DELTA",
            "REDUCE_SUM",
            {"resource.labels.revision_name", "metric.labels.response_code_class"}};
  if (look.start >= look.end) look.start = before(look.end, std::chrono::minutes(1));
  struct Counts {
    std::int64_t requests = 0, failures = 0;
  };
  std::map<std::string, Counts> by_revision;
  for (const Value& revision : elements(in["revisions"])) by_revision[text_or(revision, "")];
  const auto found = read_all(call, reads, look);
  if (!found) return failed_outcome(found.error());
  Counts whole;
  for (const Value& one : elements(*found)) {
    const Value labels = labels_of(one);
    Counts& counts = by_revision[text_or(labels["revision_name"], "")];
    const bool failed = text_or(labels["response_code_class"], "") == "5xx";
    for (const Value& point : elements(one["points"])) {
      const auto n = static_cast<std::int64_t>(std::llround(real_or(number_of(point["value"]), 0)));
      counts.requests += n, whole.requests += n;
      if (failed) counts.failures += n, whole.failures += n;
    }
  }
  std::vector<std::pair<std::string, Value>> servers;
  for (const auto& [revision, counts] : by_revision) servers.emplace_back(revision, Value::object({{"requests", counts.requests}, {"failures", counts.failures}}));
  Outcome outcome;
  outcome.outputs = Value::object({{"servers", Value::object(std::move(servers))},
                                   {"backend", Value::object({{"requests", whole.requests}, {"failures", whole.failures}})},
                                   {"error_rate", whole.requests > 0 ? Value(static_cast<double>(whole.failures) / static_cast<double>(whole.requests)) : Value()},
                                   {"probes", probed(call, reads)}});
  return outcome;
}

} // namespace belay::modules::monitoring
