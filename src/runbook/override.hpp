#pragma once
#include "runbook/settings.hpp"

namespace belay {

/// Lays variables `BELAY_SET_…` and then the command line's overrides over the settings. An unknown name, or a value that is no YAML, is a problem.
void apply_overrides(yaml::Node& settings, const Machine&, const std::vector<Override>&, std::deque<yaml::Source>& sources, std::vector<Problem>&);

} // namespace belay
