#pragma once
#include "state/incident.hpp"
#include "state/run_view.hpp"
#include <string>
#include <vector>

namespace belay::report {

/// The incident as a Markdown document for the meeting after it. Everything that is recorded is filled in: summary, times in UTC, durations against what was promised,
/// what each run did, changed and took back. What no record can tell stands there as a question. `runs`: the journals of attached runs, as far as they
/// can be read; a run without one is told from what it said of itself.
std::string postmortem_markdown(const incidents::Incident& incident, const std::vector<RunView>& runs, Timestamp now);

} // namespace belay::report
