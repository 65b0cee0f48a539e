#include "engine/act_text.hpp"
#include "engine/run_executor.hpp"
#include <algorithm>

namespace belay::engine {
namespace {

constexpr int k_undo_attempts = 3;

Outcome outcome_of(State state, std::optional<Failure> failure = {}) {
  Outcome out;
  out.state = state;
  out.failure = std::move(failure);
  return out;
}

bool finished(const fact::Undone& undone) {
  const State s = undone.outcome.state;
  return s == State::done || s == State::undone || s == State::skipped || s == State::no_effect;
}

} // namespace

Flow RunExecutor::undo(const std::string& part) {
  auto steps = m_session.completed();
  std::reverse(steps.begin(), steps.end());
  for (const Completed& done : steps) {
    if (!within(done.path, part)) continue;
    const StepView* before = m_session.before.find(done.path);
    if (before && before->undone && finished(*before->undone)) continue;
    m_session.keeper.pulse();
    if (m_session.soft) return stopped(done.path, "");
    if (Flow flow = undo_one(done); flow != Flow::go) return flow;
  }
  return Flow::go;
}

Flow RunExecutor::undone(const Completed& done, Outcome outcome, Duration began) {
  auto& session = m_session;
  const State state = outcome.state;
  const std::string why = outcome.failure ? outcome.failure->message : "";
  session.journal.append(fact::Undone{done.path, std::move(outcome), session.world.time.steady() - began});
  if (state == State::unknown || state == State::not_seen) {
    session.halt(Halt::unknown, done.path, "whether the undo of " + done.path + " took effect is not known: " + why);
    return Flow::halted;
  }
  if (state == State::done || state == State::skipped || state == State::no_effect) return Flow::go;
  session.halt(Halt::changed, done.path, "the undo of " + done.path + " failed: " + why);
  return Flow::halted;
}

Flow RunExecutor::undo_one(const Completed& done) {
  auto& session = m_session;
  const Duration began = session.world.time.steady();
  session.journal.show(sign::Began{done.path, done.title, done.step->use, done.effect, 1, true});
  const bool own = done.step->undo_with || !done.step->undo_steps.empty();
  if (!own && done.step->irreversible) {
    Frame frame(*done.runbook, done.bindings);
    auto reason = frame.evaluate(*done.step->irreversible);
    return undone(done, outcome_of(State::skipped, Failure{Cause::refused, Reached::no, "irreversible: " + (reason ? (reason->kind() == Kind::text && !reason->is_secret() ? reason->text() : show(*reason)) : done.title), ""}), began);
  }
  if (!done.step->undo_steps.empty()) return undo_steps(done);
  if (!own && !done.change().undo) {
    if (done.effect == Effect::adds || done.effect == Effect::tells) return Flow::go; // nothing of what was there before is changed
    return undone(done, outcome_of(State::skipped, Failure{Cause::refused, Reached::no, done.step->use + " has no undo", ""}), began);
  }
  std::string why;
  auto in = undo_inputs(done, why);
  if (!in && !why.empty()) return undone(done, outcome_of(State::undo_failed, Failure{Cause::rejected, Reached::no, why, ""}), began);
  if (!in) return undone(done, outcome_of(State::done), began);
  return undo_act(done, std::move(*in));
}

std::optional<Value> RunExecutor::undo_inputs(const Completed& done, std::string& why_not) {
  Value base = done.undo;
  Value in = done.in;
  Value bindings = done.bindings;
  {
    // A hold that it went through is opened again, and may be elsewhere now.
    std::lock_guard guard(m_slot_lock);
    for (const std::string& reference : references(*done.step)) {
      if (!reference.starts_with("steps.")) continue;
      const std::string id = reference.substr(6, reference.find('.', 6) - 6);
      Slot* slot = slot_for(done.path, id);
      if (!slot) continue;
      if (!slot->open)
        if (auto opened = open(*slot); !opened) {
          why_not = "what it needs cannot be opened: " + opened.error().message;
          return {};
        }
      bindings = overlaid(bindings, Value::object({{"steps", overlaid(bindings["steps"], Value::object({{id, slot->outputs}}))}}));
      Frame frame(*done.runbook, bindings);
      if (auto again = inputs(*done.action, done.step->with, frame)) in = *again;
      base = Value::unknown({});
    }
  }
  const Change& change = done.change();
  // What was masked in the journal, or went through a hold, is computed again.
  if (change.undo && (base.has_secret() || !base.known())) base = change.undo(change.prepare(in, done.seen, done.id), done.seen, done.outputs);
  if (!change.undo) base = in;
  if (done.step->undo_with) {
    Frame frame(*done.runbook, bindings);
    auto over = frame.evaluate(*done.step->undo_with);
    if (!over) {
      why_not = "what takes it back cannot be evaluated: " + over.error().message;
      return {};
    }
    base = overlaid(base, *over);
  }
  if (base.is_null()) return {};
  auto typed = typed_inputs(*done.action, base);
  if (!typed) {
    why_not = typed.error().message;
    return {};
  }
  return *typed;
}

std::optional<std::string> RunExecutor::moved(const Completed& done, const Value& in, StepTell& tell) {
  const Change& change = done.change();
  if (!change.observe || (done.state != State::done && done.state != State::failed)) return {};
  Doing doing;
  doing.action = done.action;
  doing.change = &change;
  doing.id = done.id;
  doing.path = done.path;
  doing.in = in;
  doing.seen = done.seen;
  doing.intent = change.prepare(in, done.seen, done.id);
  auto now = observe(m_session, doing, m_session.hard.nested(std::chrono::seconds(30)), tell);
  if (!now) return {}; // the undo's own look tells
  const Intent again = change.prepare(in, *now, done.id);
  if (again.nothing) return {};
  if (change.judge) {
    const State state = change.judge(doing.intent, done.seen, *now).state;
    if (state == State::no_effect) return "others have changed it since: it is left as it is";
  }
  return {};
}

Flow RunExecutor::undo_act(const Completed& done, Value in) {
  auto& session = m_session;
  const Duration began = session.world.time.steady();
  StepTell tell(session, done.path);
  const StepView* before = session.before.find(done.path);
  const bool open = before && before->undoing && !before->undone;
  Doing doing;
  doing.action = done.action;
  doing.change = &done.change();
  doing.path = done.path;
  doing.in = std::move(in);
  doing.effect = done.effect;
  doing.back = true;
  const Timeout& timeout = done.step->timeout;
  const Change& change = *doing.change;
  int attempt = open ? before->undoing->id.attempt : 0;
  bool first = true;
  bool untouched = !open; // by this undo: what stands now is what the run left, or what others made of it
  while (true) {
    Outcome outcome;
    if (open && first) {
      doing.id = before->undoing->id;
      doing.seen = before->undoing->seen;
      if (const StepView* handled = session.before.find(doing.id.path); handled && !handled->attempts.empty()) doing.handle = handled->attempts.back().handle;
      doing.intent = change.prepare(doing.in, doing.seen, doing.id);
      outcome = outcome_of(doing.handle.is_null() ? State::unknown : State::pending);
      outcome.handle = doing.handle;
      if (act_digest(doing.intent.act) != before->undoing->digest) {
        session.halt(Halt::refused, done.path, "what the undo of " + done.path + " would send is not what the journal says it was about to send: nothing is sent");
        return Flow::halted;
      }
    } else {
      ++attempt;
      doing.id = {session.header.run, done.path + "/undo", session.header.run + "/" + done.path + "/undo", attempt, session.header.at};
      const bool fence = (done.state == State::not_seen || done.state == State::unknown) && change.repeat == Repeat::conditional && attempt == 1;
      if (fence) {
        doing.seen = done.seen; // the old state under the same condition: then the late original fails
      } else {
        if (untouched)
          if (auto why = moved(done, done.in, tell)) return undone(done, outcome_of(State::skipped, Failure{Cause::conflict, Reached::no, *why, ""}), began);
        auto seen = observe(session, doing, session.hard.nested(timeout.attempt), tell);
        if (!seen) {
          if (attempt < k_undo_attempts && session.keeper.wait(std::chrono::seconds(attempt), session.soft)) {
            first = false;
            continue;
          }
          if (session.soft) return stopped(done.path, "");
          return undone(done, outcome_of(State::undo_failed, seen.error()), began);
        }
        doing.seen = *seen;
      }
      doing.intent = change.prepare(doing.in, doing.seen, doing.id);
      if (doing.intent.refused) return undone(done, outcome_of(State::undo_failed, doing.intent.refused), began);
      if (doing.intent.nothing && !fence) return undone(done, outcome_of(State::done), began);
      if (auto lost = lost_secret(doing.intent.act)) return undone(done, outcome_of(State::undo_failed, std::move(lost)), began);
      session.keeper.pulse();
      if (session.soft) return stopped(done.path, "");
      session.journal.append(fact::Undoing{done.path, doing.id, act_digest(doing.intent.act), act_shown(doing.intent.act), doing.in, doing.seen});
      outcome = send(session, doing, session.hard.nested(timeout.step).nested(timeout.attempt), tell);
    }
    first = false;
    Resolution resolution = resolve(session, doing, std::move(outcome), timeout, tell);
    if (resolution.open) return stopped(done.path, resolution.why);
    const State state = resolution.outcome.state;
    if (state == State::done || state == State::unknown || state == State::not_seen) return undone(done, std::move(resolution.outcome), began);
    untouched = state == State::no_effect;
    const bool again = untouched || change.repeat != Repeat::once;
    if (!again || attempt >= k_undo_attempts) return undone(done, outcome_of(State::undo_failed, resolution.outcome.failure), began);
    if (!session.keeper.wait(std::chrono::seconds(attempt), session.soft)) return stopped(done.path, "");
  }
}

Flow RunExecutor::undo_steps(const Completed& done) {
  auto& session = m_session;
  const Duration began = session.world.time.steady();
  const StepView* before = session.before.find(done.path);
  // One that failed is tried again as a round of its own, from its first step.
  const bool again = before && before->undoing && before->undone;
  const int round = !before || !before->undoing ? 1 : before->undoing->id.attempt + (again ? 1 : 0);
  const std::string part = done.path + "/undo" + (round > 1 ? "#" + std::to_string(round) : "");
  if (!before || !before->undoing || again) {
    fact::Undoing undoing;
    undoing.path = done.path;
    undoing.id = {session.header.run, part, session.header.run + "/" + part, round, session.header.at};
    undoing.shown = "the steps of its own undo";
    session.journal.append(undoing);
  }
  Frame frame(*done.runbook, done.bindings);
  RunExecutor back(session);
  back.last_steps();
  Walker walker(back);
  const Flow flow = walker.steps(done.step->undo_steps, frame, part);
  back.left(part);
  if (flow == Flow::halted) return flow;
  if (flow == Flow::go) return undone(done, outcome_of(State::done), began);
  // The run's first failure is why it goes back at all; what failed now is told by the steps.
  std::string why;
  const RunView now = session.journal.view();
  for (const StepView& step : now.steps)
    if (within(step.path, part) && step.state != State::done && !step.because.empty()) why = ": " + step.path + ": " + step.because;
  return undone(done, outcome_of(State::undo_failed, Failure{Cause::rejected, Reached::yes, "one of the steps that take it back failed" + why, ""}), began);
}

} // namespace belay::engine
