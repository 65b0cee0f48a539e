#pragma once
#include <string>

namespace shop {

/// What a release is: `release.json` in its folder, one flat object. Everything but the version is a fault that the release is built with.
struct Settings {
  std::string version = "0";
  double error_rate = 0;     ///< the share of requests to /items answered 500, evenly spread
  int delay_ms = 0;          ///< added to every request to /items
  bool fail_health = false;  ///< /health answers 503
  bool fail_deep = false;    ///< /health/deep answers 503
  int slow_start_ms = 0;     ///< the port is opened only after this long
  int crash_after_ms = 0;    ///< the process aborts this long after its start; 0: never
  bool migrate_fails = false; ///< the start ends with an error before the port is opened
};

/// Throws std::runtime_error naming the file and what is wrong with it: an unknown member is an error.
Settings read_settings(const std::string& file);

} // namespace shop
