#pragma once
#include "belay/value.hpp"
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

/// What a gate reads out of a sample: the outputs of haproxy.counters, or a page of metrics in Prometheus' text format as http.get returns it.
/// Whatever is missing, negative or no number reads as nothing, never as 0.
namespace belay::modules::gate {

struct Counter {
  std::int64_t requests = 0, failures = 0;
};
/// One server's counters by name, from `sample.servers`.
std::optional<Counter> server_counter(const Value& sample, const std::string& name);
/// Requests by status, from `sample.body`: a status of 500 and above is a failure.
std::optional<Counter> metric_counter(const Value& sample, std::string_view metric);
/// HAProxy's word for the server: `UP`, `DOWN`, `MAINT` …; empty where it says none.
std::string server_status(const Value& sample, const std::string& name);

struct Probes {
  std::int64_t sent = 0, failed = 0;
};
Probes probes(const Value& sample);

/// Requests by their largest duration: bound in seconds → how many took at most that, as a histogram accumulates them; the largest is +Inf.
using Histogram = std::map<double, std::int64_t>;
std::optional<Histogram> histogram(const Value& sample, std::string_view metric);
/// The durations of the sample's own probes (`sample.probes.seconds`, else `sample.seconds`), accumulated as if at `bound` and +Inf.
std::optional<Histogram> probe_histogram(const Value& sample, double bound);

} // namespace belay::modules::gate
