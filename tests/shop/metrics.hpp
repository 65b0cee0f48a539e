#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace shop {

/// Requests by status and a histogram of their durations, in Prometheus' text format.
class Metrics {
public:
  explicit Metrics(std::string version) : m_version(std::move(version)) {}
  void count(int status, double seconds);
  std::string text() const;

private:
  static constexpr std::array<double, 9> k_bounds{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1};
  mutable std::mutex m_mutex;
  std::string m_version;
  std::map<int, std::uint64_t> m_by_status;
  std::array<std::uint64_t, k_bounds.size() + 1> m_buckets{};
  double m_sum = 0;
  std::uint64_t m_total = 0;
};

} // namespace shop
