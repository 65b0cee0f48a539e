#include "engine/moved_world.hpp"
#include "engine/step_tell.hpp"
#include <algorithm>

namespace belay::engine {
namespace {

/// References of the steps of a list that were not settled before.
void remaining(const std::vector<Step>& steps, const std::string& prefix, const RunView& before, std::vector<std::string>& out) {
  for (const Step& step : steps) {
    const std::string path = prefix.empty() ? step.id : prefix + "/" + step.id;
    const StepView* view = before.find(path);
    if (view && (view->settled() || view->state == State::skipped)) continue;
    auto more = step.steps.empty() ? all_references(step) : references(step);
    out.insert(out.end(), more.begin(), more.end());
    if (step.steps.empty()) continue;
    if (step.for_each) {
      for (const Step& child : step.steps) {
        auto all = all_references(child);
        out.insert(out.end(), all.begin(), all.end());
      }
    } else {
      remaining(step.steps, path, before, out);
    }
  }
}

/// What names something; null for what only measures.
bool names(const Value& v) {
  if (v.is_secret() || v.is_unknown()) return false;
  if (v.kind() == Kind::text || v.kind() == Kind::boolean) return true;
  return v.kind() == Kind::list && std::all_of(v.list().begin(), v.list().end(), names);
}

Value at(const Value& in, std::string_view members) {
  Value v = in;
  while (!members.empty()) {
    const auto dot = members.find('.');
    v = v[members.substr(0, dot)];
    members = dot == std::string_view::npos ? std::string_view() : members.substr(dot + 1);
  }
  return v;
}

} // namespace

std::optional<std::string> moved_since(Session& session, const Step& step, const Action& action, const Frame& frame, const std::string& path, const Value& outputs) {
  const Read& read = std::get<Read>(action.does);
  if (session.turned("")) return {}; // going back looks for itself at each step
  std::vector<std::string> used;
  remaining(frame.runbook().steps, path.find('/') == std::string::npos ? "" : path.substr(0, path.rfind('/')), session.before, used);
  if (frame.runbook().name == session.library.main().name) {
    used.clear();
    remaining(frame.runbook().steps, "", session.before, used);
  }
  const std::string prefix = "steps." + step.id + ".";
  std::erase_if(used, [&](const std::string& r) { return !r.starts_with(prefix); });
  if (used.empty()) return {};
  auto in = inputs(action, step.with, frame);
  if (!in) return {};
  const auto looked_at = read.touches(*in);
  if (looked_at.empty()) return {};
  for (const StepView& done : session.before.steps)
    for (const AttemptView& attempt : done.attempts) {
      if (!attempt.intended || done.effect == Effect::reads) continue;
      if (attempt.intended->touches.empty()) return {};
      for (const std::string& own : attempt.intended->touches)
        for (const std::string& seen : looked_at)
          if (overlaps(own, seen)) return {};
    }
  StepTell tell(session, path);
  const Outcome now = read.read({*in, session.identity(path, 1), session.run_soft.nested(step.timeout.attempt), tell}, session.world.ports.reads());
  if (now.state != State::done) return "what the remaining steps depend on cannot be read again: " + (now.failure ? now.failure->message : std::string("it failed"));
  for (const std::string& reference : used) {
    const std::string_view members = std::string_view(reference).substr(prefix.size());
    const Value was = at(outputs, members), is = at(now.outputs, members);
    if (names(was) && !(was == is) && now.outputs.has(members.substr(0, members.find('.')))) return "others have changed " + reference + ": it was " + show(was) + " and is " + show(is);
  }
  return {};
}

} // namespace belay::engine
