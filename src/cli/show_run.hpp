#pragma once
#include "report/style.hpp"
#include "state/run_view.hpp"
#include <string>

namespace belay::cli {

/// A run for a person: who, what, when; each step with its state and time; what stands; what can be done now.
std::string run_text(const RunView&, Timestamp now, const report::Style&);
/// The same, with stable names: {run, runbook, service, environment, state, who, host, version, commit, dirty, claim, started, parameters, steps: [{path, title, action, state,
/// effect, attempts, seconds, because, outputs, inputs}], findings, parked, ended: {exit, changed, undone, stands, next, outputs, at}}.
Value run_value(const RunView&);
/// What a person can do with a run in this state: whole commands.
std::vector<std::string> ways_on(const RunView&);

} // namespace belay::cli
