#pragma once
#include "runbook/check_scope.hpp"

namespace belay::check {

/// A step that calls a runbook: its inputs are `runbook` (a name) and `parameters` (a map, also written `with`). The type of what it gives.
expr::Type check_call(const Step&, const Site&, const Runbook& caller, const Project&, Scoping&);

} // namespace belay::check
