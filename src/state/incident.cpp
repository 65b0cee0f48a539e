#include "state/incident.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace belay::incidents {
namespace {

Duration between(Timestamp from, Timestamp to) { return std::chrono::seconds(to.seconds - from.seconds) + Duration(to.nanos - from.nanos); }
Timestamp after(Timestamp from, Duration by) { return {from.seconds + std::chrono::duration_cast<std::chrono::seconds>(by).count(), from.nanos}; }

std::string with(const std::string& what, const std::string& text) { return text.empty() ? what : what + ": " + text; }

struct Apply {
  Incident& incident;
  void say(Timestamp at, const std::string& who, std::string what) const { incident.timeline.push_back({at, who, std::move(what), {}}); }

  void operator()(const Opened&) const {} // the first one made the incident; there is no second
  void operator()(const Acknowledged& fact) const {
    incident.status = Status::acknowledged;
    incident.acknowledged = fact.at;
    say(fact.at, fact.who, with("acknowledged", fact.text));
  }
  void operator()(const Updated& fact) const {
    incident.last_update = fact.at;
    if (fact.level.is_null()) return say(fact.at, fact.who, with("update", fact.text));
    const Severity now = severity_of(fact.level);
    say(fact.at, fact.who, with(fmt::format("severity {} → {}", incident.severity.name, now.name), fact.text));
    incident.severity = now;
  }
  void operator()(const RoleSet& fact) const {
    const auto found = std::find_if(incident.roles.begin(), incident.roles.end(), [&](const auto& role) { return role.first == fact.role; });
    if (found == incident.roles.end()) incident.roles.emplace_back(fact.role, fact.person);
    else found->second = fact.person;
    say(fact.at, fact.who, fmt::format("{} is {}", fact.role, fact.person));
  }
  void operator()(const Mitigated& fact) const {
    imply_acknowledged(fact.at);
    incident.status = Status::mitigated;
    incident.mitigated = fact.at;
    incident.mitigation = fact.text;
    say(fact.at, fact.who, with("mitigated", fact.text));
  }
  void operator()(const Resolved& fact) const {
    imply_acknowledged(fact.at);
    if (!incident.mitigated) incident.mitigated = fact.at; // what is resolved no longer hurts
    incident.status = Status::resolved;
    incident.resolved = fact.at;
    incident.cause = fact.text;
    say(fact.at, fact.who, with("resolved", fact.text));
  }
  void operator()(const Closed& fact) const {
    incident.status = Status::closed;
    incident.closed = fact.at;
    say(fact.at, fact.who, with("closed", fact.text));
  }
  void operator()(const Noted& fact) const { say(fact.at, fact.who, with("note", fact.text)); }
  void operator()(const ActionAdded& fact) const {
    incident.actions.push_back(fact);
    say(fact.at, fact.who, "action item: " + fact.text);
  }
  void operator()(const RunAttached& fact) const {
    const auto found = std::find_if(incident.runs.begin(), incident.runs.end(), [&](const RunAttached& run) { return run.run == fact.run; });
    if (found == incident.runs.end()) incident.runs.push_back(fact);
    else *found = fact;
  }

private:
  /// Who mitigates or resolves has answered, whether they said so or not.
  void imply_acknowledged(Timestamp at) const {
    if (!incident.acknowledged) incident.acknowledged = at;
  }
};

void add_runs_to_timeline(Incident& incident) {
  std::stable_sort(incident.runs.begin(), incident.runs.end(), [](const RunAttached& a, const RunAttached& b) { return a.started < b.started; });
  for (const RunAttached& run : incident.runs) {
    incident.timeline.push_back({run.started, run.who, run.what + ": begun", run.run});
    std::string ending = fmt::format("{}: {}, exit {}", run.what, run.state, run.exit);
    if (!run.changed.empty()) ending += fmt::format("; changed {}", fmt::join(run.changed, ", "));
    if (!run.undone.empty()) ending += fmt::format("; undone {}", fmt::join(run.undone, ", "));
    if (run.exit != 0 && !run.stands.empty()) ending += fmt::format("; still stands {}", fmt::join(run.stands, ", "));
    incident.timeline.push_back({run.at, run.who, std::move(ending), run.run});
  }
  std::stable_sort(incident.timeline.begin(), incident.timeline.end(), [](const Entry& a, const Entry& b) { return a.at < b.at; });
}

Failure refuse(const Incident& incident, const std::string& why, const std::string& hint) { return {Cause::refused, Reached::no, fmt::format("{} {}", incident.opened.id, why), hint}; }

std::string at(const std::optional<Timestamp>& when) { return when ? " at " + rfc3339(*when) : std::string(); }

struct Refusal {
  const Incident& incident;
  using Answer = std::optional<Failure>;

  Answer unless_closed(const char* what) const {
    if (incident.status != Status::closed) return std::nullopt;
    return refuse(incident, fmt::format("was closed{}: it takes no {}", at(incident.closed), what), "open a new one; a note or an action item can still be added");
  }
  Answer unless_over() const {
    if (auto answer = unless_closed("change of its state")) return answer;
    if (incident.status == Status::resolved) return refuse(incident, "is resolved" + at(incident.resolved), "if the trouble is back, open a new one");
    return std::nullopt;
  }

  Answer operator()(const Opened&) const { return refuse(incident, "is open already", "open another with an id of its own"); }
  Answer operator()(const Acknowledged&) const {
    if (auto answer = unless_over()) return answer;
    if (incident.status == Status::open) return std::nullopt;
    return refuse(incident, fmt::format("was acknowledged already{}", at(incident.acknowledged)), "say what you do with an update, or take a role");
  }
  Answer operator()(const Updated& fact) const {
    if (fact.text.empty() && fact.level.is_null()) return refuse(incident, "gets no empty update", "say what is known now, or give a new severity");
    return unless_closed("updates");
  }
  Answer operator()(const RoleSet& fact) const {
    if (fact.role.empty() || fact.person.empty()) return refuse(incident, "needs both a role and a person", "for example commander=ana");
    return unless_closed("roles");
  }
  Answer operator()(const Mitigated&) const {
    if (auto answer = unless_over()) return answer;
    if (incident.status != Status::mitigated) return std::nullopt;
    return refuse(incident, "was mitigated already" + at(incident.mitigated), "say what is new with an update, or resolve it");
  }
  Answer operator()(const Resolved&) const { return unless_over(); }
  Answer operator()(const Closed&) const {
    if (incident.status == Status::closed) return refuse(incident, "was closed already" + at(incident.closed), "there is nothing to do");
    if (incident.status == Status::resolved) return std::nullopt;
    return refuse(incident, fmt::format("is {} and not resolved", word(incident.status)), "resolve it first, with the cause: belay incident resolve " + incident.opened.id);
  }
  Answer operator()(const Noted&) const { return std::nullopt; }
  Answer operator()(const ActionAdded&) const { return std::nullopt; }
  Answer operator()(const RunAttached&) const { return unless_closed("runs"); }
};

} // namespace

std::string_view word(Status status) {
  constexpr std::string_view k_words[] = {"open", "acknowledged", "mitigated", "resolved", "closed"};
  return k_words[static_cast<std::size_t>(status)];
}

std::optional<Duration> Incident::time_to_detect() const { return opened.began ? std::optional(between(*opened.began, opened.at)) : std::nullopt; }
std::optional<Duration> Incident::time_to_acknowledge() const { return acknowledged ? std::optional(between(opened.at, *acknowledged)) : std::nullopt; }
std::optional<Duration> Incident::time_to_mitigate() const { return mitigated ? std::optional(between(opened.began.value_or(opened.at), *mitigated)) : std::nullopt; }
std::optional<Duration> Incident::time_to_resolve() const { return resolved ? std::optional(between(opened.began.value_or(opened.at), *resolved)) : std::nullopt; }

Expected<Incident> fold(const std::vector<Fact>& facts) {
  if (facts.empty() || !std::holds_alternative<Opened>(facts.front())) return Unexpected(Failure{Cause::malformed, Reached::no, "the record of the incident does not begin with its opening", "see `belay runs verify`"});
  Incident incident;
  incident.opened = std::get<Opened>(facts.front());
  incident.severity = severity_of(incident.opened.level);
  incident.last_update = incident.changed = incident.opened.at;
  if (incident.opened.began) incident.timeline.push_back({*incident.opened.began, "", "the trouble began", {}});
  incident.timeline.push_back({incident.opened.at, incident.opened.who, fmt::format("opened as {}: {}", incident.severity.name, incident.opened.title), {}});
  for (const Fact& fact : facts) {
    std::visit(Apply{incident}, fact);
    std::visit([&](const auto& one) { incident.changed = std::max(incident.changed, one.at); }, fact);
  }
  add_runs_to_timeline(incident);
  return incident;
}

std::optional<Failure> refusal(const Incident& incident, const Fact& fact) { return std::visit(Refusal{incident}, fact); }

std::vector<std::string> overdue(const Incident& incident, Timestamp now) {
  std::vector<std::string> late;
  if (!incident.is_going_on()) return late;
  const auto response = response_due(incident.severity, incident.opened.at);
  if (!incident.acknowledged && response && now > *response) late.push_back(fmt::format("nobody has acknowledged it: a response was due at {}", rfc3339(*response)));
  const bool hurts = incident.status < Status::mitigated;
  if (hurts && incident.severity.escalate && now > after(incident.opened.at, *incident.severity.escalate))
    late.push_back(fmt::format("it is not mitigated: escalation was due at {}", rfc3339(after(incident.opened.at, *incident.severity.escalate))));
  if (incident.severity.update && now > after(incident.last_update, *incident.severity.update))
    late.push_back(fmt::format("the last update is of {}: the next was due at {}", rfc3339(incident.last_update), rfc3339(after(incident.last_update, *incident.severity.update))));
  return late;
}

} // namespace belay::incidents
