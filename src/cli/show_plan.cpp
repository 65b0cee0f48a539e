#include "cli/show_plan.hpp"
#include "cli/show_ending.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace belay::cli {
namespace {

using When = engine::PlannedStep::When;

std::string_view when_word(When when) {
  switch (when) {
    case When::runs: return "runs";
    case When::may_run: return "may run";
    case When::skipped: return "skipped";
    case When::assumed: return "assumed";
  }
  return "";
}

bool changes(const engine::PlannedStep& step) { return step.effect == "changes" || step.effect == "destroys" || step.effect == "adds"; }

} // namespace

std::string plan_text(const engine::Plan& plan, const report::Style& style) {
  const auto acts = std::count_if(plan.steps.begin(), plan.steps.end(), [](const auto& s) { return changes(s) && s.when != When::skipped; });
  std::string out = style.strong(fmt::format("dry run of {}{}{}", plan.runbook, plan.service.empty() ? "" : " " + plan.service, plan.environment.empty() ? "" : " in " + plan.environment)) +
                    fmt::format(": {} steps, {} of them would act; nothing was changed\n", plan.steps.size(), acts);
  for (const engine::PlannedStep& step : plan.steps) {
    const std::string word = step.when == When::runs ? step.effect : std::string(when_word(step.when));
    const std::string mark = report::pad(word, 9);
    out += "  " + (step.when == When::skipped ? style.dim(mark) : step.effect == "destroys" ? style.bad(mark) : changes(step) ? style.warn(mark) : style.dim(mark)) + " " + step.path;
    if (!step.title.empty() && step.title != step.path) out += "  " + step.title;
    out += '\n';
    auto detail = [&](std::string_view name, const std::string& text) {
      if (!text.empty()) out += "            " + style.dim(report::pad(name, 8)) + " " + text + "\n";
    };
    if (step.when == When::skipped) {
      detail("because", step.because);
      continue;
    }
    if (!step.act.empty()) detail("act", step.act);
    detail("by hand", step.equivalent);
    for (const std::string& guard : step.guards) detail("guard", guard);
    const bool ends_here = plan.failure && !step.because.empty() && plan.failure->message.find(step.because) != std::string::npos;
    if (ends_here) detail("fails", step.because);
    else if (!step.exact) detail("inexact", step.because.empty() ? fmt::format("waits for {}", fmt::join(step.waits_for, ", ")) : step.because);
    else if (!step.because.empty()) detail("because", step.because);
    detail("if not", step.on_failure);
  }
  if (!plan.unknowns.empty()) out += "  " + style.warn("inexact") + "   part of it is known only after " + fmt::format("{}", fmt::join(plan.unknowns, ", ")) + "\n";
  for (const std::string& why : plan.refused_now) out += style.bad("  a run now would be refused: ") + why + "\n";
  if (plan.failure) {
    out += style.bad("  it would end here: ") + plan.failure->message + "\n";
    if (!plan.failure->hint.empty()) out += "  " + plan.failure->hint + "\n";
  }
  return out + "plan " + plan.digest + "\n";
}

Value plan_value(const engine::Plan& plan) {
  Value::List steps;
  for (const engine::PlannedStep& s : plan.steps)
    steps.push_back(Value::object({{"path", s.path}, {"title", s.title}, {"action", s.action}, {"effect", s.effect}, {"when", std::string(when_word(s.when))}, {"exact", s.exact},
                                   {"because", s.because}, {"waits_for", text_list(s.waits_for)}, {"act", s.act}, {"equivalent", s.equivalent}, {"digest", s.digest},
                                   {"inputs", s.inputs}, {"outputs", s.outputs}, {"guards", text_list(s.guards)}, {"on_failure", s.on_failure}}));
  return Value::object({{"runbook", plan.runbook}, {"service", plan.service}, {"environment", plan.environment}, {"digest", plan.digest}, {"steps", Value(std::move(steps))},
                        {"unknowns", text_list(plan.unknowns)}, {"refused_now", text_list(plan.refused_now)}, {"failure", plan.failure ? failure_value(*plan.failure) : Value()}});
}

} // namespace belay::cli
