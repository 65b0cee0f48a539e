#include "engine/deliver.hpp"
#include "engine/standing.hpp"
#include "value/cut.hpp"
#include <algorithm>

namespace belay::engine {
namespace {

constexpr Duration k_look_limit = std::chrono::seconds(30);
constexpr int k_sends = 5, k_looks = 5;

Outcome of(State state, std::optional<Failure> failure = {}) {
  Outcome out;
  out.state = state;
  out.failure = std::move(failure);
  return out;
}

/// What a failure of a port says about an act: it was refused before or by the other side, or nobody knows.
Outcome of_failure(const Failure& failure) {
  if (failure.reached == Reached::no) return of(State::no_effect, failure);
  const bool refused = failure.reached == Reached::yes && (failure.cause == Cause::rejected || failure.cause == Cause::conflict || failure.cause == Cause::refused ||
                                                           failure.cause == Cause::missing || failure.cause == Cause::throttled);
  return of(refused ? State::no_effect : State::unknown, failure);
}

Outcome of_answer(const Answer& a) {
  if (a.status >= 200 && a.status < 300) return {};
  Failure failure{Cause::rejected, Reached::yes, "the answer was " + std::to_string(a.status), beginning_of(a.body, 300)};
  if (a.status == 409 || a.status == 412) failure.cause = Cause::conflict;
  if (a.status == 404) failure.cause = Cause::missing;
  if (a.status == 429) failure.cause = Cause::throttled;
  if (a.status >= 500 || a.status == 408) return of(State::unknown, failure);
  return of(State::no_effect, failure);
}

Outcome of_ended(const Ended& e) {
  if (e.status == 0 && e.signal == 0) return {};
  const std::string end = e.signal ? "ended by signal " + std::to_string(e.signal) : "ended with status " + std::to_string(e.status);
  return of(State::partial, Failure{Cause::rejected, Reached::yes, end, end_of(e.err, 300)});
}

/// The action's own reading where it has one and the other side spoke; the rules above otherwise.
template <class T, class Own, class Rule> Outcome read_answer(const Intent& intent, const Expected<T>& got, Own own, Rule rule) {
  if (own && (got || got.error().reached == Reached::yes)) return own(intent, got);
  if (!got) return of_failure(got.error());
  return rule(*got);
}

struct Send {
  const Doing& doing;
  Ports& ports;
  const Stop& stop;
  Tell& tell;
  const Redactor& redactor;

  Outcome operator()(const std::monostate&) const { return {}; }
  Outcome operator()(const Request& r) const { return read_answer(doing.intent, ports.http.send(r, nullptr, stop), doing.change->answer, of_answer); }
  Outcome operator()(const Command& c) const {
    auto ended = ports.process.run(c, nullptr, nullptr, &tell, stop);
    if (ended) ended->err = redactor.clean(ended->err); // it is cut for messages, and half a secret is recognised by nobody
    return read_answer(doing.intent, ended, doing.change->ended, of_ended);
  }
  Outcome operator()(const Statement& s) const {
    auto session = ports.sql.open(s.target, stop);
    if (!session) {
      Failure failure = session.error();
      failure.reached = Reached::no; // the statement was not sent
      return of(State::no_effect, failure);
    }
    return read_answer(doing.intent, (*session)->run(s, stop), doing.change->replied, [](const Value& v) {
      Outcome out;
      out.outputs = v;
      return out;
    });
  }
  Outcome operator()(const Exchange& e) const {
    auto text = ports.lines.tell(e, stop);
    Expected<Value> got = text ? Expected<Value>(Value(*text)) : Expected<Value>(Unexpected(text.error()));
    return read_answer(doing.intent, got, doing.change->replied, [](const Value&) { return Outcome{}; });
  }
  Outcome operator()(const Files& f) const {
    for (std::size_t i = 0; i < f.changes.size(); ++i) {
      if (stop) return of(i == 0 ? State::no_effect : State::unknown, Failure{Cause::stopped, Reached::yes, "stopped", ""});
      auto done = ports.files.change(f.changes[i]);
      if (done) continue;
      Outcome out = of_failure(done.error());
      if (i > 0 && out.state == State::no_effect) out.state = State::unknown;
      return out;
    }
    return {};
  }
};

std::string name_of(const Doing& doing) { return doing.back ? "the undo of " + doing.path : doing.path; }

} // namespace

Expected<Value> observe(Session& session, const Doing& doing, const Stop& stop, Tell& tell) {
  if (!doing.change->observe) return Value();
  return doing.change->observe({doing.in, doing.id, stop, tell}, doing.handle, session.world.ports.reads());
}

Outcome send(Session& session, const Doing& doing, const Stop& stop, Tell& tell) {
  Outcome outcome;
  if (doing.change->perform) {
    outcome = doing.change->perform(doing.intent, {doing.in, doing.id, stop, tell}, session.world.ports);
  } else {
    outcome = std::visit(Send{doing, session.world.ports, stop, tell, session.journal.redactor()}, doing.intent.act);
  }
  if (outcome.state == State::failed && outcome.failure && outcome.failure->reached == Reached::no) outcome.state = State::no_effect;
  if (outcome.state == State::failed) outcome.state = State::partial;
  return outcome;
}

Expected<Outcome> look(Session& session, const Doing& doing, const Stop& stop, Tell& tell) {
  if (!doing.change->judge) return of(State::unknown);
  auto now = observe(session, doing, stop.nested(k_look_limit), tell);
  if (!now) return Unexpected(now.error());
  return doing.change->judge(doing.intent, doing.seen, *now);
}

Resolution resolve(Session& session, Doing& doing, Outcome outcome, const Timeout& timeout, Tell& tell) {
  const Stop limit = (doing.back ? session.hard : session.run).nested(timeout.step);
  const bool repeats = doing.change->repeat != Repeat::once;
  std::optional<Failure> first = outcome.failure;
  int sends = 1, looks = 0;
  bool looked = false;
  const bool reopened = outcome.state == State::unknown && !outcome.failure;
  Duration closed = session.world.time.steady();
  auto give_up = [&](State state) {
    Outcome out = of(state, first);
    out.outputs = outcome.outputs;
    out.handle = doing.handle;
    if (!out.failure) out.failure = Failure{Cause::timeout, Reached::perhaps, "nobody can tell whether " + name_of(doing) + " took effect", ""};
    return Resolution{std::move(out), false, {}};
  };
  while (true) {
    // An answer to a repetition says nothing of the original: a condition that fails may fail because that one landed.
    const bool repetition = (sends > 1 || reopened) && !looked && outcome.state == State::no_effect && outcome.failure && outcome.failure->cause == Cause::conflict;
    if (repetition) outcome.state = State::unknown;
    switch (outcome.state) {
      case State::done:
      case State::undone:
      case State::no_effect:
      case State::partial:
      case State::failed:
        if (outcome.state != State::done && !outcome.failure) outcome.failure = first ? first : Failure{Cause::conflict, Reached::yes, "the act had no effect: the world is otherwise than it was for it", ""};
        if (outcome.state == State::done) outcome.failure.reset();
        return {std::move(outcome), false, {}};
      default: break;
    }
    if (session.hard) {
      if (session.hard.why() == Stop::Why::fenced) throw JournalLost{{Cause::fenced, Reached::no, session.keeper.why(), ""}};
      return give_up(State::unknown); // a second signal: said as it is, and left
    }
    if (outcome.state == State::pending) {
      if (!outcome.handle.is_null() && !(outcome.handle == doing.handle)) {
        doing.handle = outcome.handle;
        session.journal.append(fact::Answered{doing.back ? doing.id.path : doing.path, doing.id.attempt, doing.handle});
      }
      const Duration again = outcome.again > Duration::zero() ? outcome.again : std::chrono::seconds(1);
      if (limit) return give_up(State::unknown);
      if (!session.keeper.wait(again, session.soft)) {
        if (session.hard) continue;
        return {of(State::pending), true, name_of(doing) + " is under way at the other side; a resume follows it"};
      }
    } else if (looked || !doing.change->judge) {
      // Looked at, and still no trace of it, or nothing to look at.
      if (!repeats || sends >= k_sends || limit) {
        if (doing.change->repeat == Repeat::conditional && outcome.state == State::not_seen) return give_up(State::not_seen);
        if (doing.change->repeat == Repeat::conditional || doing.change->repeat == Repeat::keyed)
          return {of(outcome.state), true, "whether " + name_of(doing) + " took effect cannot be told now" + (first ? ": " + first->message : std::string())};
        return give_up(outcome.state);
      }
      if (session.soft) return {of(outcome.state), true, name_of(doing) + " was sent and not answered; a resume looks again"};
      const bool abandoned = doing.abandoned && doing.change->judge && outcome.state == State::not_seen;
      if (abandoned && doing.change->repeat == Repeat::conditional) return give_up(State::not_seen); // its undo fences it
      if (doing.change->repeat == Repeat::same_state) {
        const Duration rest = closed + doing.change->lateness - session.world.time.steady();
        if (rest > Duration::zero()) {
          if (!session.keeper.wait(rest, session.soft)) continue;
          if (doing.change->judge) {
            looked = false; // it may have landed meanwhile
            outcome = of(State::unknown, first);
            ++looks;
            auto now = look(session, doing, session.hard, tell);
            if (now && now->state != State::unknown && now->state != State::not_seen) {
              outcome = *now;
              continue;
            }
          }
        }
        if (abandoned) {
          // Its sender is gone and its lateness is over: what has left no trace by now never will.
          auto now = look(session, doing, session.hard, tell);
          if (!now) return {of(State::not_seen), true, "whether " + name_of(doing) + " took effect cannot be told now: " + now.error().message};
          outcome = *now;
          if (outcome.state == State::not_seen) outcome = of(State::no_effect, Failure{Cause::stopped, Reached::no, "interrupted before it took effect, and not made again: the run goes back", ""});
          looked = true;
          if (outcome.state != State::unknown) continue;
        }
      }
      if (doing.change->repeat == Repeat::same_state && doing.change->standing) {
        auto now = observe(session, doing, session.hard.nested(k_look_limit), tell);
        if (now && overtaken(doing, *now)) return {of(State::no_effect, Failure{Cause::conflict, Reached::yes, left_text("others have changed it since", *now), ""}), false, {}};
      }
      session.keeper.pulse();
      if (session.hard || session.soft) continue;
      ++sends;
      outcome = send(session, doing, limit.nested(timeout.attempt), tell);
      closed = session.world.time.steady();
      if (outcome.failure) first = outcome.failure;
      looked = false;
      continue;
    }
    auto now = look(session, doing, session.hard, tell);
    if (now) {
      const Value handle = outcome.handle, outputs = outcome.outputs;
      const bool was_pending = outcome.state == State::pending;
      outcome = std::move(*now);
      if (outcome.outputs.is_null()) outcome.outputs = outputs;
      looked = !was_pending || outcome.state != State::pending;
      looks = 0;
    } else {
      if (!first) first = now.error();
      if (++looks >= k_looks || limit) {
        if (doing.change->repeat == Repeat::once || (doing.change->repeat == Repeat::same_state && limit)) return give_up(State::unknown);
        return {of(outcome.state), true, "whether " + name_of(doing) + " took effect cannot be told now: " + now.error().message};
      }
      if (!session.keeper.wait(std::chrono::seconds(looks), session.soft) && !session.hard)
        return {of(outcome.state), true, name_of(doing) + " was sent and not answered; a resume looks again"};
    }
  }
}

} // namespace belay::engine
