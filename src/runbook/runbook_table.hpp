#pragma once
#include "runbook/shape.hpp"

namespace belay {

extern const Object k_runbook_object, k_parameter_object, k_step_object, k_retry_object, k_timeout_object, k_undo_object, k_sample_object;

} // namespace belay
