#pragma once
#include "runbook/check_scope.hpp"

namespace belay::check {

/// Types every expression of a tree.
void check_template(const Template&, const Site&, Scoping&);

/// An action's inputs: their names, what is missing, their types, and secrets that would be seen.
void check_inputs(std::string_view use, const Action&, const Template& with, const Site&, Scoping&);

} // namespace belay::check
