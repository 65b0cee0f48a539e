#pragma once
#include "modules/inputs.hpp"

/// Probes that a gate's sample sends where traffic is thin, so that it need not be waited for.
namespace belay::modules {

/// {sent, failed, seconds} of `probe_count` requests to `probe_url`; none are sent unless `probe` is true. 5xx and no answer are failures.
Value probed(const Call&, const Reads&);

#define BELAY_PROBE_FIELDS                                                                                                                                                  \
  {.name = "probe", .type = k_boolean, .required = false, .standard = "false", .help = "whether to send the declared probes too; a gate sets it where traffic is thin"},    \
      {.name = "probe_url", .type = k_text, .required = false, .help = "what the probes GET, at the release itself"},                                                       \
      {.name = "probe_count", .type = k_integer, .required = false, .standard = "20", .help = "how many a sample"},                                                         \
      {.name = "probe_limit", .type = k_duration, .required = false, .standard = "2s", .help = "a probe without an answer by then has failed"}

} // namespace belay::modules
