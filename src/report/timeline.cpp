#include "report/timeline.hpp"
#include "report/table.hpp"
#include "value/json.hpp"
#include <fmt/format.h>

namespace belay::report {
namespace {

using incidents::Entry;
using incidents::Incident;

Duration since(Timestamp from, Timestamp to) { return std::chrono::seconds(to.seconds - from.seconds); }

void add_stage(std::string& text, const char* name, const std::optional<Timestamp>& at, const std::optional<Duration>& took) {
  if (at) text += fmt::format("  {:<13} {}{}\n", name, utc_text(*at), took ? fmt::format("  after {}", span_text(*took)) : "");
}

Value texts(const std::vector<std::string>& items) {
  Value::List list;
  for (const std::string& item : items) list.emplace_back(item);
  return list;
}

Value seconds_of(const std::optional<Duration>& span) { return span ? Value(static_cast<std::int64_t>(std::chrono::duration_cast<std::chrono::seconds>(*span).count())) : Value(); }
Value moment(const std::optional<Timestamp>& at) { return at ? Value(rfc3339(*at)) : Value(); }

} // namespace

std::string span_text(Duration span) {
  const auto all = std::chrono::duration_cast<std::chrono::seconds>(span).count();
  const auto seconds = all < 0 ? -all : all;
  const char* sign = all < 0 ? "-" : "";
  if (seconds < 60) return fmt::format("{}{}s", sign, seconds);
  if (seconds < 3600) return fmt::format("{}{}m{:02}s", sign, seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{}{}h{:02}m", sign, seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}{}d{}h", sign, seconds / 86400, seconds / 3600 % 24);
}

std::string utc_text(Timestamp at) {
  std::string text = rfc3339({at.seconds, 0});
  text.pop_back();
  text[10] = ' ';
  return text;
}

std::string timeline_text(const Incident& incident, Timestamp now) {
  const auto& opened = incident.opened;
  std::string text = fmt::format("{}  {}  {} in {}\n{}\n", opened.id, one_line(incident.severity.name), one_line(opened.service), one_line(opened.environment), one_line(opened.title));
  text += fmt::format("  {:<13} {}{}\n", "status", word(incident.status), incident.is_going_on() ? fmt::format(", going on for {}", span_text(since(opened.began.value_or(opened.at), now))) : "");
  add_stage(text, "began", opened.began, {});
  add_stage(text, "opened", opened.at, incident.time_to_detect());
  add_stage(text, "acknowledged", incident.acknowledged, incident.time_to_acknowledge());
  add_stage(text, "mitigated", incident.mitigated, incident.time_to_mitigate());
  add_stage(text, "resolved", incident.resolved, incident.time_to_resolve());
  add_stage(text, "closed", incident.closed, {});
  for (const auto& [role, person] : incident.roles) text += fmt::format("  {:<13} {}\n", one_line(role), one_line(person));
  for (const std::string& late : overdue(incident, now)) text += fmt::format("  OVERDUE       {}\n", one_line(late));
  text += "\ntimes in UTC\n";
  std::size_t widest = 0;
  for (const Entry& entry : incident.timeline) widest = std::max(widest, one_line(entry.who).size());
  std::string day;
  for (const Entry& entry : incident.timeline) {
    const std::string at = utc_text(entry.at), today = at.substr(0, 10);
    if (today != day) text += today + "\n";
    day = today;
    text += fmt::format("  {}  {:>8}  {:<{}}  {}{}\n", at.substr(11), (entry.at < opened.at ? "" : "+") + span_text(since(opened.at, entry.at)), one_line(entry.who), widest, one_line(entry.what),
                        entry.run.empty() ? "" : fmt::format(" (run {})", one_line(entry.run)));
  }
  return text;
}

Value incident_value(const Incident& incident, Timestamp now) {
  const auto& opened = incident.opened;
  Value::List entries, runs, actions;
  for (const Entry& entry : incident.timeline) entries.push_back(Value::object({{"at", rfc3339(entry.at)}, {"who", entry.who}, {"what", entry.what}, {"run", entry.run}}));
  for (const auto& run : incident.runs)
    runs.push_back(Value::object({{"run", run.run}, {"what", run.what}, {"who", run.who}, {"state", run.state}, {"exit", run.exit}, {"started", rfc3339(run.started)}, {"reported", rfc3339(run.at)},
                                  {"changed", texts(run.changed)}, {"undone", texts(run.undone)}, {"stands", texts(run.stands)}}));
  for (const auto& action : incident.actions) actions.push_back(Value::object({{"text", action.text}, {"owner", action.owner}, {"due", action.due}}));
  std::vector<std::pair<std::string, Value>> roles;
  for (const auto& [role, person] : incident.roles) roles.emplace_back(role, person);
  return Value::object({{"id", opened.id}, {"title", opened.title}, {"service", opened.service}, {"environment", opened.environment}, {"severity", incident.severity.name},
                        {"status", std::string(word(incident.status))}, {"began", moment(opened.began)}, {"opened", rfc3339(opened.at)}, {"opened_by", opened.who},
                        {"acknowledged", moment(incident.acknowledged)}, {"mitigated", moment(incident.mitigated)}, {"resolved", moment(incident.resolved)}, {"closed", moment(incident.closed)},
                        {"seconds_to_detect", seconds_of(incident.time_to_detect())}, {"seconds_to_acknowledge", seconds_of(incident.time_to_acknowledge())},
                        {"seconds_to_mitigate", seconds_of(incident.time_to_mitigate())}, {"seconds_to_resolve", seconds_of(incident.time_to_resolve())}, {"mitigation", incident.mitigation},
                        {"cause", incident.cause}, {"overdue", texts(overdue(incident, now))}, {"roles", Value::object(std::move(roles))}, {"runs", std::move(runs)}, {"actions", std::move(actions)},
                        {"timeline", std::move(entries)}});
}

} // namespace belay::report
