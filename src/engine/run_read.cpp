#include "engine/run_executor.hpp"
#include "engine/moved_world.hpp"

namespace belay::engine {

Flow RunExecutor::read(Leaf& leaf, const Read& read, Value& outputs) {
  auto& session = m_session;
  const StepView* before = leaf.before;
  const bool kept = before && before->settled() && before->state == State::done && !before->outputs.has_secret() && !before->saved.has_secret(); // what no journal keeps is read again
  if (kept) {
    outputs = with_saved(before->outputs, before->saved);
    if (!read.touches || read.pure) return Flow::go;
    if (auto moved = moved_since(session, leaf.step, leaf.action, leaf.frame, leaf.path, outputs)) {
      session.halt(Halt::refused, leaf.path, *moved);
      return Flow::halted;
    }
    return Flow::go;
  }
  if (before && before->settled() && before->state == State::failed) return failed(leaf, before->attempts.back().settled->outcome);
  const int attempts = leaf.step.retry ? leaf.step.retry->attempts : 1;
  const Stop limit = session.run_soft.nested(leaf.step.timeout.step);
  const Duration began = session.world.time.steady();
  for (int attempt = 1;; ++attempt) {
    session.keeper.pulse();
    if (session.soft) return stopped(leaf.path, "");
    session.journal.show(sign::Began{leaf.path, leaf.title, leaf.step.use, Effect::reads, attempt, false});
    Outcome outcome;
    StepTell tell(session, leaf.path);
    if (auto in = inputs(leaf.action, leaf.step.with, leaf.frame)) {
      const Stop stop = limit.nested(leaf.step.timeout.attempt);
      outcome = read.read({*in, session.identity(leaf.path, attempt), stop, tell}, session.world.ports.reads());
      if (session.soft && outcome.state != State::done) return stopped(leaf.path, "");
    } else {
      outcome.state = State::failed;
      outcome.failure = in.error();
    }
    if (outcome.state != State::done) outcome.state = State::failed;
    Value kept_values;
    if (outcome.state == State::done) {
      outcome.failure = unmet(leaf, outcome.outputs);
      if (!outcome.failure) {
        if (auto values = saved(leaf, outcome.outputs)) kept_values = *values;
        else outcome.failure = values.error();
      }
      if (outcome.failure) outcome.state = State::failed;
    } else if (!outcome.failure) {
      outcome.failure = Failure{Cause::rejected, Reached::yes, leaf.title + " failed", ""};
    }
    if (outcome.state == State::failed && attempt < attempts && !limit) {
      if (wait_before(leaf, attempt, attempts, outcome)) continue;
      if (session.soft) return stopped(leaf.path, "");
    }
    fact::Settled settled;
    settled.path = leaf.path;
    settled.action = leaf.step.use;
    settled.title = leaf.title;
    settled.attempt = attempt;
    settled.outcome = outcome;
    settled.saved = kept_values;
    settled.artifact = tell.artifact();
    settled.tail = tell.tail();
    settled.took = session.world.time.steady() - began;
    session.journal.append(settled, outcome.state == State::done ? Durable::with_next : Durable::now);
    session.found(leaf.path, outcome.findings);
    outputs = with_saved(outcome.outputs, kept_values);
    return outcome.state == State::done ? Flow::go : failed(leaf, outcome);
  }
}

} // namespace belay::engine
