#include "cli/show_ending.hpp"
#include "belay/secret.hpp"
#include "cli/show_plan.hpp"
#include "state/words.hpp"
#include <chrono>
#include <fmt/format.h>

namespace belay::cli {
namespace {

std::string_view ending_word(Exit exit) {
  switch (exit) {
    case Exit::done: return "done";
    case Exit::changed: return "failed, and something stays changed";
    case Exit::usage: return "not begun";
    case Exit::unchanged: return "failed; nothing stays changed";
    case Exit::finding: return "something was found wrong";
    case Exit::claimed: return "not begun: another run holds the claim";
    case Exit::refused: return "refused";
    case Exit::unknown: return "an outcome is unknown, and only a person can tell";
    case Exit::stopped: return "stopped";
    case Exit::waiting: return "waiting for a person";
  }
  return "";
}

} // namespace

Value text_list(const std::vector<std::string>& texts) {
  Value::List out;
  for (const std::string& text : texts) out.emplace_back(text);
  return Value(std::move(out));
}

Value failure_value(const Failure& f) {
  return Value::object({{"cause", std::string(word(f.cause))}, {"reached", std::string(word(f.reached))}, {"message", f.message}, {"hint", f.hint}});
}

std::string ending_text(const std::string& what, const engine::Finished& f, Duration took, const report::Style& style) {
  const bool fine = f.exit == Exit::done;
  const std::string word(ending_word(f.exit));
  std::string out = "\n" + style.strong(what) + ": " + (fine ? style.good(word) : style.bad(word)) + " after " + report::short_duration(took);
  out += f.run.empty() ? "\n" : "  (run " + f.run + ", exit " + std::to_string(static_cast<int>(f.exit)) + ")\n";
  auto lines = [&](std::string_view name, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) out += "  " + style.strong(report::pad(name, 8)) + " " + printable(text) + "\n";
  };
  if (f.failure) {
    lines("why", {f.failure->message});
    if (!f.failure->hint.empty()) lines("", {f.failure->hint});
  }
  for (const Finding& finding : f.findings) lines("found", {finding.subject.empty() ? finding.message : finding.subject + ": " + finding.message});
  lines("overrode", f.overridden);
  // Where it failed, what was changed and not undone is what stands: said once.
  if (f.stands.empty()) lines("changed", f.changed);
  lines("undone", f.undone);
  lines("stands", f.stands);
  lines("next", f.next);
  return out;
}

Value ending_value(const engine::Finished& f, Duration took) {
  Value::List findings;
  for (const Finding& finding : f.findings) findings.push_back(Value::object({{"subject", finding.subject}, {"message", finding.message}, {"evidence", finding.evidence}}));
  return Value::object({{"run", f.run.empty() ? Value() : Value(f.run)}, {"state", f.state}, {"exit", static_cast<int>(f.exit)}, {"seconds", std::chrono::duration<double>(took).count()},
                        {"failure", f.failure ? failure_value(*f.failure) : Value()}, {"findings", Value(std::move(findings))}, {"changed", text_list(f.changed)},
                        {"undone", text_list(f.undone)}, {"stands", text_list(f.stands)}, {"next", text_list(f.next)}, {"overridden", text_list(f.overridden)}, {"outputs", f.outputs},
                        {"plan", f.plan ? plan_value(*f.plan) : Value()}});
}

} // namespace belay::cli
