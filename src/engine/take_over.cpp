#include "engine/take_over.hpp"
#include "engine/step_tell.hpp"
#include <algorithm>

namespace belay::engine {
namespace {

bool is_open(const AttemptView& attempt) {
  if (!attempt.intended) return false;
  if (!attempt.settled) return true;
  const State s = attempt.settled->outcome.state;
  return s == State::unknown || s == State::pending || s == State::not_seen;
}

std::string became(const Outcome& outcome) {
  switch (outcome.state) {
    case State::done: return "it took effect";
    case State::no_effect: return "it had no effect";
    case State::not_seen: return "no trace of it is seen";
    case State::partial: return "a part of it took effect";
    case State::pending: return "it is still under way at the other side";
    default: return "whether it took effect cannot be told";
  }
}

} // namespace

std::optional<Taken> holder_of(Store& store, const std::string& claim) {
  auto claims = store.claims();
  if (!claims) return {};
  for (const Taken& t : *claims)
    if (t.claim == claim) return t;
  return {};
}

Expected<std::optional<RunView>> unfinished_holder(World& world, const Taken& taken, const std::string& run) {
  if (taken.by.run == run) return std::optional<RunView>();
  Journal other(world, taken.by.run);
  auto events = other.open();
  if (!events && events.error().cause == Cause::missing) return std::optional<RunView>(); // it died before it began
  if (!events) return Unexpected(events.error());
  RunView view = other.view();
  if (view.finished()) return std::optional<RunView>();
  return std::optional<RunView>(std::move(view));
}

Expected<void> note_taken_over(Session& session, const RunView& other) {
  auto& world = session.world;
  const std::string& reason = session.header.reason;
  try {
    Journal journal(world, other.header.run);
    if (auto events = journal.open(); !events) return Unexpected(events.error());
    if (journal.view().finished() || journal.view().taken_over.starts_with("by run " + session.header.run)) return {};
    journal.append(fact::Decided{"taken over", "", world.machine.user(), "by run " + session.header.run + (reason.empty() ? "" : ": " + reason), world.time.wall()});
    journal.close();
  } catch (const JournalLost& e) {
    return Unexpected(e.failure);
  }
  return {};
}

void look_at_left(Session& session, const RunView& other) {
  auto& world = session.world;
  for (const StepView& step : other.steps)
    for (const AttemptView& attempt : step.attempts) {
      if (!is_open(attempt) || step.state == State::skipped) continue;
      const fact::Intended& intended = *attempt.intended;
      const Action* action = find_action(world.catalog, intended.action);
      const Change* change = action ? std::get_if<Change>(&action->does) : nullptr;
      std::string what = "whether it took effect cannot be told";
      if (change && change->observe && change->judge && !intended.in.has_secret() && !intended.seen.has_secret()) {
        if (change->lateness > Duration::zero()) session.keeper.wait(change->lateness, session.soft);
        StepTell tell(session, intended.id.path);
        const Stop limit = session.soft.nested(std::chrono::seconds(10)); // a rescue does not wait long for what another left
        auto now = change->observe({intended.in, intended.id, limit, tell}, attempt.handle, world.ports.reads());
        if (now) what = became(change->judge(change->prepare(intended.in, intended.seen, intended.id), intended.seen, *now));
        else what += ": " + now.error().message;
      }
      session.note("", "run " + other.header.run + ", whose claim this run took, was at '" + step.path + "': " + what);
    }
}

} // namespace belay::engine
