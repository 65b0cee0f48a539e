#include "engine/begin.hpp"
#include "engine/life.hpp"
#include "state/run_view.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <cctype>

/// What a person decides about a run that stands still.
namespace belay::engine {
namespace {

RunView opened(Journal& journal) {
  auto events = journal.open();
  if (!events) throw Error(events.error().cause == Cause::missing ? Exit::usage : Exit::refused, events.error().message, events.error().hint);
  return journal.view();
}

const ProcessMark& holder(const RunView& run) { return run.resumed.empty() ? run.header.process : run.resumed.back().process; }

bool stands_still(const RunView& run) { return run.state == "waiting" || run.state == "stopped" || run.state == "stuck"; }

/// Under way in a process that is not known to be dead.
bool under_way(const RunView& run, const World& world) { return !run.finished() && !stands_still(run) && !holder_is_dead(world.machine, holder(run)); }

Failure refuse(std::string message, std::string hint = {}) { return {Cause::refused, Reached::no, std::move(message), std::move(hint)}; }

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

Expected<void> give_back(const RunView& run, World& world) {
  auto claims = world.store.claims();
  if (!claims) return Unexpected(claims.error());
  for (const Taken& taken : *claims)
    if (taken.by.run == run.header.run)
      if (auto freed = world.store.unlock(taken.claim, taken.id); !freed) return freed;
  return {};
}

/// When the holder of the run's claim was last heard of; nothing: it holds none.
std::optional<Timestamp> heard_of(const std::string& run, World& world) {
  auto claims = world.store.claims();
  if (!claims) return {};
  for (const Taken& taken : *claims)
    if (taken.by.run == run && !taken.parked) return taken.renewed;
  return {};
}

} // namespace

Finished answer(const std::string& run, const std::string& step, const std::string& said, World& world) {
  Journal journal(world, run);
  const RunView view = opened(journal);
  if (under_way(view, world)) throw Error(Exit::claimed, "run " + run + " is under way and waits for nothing", "`belay runs follow " + run + "` shows it");
  const StepView* waiting = view.find(step);
  if (!waiting || !waiting->question) {
    std::vector<std::string> paths;
    for (const StepView& s : view.steps)
      if (s.question) paths.push_back(s.path);
    throw Error(Exit::usage, "run " + run + " asks nothing at '" + step + "'", paths.empty() ? "it waits for no answer" : did_you_mean(step, paths));
  }
  const auto& choices = waiting->question->choices;
  const bool known = choices.empty() || std::any_of(choices.begin(), choices.end(), [&](const std::string& c) { return lower(c) == lower(said) || (said.size() == 1 && lower(c).starts_with(lower(said))); });
  if (!known) throw Error(Exit::usage, "'" + said + "' is none of the choices", did_you_mean(said, choices));
  try {
    journal.append(fact::Said{step, world.machine.user(), "runs answer", Value(said), world.time.wall()});
  } catch (const JournalLost& e) {
    return refusal(Exit::waiting, "the answer cannot be kept: " + e.failure.message, e.failure.hint);
  }
  return resume(run, {}, world);
}

Finished abort(const std::string& run, const std::string& reason, World& world, const Value& parameters) {
  Journal journal(world, run);
  const RunView view = opened(journal);
  if (view.finished()) return refusal(Exit::refused, "run " + run + " is " + view.state + ": there is nothing to abort", "", {"belay runs show " + run});
  if (under_way(view, world)) {
    auto posted = world.store.post({0, run, "stop", world.machine.user(), reason, world.time.wall()});
    if (!posted) return refusal(Exit::stopped, "the request to stop cannot be left: " + posted.error().message);
    for (Observer* observer : world.observers) observer->on(Sign(sign::Note{"", "asked run " + run + " to stop; it finishes the act that is under way"}));
    const Stop stop(world.time);
    const auto heard = heard_of(run, world);
    for (int seconds = 0; seconds < 75; ++seconds) {
      world.time.sleep(std::chrono::seconds(1), stop);
      Journal again(world, run);
      const RunView now = opened(again);
      if (!under_way(now, world)) {
        Finished out;
        out.run = run;
        out.state = now.state;
        out.exit = now.ended ? now.ended->exit : now.state == "waiting" ? Exit::waiting : Exit::stopped;
        last_lines(now, now.parked, out);
        return out;
      }
      if (world.signals.received() > 0) break;
    }
    // Another host's process cannot be seen to be dead. One that let its lease go by without a word can write no more once its claim is taken.
    const bool silent = heard && heard == heard_of(run, world) && world.signals.received() == 0;
    if (!silent) return refusal(Exit::stopped, "run " + run + " was asked to stop and is still under way", "an act that is under way is finished first", {"belay runs follow " + run});
  }
  try {
    journal.append(fact::Decided{"abort", "", world.machine.user(), reason, world.time.wall()});
  } catch (const JournalLost& e) {
    return refusal(Exit::stopped, "the decision cannot be kept: " + e.failure.message, e.failure.hint);
  }
  ResumeOptions options;
  options.parameters = parameters;
  return resume(run, options, world);
}

Expected<void> accept(const std::string& run, const std::string& reason, World& world) {
  Journal journal(world, run);
  const RunView view = opened(journal);
  if (view.finished()) return Unexpected(refuse("run " + run + " is " + view.state + ": there is nothing to accept"));
  if (under_way(view, world)) return Unexpected(refuse("run " + run + " is under way", "stop it first: belay runs abort " + run + " --reason WHY"));
  try {
    journal.append(fact::Decided{"accept", "", world.machine.user(), reason, world.time.wall()});
    Finished lines;
    lines.exit = Exit::changed;
    last_lines(journal.view(), "", lines);
    journal.append(fact::RunEnded{lines.stands.empty() ? Exit::unchanged : Exit::changed, "accepted", lines.changed, lines.undone, lines.stands, {}, {}, world.time.wall()});
    journal.close();
  } catch (const JournalLost& e) {
    return Unexpected(e.failure);
  }
  return give_back(view, world);
}

Expected<void> skip(const std::string& run, const std::string& step, const std::string& reason, World& world) {
  Journal journal(world, run);
  const RunView view = opened(journal);
  if (view.finished() || under_way(view, world)) return Unexpected(refuse("run " + run + " is " + view.state + ": a step is skipped while its run stands still"));
  const StepView* known = view.find(step);
  if (known && known->settled() && known->state != State::unknown && known->state != State::failed && known->state != State::not_seen && known->state != State::undo_failed)
    return Unexpected(refuse("the step '" + step + "' is settled: " + (known->state == State::done ? "done" : "it is no longer open")));
  if (!known) {
    std::vector<std::string> paths;
    for (const StepView& s : view.steps) paths.push_back(s.path);
    if (auto library = Library::pinned(view.header.definition, world))
      if (!wrong_choice(library->main(), step, "", world.catalog).empty()) throw Error(Exit::usage, "run " + run + " has no step '" + step + "'", did_you_mean(step, paths));
  }
  try {
    journal.append(fact::Decided{"skip", step, world.machine.user(), reason, world.time.wall()});
  } catch (const JournalLost& e) {
    return Unexpected(e.failure);
  }
  return {};
}

Expected<void> unlock(const std::string& claim, const std::string& id, World& world) {
  const auto claims = world.store.claims();
  if (!claims) return Unexpected(claims.error());
  for (const Taken& taken : *claims)
    if (taken.claim == claim && taken.id == id && !taken.parked && world.machine.life(taken.by.process) == Machine::Life::alive)
      return Unexpected(refuse("run " + taken.by.run + " holds '" + claim + "' and is at work: process " + std::to_string(taken.by.process.pid) + " on " + taken.by.process.host,
                               "`belay runs abort " + taken.by.run + " --reason WHY` stops it"));
  return world.store.unlock(claim, id);
}

} // namespace belay::engine
