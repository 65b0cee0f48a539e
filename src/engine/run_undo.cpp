#include "engine/act_text.hpp"
#include "engine/run_executor.hpp"
#include "engine/standing.hpp"
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
    if (before && (before->left || (before->undone && finished(*before->undone)))) continue;
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

Flow RunExecutor::undo_one(Completed done) {
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

std::optional<Value> RunExecutor::undo_inputs(Completed& done, std::string& why_not, bool steady) {
  Value base = done.undo;
  Value in = done.in;
  Value bindings = done.bindings;
  bool held = false;
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
      bindings = overlaid(bindings, Value::object({{"steps", overlaid(bindings["steps"], Value::object({{id, steady ? unopened(*slot) : slot->outputs}}))}}));
      Frame frame(*done.runbook, bindings);
      if (auto again = inputs(*done.action, done.step->with, frame)) in = *again;
      base = Value::unknown({});
      held = true;
    }
  }
  if (held && !steady) done.through = in;
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

std::string RunExecutor::undo_digest(const Completed& done, const Doing& doing) {
  std::string why;
  Completed copy = done;
  const auto steady = done.through.is_null() ? std::nullopt : undo_inputs(copy, why, true);
  return act_digest(steady ? doing.change->prepare(*steady, doing.seen, doing.id).act : doing.intent.act);
}

Expected<Standing> RunExecutor::standing(const Completed& done, Value& now, StepTell& tell) {
  const Change& change = done.change();
  if (!change.observe) return Standing::as_left; // it cannot be looked at: the runbook's own way back is trusted
  const bool settled = done.state == State::done || done.state == State::failed || done.state == State::not_seen || done.state == State::unknown;
  if (!change.standing && !settled) return Standing::as_left; // half of it may be there, which its judge knows nothing of
  Doing doing;
  doing.action = done.action;
  doing.change = &change;
  doing.id = done.id;
  doing.path = done.path;
  doing.in = done.through.is_null() ? done.in : done.through;
  if (!change.standing || done.step->undo_with || now.is_null()) {
    auto seen = observe(m_session, doing, m_session.hard.nested(std::chrono::seconds(30)), tell);
    if (!seen) return Unexpected(seen.error());
    now = std::move(*seen);
  }
  return standing_of(change, change.prepare(done.in, done.seen, done.id), done.seen, done.outputs, now);
}

Flow RunExecutor::left_alone(const Completed& done, std::string why, Duration began) {
  auto& session = m_session;
  const RunView now = session.journal.view();
  const StepView* own = now.find(done.path);
  // It may have been a later step of this run, which stands.
  for (const StepView* later : now.standing()) {
    if (!own || later->settled_seq <= own->settled_seq || own->attempts.empty() || later->attempts.empty()) continue;
    const auto &mine = own->attempts.back().intended, &theirs = later->attempts.back().intended;
    if (!mine || !theirs) continue;
    for (const std::string& a : mine->touches)
      for (const std::string& b : theirs->touches)
        if (overlaps(a, b)) why = later->path + ", a later step that stands, has changed it: it is left as it is";
  }
  Failure failure{Cause::conflict, Reached::no, why, "`belay runs skip " + session.header.run + " " + done.path + " --reason WHY` leaves it so and takes back the rest"};
  session.journal.append(fact::Undone{done.path, outcome_of(State::undo_failed, failure), session.world.time.steady() - began});
  session.halt(Halt::changed, done.path, done.path + " is not taken back: " + why);
  return Flow::halted;
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
  doing.of = &done;
  const Timeout& timeout = done.step->timeout;
  const Change& change = *doing.change;
  int attempt = open ? before->undoing->id.attempt : 0;
  bool first = true;
  // By this undo: what stands now is what the run left, or what others made of it.
  const bool refused_before = before && before->undone && before->undone->outcome.failure && before->undone->outcome.failure->cause == Cause::conflict;
  bool untouched = !before || !before->undoing || refused_before;
  while (true) {
    Outcome outcome;
    if (open && first) {
      doing.id = before->undoing->id;
      doing.seen = before->undoing->seen;
      if (const StepView* handled = session.before.find(doing.id.path); handled && !handled->attempts.empty()) doing.handle = handled->attempts.back().handle;
      doing.intent = change.prepare(doing.in, doing.seen, doing.id);
      outcome = outcome_of(doing.handle.is_null() ? State::unknown : State::pending);
      outcome.handle = doing.handle;
      if (undo_digest(done, doing) != before->undoing->digest && act_digest(doing.intent.act) != before->undoing->digest) {
        session.halt(Halt::refused, done.path, "what the undo of " + done.path + " would send is not what the journal says it was about to send: nothing is sent");
        return Flow::halted;
      }
      if (change.standing && doing.handle.is_null())
        if (auto now = observe(session, doing, session.hard.nested(timeout.attempt), tell); now && overtaken(doing, *now)) return left_alone(done, left_text("others have changed it since", *now), began);
    } else {
      ++attempt;
      doing.id = {session.header.run, done.path + "/undo", session.header.run + "/" + done.path + "/undo", attempt, session.header.at};
      const bool fence = (done.state == State::not_seen || done.state == State::unknown) && change.repeat == Repeat::conditional && attempt == 1;
      if (fence) {
        doing.seen = done.seen; // the old state under the same condition: then the late original fails
      } else {
        auto seen = observe(session, doing, session.hard.nested(timeout.attempt), tell);
        Value now = seen ? *seen : Value();
        Expected<Standing> stands = Standing::as_left;
        if (seen) {
          doing.seen = *seen;
          doing.intent = change.prepare(doing.in, doing.seen, doing.id);
          if (doing.intent.nothing) return undone(done, outcome_of(State::done), began);
          if (auto lost = lost_secret(doing.intent.act)) return undone(done, outcome_of(State::undo_failed, std::move(lost)), began);
          // Looked at after what the undo's own condition is bound to, so that no change falls between the two.
          if (untouched || change.standing) stands = standing(done, now, tell);
        }
        if (!seen || !stands) {
          if (attempt < k_undo_attempts && session.keeper.wait(std::chrono::seconds(attempt), session.soft)) {
            first = false;
            continue;
          }
          if (session.soft) return stopped(done.path, "");
          return undone(done, outcome_of(State::undo_failed, seen ? stands.error() : seen.error()), began);
        }
        if (*stands == Standing::as_before) return undone(done, outcome_of(State::done), began);
        if (*stands == Standing::otherwise) return left_alone(done, left_text("others have changed it since", now), began);
        if (*stands == Standing::unclear) return left_alone(done, left_text("whether others have changed it since cannot be told", now), began);
      }
      doing.intent = change.prepare(doing.in, doing.seen, doing.id);
      if (doing.intent.refused) return undone(done, outcome_of(State::undo_failed, doing.intent.refused), began);
      if (auto lost = lost_secret(doing.intent.act)) return undone(done, outcome_of(State::undo_failed, std::move(lost)), began);
      session.keeper.pulse();
      if (session.soft) return stopped(done.path, "");
      session.journal.append(fact::Undoing{done.path, doing.id, undo_digest(done, doing), act_shown(doing.intent.act), doing.in, doing.seen});
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
  if (!before || !before->undoing) {
    StepTell tell(session, done.path);
    Value now;
    if (auto stands = standing(done, now, tell); stands && *stands == Standing::otherwise) return left_alone(done, left_text("others have changed it since", now), began);
  }
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
