#pragma once
#include "belay/host.hpp"
#include <string>

namespace belay::cli {

/// The folder that a state URL names: a path, `file:PATH`, or empty for $XDG_STATE_HOME/belay (~/.local/state/belay). Throws
/// Error(usage) for any other scheme, and where there is no home to fall back on.
std::string state_folder(const std::string& url, const Machine&);

} // namespace belay::cli
