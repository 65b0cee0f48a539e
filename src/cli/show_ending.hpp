#pragma once
#include "engine/engine.hpp"
#include "report/style.hpp"
#include <string>
#include <vector>

namespace belay::cli {

/// The last lines of a run: how it ended, what changed, what was taken back, what stands, what to do next.
std::string ending_text(const std::string& what, const engine::Finished&, Duration took, const report::Style&);
/// {run, state, exit, seconds, failure, findings: [{subject, message, evidence}], changed, undone, stands, next, outputs, plan}.
Value ending_value(const engine::Finished&, Duration took);

Value text_list(const std::vector<std::string>&);
Value failure_value(const Failure&); ///< {cause, reached, message, hint}

} // namespace belay::cli
