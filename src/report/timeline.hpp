#pragma once
#include "state/incident.hpp"
#include <string>

namespace belay::report {

/// A span of time to the second, at most two units: `0s`, `45s`, `12m30s`, `2h05m`, `3d4h`; with a minus where it is negative.
std::string span_text(Duration span);

/// A moment as `2026-11-21 22:38:01`, UTC, whole seconds.
std::string utc_text(Timestamp at);

/// The incident for a terminal: its state, what is overdue at `now`, and everything that happened, oldest first, in UTC. Nothing in it can move a cursor.
std::string timeline_text(const incidents::Incident& incident, Timestamp now);

/// The same for machines: {id, title, service, environment, severity, status, opened, …, durations in seconds, roles, runs, actions, timeline}.
Value incident_value(const incidents::Incident& incident, Timestamp now);

} // namespace belay::report
