#include "engine/run_executor.hpp"

namespace belay::engine {
namespace {

constexpr Duration k_every = std::chrono::seconds(5);

Value measures_of(const Tick& tick) {
  Value::List list;
  for (const Measure& m : tick.measures)
    list.push_back(Value::object({{"name", Value(m.name)}, {"value", Value(m.value)}, {"threshold", Value(m.threshold)}, {"evidence", Value(m.evidence)}}));
  return Value(std::move(list));
}

} // namespace

Flow RunExecutor::gate(Leaf& leaf, const Gate& gate, Value& outputs) {
  auto& session = m_session;
  if (leaf.before && leaf.before->settled()) {
    outputs = with_saved(leaf.before->outputs, leaf.before->saved);
    return leaf.before->state == State::done ? Flow::go : failed(leaf, leaf.before->attempts.back().settled->outcome);
  }
  auto in = inputs(leaf.action, leaf.step.with, leaf.frame);
  if (!in) return broken(leaf.step, leaf.path, in.error());
  const Action* action = leaf.step.sample ? find(leaf.step.sample->use) : nullptr;
  const Read* sample = action ? std::get_if<Read>(&action->does) : nullptr;
  if (leaf.step.sample && !sample) return broken(leaf.step, leaf.path, {Cause::missing, Reached::no, "the sample of a gate is a step that reads", ""});
  const Duration every = leaf.step.every > Duration::zero() ? leaf.step.every : k_every;
  const Duration began = session.world.time.steady();
  const Stop limit = session.run_soft.nested(leaf.step.timeout.step);
  session.journal.show(sign::Began{leaf.path, leaf.title, leaf.step.use, Effect::reads, 1, false});
  StepTell tell(session, leaf.path);
  Tick tick;
  for (int number = 1; tick.verdict == Verdict::going; ++number) {
    session.keeper.pulse();
    if (session.soft) return stopped(leaf.path, "");
    if (limit) {
      tick.verdict = Verdict::inconclusive;
      tick.why = "the time for it is over, and the evidence decides nothing" + (tick.why.empty() ? std::string() : ": " + tick.why);
      session.journal.append(fact::Ticked{leaf.path, tick});
      break;
    }
    Value seen;
    if (sample) {
      auto with = leaf.frame.evaluate(leaf.step.sample->with);
      if (!with) return broken(leaf.step, leaf.path, with.error());
      if (tick.thin) with = overlaid(with->is_null() ? Value::object({}) : *with, Value::object({{"probe", Value(true)}}));
      auto sample_in = typed_inputs(*action, *with);
      if (!sample_in) return broken(leaf.step, leaf.path, sample_in.error());
      const Outcome got = sample->read({*sample_in, session.identity(leaf.path + "/sample", number), limit.nested(leaf.step.timeout.attempt), tell}, session.world.ports.reads());
      if (session.soft) return stopped(leaf.path, "");
      if (got.state == State::done) seen = got.outputs;
      else session.note(leaf.path, "the sample failed: " + (got.failure ? got.failure->message : std::string("no reason given")));
    }
    tick = gate.tick(*in, tick.state, seen, session.world.time.steady() - began);
    session.journal.append(fact::Ticked{leaf.path, tick});
    if (tick.verdict != Verdict::going) break;
    session.keeper.wait(std::min(every, std::max(limit.left(), Duration(1))), session.run_soft);
  }
  Outcome outcome;
  const char* verdict = tick.verdict == Verdict::pass ? "PASS" : tick.verdict == Verdict::fail ? "FAIL" : "INCONCLUSIVE";
  outcome.outputs = Value::object({{"verdict", Value(verdict)}, {"why", Value(tick.why)}, {"measures", measures_of(tick)}});
  if (tick.verdict != Verdict::pass) {
    outcome.state = State::failed;
    outcome.failure = Failure{Cause::rejected, Reached::yes, std::string(verdict) + ": " + tick.why, ""};
  } else if ((outcome.failure = unmet(leaf, outcome.outputs))) {
    outcome.state = State::failed;
  }
  fact::Settled settled;
  if (outcome.state == State::done) {
    if (auto values = saved(leaf, outcome.outputs)) settled.saved = *values;
    else outcome.state = State::failed, outcome.failure = values.error();
  }
  settled.path = leaf.path;
  settled.action = leaf.step.use;
  settled.title = leaf.title;
  settled.outcome = outcome;
  settled.artifact = tell.artifact();
  settled.tail = tell.tail();
  settled.took = session.world.time.steady() - began;
  session.journal.append(settled);
  outputs = with_saved(outcome.outputs, settled.saved);
  return outcome.state == State::done ? Flow::go : failed(leaf, outcome);
}

} // namespace belay::engine
