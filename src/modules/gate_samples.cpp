#include "modules/gate_samples.hpp"
#include <charconv>
#include <cmath>
#include <functional>
#include <limits>

namespace belay::modules::gate {
namespace {

std::optional<std::int64_t> count(const Value& value) {
  if (value.is_unknown() || value.is_secret()) return std::nullopt;
  if (value.kind() == Kind::integer && value.integer() >= 0) return value.integer();
  if (value.kind() == Kind::real && std::isfinite(value.real()) && value.real() >= 0 && value.real() < 9e15) return static_cast<std::int64_t>(value.real());
  return std::nullopt;
}

std::optional<double> number(std::string_view text) {
  if (text == "+Inf") return std::numeric_limits<double>::infinity();
  double value = 0;
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end || std::isnan(value)) return std::nullopt;
  return value;
}

/// The value of one label of `{a="b",…}`; labels with escaped quotes are not needed here and end early.
std::string_view label(std::string_view labels, std::string_view name) {
  for (auto at = labels.find(name); at != std::string_view::npos; at = labels.find(name, at + 1)) {
    const bool starts = at == 0 || labels[at - 1] == ',' || labels[at - 1] == '{' || labels[at - 1] == ' ';
    const auto rest = labels.substr(at + name.size());
    if (!starts || !rest.starts_with("=\"")) continue;
    return rest.substr(2, rest.find('"', 2) - 2);
  }
  return {};
}

/// Where the labels end: the brace that stands in no quotes (`path="/items/{id}"` holds others).
std::size_t end_of_labels(std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') ++i;
    else if (text[i] == '"') quoted = !quoted;
    else if (text[i] == '}' && !quoted) return i;
  }
  return std::string_view::npos;
}

/// Each series of a metric: its labels and its value; false where a value is no number.
bool each_series(const Value& sample, std::string_view metric, const std::function<bool(std::string_view labels, double value)>& each) {
  const Value body = sample["body"];
  if (body.is_unknown() || body.is_secret() || body.kind() != Kind::text) return false;
  std::string_view text = body.text();
  bool any = false;
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.starts_with(metric)) continue;
    line.remove_prefix(metric.size());
    std::string_view labels;
    if (line.starts_with('{')) {
      const auto close = end_of_labels(line);
      if (close == std::string_view::npos) return false;
      labels = line.substr(0, close + 1);
      line.remove_prefix(close + 1);
    }
    if (!line.starts_with(' ')) continue;
    line.remove_prefix(1);
    const auto value = number(line.substr(0, line.find(' ')));
    if (!value || !each(labels, *value)) return false;
    any = true;
  }
  return any;
}

bool add(std::int64_t& to, double value) {
  if (!std::isfinite(value) || value < 0 || value > 9e15) return false;
  to += static_cast<std::int64_t>(value);
  return true;
}

} // namespace

std::optional<Counter> server_counter(const Value& sample, const std::string& name) {
  const Value server = sample["servers"][name];
  const auto requests = count(server["requests"]), failures = count(server["failures"]);
  if (!requests || !failures || *failures > *requests) return std::nullopt;
  return Counter{*requests, *failures};
}

std::optional<Counter> metric_counter(const Value& sample, std::string_view metric) {
  Counter counter;
  const bool read = each_series(sample, metric, [&](std::string_view labels, double value) {
    const auto status = label(labels, "status");
    return add(counter.requests, value) && (!status.starts_with('5') || add(counter.failures, value));
  });
  return read ? std::optional(counter) : std::nullopt;
}

std::string server_status(const Value& sample, const std::string& name) {
  const Value status = sample["servers"][name]["status"];
  return !status.is_unknown() && !status.is_secret() && status.kind() == Kind::text ? status.text() : std::string();
}

Probes probes(const Value& sample) {
  const auto sent = count(sample["probes"]["sent"]), failed = count(sample["probes"]["failed"]);
  if (!sent || !failed || *failed > *sent) return {};
  return {*sent, *failed};
}

std::optional<Histogram> histogram(const Value& sample, std::string_view metric) {
  Histogram buckets;
  const bool read = each_series(sample, std::string(metric) + "_bucket", [&](std::string_view labels, double value) {
    const auto bound = number(label(labels, "le"));
    return bound && add(buckets[*bound], value);
  });
  if (!read || !std::isinf(buckets.rbegin()->first)) return std::nullopt;
  return buckets;
}

std::optional<Histogram> probe_histogram(const Value& sample, double bound) {
  const Value seconds = sample["probes"].has("seconds") ? sample["probes"]["seconds"] : sample["seconds"];
  if (seconds.is_unknown() || seconds.is_secret() || seconds.kind() != Kind::list) return std::nullopt;
  Histogram buckets{{bound, 0}, {std::numeric_limits<double>::infinity(), 0}};
  for (const auto& one : seconds.list()) {
    if (one.is_unknown() || one.is_secret() || one.kind() != Kind::real || !std::isfinite(one.real())) return std::nullopt;
    if (one.real() <= bound) ++buckets.begin()->second;
    ++buckets.rbegin()->second;
  }
  // A probe that had no answer took longer than any bound.
  buckets.rbegin()->second += probes(sample).failed;
  return buckets;
}

} // namespace belay::modules::gate
