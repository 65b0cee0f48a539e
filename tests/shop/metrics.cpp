#include "metrics.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <iterator>

namespace shop {

void Metrics::count(int status, double seconds) {
  const std::lock_guard lock(m_mutex);
  ++m_by_status[status];
  ++m_buckets[static_cast<std::size_t>(std::lower_bound(k_bounds.begin(), k_bounds.end(), seconds) - k_bounds.begin())];
  m_sum += seconds;
  ++m_total;
}

std::string Metrics::text() const {
  const std::lock_guard lock(m_mutex);
  std::string out;
  const auto to = std::back_inserter(out);
  fmt::format_to(to, "# HELP shop_info The release that answers.\n# TYPE shop_info gauge\nshop_info{{version=\"{}\"}} 1\n", m_version);
  fmt::format_to(to, "# HELP http_requests_total Requests answered.\n# TYPE http_requests_total counter\n");
  for (const auto& [status, n] : m_by_status) fmt::format_to(to, "http_requests_total{{status=\"{}\"}} {}\n", status, n);
  fmt::format_to(to, "# HELP http_request_duration_seconds Time to answer a request.\n# TYPE http_request_duration_seconds histogram\n");
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < k_bounds.size(); ++i) {
    below += m_buckets[i];
    fmt::format_to(to, "http_request_duration_seconds_bucket{{le=\"{}\"}} {}\n", k_bounds[i], below);
  }
  fmt::format_to(to, "http_request_duration_seconds_bucket{{le=\"+Inf\"}} {0}\nhttp_request_duration_seconds_sum {1}\nhttp_request_duration_seconds_count {0}\n", m_total, m_sum);
  return out;
}

} // namespace shop
