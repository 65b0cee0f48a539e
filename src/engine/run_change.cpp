#include "engine/act_text.hpp"
#include "engine/guards.hpp"
#include "engine/run_executor.hpp"
#include "engine/standing.hpp"
#include <algorithm>

namespace belay::engine {
namespace {

bool unclear(State s) { return s == State::unknown || s == State::pending || s == State::not_seen || s == State::intent; }

const AttemptView* attempt_of(const StepView* step, int number) {
  if (!step) return nullptr;
  for (const AttemptView& a : step->attempts)
    if (a.attempt == number) return &a;
  return nullptr;
}

/// Stopped before it was sent, in this life or an earlier one: it is made again, and no retry was used up.
bool interrupted(const Outcome& o) { return o.state == State::no_effect && o.failure && o.failure->cause == Cause::stopped; }

bool may_retry(const Outcome& o, Repeat repeat) {
  if (o.state == State::no_effect) return true;
  return (o.state == State::failed || o.state == State::partial) && repeat != Repeat::once;
}

} // namespace

Timeout RunExecutor::left(const Leaf& leaf) const {
  Timeout out = leaf.step.timeout;
  if (leaf.until) out.step = std::max(Duration(1), *leaf.until - m_session.world.time.steady());
  return out;
}

Flow RunExecutor::change(Leaf& leaf, const Change& change, Value& outputs) {
  auto& session = m_session;
  if (leaf.step.timeout.step > Duration{}) leaf.until = session.world.time.steady() + leaf.step.timeout.step;
  const auto out_of_time = [&] { return leaf.until && session.world.time.steady() >= *leaf.until; };
  const int attempts = leaf.step.retry ? leaf.step.retry->attempts : 1;
  const Effect effect = leaf.step.effect ? std::max(*leaf.step.effect, change.effect) : change.effect;
  int used = 0;
  for (int number = 1;; ++number) {
    const AttemptView* past = attempt_of(leaf.before, number);
    const bool replayed = past && past->settled && !unclear(past->settled->outcome.state);
    Attempt attempt = replayed ? replay(leaf, change, *past) : live(leaf, change, number, past, effect);
    if (attempt.halted != Flow::go) return attempt.halted;
    const Outcome& outcome = attempt.outcome;
    outputs = outcome.outputs;
    if (outcome.state == State::done) return Flow::go;
    if (outcome.state == State::unknown) {
      session.halt(Halt::unknown, leaf.path, outcome.failure ? outcome.failure->message : "its outcome is unknown");
      return Flow::halted;
    }
    if (interrupted(outcome)) {
      if (session.soft) return stopped(leaf.path, "");
      if (session.run) return failed(leaf, outcome);
      continue;
    }
    if (++used >= attempts || !attempt.looked || !may_retry(outcome, change.repeat) || session.turned(leaf.path) || out_of_time()) return failed(leaf, outcome);
    if (attempt_of(leaf.before, number + 1)) continue; // waited for in an earlier life
    if (!wait_before(leaf, used, attempts, outcome)) {
      if (session.soft) return stopped(leaf.path, "");
      return failed(leaf, outcome);
    }
    if (out_of_time()) return failed(leaf, outcome);
  }
}

RunExecutor::Attempt RunExecutor::replay(Leaf& leaf, const Change&, const AttemptView& past) {
  const fact::Settled& settled = *past.settled;
  Attempt out;
  out.outcome = settled.outcome;
  out.outcome.outputs = with_saved(settled.outcome.outputs, settled.saved);
  if (!past.intended) return out; // nothing was sent
  Doing doing;
  doing.id = past.intended->id;
  doing.effect = settled.effect;
  doing.seen = past.intended->seen;
  auto in = inputs(leaf.action, leaf.step.with, leaf.frame);
  const Value& was = past.intended->in; // by way of a hold that may be elsewhere now
  const bool kept = [&] {
    std::lock_guard guard(m_slot_lock);
    return !m_slots.empty() && was.known() && !was.has_secret();
  }();
  doing.in = in && !kept ? *in : was;
  const std::uint64_t order = leaf.before->attempt == past.attempt ? leaf.before->settled_seq : 0;
  remember(leaf, doing, settled.outcome, settled.undo, order);
  return out;
}

std::optional<RunExecutor::Attempt> RunExecutor::reopen(Leaf& leaf, const Change& change, const AttemptView& past, Doing& doing, StepTell& tell, Outcome& outcome) {
  auto& session = m_session;
  doing.id = past.intended->id;
  doing.seen = past.intended->seen;
  doing.handle = past.handle;
  doing.intent = change.prepare(doing.in, doing.seen, doing.id);
  const auto same = [&](const Value& seen, const Intent& intent) { return digest(leaf, change, seen, doing.id, intent) == past.intended->digest || act_digest(intent.act) == past.intended->digest; };
  if (!same(doing.seen, doing.intent)) {
    session.halt(Halt::refused, leaf.path, "what " + leaf.path + " would send is not what the journal says it was about to send: nothing is sent");
    return Attempt{{}, Flow::halted};
  }
  outcome = Outcome{};
  outcome.state = doing.handle.is_null() ? State::unknown : State::pending;
  outcome.handle = doing.handle;
  const Resolution judged = [&] {
    if (!change.judge || !doing.handle.is_null()) return Resolution{};
    auto now = look(session, doing, session.hard, tell);
    return now ? Resolution{*now, false, {}} : Resolution{};
  }();
  if (!doing.abandoned && judged.outcome.state == State::not_seen && change.repeat == Repeat::same_state && change.standing)
    if (auto now = observe(session, doing, session.hard, tell); now && overtaken(doing, *now)) {
      session.halt(Halt::refused, leaf.path, leaf.path + " is not made again: " + left_text("others have changed it since", *now));
      return Attempt{{}, Flow::halted};
    }
  if (judged.outcome.state != State::no_effect) return {};
  // It never landed. Made again where the world is still as it was for it; refused where others moved it.
  // Going back it is not made again, so what others did there is no reason to stop.
  auto now = doing.abandoned ? Expected<Value>(doing.seen) : observe(session, doing, session.hard, tell);
  const Intent fresh = now ? change.prepare(doing.in, *now, doing.id) : Intent{};
  if (!now || fresh.refused || (!fresh.nothing && !same(*now, fresh))) {
    session.halt(Halt::refused, leaf.path, "others have changed what " + leaf.path + " works on since this run stopped" + (now ? "" : ": " + now.error().message));
    return Attempt{{}, Flow::halted};
  }
  outcome.state = State::no_effect;
  outcome.failure = Failure{Cause::stopped, Reached::no, "interrupted before it took effect", ""};
  return {};
}

RunExecutor::Attempt RunExecutor::live(Leaf& leaf, const Change& change, int number, const AttemptView* past, Effect effect) {
  auto& session = m_session;
  Doing doing;
  doing.action = &leaf.action;
  doing.change = &change;
  doing.path = leaf.path;
  doing.id = session.identity(leaf.path, number);
  doing.effect = effect;
  const Duration began = session.world.time.steady();
  StepTell tell(session, leaf.path);
  auto refused = [&](const Failure& failure, bool looked) {
    Attempt out = settle(leaf, change, doing, Outcome{State::no_effect, {}, {}, failure, {}, {}}, effect, began, tell);
    out.looked = looked;
    return out;
  };
  auto in = inputs(leaf.action, leaf.step.with, leaf.frame);
  if (!in && past && past->intended) {
    // It may have taken effect: to settle it as never sent would be a lie, and would leave it out of an undo.
    session.halt(Halt::refused, leaf.path, "what " + leaf.path + " was about to do cannot be told any more: " + in.error().message);
    return Attempt{{}, Flow::halted};
  }
  if (!in) return refused(in.error(), false);
  doing.in = *in;
  Outcome outcome;
  if (past && past->intended) {
    doing.abandoned = session.turned(leaf.path) && !m_last;
    if (auto end = reopen(leaf, change, *past, doing, tell, outcome)) return std::move(*end);
  } else {
    if (session.turned(leaf.path) && !m_last) return Attempt{Outcome{State::no_effect, {}, {}, Failure{Cause::stopped, Reached::no, "the run goes back", ""}, {}, {}}, Flow::failed};
    session.keeper.pulse();
    if (session.soft) return Attempt{{}, stopped(leaf.path, "")};
    session.journal.show(sign::Began{leaf.path, leaf.title, leaf.step.use, effect, number, false});
    const Stop soft = session.run_soft.nested(left(leaf).step);
    auto seen = observe(session, doing, soft.nested(leaf.step.timeout.attempt), tell);
    if (!seen) {
      if (session.soft) return Attempt{{}, stopped(leaf.path, "")};
      return refused(seen.error(), true);
    }
    doing.seen = *seen;
    doing.intent = change.prepare(doing.in, doing.seen, doing.id);
    if (doing.intent.refused) return refused(*doing.intent.refused, false);
    if (doing.intent.nothing) return settle(leaf, change, doing, Outcome{}, effect, began, tell);
    if (auto waits = act_value(doing.intent.act).waits_for(); !waits.empty())
      return refused({Cause::rejected, Reached::no, "what it would send is not known: it waits for " + waits.front(), ""}, false);
    if (auto lost = lost_secret(doing.intent.act)) return refused(*lost, false);
    const std::string shown = act_shown(doing.intent.act);
    if (effect != Effect::reads) {
      if (Flow flow = allowed(leaf, shown); flow != Flow::go) return Attempt{{}, flow};
      if (Flow flow = guarded(leaf, doing.in, effect); flow != Flow::go) return Attempt{{}, flow};
      session.keeper.pulse();
      if (session.soft) return Attempt{{}, stopped(leaf.path, "")};
      fact::Intended intended{doing.id, leaf.step.use, leaf.title, digest(leaf, change, doing.seen, doing.id, doing.intent), shown, doing.intent.touches, doing.in, doing.seen, {}, effect, change.repeat};
      if (change.undo) intended.undo = change.undo(doing.intent, doing.seen, doing.intent.outputs);
      session.journal.append(std::move(intended));
    }
    const Stop stop = (effect == Effect::reads ? session.run_soft : session.run).nested(left(leaf).step).nested(leaf.step.timeout.attempt);
    outcome = send(session, doing, stop, tell);
  }
  Resolution resolution = resolve(session, doing, std::move(outcome), left(leaf), tell);
  if (resolution.open) return Attempt{{}, stopped(leaf.path, resolution.why)};
  if (effect == Effect::reads && interrupted(resolution.outcome) && session.soft) return Attempt{{}, stopped(leaf.path, "")};
  return settle(leaf, change, doing, std::move(resolution.outcome), effect, began, tell);
}

Flow RunExecutor::guarded(const Leaf& leaf, const Value& in, Effect effect) {
  const Value guards = m_session.header.settings["guards"];
  if (effect != Effect::destroys || guards.kind() != Kind::map) return Flow::go;
  auto& world = m_session.world;
  const std::string broken = broken_guards(look_at_guards(guards, in, m_session.base["env"], world.ports.reads(), world, m_session.run_soft));
  if (broken.empty()) return Flow::go;
  if (m_session.soft) return stopped(leaf.path, "");
  m_session.halt(Halt::refused, leaf.path, "'" + leaf.title + "' destroys, and the guards of " + m_session.header.environment + " do not hold: " + broken);
  return Flow::halted;
}

RunExecutor::Attempt RunExecutor::settle(Leaf& leaf, const Change& change, Doing& doing, Outcome outcome, Effect effect, Duration began, StepTell& tell) {
  auto& session = m_session;
  outcome.outputs = overlaid(doing.intent.outputs, outcome.outputs);
  const bool sent = outcome.state != State::no_effect && !doing.intent.nothing;
  Value kept, undo;
  if (sent && change.undo) undo = change.undo(doing.intent, doing.seen, outcome.outputs);
  if (outcome.state == State::done) {
    outcome.failure = unmet(leaf, outcome.outputs);
    if (!outcome.failure) {
      if (auto values = saved(leaf, outcome.outputs)) kept = *values;
      else outcome.failure = values.error();
    }
    if (outcome.failure) outcome.state = State::failed; // it was done all the same: it is taken back
  }
  fact::Settled settled;
  settled.path = leaf.path;
  settled.action = leaf.step.use;
  settled.title = leaf.title;
  settled.attempt = doing.id.attempt;
  settled.outcome = outcome;
  settled.effect = effect;
  settled.undo = undo;
  settled.saved = kept;
  settled.artifact = tell.artifact();
  settled.tail = tell.tail();
  settled.took = session.world.time.steady() - began;
  const std::uint64_t order = session.journal.append(settled);
  if (sent) remember(leaf, doing, outcome, undo, order);
  session.found(leaf.path, outcome.findings);
  Attempt out;
  out.outcome = std::move(outcome);
  out.outcome.outputs = with_saved(out.outcome.outputs, kept);
  return out;
}

void RunExecutor::remember(Leaf& leaf, const Doing& doing, const Outcome& outcome, const Value& undo, std::uint64_t order) {
  if (outcome.state == State::no_effect || doing.effect == Effect::reads) return;
  Completed done;
  done.step = &leaf.step;
  done.action = &leaf.action;
  done.path = leaf.path;
  done.title = leaf.title;
  done.effect = doing.effect;
  done.id = doing.id;
  done.in = doing.in;
  done.seen = doing.seen;
  done.outputs = outcome.outputs;
  done.undo = undo;
  done.state = outcome.state;
  done.order = order;
  done.runbook = &leaf.frame.runbook();
  bool needs_names = leaf.step.undo_with || (leaf.step.irreversible && !constant(*leaf.step.irreversible)) || !leaf.step.undo_steps.empty();
  {
    std::lock_guard guard(m_slot_lock);
    needs_names = needs_names || !m_slots.empty();
  }
  if (needs_names) {
    Frame frame(leaf.frame, 0);
    frame.set(leaf.step.id, outcome.outputs);
    done.bindings = frame.bindings();
  }
  m_session.complete(std::move(done));
}

} // namespace belay::engine
