#pragma once
#include "belay/error.hpp"
#include "belay/value.hpp"
#include <optional>
#include <string>
#include <vector>

namespace belay {

/// One level of a scheme. Times count from the opening: somebody must have acknowledged, it goes to the next person, and (from each update) the next update is due.
struct Severity {
  std::string name, meaning;
  std::optional<Duration> respond, escalate, update;
  bool next_business_day = false; ///< of the response: the end of the next Monday to Friday, UTC
  std::optional<Duration> postmortem; ///< written within this after it is resolved; nothing: none is asked for
};

/// The levels of a service, worst first.
struct SeverityScheme {
  std::vector<Severity> levels;
  /// By its name, capitals or not; `missing` with the nearest names.
  Expected<Severity> find(const std::string& name) const;
};

/// The setting `severity` → its scheme: null (`p0-p3`); the name of a scheme that belay knows (`p0-p3`, `sev1-sev4`, `1-4`); a list of maps, or a map of
/// maps by name, with `means`, `respond`, `escalate`, `update`, `postmortem`: durations, `at once`, and for `respond` `next business day`.
Expected<SeverityScheme> severity_scheme(const Value& setting);

/// A level as it is kept in an incident, and back: what was promised when it was opened.
Value value_of(const Severity& severity);
Severity severity_of(const Value& kept);

/// When a response is due; nothing where none is promised.
std::optional<Timestamp> response_due(const Severity& severity, Timestamp opened);

} // namespace belay
