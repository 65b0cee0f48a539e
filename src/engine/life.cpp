#include "engine/life.hpp"
#include "engine/exit_decision.hpp"
#include "engine/run_executor.hpp"
#include "state/words.hpp"
#include <algorithm>

namespace belay::engine {
namespace {

bool intent_is_open(const RunView& run) {
  return std::any_of(run.steps.begin(), run.steps.end(), [](const StepView& s) {
    return std::any_of(s.attempts.begin(), s.attempts.end(), [](const AttemptView& a) { return a.intended && !a.settled; });
  });
}

/// Whether something was changed, taken back or not; stops that only waited changed nothing.
bool changed(const RunView& run) {
  return std::any_of(run.steps.begin(), run.steps.end(), [&](const StepView& s) {
    if ((s.effect != Effect::changes && s.effect != Effect::destroys) || run.beside(s)) return false;
    return s.state == State::undone || s.stands();
  });
}

Expected<Value> outputs_of(const Runbook& runbook, const Frame& frame) {
  std::vector<std::pair<std::string, Value>> members;
  for (const auto& [name, t] : runbook.outputs) {
    auto value = frame.evaluate(t);
    if (!value) return Unexpected(Failure{Cause::rejected, Reached::yes, "the output '" + name + "' cannot be evaluated: " + value.error().message, ""});
    members.emplace_back(name, std::move(*value));
  }
  return Value::object(std::move(members));
}

Ending ending_of(const Session& session, bool failed) {
  const RunView now = session.journal.view();
  Ending e;
  e.halt = session.halted();
  e.failed = failed;
  e.changed = changed(now);
  e.stands = !now.standing().empty();
  e.findings = !session.findings().empty();
  if (const auto failure = session.failure()) e.misnamed = failure->cause == Cause::missing && failure->reached == Reached::no;
  return e;
}

/// What is always done, once: its failure is a finding.
void always(Session& session, const Frame& main, const Decision& so_far) {
  const Runbook& runbook = session.library.main();
  if (runbook.always.empty()) return;
  const Halt halt = session.halted();
  const std::string at = session.halted_at(), why = session.halted_why();
  session.go_on();
  const auto failure = session.failure();
  Value names = main.bindings();
  Value run = overlaid(names["run"], Value::object({{"state", Value(so_far.state)},
                                                    {"exit", Value(static_cast<std::int64_t>(so_far.exit))},
                                                    {"failed", Value(so_far.exit != Exit::done && so_far.exit != Exit::finding)},
                                                    {"because", Value(failure ? failure->message : why)}}));
  Frame frame(runbook, overlaid(names, Value::object({{"run", run}})));
  RunExecutor executor(session);
  executor.last_steps();
  Walker walker(executor);
  for (const Step& step : runbook.always) {
    const Flow flow = walker.step(step, frame, "always/" + step.id);
    if (flow == Flow::halted) {
      executor.left("");
      if (session.halted() == Halt::stopped) {
        if (halt != Halt::none) session.halt(halt, at, why); // why the run stands still weighs more
        return;                                              // goes on from here when it is resumed
      }
      break;
    }
    if (flow == Flow::failed) {
      const StepView* view = nullptr;
      const RunView now = session.journal.view();
      view = now.find("always/" + step.id);
      session.found("always/" + step.id, {{"always/" + step.id, view && !view->because.empty() ? view->because : "what is always done failed", {}}});
    }
  }
  executor.left("");
  session.go_on();
  if (halt != Halt::none) session.halt(halt, at, why);
}

Finished lost(Session& session, const Failure& failure) {
  Finished out;
  out.run = session.header.run;
  out.exit = Exit::stopped;
  out.state = "stopped";
  out.failure = failure;
  if (failure.cause != Cause::fenced && failure.cause != Cause::conflict) out.failure->message = "the journal cannot be written: " + failure.message;
  last_lines(session.journal.view(), "", out);
  return out;
}

void given_back(Session& session, bool park) {
  if (auto given = session.keeper.release(park); !given)
    session.note("", "the claim '" + session.header.claim + "' could not be " + (park ? "parked" : "given back") + ": " + given.error().message +
                         (park ? "; while this run is not at its end nobody but a rescue takes it" : "; it runs out within a minute"));
}

/// A mistake of belay's own. What was sent and not settled is judged by the resume, as after a crash.
Finished broken(Session& session, const std::string& what) {
  Finished out;
  out.run = session.header.run;
  out.exit = Exit::stopped;
  out.state = "stopped";
  out.failure = Failure{Cause::stopped, Reached::perhaps, "belay itself made a mistake: " + what, "please report it with `belay runs show " + out.run + " --output json`"};
  last_lines(session.journal.view(), "", out);
  session.journal.append(fact::Stopped{out.failure->message});
  session.journal.flush();
  session.journal.close();
  given_back(session, true);
  return out;
}

/// What the last lines say passes the same net as what the journal keeps.
Finished masked(Finished out, const Redactor& redactor) {
  auto clean = [&](std::string& text) { text = redactor.clean(text); };
  if (out.failure) clean(out.failure->message), clean(out.failure->hint);
  for (Finding& finding : out.findings) {
    clean(finding.subject), clean(finding.message);
    finding.evidence = redactor.clean(finding.evidence);
  }
  return out;
}

Finished walk(Session& session) {
  const Runbook& main = session.library.main();
  RunExecutor executor(session);
  Walker walker(executor);
  Frame frame(main, session.base);
  Flow flow = walker.steps(main.steps, frame, "");
  Value outputs;
  if (flow == Flow::go && !session.turned("")) {
    if (auto made = outputs_of(main, frame)) {
      outputs = std::move(*made);
    } else {
      session.fail("outputs", made.error());
      flow = Flow::failed;
    }
  }
  if (session.turned("") && flow == Flow::go) flow = Flow::failed;
  const bool asked = flow == Flow::halted && session.halted() == Halt::stopped && !session.hard && session.soft && !session.keeper.preempted();
  if (asked && main.on_stop == OnStop::undo && !intent_is_open(session.journal.view())) {
    session.fail(session.halted_at(), Failure{Cause::stopped, Reached::no, session.halted_why(), ""});
    session.go_on();
    flow = Flow::failed;
  }
  bool failed = flow == Flow::failed;
  if (failed && session.halted() == Halt::none) {
    const auto failure = session.failure();
    const RunView now = session.journal.view();
    const bool any = std::any_of(now.steps.begin(), now.steps.end(), [](const StepView& s) { return s.effect != Effect::reads && !s.attempts.empty() && s.state != State::no_effect; });
    if (any || session.turned("")) {
      session.turn("", failure ? session.failed_at() + ": " + failure->message : "asked to go back");
      session.unlimited(); // a limit that is over must not keep it from being taken back
      flow = executor.undo("");
    }
  }
  executor.left("");
  Decision decision = decide(ending_of(session, failed));
  const bool ends = session.halted() != Halt::stopped && session.halted() != Halt::waiting && session.halted() != Halt::refused;
  if (ends) {
    always(session, frame, decision);
    decision = decide(ending_of(session, failed));
  }
  if (decision.exit == Exit::done && !session.findings().empty()) decision.exit = Exit::finding;

  Finished out;
  out.run = session.header.run;
  out.exit = decision.exit;
  out.state = decision.state;
  out.failure = session.failure();
  if (session.halted() != Halt::none && session.halted() != Halt::stopped)
    out.failure = Failure{Cause::refused, Reached::perhaps, session.halted_why(), ""};
  else if (session.halted() == Halt::stopped && !out.failure)
    out.failure = Failure{Cause::stopped, Reached::no, session.halted_why(), ""};
  out.findings = session.findings();
  out.outputs = session.journal.redactor().clean(outputs);
  last_lines(session.journal.view(), session.halted_at(), out);
  if (session.keeper.preempted()) decision.park = false;
  if (decision.state == "stopped")
    session.journal.append(fact::Stopped{session.halted_why()});
  else if (decision.state != "waiting")
    session.journal.append(fact::RunEnded{decision.exit, decision.state, out.changed, out.undone, out.stands, out.next, outputs, session.world.time.wall()});
  session.journal.flush();
  session.journal.close();
  given_back(session, decision.park);
  return out;
}

} // namespace

Finished live(Session& session) {
  const Redactor& redactor = session.journal.redactor();
  try {
    try {
      return masked(walk(session), redactor);
    } catch (const std::exception& e) {
      return masked(broken(session, e.what()), redactor);
    }
  } catch (const JournalLost& e) {
    return masked(lost(session, e.failure), redactor);
  }
}

} // namespace belay::engine
