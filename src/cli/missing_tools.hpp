#pragma once
#include "cli/context.hpp"

namespace belay::cli {

/// The programs that the runbook, and those it calls, would surely start and this machine has not: with the step, and where to get
/// them. A program named by its path is left out (a step may bring it itself), and so is a step behind a condition.
std::vector<Problem> missing_tools(const Runbook&, Context&);

} // namespace belay::cli
