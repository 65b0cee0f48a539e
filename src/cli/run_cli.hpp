#pragma once
#include "cli/context.hpp"

namespace belay::cli {

/// The whole program below main: parses, works, and returns the exit status. The one place that catches an invocation's failure.
int run_cli(const std::vector<std::string>& arguments, Outside& outside);

} // namespace belay::cli
