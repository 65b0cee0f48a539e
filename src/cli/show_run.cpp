#include "cli/show_run.hpp"
#include "cli/show_ending.hpp"
#include "report/step_board.hpp"
#include "report/table.hpp"
#include "state/words.hpp"
#include <algorithm>
#include <chrono>
#include <fmt/format.h>

namespace belay::cli {
std::vector<std::string> ways_on(const RunView& v) {
  const std::string id = v.header.run;
  if (v.state == "waiting") {
    const StepView* step = v.find(v.parked);
    const std::string choices = step && step->question && !step->question->choices.empty() ? fmt::format("{}", fmt::join(step->question->choices, "|")) : "VALUE";
    return {"belay runs answer " + id + " " + v.parked + " " + choices, "belay runs abort " + id + " --reason WHY   takes back what it did"};
  }
  if (v.state == "stopped" || v.state == "running" || v.state == "undoing")
    return {"belay runs resume " + id + "   goes on where it was", "belay runs abort " + id + " --reason WHY   takes back what it did"};
  if (v.state == "stuck") {
    std::vector<std::string> out;
    for (const StepView& step : v.steps)
      if (step.state == State::undo_failed && !step.left) out.push_back("belay runs skip " + id + " " + step.path + " --reason …   leaves it as it is, and takes back the rest when it is resumed");
      else if (step.state == State::unknown || step.state == State::not_seen) out.push_back("belay runs skip " + id + " " + step.path + " --reason …   when you know that it was done, or is not needed");
    out.push_back("belay runs resume " + id + "   looks again and goes on");
    out.push_back("belay runs accept " + id + " --reason …   leaves everything as it is now");
    return out;
  }
  return {};
}

std::string run_text(const RunView& v, Timestamp now, const report::Style& style) {
  const auto& h = v.header;
  std::string out = style.strong(report::one_line(fmt::format("{}{}{}", h.runbook, h.service.empty() ? "" : " " + h.service, h.environment.empty() ? "" : " in " + h.environment))) + ": " + v.state + "\n";
  auto row = [&](std::string_view name, const std::string& text) {
    if (!text.empty()) out += "  " + style.dim(report::pad(name, 10)) + report::one_line(text) + "\n";
  };
  row("run", h.run);
  row("by", h.who + " on " + h.host);
  row("started", report::when_text(h.at, now));
  if (v.ended) row("ended", report::when_text(v.ended->at, now) + fmt::format(", exit {}", static_cast<int>(v.ended->exit)));
  row("belay", h.version + (h.commit.empty() ? "" : ", project at " + h.commit + (h.dirty ? " with changes" : "")));
  row("reason", h.reason);
  row("glass", h.break_glass.empty() ? "" : "broken: " + h.break_glass);
  if (h.parameters.kind() == Kind::map && !h.parameters.is_secret() && !h.parameters.map().empty()) row("with", show(h.parameters));
  for (const StepView& step : v.steps) {
    if (step.action.empty() && step.state == State::planned) continue;
    const std::string mark = report::pad(report::state_word(step.state), 11);
    const bool fine = step.state == State::done || step.state == State::undone;
    out += "  " + (fine ? style.good(mark) : step.state == State::skipped ? style.dim(mark) : style.bad(mark)) + " " + report::one_line(step.path);
    if (!step.title.empty() && step.title != step.path) out += "  " + report::one_line(step.title);
    if (step.took >= std::chrono::milliseconds(100)) out += style.dim("  (" + report::short_duration(step.took) + ")");
    if (step.attempt > 1) out += fmt::format("  attempt {}", step.attempt);
    out += "\n";
    if (!step.because.empty()) out += "              " + report::one_line(step.because) + "\n";
    if (!step.ticks.empty()) out += "              " + report::one_line(report::measures_text(step.ticks.back())) + "\n";
  }
  for (const fact::Found& found : v.findings) row("found", found.finding.subject + ": " + found.finding.message);
  for (const fact::Turned& turned : v.turned) row("went back", turned.because);
  for (const fact::Decided& decided : v.decided) row("decided", decided.what + (decided.path.empty() ? "" : " " + decided.path) + " by " + decided.who + ": " + decided.reason);
  if (v.ended) {
    for (const std::string& text : v.ended->changed) row("changed", text);
    for (const std::string& text : v.ended->undone) row("undone", text);
    for (const std::string& text : v.ended->stands) row("stands", text);
  }
  for (const std::string& way : ways_on(v)) row("next", way);
  return out;
}

Value run_value(const RunView& v) {
  const auto& h = v.header;
  Value::List steps, findings;
  for (const StepView& s : v.steps)
    steps.push_back(Value::object({{"path", s.path}, {"title", s.title}, {"action", s.action}, {"state", std::string(report::state_word(s.state))}, {"effect", std::string(word(s.effect))},
                                   {"attempts", s.attempt}, {"seconds", std::chrono::duration<double>(s.took).count()}, {"because", s.because}, {"inputs", s.inputs}, {"outputs", s.outputs},
                                   {"act", s.shown}}));
  for (const fact::Found& f : v.findings) findings.push_back(Value::object({{"path", f.path}, {"subject", f.finding.subject}, {"message", f.finding.message}, {"evidence", f.finding.evidence}}));
  Value ended;
  if (v.ended)
    ended = Value::object({{"exit", static_cast<int>(v.ended->exit)}, {"changed", text_list(v.ended->changed)}, {"undone", text_list(v.ended->undone)}, {"stands", text_list(v.ended->stands)},
                           {"next", text_list(v.ended->next)}, {"outputs", v.ended->outputs}, {"at", v.ended->at}});
  return Value::object({{"run", h.run}, {"runbook", h.runbook}, {"service", h.service}, {"environment", h.environment}, {"state", v.state}, {"who", h.who}, {"host", h.host},
                        {"version", h.version}, {"commit", h.commit}, {"dirty", h.dirty}, {"claim", h.claim}, {"break_glass", h.break_glass}, {"started", h.at}, {"parameters", h.parameters}, {"steps", Value(std::move(steps))},
                        {"findings", Value(std::move(findings))}, {"parked", v.parked.empty() ? Value() : Value(v.parked)}, {"ended", ended}, {"next", text_list(ways_on(v))}});
}

} // namespace belay::cli
