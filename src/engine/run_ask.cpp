#include "engine/run_executor.hpp"
#include "codec/sha256.hpp"
#include <algorithm>

namespace belay::engine {
namespace {

std::string text_of(const Value& v) { return v.is_secret() || v.kind() != Kind::text ? show(v) : v.text(); }

/// The names given by `--confirm`, with commas between them.
bool given(const std::string& names, const std::string& wanted) {
  std::string_view rest = names;
  while (true) {
    const auto comma = rest.find(',');
    if (rest.substr(0, comma) == wanted) return true;
    if (comma == std::string_view::npos) return false;
    rest.remove_prefix(comma + 1);
  }
}

} // namespace

Flow RunExecutor::park(const std::string& path, Question question) {
  m_session.journal.append(fact::Parked{path, question});
  m_session.halt(Halt::waiting, path, question.text);
  return Flow::halted;
}

Flow RunExecutor::ask(Leaf& leaf, const Ask& ask, Value& outputs) {
  auto& session = m_session;
  const StepView* before = leaf.before;
  if (before && before->settled()) {
    outputs = with_saved(before->outputs, before->saved);
    return before->state == State::done ? Flow::go : failed(leaf, before->attempts.back().settled->outcome);
  }
  auto in = inputs(leaf.action, leaf.step.with, leaf.frame);
  if (!in) return broken(leaf.step, leaf.path, in.error());
  const Question question = ask.ask(*in);
  std::optional<fact::Said> said = before ? before->said : std::nullopt;
  if (!said) {
    std::lock_guard one_at_a_time(session.confirm_lock);
    std::optional<std::string> answer;
    std::string from = "terminal";
    if (session.options.yes && !question.choices.empty()) {
      answer = question.choices.front();
      from = "--yes";
    } else if (session.world.terminal.interactive()) {
      std::string prompt = question.text;
      for (std::size_t i = 0; i < question.choices.size(); ++i) prompt += (i ? "/" : " [") + question.choices[i];
      answer = session.world.terminal.ask(session.journal.redactor().clean(prompt + (question.choices.empty() ? ": " : "]: ")), session.run_soft);
      session.keeper.pulse();
      if (session.soft) return stopped(leaf.path, "");
    }
    if (!answer) return park(leaf.path, question);
    said = fact::Said{leaf.path, session.world.machine.user(), from, Value(*answer), session.world.time.wall()};
    session.journal.append(*said);
  }
  Outcome outcome = ask.answer(*in, text_of(said->answer), said->who, said->at);
  if (outcome.state != State::done) outcome.state = State::failed;
  if (outcome.state == State::done)
    if ((outcome.failure = unmet(leaf, outcome.outputs))) outcome.state = State::failed;
  Value kept;
  if (outcome.state == State::done) {
    if (auto values = saved(leaf, outcome.outputs)) kept = *values;
    else outcome.state = State::failed, outcome.failure = values.error();
  }
  fact::Settled settled;
  settled.path = leaf.path;
  settled.action = leaf.step.use;
  settled.title = leaf.title;
  settled.outcome = outcome;
  settled.saved = kept;
  session.journal.append(settled);
  session.found(leaf.path, outcome.findings);
  outputs = with_saved(outcome.outputs, kept);
  return outcome.state == State::done ? Flow::go : failed(leaf, outcome);
}

Flow RunExecutor::allowed(Leaf& leaf, const std::string& shown) {
  if (m_last || (!leaf.step.confirm && !leaf.step.approve)) return Flow::go;
  auto& session = m_session;
  std::lock_guard one_at_a_time(session.confirm_lock);
  const std::optional<fact::Said> said = leaf.before ? leaf.before->said : std::nullopt;
  const std::string digest = hex(sha256("approve\n" + shown));
  // An approval is of one act: of another, it is asked for again. It stands for the name typed, too.
  const bool of_this = said && leaf.before->asked == digest;
  const bool approved = leaf.step.approve && of_this && said->who != session.header.who && (text_of(said->answer) == "approve" || text_of(said->answer) == "yes");
  if (approved) return Flow::go;
  const auto before = session.typed.find(leaf.path);
  const bool typed_before = before != session.typed.end() && before->second == digest; // for an earlier attempt of the same act
  if (leaf.step.confirm && !typed_before) {
    auto evaluated = leaf.frame.evaluate(*leaf.step.confirm);
    if (!evaluated) return broken(leaf.step, leaf.path, evaluated.error());
    const std::string wanted = text_of(*evaluated);
    std::string why = "'" + leaf.title + "' wants '" + wanted + "' typed: --confirm " + wanted;
    bool typed = given(session.options.confirm, wanted) || (said && text_of(said->answer) == wanted);
    if (!typed && session.world.terminal.interactive()) {
      const auto answer = session.world.terminal.ask(session.journal.redactor().clean(leaf.title + "\n" + shown + "\ntype '" + wanted + "' to go on: "), session.run_soft);
      session.keeper.pulse();
      if (session.soft) return stopped(leaf.path, "");
      typed = answer == wanted;
      if (typed) session.typed[leaf.path] = digest;
      if (typed) session.journal.append(fact::Said{leaf.path, session.world.machine.user(), "terminal", Value(wanted), session.world.time.wall()});
      else why = "'" + leaf.title + "' was not confirmed: '" + wanted + "' was to be typed";
    } else if (!typed && session.acted()) {
      return park(leaf.path, {"type '" + wanted + "' to go on with: " + leaf.title, {wanted}, hex(sha256(shown)), {}});
    }
    if (!typed) {
      session.halt(Halt::refused, leaf.path, why);
      return Flow::halted;
    }
  }
  if (leaf.step.approve) {
    const bool own = of_this && said->who == session.header.who;
    if (!of_this || own)
      return park(leaf.path, {"a second person approves" + (own ? ", and " + said->who + " began this run" : std::string()) + ": " + leaf.title + "\n" + shown, {"approve", "reject"}, digest, {}});
    session.halt(Halt::refused, leaf.path, said->who + " did not approve '" + leaf.title + "'");
    return Flow::halted;
  }
  return Flow::go;
}

} // namespace belay::engine
