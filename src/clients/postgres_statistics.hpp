#pragma once
#include "belay/ports.hpp"

namespace belay {

/// What `ANALYZE` of the whole database `target` does, by up to `sessions` sessions at once, largest tables first: statistics for the planner.
Expected<void> gather_statistics(Sql&, const Value& target, unsigned sessions, const Stop&);

} // namespace belay
