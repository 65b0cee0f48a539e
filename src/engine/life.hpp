#pragma once
#include "engine/session.hpp"

namespace belay::engine {

/// Walks a run from its journal's beginning or from nothing, takes it back where it fails, does what is always done, and
/// ends it: the last facts, the claim given back or parked, the last lines.
Finished live(Session&);

/// What a run that ended before it began says.
Finished refusal(Exit, std::string message, std::string hint = {}, std::vector<std::string> next = {});

/// The last lines of a run: what changed, was undone, stands, and what to do next.
void last_lines(const RunView&, const std::string& halted_at, Finished&);

} // namespace belay::engine
