#pragma once
#include "belay/action.hpp"

namespace belay::modules {

/// http.check: many endpoints at once. One that fails is a finding; the only one, given as `url`, fails the step.
Outcome read_http_check(const Call&, const Reads&);

} // namespace belay::modules
