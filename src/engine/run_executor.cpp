#include "engine/run_executor.hpp"
#include <algorithm>
#include <cmath>

namespace belay::engine {

Value overlaid(const Value& base, const Value& over) {
  if (over.is_null()) return base;
  if (base.kind() != Kind::map || over.kind() != Kind::map || base.is_secret() || over.is_secret()) return over;
  Value::Map members;
  for (const auto& [name, value] : base.map())
    if (!over.has(name.text())) members.emplace_back(name, value);
  for (const auto& member : over.map()) members.push_back(member);
  return Value(std::move(members));
}

Value with_saved(const Value& outputs, const Value& saved) { return saved.is_null() ? outputs : overlaid(outputs.is_null() ? Value::object({}) : outputs, saved); }

Flow RunExecutor::ready(const std::string& path) {
  if (m_session.halted() != Halt::none && !m_last) return Flow::halted;
  if (m_session.hard.why() == Stop::Why::fenced) throw JournalLost{{Cause::fenced, Reached::no, m_session.keeper.why(), ""}};
  if (m_session.turned(path) && !m_last) {
    // What was done before the turn is walked again, to know it; nothing new is begun.
    const auto& steps = m_session.before.steps;
    const bool known = std::any_of(steps.begin(), steps.end(), [&](const StepView& s) { return within(s.path, path) || s.path.starts_with(path + "[") || s.path.starts_with(path + "#"); });
    if (!known) return Flow::failed;
  } else if (!m_last && m_session.run_soft.why() == Stop::Why::deadline) {
    m_session.fail(path, Failure{Cause::timeout, Reached::no, "the run's time limit has passed", ""});
    return Flow::failed;
  }
  return Flow::go;
}

std::optional<bool> RunExecutor::decided(const std::string& path) {
  if (!m_session.resumed) return {};
  if (const StepView* step = m_session.before.find(path)) return step->state != State::skipped;
  for (const StepView& s : m_session.before.steps)
    if (within(s.path, path) || s.path.starts_with(path + "[") || s.path.starts_with(path + "#")) return true;
  return {};
}

std::optional<std::string> RunExecutor::passed_over(const Step& step, const std::string& path) {
  const std::string &from = m_session.header.from, &only = m_session.header.only;
  if (m_last || (from.empty() && only.empty())) return {};
  if (step.use.empty() || step.use == "runbook.call") return {};
  const Action* action = find(step.use);
  const bool reads = action && std::holds_alternative<Read>(action->does);
  if (!only.empty()) return reads || within(path, only) ? std::nullopt : std::optional<std::string>("only " + only + " was asked for");
  if (within(path, from)) m_from_reached = true;
  return reads || m_from_reached ? std::nullopt : std::optional<std::string>("the run was asked to begin at " + from);
}

void RunExecutor::skipped(const Step&, const std::string& path, const std::string& reason) { m_session.journal.append(fact::Skipped{path, reason}, Durable::with_next); }

Flow RunExecutor::broken(const Step& step, const std::string& path, Failure failure) {
  fact::Settled settled;
  settled.path = path;
  settled.action = step.use;
  settled.title = step.id;
  settled.outcome.state = State::failed;
  settled.outcome.failure = failure;
  m_session.journal.append(settled);
  m_session.fail(path, failure);
  return Flow::failed;
}

Expected<std::vector<std::string>> RunExecutor::expanded(const std::string& path, std::vector<std::string> keys) {
  if (const StepView* step = m_session.before.find(path); step && step->expanded) return step->keys;
  for (const std::string& key : keys)
    if (const std::string clean = m_session.journal.redactor().clean(key); clean != key)
      return Unexpected(Failure{Cause::rejected, Reached::no, "a key of for_each holds a secret's text or a control character, and keys are seen by everyone: " + clean, ""});
  m_session.journal.append(fact::Expanded{path, keys});
  return keys;
}

Flow RunExecutor::leaf(const Step& step, const Action& action, Frame& frame, const std::string& path, Value& outputs) {
  Leaf leaf{step, action, frame, path, step.id, m_session.before.find(path)};
  if (step.title)
    if (auto title = frame.evaluate(*step.title)) leaf.title = title->is_secret() || title->kind() != Kind::text ? show(*title) : title->text();
  if (leaf.before && leaf.before->settled() && leaf.before->state == State::failed && leaf.before->attempts.size() == 1 && !leaf.before->attempts.front().intended)
    return failed(leaf, leaf.before->attempts.front().settled->outcome); // it ended there, before any act
  const bool settled = leaf.before && leaf.before->settled();
  const bool open_intent = leaf.before && !leaf.before->attempts.empty() && leaf.before->attempts.back().intended;
  if (m_session.turned(path) && !m_last && !settled && !open_intent && !std::holds_alternative<Hold>(action.does)) return Flow::failed;
  if (!open_needed(leaf)) return broken(step, path, m_session.failure().value_or(Failure{Cause::transport, Reached::no, "what it needs cannot be opened", ""}));
  if (auto* a = std::get_if<Read>(&action.does)) return read(leaf, *a, outputs);
  if (auto* a = std::get_if<Change>(&action.does)) return change(leaf, *a, outputs);
  if (auto* a = std::get_if<Gate>(&action.does)) return gate(leaf, *a, outputs);
  if (auto* a = std::get_if<Ask>(&action.does)) return ask(leaf, *a, outputs);
  return hold(leaf, std::get<Hold>(action.does), outputs);
}

Flow RunExecutor::round_failed(const Step& step, const std::string& path, int round, bool again) {
  if (!again) return Flow::failed;
  m_session.turn(path, m_session.failure() ? m_session.failure()->message : "a step of it failed");
  if (Flow flow = undo(path); flow != Flow::go) return flow;
  const Retry& retry = *step.retry;
  double seconds = static_cast<double>(retry.delay.count()) * std::pow(retry.factor, round - 1);
  if (retry.max > Duration::zero()) seconds = std::min(seconds, static_cast<double>(retry.max.count()));
  m_session.journal.show(sign::Retrying{path, round, retry.attempts, Duration(static_cast<Duration::rep>(seconds)), m_session.failure() ? m_session.failure()->message : ""});
  const std::string next = path.substr(0, round == 1 ? path.size() : path.rfind('#')) + "#" + std::to_string(round + 1);
  if (!decided(next) && // waited for in an earlier life
      !m_session.keeper.wait(Duration(static_cast<Duration::rep>(seconds)), m_session.run_soft)) return stopped(path, "");
  m_session.forgive(path);
  return Flow::failed;
}

Expected<Value> RunExecutor::call_base(const Runbook& called, const Value& with, const Frame& caller) {
  const Value all = caller.bindings();
  auto params = parameters_of(called, with["parameters"].is_null() ? with["with"] : with["parameters"], all);
  if (!params) return params;
  std::vector<std::pair<std::string, Value>> members;
  for (const char* name : {"service", "env", "secrets", "run"}) members.emplace_back(name, all[name]);
  members.emplace_back("params", std::move(*params));
  return Value::object(std::move(members));
}

std::optional<Failure> RunExecutor::unmet(const Leaf& leaf, const Value& outputs) {
  if (leaf.step.expect.empty()) return {};
  const Value bindings = leaf.frame.bindings_with(outputs);
  for (const Condition& condition : leaf.step.expect) {
    Value unknown;
    auto holds = leaf.frame.holds(condition, bindings, &unknown);
    if (!holds) return Failure{Cause::rejected, Reached::yes, "`" + condition.program.source() + "` cannot be evaluated: " + holds.error().message, holds.error().hint};
    if (!*holds) return Failure{Cause::rejected, Reached::yes, "expected `" + condition.program.source() + "`, and it does not hold", ""};
  }
  return {};
}

Expected<Value> RunExecutor::saved(const Leaf& leaf, const Value& outputs) {
  if (leaf.step.save.empty()) return Value();
  const Value bindings = leaf.frame.bindings_with(outputs);
  std::vector<std::pair<std::string, Value>> members;
  for (const auto& [name, condition] : leaf.step.save) {
    auto value = condition.program.evaluate(bindings);
    if (!value) return Unexpected(Failure{Cause::rejected, Reached::yes, "`" + condition.program.source() + "`, to be saved as " + name + ", cannot be evaluated: " + value.error().message, ""});
    members.emplace_back(name, std::move(*value));
  }
  return Value::object(std::move(members));
}

Flow RunExecutor::failed(const Leaf& leaf, const Outcome& outcome) {
  m_session.fail(leaf.path, outcome.failure.value_or(Failure{Cause::rejected, Reached::yes, leaf.title + " failed", ""}));
  return Flow::failed;
}

Flow RunExecutor::stopped(const std::string& path, const std::string& why) {
  const Stop::Why reason = m_session.run_soft.why();
  if (reason == Stop::Why::fenced) throw JournalLost{{Cause::fenced, Reached::no, m_session.keeper.why(), ""}};
  if (why.empty() && reason == Stop::Why::deadline) {
    m_session.fail(path, Failure{Cause::timeout, Reached::no, "the run's time limit has passed", ""});
    return Flow::failed;
  }
  const std::string asked = m_session.keeper.why();
  m_session.halt(Halt::stopped, path, why.empty() ? (asked.empty() ? "stopped" : asked) : why);
  return Flow::halted;
}

bool RunExecutor::wait_before(const Leaf& leaf, int attempt, int of, const Outcome& outcome) {
  const Retry& retry = *leaf.step.retry;
  double wait = static_cast<double>(retry.delay.count()) * std::pow(retry.factor, attempt - 1);
  if (retry.max > Duration::zero()) wait = std::min(wait, static_cast<double>(retry.max.count()));
  std::uint32_t random = 0;
  m_session.world.entropy.fill(std::as_writable_bytes(std::span(&random, 1)));
  wait *= 1 + retry.jitter * (2.0 * random / 4294967295.0 - 1);
  const Duration time(static_cast<Duration::rep>(wait));
  m_session.journal.show(sign::Retrying{leaf.path, attempt, of, time, outcome.failure ? outcome.failure->message : ""});
  return m_session.keeper.wait(time, m_session.run_soft);
}

} // namespace belay::engine
