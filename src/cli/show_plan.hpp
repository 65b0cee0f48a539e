#pragma once
#include "engine/engine.hpp"
#include "report/style.hpp"
#include <string>

namespace belay::cli {

/// What a dry run found, for a person.
std::string plan_text(const engine::Plan&, const report::Style&);
/// The same, with stable names: {runbook, service, environment, digest, steps: [{path, title, action, effect, when, exact, because,
/// waits_for, act, equivalent, digest, inputs, outputs, on_failure}], unknowns, failure}.
Value plan_value(const engine::Plan&);

} // namespace belay::cli
