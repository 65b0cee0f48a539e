#pragma once
#include "cli/context.hpp"
#include "cli/flags.hpp"

namespace belay::cli {

/// Every command with its options, and the global ones, which are written into `globals`.
Flags command_line(Globals& globals);

} // namespace belay::cli
