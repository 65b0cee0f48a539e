#pragma once
#include "belay/state.hpp"
#include "state/severity.hpp"
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// The record of an incident: a pure fold of the stream `incident/INC-YYYY-MM-DD-NNN`.
namespace belay::incidents {

/// `began`: when the trouble itself began, where that is known to be earlier. `level`: the severity as `value_of` gives it.
struct Opened {
  static constexpr std::string_view k_kind = "opened";
  std::string id, title, service, environment, who;
  Value level;
  std::optional<Timestamp> began;
  Timestamp at;
};
struct Acknowledged {
  static constexpr std::string_view k_kind = "acknowledged";
  std::string who, text;
  Timestamp at;
};
/// What is known now. `level`: a new severity; null: as before.
struct Updated {
  static constexpr std::string_view k_kind = "updated";
  std::string who, text;
  Value level;
  Timestamp at;
};
/// `person` fills `role` (commander, communications, scribe …) from now on.
struct RoleSet {
  static constexpr std::string_view k_kind = "role-set";
  std::string who, role, person;
  Timestamp at;
};
/// Users are no longer affected; the cause may still be there.
struct Mitigated {
  static constexpr std::string_view k_kind = "mitigated";
  std::string who, text;
  Timestamp at;
};
/// The cause is gone. `text`: what it was.
struct Resolved {
  static constexpr std::string_view k_kind = "resolved";
  std::string who, text;
  Timestamp at;
};
struct Closed {
  static constexpr std::string_view k_kind = "closed";
  std::string who, text;
  Timestamp at;
};
/// Something to remember; taken in any state.
struct Noted {
  static constexpr std::string_view k_kind = "noted";
  std::string who, text;
  Timestamp at;
};
struct ActionAdded {
  static constexpr std::string_view k_kind = "action-added";
  std::string who, text, owner, due;
  Timestamp at;
};
/// A run as it stood when it added itself; the same run again replaces what was said of it.
struct RunAttached {
  static constexpr std::string_view k_kind = "run-attached";
  std::string run, what, who, state; ///< what: `rollback shop -e production`; state: done, undone, stuck …
  int exit = 0;
  Timestamp started;
  std::vector<std::string> changed, undone, stands;
  Timestamp at;
};
using Fact = std::variant<Opened, Acknowledged, Updated, RoleSet, Mitigated, Resolved, Closed, Noted, ActionAdded, RunAttached>;

enum class Status : std::uint8_t { open, acknowledged, mitigated, resolved, closed };
std::string_view word(Status status);

struct Entry {
  Timestamp at;
  std::string who, what, run; ///< what: one sentence; run: of a line that a run added
};

struct Incident {
  Opened opened;
  Severity severity;
  Status status = Status::open;
  std::optional<Timestamp> acknowledged, mitigated, resolved, closed;
  std::string mitigation, cause;
  Timestamp last_update, changed;
  std::vector<std::pair<std::string, std::string>> roles; ///< in the order in which they were first filled
  std::vector<RunAttached> runs;                          ///< oldest start first
  std::vector<ActionAdded> actions;
  std::vector<Entry> timeline;                            ///< everything, runs included, oldest first

  bool is_going_on() const { return status < Status::resolved; }
  /// From the opening, or (`detect`) from the beginning to it; nothing for what has not happened. `resolve` and `mitigate` count from the beginning where it is known.
  std::optional<Duration> time_to_detect() const, time_to_acknowledge() const, time_to_mitigate() const, time_to_resolve() const;
};

/// `malformed` where the first fact is no opening.
Expected<Incident> fold(const std::vector<Fact>& facts);

/// Why a fact may not follow now; nothing where it may.
std::optional<Failure> refusal(const Incident& incident, const Fact& fact);

/// What should have happened by now and has not, one sentence each: a response, an update, an escalation.
std::vector<std::string> overdue(const Incident& incident, Timestamp now);

} // namespace belay::incidents
