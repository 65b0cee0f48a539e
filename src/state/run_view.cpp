#include "state/run_view.hpp"
#include <algorithm>

namespace belay {
namespace {

AttemptView& attempt_of(StepView& step, int number) {
  for (AttemptView& a : step.attempts)
    if (a.attempt == number) return a;
  step.attempts.emplace_back().attempt = number;
  return step.attempts.back();
}

struct Apply {
  RunView& run;
  const Event& event;

  StepView& at(const std::string& path) {
    StepView& step = run.step(path);
    if (step.began == Timestamp{}) step.began = event.at;
    return step;
  }

  void operator()(const fact::RunStarted& f) { run.header = f; }
  void operator()(const fact::Expanded& f) {
    StepView& step = at(f.path);
    step.keys = f.keys;
    step.expanded = true;
  }
  void operator()(const fact::Skipped& f) {
    StepView& step = at(f.path);
    step.state = State::skipped;
    step.because = f.reason;
    step.ended = event.at;
  }
  void operator()(const fact::Intended& f) {
    StepView& step = at(f.id.path);
    step.state = State::intent;
    step.title = f.title;
    step.action = f.action;
    step.effect = f.effect;
    step.attempt = f.id.attempt;
    step.inputs = f.in;
    step.shown = f.shown;
    AttemptView& attempt = attempt_of(step, f.id.attempt);
    attempt.intended = f;
    attempt.began = event.at;
  }
  void operator()(const fact::Answered& f) {
    StepView& step = at(f.path);
    step.state = State::pending;
    attempt_of(step, f.attempt).handle = f.handle;
  }
  void operator()(const fact::Settled& f) {
    StepView& step = at(f.path);
    step.state = f.outcome.state;
    step.action = f.action;
    step.title = f.title;
    step.effect = f.effect;
    step.attempt = f.attempt;
    step.outputs = f.outcome.outputs;
    step.saved = f.saved;
    step.undo = f.undo;
    step.artifact = f.artifact;
    step.tail = f.tail;
    step.took = f.took;
    step.ended = event.at;
    step.settled_seq = event.seq;
    step.because = f.outcome.failure ? f.outcome.failure->message : "";
    AttemptView& attempt = attempt_of(step, f.attempt);
    attempt.settled = f;
    attempt.ended = event.at;
    if (run.parked == f.path) run.parked.clear();
  }
  void operator()(const fact::Opened& f) {
    StepView& step = at(f.path);
    step.open = true;
    step.outputs = f.outputs;
  }
  void operator()(const fact::Closed& f) { at(f.path).open = false; }
  void operator()(const fact::Turned& f) {
    run.turned.push_back(f);
    if (f.path.empty()) run.state = "undoing";
  }
  void operator()(const fact::Ticked& f) { at(f.path).ticks.push_back(f.tick); }
  void operator()(const fact::Parked& f) {
    StepView& step = at(f.path);
    step.state = State::waiting;
    step.question = f.question;
    step.asked = f.question.digest;
    run.parked = f.path;
    run.state = "waiting";
  }
  void operator()(const fact::Said& f) {
    StepView& step = at(f.path);
    step.said = f;
    step.question.reset();
    if (run.parked == f.path) run.parked.clear();
  }
  void operator()(const fact::Undoing& f) {
    StepView& step = at(f.path);
    step.undoing = f;
    step.undone.reset(); // tried again: how it ends is open
  }
  void operator()(const fact::Undone& f) {
    StepView& step = at(f.path);
    step.undone = f;
    if (f.outcome.state == State::done || f.outcome.state == State::undone)
      step.state = State::undone;
    else if (f.outcome.state != State::skipped && f.outcome.state != State::no_effect)
      step.state = State::undo_failed;
    if (f.outcome.failure) step.because = f.outcome.failure->message;
  }
  void operator()(const fact::Stopped& f) {
    run.why_stopped = f.why;
    if (run.state != "waiting") run.state = "stopped";
  }
  void operator()(const fact::Resumed& f) {
    run.resumed.push_back(f);
    run.ended.reset();
    run.why_stopped.clear();
    run.taken_over.clear();
    const bool back = std::any_of(run.turned.begin(), run.turned.end(), [](const fact::Turned& t) { return t.path.empty(); });
    run.state = back ? "undoing" : "running";
  }
  void operator()(const fact::Decided& f) {
    run.decided.push_back(f);
    if (f.what == "skip") {
      StepView& step = at(f.path);
      step.left = step.state == State::undo_failed;
      if (!step.left) step.state = State::skipped;
      step.because = f.reason;
    }
    if (f.what == "accept") run.state = "accepted";
    if (f.what == "taken over") {
      run.taken_over = f.reason;
      if (run.state == "running" || run.state == "undoing") {
        run.state = "stopped";
        run.why_stopped = "its claim was taken " + f.reason;
      }
    }
  }
  void operator()(const fact::Found& f) { run.findings.push_back(f); }
  void operator()(const fact::RunEnded& f) {
    run.ended = f;
    run.state = f.state;
  }
};

} // namespace

bool StepView::stands() const {
  if (effect != Effect::changes && effect != Effect::destroys) return false;
  switch (state) {
    case State::intent:
    case State::pending:
    case State::not_seen:
    case State::done:
    case State::partial:
    case State::unknown:
    case State::undo_failed: return true;
    case State::failed: return std::any_of(attempts.begin(), attempts.end(), [](const AttemptView& a) { return a.intended.has_value(); });
    case State::skipped: // by a person, who knows better than the journal what became of it; that it may stand remains true
      return std::any_of(attempts.begin(), attempts.end(), [](const AttemptView& a) { return a.intended && !(a.settled && a.settled->outcome.state == State::no_effect); });
    default: return false;
  }
}

StepView& RunView::step(const std::string& path) {
  auto [at, fresh] = m_index.try_emplace(path, steps.size());
  if (fresh) steps.emplace_back().path = path;
  return steps[at->second];
}

const StepView* RunView::find(const std::string& path) const {
  auto at = m_index.find(path);
  return at == m_index.end() ? nullptr : &steps[at->second];
}

bool RunView::takes_back(const StepView& step) const {
  for (std::size_t at = step.path.find("/undo"); at != std::string::npos; at = step.path.find("/undo", at + 1)) {
    const char next = at + 5 < step.path.size() ? step.path[at + 5] : ' ';
    if (next != '/' && next != '#') continue;
    const StepView* of = find(step.path.substr(0, at));
    if (of && of->undoing) return true;
  }
  return false;
}

bool RunView::beside(const StepView& step) const {
  if (step.path.starts_with("always/")) return true;
  return takes_back(step);
}

std::vector<const StepView*> RunView::standing() const {
  std::vector<const StepView*> out;
  for (const StepView& step : steps)
    // What takes another back stands or falls with that one.
    if (step.stands() && !takes_back(step) && !(step.state == State::done && beside(step))) out.push_back(&step);
  std::stable_sort(out.begin(), out.end(), [](const StepView* a, const StepView* b) { return a->settled_seq < b->settled_seq; });
  return out;
}

void apply(RunView& run, const Event& event) {
  std::visit(Apply{run, event}, event.fact);
  run.last = event.at;
  run.seq = event.seq;
}

RunView fold(const std::vector<Event>& events) {
  RunView run;
  for (const Event& event : events) apply(run, event);
  return run;
}

Row row_of(const RunView& run, const std::string& stream) {
  return {stream, "run", run.header.service, run.header.environment, run.state, run.header.runbook, run.header.at, run.last};
}

} // namespace belay
