#pragma once
#include "belay/event.hpp"

/// Each struct of a fact names its members once: `io(name, member)`. What writes, reads or cleans facts is such an `io`.
namespace belay {

template <class Io> void members(Io& io, Identity& x) { io("run", x.run), io("path", x.path), io("key", x.key), io("attempt", x.attempt), io("run_started", x.run_started); }
template <class Io> void members(Io& io, ProcessMark& x) { io("host", x.host), io("boot", x.boot), io("pid", x.pid), io("started", x.started); }
template <class Io> void members(Io& io, Failure& x) { io("cause", x.cause), io("reached", x.reached), io("message", x.message), io("hint", x.hint); }
template <class Io> void members(Io& io, Finding& x) { io("subject", x.subject), io("message", x.message), io("evidence", x.evidence); }
template <class Io> void members(Io& io, Outcome& x) {
  io("state", x.state), io("outputs", x.outputs), io("handle", x.handle), io("failure", x.failure), io("findings", x.findings), io("again", x.again);
}
template <class Io> void members(Io& io, Measure& x) { io("name", x.name), io("value", x.value), io("threshold", x.threshold), io("evidence", x.evidence); }
template <class Io> void members(Io& io, Tick& x) {
  io("verdict", x.verdict), io("state", x.state), io("measures", x.measures), io("why", x.why), io("thin", x.thin);
}
template <class Io> void members(Io& io, Question& x) { io("text", x.text), io("choices", x.choices), io("digest", x.digest), io("expires", x.expires); }

template <class Io> void members(Io& io, fact::RunStarted& x) {
  io("run", x.run), io("runbook", x.runbook), io("service", x.service), io("environment", x.environment), io("definition", x.definition);
  io("plan_digest", x.plan_digest), io("who", x.who), io("host", x.host), io("version", x.version), io("commit", x.commit), io("claim", x.claim);
  io("reason", x.reason), io("from", x.from), io("only", x.only), io("break_glass", x.break_glass), io("dirty", x.dirty), io("safeward", x.safeward);
  io("parameters", x.parameters), io("settings", x.settings), io("secrets", x.secrets), io("process", x.process), io("at", x.at);
}
template <class Io> void members(Io& io, fact::Expanded& x) { io("path", x.path), io("keys", x.keys); }
template <class Io> void members(Io& io, fact::Skipped& x) { io("path", x.path), io("reason", x.reason); }
template <class Io> void members(Io& io, fact::Intended& x) {
  io("id", x.id), io("action", x.action), io("title", x.title), io("digest", x.digest), io("shown", x.shown), io("touches", x.touches);
  io("in", x.in), io("seen", x.seen), io("undo", x.undo), io("effect", x.effect), io("repeat", x.repeat);
}
template <class Io> void members(Io& io, fact::Answered& x) { io("path", x.path), io("attempt", x.attempt), io("handle", x.handle); }
template <class Io> void members(Io& io, fact::Settled& x) {
  io("path", x.path), io("action", x.action), io("title", x.title), io("attempt", x.attempt), io("outcome", x.outcome), io("effect", x.effect);
  io("undo", x.undo), io("saved", x.saved), io("artifact", x.artifact), io("tail", x.tail), io("took", x.took);
}
template <class Io> void members(Io& io, fact::Opened& x) { io("path", x.path), io("outputs", x.outputs); }
template <class Io> void members(Io& io, fact::Closed& x) { io("path", x.path); }
template <class Io> void members(Io& io, fact::Turned& x) { io("path", x.path), io("because", x.because); }
template <class Io> void members(Io& io, fact::Ticked& x) { io("path", x.path), io("tick", x.tick); }
template <class Io> void members(Io& io, fact::Parked& x) { io("path", x.path), io("question", x.question); }
template <class Io> void members(Io& io, fact::Said& x) { io("path", x.path), io("who", x.who), io("from", x.from), io("answer", x.answer), io("at", x.at); }
template <class Io> void members(Io& io, fact::Undoing& x) {
  io("path", x.path), io("id", x.id), io("digest", x.digest), io("shown", x.shown), io("in", x.in), io("seen", x.seen);
}
template <class Io> void members(Io& io, fact::Undone& x) { io("path", x.path), io("outcome", x.outcome), io("took", x.took); }
template <class Io> void members(Io& io, fact::Stopped& x) { io("why", x.why); }
template <class Io> void members(Io& io, fact::Resumed& x) { io("who", x.who), io("host", x.host), io("process", x.process), io("epoch", x.epoch), io("at", x.at); }
template <class Io> void members(Io& io, fact::Decided& x) {
  io("what", x.what), io("path", x.path), io("who", x.who), io("reason", x.reason), io("at", x.at);
}
template <class Io> void members(Io& io, fact::Found& x) { io("path", x.path), io("finding", x.finding); }
template <class Io> void members(Io& io, fact::RunEnded& x) {
  io("exit", x.exit), io("state", x.state), io("changed", x.changed), io("undone", x.undone), io("stands", x.stands), io("next", x.next);
  io("outputs", x.outputs), io("at", x.at);
}

} // namespace belay
