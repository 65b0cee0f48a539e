#pragma once
#include "belay/action.hpp"

namespace belay {

/// Facts are durable before anyone hears of them. A path names a step for ever: `regions[eu]/deploy#2/shift` (the key of
/// for_each, the round of a retried group). Values in facts hold no secret's text: it is masked before a fact is made.
namespace fact {
/// All that a resume pins. `definition`: the runbook's text and those it calls; `settings`: the resolved service and
/// environment; `secrets`: reference → version; digests are SHA-256 in hex.
struct RunStarted {
  std::string run, runbook, service, environment, definition, plan_digest, who, host, version, commit, claim, reason;
  std::string from, only, break_glass;
  bool dirty = false, safeward = false;
  Value parameters, settings, secrets;
  ProcessMark process;
  Timestamp at;
};
struct Expanded { std::string path; std::vector<std::string> keys; };
struct Skipped { std::string path, reason; };
/// Durable before the act. `in` and `seen` are masked; `undo`: the inputs that take it back, where they are known before.
struct Intended { Identity id; std::string action, title, digest, shown; std::vector<std::string> touches; Value in, seen, undo; Effect effect = Effect::changes; Repeat repeat = Repeat::once; };
struct Answered { std::string path; int attempt = 1; Value handle; };
/// `undo`: what takes it back, now that its outputs are known; null: nothing to take back. `artifact`: where its whole output is kept;
/// `tail`: its last 4 KiB.
struct Settled { std::string path, action, title; int attempt = 1; Outcome outcome; Effect effect = Effect::reads; Value undo, saved; std::string artifact, tail; Duration took{}; };
struct Opened { std::string path; Value outputs; };
struct Closed { std::string path; };
struct Turned { std::string path, because; }; ///< from here on this group goes back, never forward
struct Ticked { std::string path; Tick tick; };
struct Parked { std::string path; Question question; };
struct Said { std::string path, who, from; Value answer; Timestamp at; };
/// Durable before an undo's act; its result is Undone.
struct Undoing { std::string path; Identity id; std::string digest, shown; Value in, seen; };
struct Undone { std::string path; Outcome outcome; Duration took{}; };
struct Stopped { std::string why; };
struct Resumed { std::string who, host; ProcessMark process; std::uint64_t epoch = 0; Timestamp at; };
/// A person's decision on a run that stands still: `skip` of a step, `accept`, `abort`, `rebase`.
struct Decided { std::string what, path, who, reason; Timestamp at; };
struct Found { std::string path; Finding finding; };
struct RunEnded { Exit exit = Exit::done; std::string state; std::vector<std::string> changed, undone, stands, next; Value outputs; Timestamp at; };
} // namespace fact
using Fact = std::variant<fact::RunStarted, fact::Expanded, fact::Skipped, fact::Intended, fact::Answered, fact::Settled, fact::Opened, fact::Closed, fact::Turned,
                          fact::Ticked, fact::Parked, fact::Said, fact::Undoing, fact::Undone, fact::Stopped, fact::Resumed, fact::Decided, fact::Found, fact::RunEnded>;
struct Event {
  std::string stream;
  std::uint64_t seq = 0;
  Timestamp at;
  Fact fact;
};

/// What is only shown: a step that began, its output and progress, a predicted step of a dry run.
namespace sign {
struct Began { std::string path, title, action; Effect effect = Effect::reads; int attempt = 1; bool undo = false; };
struct Output { std::string path, text; };
struct Progress { std::string path; std::int64_t done = 0, of = 0; std::string unit; };
/// The attempt that failed; the next one comes in that long.
struct Retrying { std::string path; int attempt = 1, of = 1; Duration in{}; std::string because; };
struct Note { std::string path, text; };
} // namespace sign
using Sign = std::variant<sign::Began, sign::Output, sign::Progress, sign::Retrying, sign::Note>;

/// Told of what is durable; a failing observer never stops a run.
struct Observer {
  virtual ~Observer() = default;
  virtual void on(const Event&) {}
  virtual void on(const Sign&) {}
};

} // namespace belay
