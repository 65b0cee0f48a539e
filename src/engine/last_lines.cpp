#include "engine/life.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace belay::engine {
namespace {

std::string named(const StepView& step) {
  const auto slash = step.path.rfind('/');
  const std::string id = slash == std::string::npos ? step.path : step.path.substr(slash + 1);
  return step.title.empty() || step.title == id ? step.path : step.path + ": " + step.title;
}

bool changes(const StepView& step) { return step.effect == Effect::changes || step.effect == Effect::destroys; }
bool made(const StepView& step) {
  return std::any_of(step.attempts.begin(), step.attempts.end(), [](const AttemptView& a) { return a.intended.has_value(); });
}

} // namespace

Finished refusal(Exit exit, std::string message, std::string hint, std::vector<std::string> next) {
  Finished out;
  out.exit = exit;
  out.state = "refused";
  out.failure = Failure{Cause::refused, Reached::no, std::move(message), std::move(hint)};
  out.next = std::move(next);
  return out;
}

void last_lines(const RunView& run, const std::string& halted_at, Finished& out) {
  for (const StepView& step : run.steps) {
    if (!changes(step) || !made(step) || run.beside(step)) continue;
    if (step.state == State::undone) out.undone.push_back(named(step));
    else if (step.stands()) out.changed.push_back(named(step));
  }
  if (out.exit != Exit::done && out.exit != Exit::finding)
    for (const StepView* step : run.standing()) {
      std::string line = named(*step);
      if (step->undone && step->undone->outcome.failure) line += " (" + step->undone->outcome.failure->message + ")";
      else if (step->state == State::unknown || step->state == State::intent || step->state == State::not_seen) line += " (whether it took effect is not known)";
      else if (step->state == State::pending) line += " (under way)";
      out.stands.push_back(std::move(line));
    }
  const std::string id = run.header.run;
  if (out.exit == Exit::waiting) {
    const StepView* step = run.find(halted_at);
    const bool choice = step && step->question && !step->question->choices.empty();
    out.next.push_back("belay runs answer " + id + " " + halted_at + " " + (choice ? fmt::format("{}", fmt::join(step->question->choices, "|")) : std::string("VALUE")));
  } else if (out.exit == Exit::unknown) {
    out.next.push_back("look whether " + halted_at + " took effect");
    out.next.push_back("belay runs resume " + id);
    out.next.push_back("belay runs skip " + id + " " + halted_at + " --reason WHY");
    out.next.push_back("belay runs accept " + id + " --reason WHY");
  } else if (out.state == "stopped") {
    out.next.push_back("belay runs resume " + id);
    out.next.push_back("belay runs abort " + id + " --reason WHY");
  } else if (out.state == "stuck") {
    out.next.push_back("belay runs resume " + id);
    if (const StepView* step = run.find(halted_at); step && step->state == State::undo_failed && !step->left) out.next.push_back("belay runs skip " + id + " " + halted_at + " --reason WHY");
    out.next.push_back("belay runs accept " + id + " --reason WHY");
  } else if (out.exit == Exit::unchanged || out.exit == Exit::finding) {
    out.next.push_back("belay runs show " + id);
  }
}

} // namespace belay::engine
