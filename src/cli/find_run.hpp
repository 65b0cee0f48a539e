#pragma once
#include "cli/context.hpp"
#include "state/run_view.hpp"

namespace belay::cli {

/// A run by its id, by the end or beginning of one that only one run has, or `latest`. Throws Error(usage) with the nearest ids.
std::string find_run(const std::string& wanted, Context&);

/// Its journal, verified. Throws Error when it is broken or cannot be read.
std::vector<Event> events_of(const std::string& run, Context&);
RunView view_of(const std::string& run, Context&);

} // namespace belay::cli
