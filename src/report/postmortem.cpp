#include "report/postmortem.hpp"
#include "belay/secret.hpp"
#include "report/timeline.hpp"
#include "state/words.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace belay::report {
namespace {

using incidents::Incident;
using incidents::RunAttached;
using incidents::Status;

/// Text of others as one line of Markdown: no markup, no cell's end, nothing that a terminal would obey.
std::string plain(const std::string& text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '\n' || c == '\t') out += ' ';
    else if (c == '<') out += "&lt;";
    else if (std::string_view("\\`*_|[]").find(c) != std::string_view::npos) out += {'\\', c};
    else out += c;
  }
  return out;
}

std::string joined(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + plain(item);
  return out;
}

std::string sentence(const std::string& text) { return text.empty() || std::string_view(".!?").find(text.back()) != std::string_view::npos ? plain(text) : plain(text) + "."; }

std::string span_or(const std::optional<Duration>& span, const char* otherwise) { return span ? span_text(*span) : otherwise; }

std::string head(const Incident& incident) {
  const auto& opened = incident.opened;
  std::string text = fmt::format("# Post-mortem {}: {}\n\n| | |\n|---|---|\n", opened.id, plain(opened.title));
  const auto row = [&](const char* name, const std::string& value) { text += fmt::format("| {} | {} |\n", name, value); };
  row("Service", plain(opened.service) + " in " + plain(opened.environment));
  row("Severity", plain(incident.severity.name) + (incident.severity.meaning.empty() ? "" : ": " + plain(incident.severity.meaning)));
  row("Status", std::string(word(incident.status)));
  if (opened.began) row("Began", utc_text(*opened.began) + " UTC");
  row("Opened", fmt::format("{} UTC by {}", utc_text(opened.at), plain(opened.who)));
  if (incident.resolved) row("Resolved", utc_text(*incident.resolved) + " UTC");
  for (const auto& [role, person] : incident.roles) row(plain(role).c_str(), plain(person));
  if (incident.severity.postmortem && incident.resolved) row("This document is due", utc_text({incident.resolved->seconds + std::chrono::duration_cast<std::chrono::seconds>(*incident.severity.postmortem).count(), 0}) + " UTC");
  return text;
}

std::string summary(const Incident& incident) {
  const auto& opened = incident.opened;
  std::string text = fmt::format("\n## Summary\n\nOn {} UTC {} opened a {} incident for {} in {}: {}", utc_text(opened.at), plain(opened.who), plain(incident.severity.name), plain(opened.service), plain(opened.environment),
                                 sentence(opened.title));
  if (opened.began) text += fmt::format(" The trouble had begun {} before.", span_text(*incident.time_to_detect()));
  if (incident.mitigated && incident.mitigated != incident.resolved) text += fmt::format(" It was mitigated after {}{}", span_text(*incident.time_to_mitigate()), incident.mitigation.empty() ? "." : ": " + sentence(incident.mitigation));
  if (incident.resolved) text += fmt::format(" It was resolved after {}.", span_text(*incident.time_to_resolve()));
  else text += fmt::format(" It is not resolved yet: it is {}.", word(incident.status));
  if (!incident.runs.empty()) text += fmt::format(" {} of belay took part.", incident.runs.size() == 1 ? "One run" : fmt::format("{} runs", incident.runs.size()));
  return text + "\n";
}

std::string impact(const Incident& incident) {
  std::string text = "\n## Impact\n\n";
  const auto from = incident.opened.began.value_or(incident.opened.at);
  if (incident.mitigated) text += fmt::format("Users were affected for up to {}: from {} to {} UTC.\n\n", span_text(*incident.time_to_mitigate()), utc_text(from), utc_text(*incident.mitigated));
  else text += fmt::format("Users are affected since {} UTC.\n\n", utc_text(from));
  if (!incident.opened.began) text += "- Did it begin before it was opened? When?\n";
  return text + "- How many users and requests were affected, and what did they see?\n- Was any data lost, wrong or seen by somebody who must not see it?\n";
}

std::string cause(const Incident& incident) {
  std::string text = "\n## Cause\n\n";
  if (!incident.cause.empty()) text += sentence(incident.cause) + "\n\n";
  else text += "- What was the cause?\n";
  return text + "- What let it reach " + plain(incident.opened.environment) + "?\n- What would have shown it earlier?\n";
}

std::string timeline(const Incident& incident) {
  std::string text = "\n## Timeline\n\nTimes in UTC.\n\n| When | Who | What |\n|---|---|---|\n";
  for (const auto& entry : incident.timeline) text += fmt::format("| {} | {} | {}{} |\n", utc_text(entry.at), plain(entry.who), plain(entry.what), entry.run.empty() ? "" : fmt::format(" (run {})", plain(entry.run)));
  return text;
}

std::string durations(const Incident& incident) {
  std::string text = "\n## Durations\n\n| | Took | Promised |\n|---|---|---|\n";
  const auto response = response_due(incident.severity, incident.opened.at);
  std::string promised = "–";
  if (response) {
    const bool met = incident.acknowledged && *incident.acknowledged <= *response;
    promised = fmt::format("by {}: {}", utc_text(*response), met ? "kept" : "not kept");
  }
  if (incident.opened.began) text += fmt::format("| Until it was noticed | {} | – |\n", span_or(incident.time_to_detect(), "–"));
  text += fmt::format("| Until it was acknowledged | {} | {} |\n", span_or(incident.time_to_acknowledge(), "not yet"), promised);
  text += fmt::format("| Until it was mitigated | {} | – |\n", span_or(incident.time_to_mitigate(), "not yet"));
  return text + fmt::format("| Until it was resolved | {} | – |\n", span_or(incident.time_to_resolve(), "not yet"));
}

/// The steps that did something, in the order in which they ended.
std::string steps_of(const RunView& view) {
  std::vector<const StepView*> steps;
  for (const StepView& step : view.steps)
    if (step.settled() && (step.effect != Effect::reads || step.state == State::failed || step.state == State::unknown)) steps.push_back(&step);
  if (steps.empty()) return "";
  std::stable_sort(steps.begin(), steps.end(), [](const StepView* a, const StepView* b) { return a->settled_seq < b->settled_seq; });
  std::string text = "\n| Step | What | Result | Took |\n|---|---|---|---|\n";
  for (const StepView* step : steps) {
    std::string result(word(step->state));
    if (!step->because.empty()) result += ": " + plain(step->because);
    text += fmt::format("| {} | {} | {} | {} |\n", plain(step->path), plain(step->title.empty() ? step->action : step->title), result, span_text(step->took));
  }
  return text;
}

std::string run_section(const RunAttached& run, const std::vector<RunView>& views) {
  std::string text = fmt::format("\n### {}\n\nRun {}, by {}, from {} to {} UTC: **{}**, exit {}.\n", plain(run.what), plain(run.run), plain(run.who), utc_text(run.started), utc_text(run.at), plain(run.state), run.exit);
  const auto view = std::find_if(views.begin(), views.end(), [&](const RunView& each) { return each.header.run == run.run; });
  if (!run.changed.empty()) text += "\n- Changed: " + joined(run.changed);
  if (!run.undone.empty()) text += "\n- Taken back: " + joined(run.undone);
  if (!run.stands.empty()) text += "\n- Stands: " + joined(run.stands);
  if (run.changed.empty() && run.undone.empty() && run.stands.empty()) text += "\n- Changed nothing.";
  text += "\n";
  if (view == views.end()) return text;
  for (const auto& found : view->findings) text += fmt::format("- Found: {}: {}\n", plain(found.finding.subject), plain(found.finding.message));
  return text + steps_of(*view);
}

std::string actions(const Incident& incident) {
  std::string text = "\n## Action items\n\n| What | Owner | Due |\n|---|---|---|\n";
  for (const auto& action : incident.actions) text += fmt::format("| {} | {} | {} |\n", plain(action.text), action.owner.empty() ? "who?" : plain(action.owner), action.due.empty() ? "when?" : plain(action.due));
  if (incident.actions.empty()) text += "| What keeps this from happening again? | who? | when? |\n";
  return text;
}

} // namespace

std::string postmortem_markdown(const Incident& incident, const std::vector<RunView>& runs, Timestamp now) {
  std::string text = head(incident) + summary(incident) + impact(incident) + cause(incident) + timeline(incident) + durations(incident) + "\n## What the runs did\n";
  if (incident.runs.empty()) text += "\nNo run of belay took part. What was done by hand, and by whom?\n";
  for (const RunAttached& run : incident.runs) text += run_section(run, runs);
  text += "\n## What went well, what did not\n\n- What helped, and should stay as it is?\n- What was in the way, and where was luck needed?\n";
  text += actions(incident);
  return text + fmt::format("\nFilled in from the record at {} UTC.\n", utc_text(now));
}

} // namespace belay::report
