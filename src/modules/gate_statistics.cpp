#include "modules/gate_statistics.hpp"
#include <algorithm>
#include <cmath>

namespace belay::modules::gate {
namespace {
bool within(double value, double low, double high) { return value > low && value < high; } // false for NaN
} // namespace

std::optional<Sprt> sprt(double acceptable, double unacceptable, double false_alarm, double miss) {
  if (!within(acceptable, 0, 1) || !within(unacceptable, acceptable, 1) || !within(false_alarm, 0, 0.5) || !within(miss, 0, 0.5)) return std::nullopt;
  const double k = std::log(unacceptable * (1 - acceptable) / (acceptable * (1 - unacceptable)));
  return Sprt{std::log((1 - false_alarm) / miss) / k, std::log((1 - miss) / false_alarm) / k, std::log((1 - acceptable) / (1 - unacceptable)) / k};
}

Says decide(const Sprt& test, std::int64_t failures, std::int64_t requests) {
  const auto e = static_cast<double>(failures), n = static_cast<double>(requests);
  if (e >= test.h2 + test.s * n) return Says::fail;
  return e <= test.s * n - test.h1 ? Says::pass : Says::more;
}

std::int64_t more_to_pass(const Sprt& test, std::int64_t failures, std::int64_t requests) {
  const double needed = (static_cast<double>(failures) + test.h1) / test.s;
  return std::max<std::int64_t>(0, static_cast<std::int64_t>(std::ceil(needed)) - requests);
}

std::int64_t more_to_fail(const Sprt& test, std::int64_t failures, std::int64_t requests) {
  const double e = static_cast<double>(failures), n = static_cast<double>(requests);
  // Each further failure is a further request too.
  return std::max<std::int64_t>(0, static_cast<std::int64_t>(std::ceil((test.h2 + test.s * n - e) / (1 - test.s))));
}

double e_value(std::int64_t x, std::int64_t y, double share) {
  if (!within(share, 0, 1)) return 0;
  const auto a = static_cast<double>(x), b = static_cast<double>(y);
  return std::exp(std::lgamma(1 + a) + std::lgamma(1 + b) - std::lgamma(2 + a + b) - a * std::log(share) - b * std::log1p(-share));
}

bool quantile_is_below(std::int64_t slower, std::int64_t requests, double quantile, double alpha) {
  if (requests <= 0 || slower >= requests || !within(quantile, 0, 1)) return false;
  const auto n = static_cast<double>(requests);
  double sum = 0;
  for (std::int64_t i = 0; i <= slower && sum <= alpha; ++i) {
    const auto k = static_cast<double>(i);
    sum += std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log1p(-quantile) + (n - k) * std::log(quantile));
  }
  return sum <= alpha;
}

Judgement judge(const Limits& limits, const Sprt& test, const Counts& counts) {
  Judgement result;
  const auto requests = counts.requests + counts.probes, failures = counts.failures + counts.probe_failures;
  result.absolute = decide(test, failures, requests);
  result.to_pass = more_to_pass(test, failures, requests);
  result.to_fail = more_to_fail(test, failures, requests);

  const auto exposure = counts.requests + counts.base_requests;
  result.share = limits.share > 0 ? limits.share : exposure > 0 ? static_cast<double>(counts.requests) / static_cast<double>(exposure) : 0;
  result.e = e_value(counts.failures, counts.base_failures, result.share);
  const double expected = result.share * static_cast<double>(counts.failures + counts.base_failures);
  result.worse = result.e >= 1 / limits.false_alarm && static_cast<double>(counts.failures) > expected;

  result.capped = limits.most > 0 && requests >= limits.most;
  if (result.absolute == Says::fail || result.worse) result.together = Says::fail;
  else if (result.absolute == Says::pass) result.together = Says::pass;
  return result;
}

} // namespace belay::modules::gate
