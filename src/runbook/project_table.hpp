#pragma once
#include "runbook/shape.hpp"

namespace belay {

/// belay.yaml, one of its environments; services/NAME.yaml; what may stand under a service's `environments.NAME`; `defaults` of belay.yaml.
extern const Object k_project_object, k_project_environment_object, k_service_object, k_service_environment_object, k_defaults_object;

} // namespace belay
