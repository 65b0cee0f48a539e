#include "engine/begin.hpp"
#include "engine/frozen.hpp"
#include "engine/life.hpp"
#include "runbook/load_project.hpp"
#include "state/run_view.hpp"
#include <algorithm>

namespace belay::engine {
namespace {

/// The process that has the run now, where it is known to live.
const ProcessMark& holder(const RunView& run) { return run.resumed.empty() ? run.header.process : run.resumed.back().process; }

std::string other_secret(const Value& pinned, const Value& now) {
  if (pinned.kind() != Kind::map || now.kind() != Kind::map) return {};
  for (const auto& [name, version] : now.map())
    if (pinned.has(name.text()) && !(pinned[name.text()] == version)) return name.text();
  return {};
}

/// The parameters as they were given, the secret ones from what is given again; `missing`: names of those that are not.
Expected<Value> parameters_again(const Value& pinned, const Value& given, std::vector<std::string>& missing) {
  if (given.kind() == Kind::map)
    for (const auto& [name, value] : given.map())
      if (!pinned[name.text()].is_secret()) return Unexpected(Failure{Cause::refused, Reached::no, "the run keeps its parameter '" + name.text() + "' as it was: only a secret one is given again", ""});
  if (pinned.kind() != Kind::map || pinned.is_secret()) return pinned;
  std::vector<std::pair<std::string, Value>> members;
  for (const auto& [name, value] : pinned.map()) {
    const bool again = value.has_secret() && given.has(name.text());
    if (value.has_secret() && !again) missing.push_back(name.text());
    members.emplace_back(name.text(), again ? given[name.text()].as_secret() : value);
  }
  return Value::object(std::move(members));
}

} // namespace

Finished resume(const std::string& run, const ResumeOptions& options, World& world) {
  Journal peek(world, run);
  if (auto events = peek.open(); !events) {
    if (events.error().cause == Cause::missing) throw Error(Exit::usage, events.error().message, events.error().hint);
    return refusal(Exit::refused, events.error().message, events.error().hint);
  }
  const RunView before = peek.view();
  const fact::RunStarted& header = before.header;
  if (before.finished()) return refusal(Exit::refused, "run " + run + " is " + before.state + ": there is nothing to go on with", "", {"belay runs show " + run});
  const bool live_state = before.state == "running" || before.state == "undoing";
  if (live_state && !(holder(before) == world.machine.self()) && world.machine.life(holder(before)) == Machine::Life::alive)
    return refusal(Exit::claimed, "run " + run + " is under way: process " + std::to_string(holder(before).pid) + " on " + holder(before).host, "", {"belay runs follow " + run});

  auto library = [&]() -> Expected<Library> {
    if (!options.rebase) return Library::pinned(header.definition, world);
    const Runbook* now = world.project.find(header.runbook);
    if (!now) need_sound(world.project, header.runbook);
    if (!now) return Unexpected(Failure{Cause::missing, Reached::no, "the project has no runbook " + header.runbook, ""});
    return Library(*now, world.project);
  }();
  if (!library) return refusal(Exit::refused, library.error().message, library.error().hint, {"belay runs resume " + run + " --rebase"});
  const auto aborted = std::find_if(before.decided.begin(), before.decided.end(), [](const fact::Decided& d) { return d.what == "abort"; });
  const bool back = aborted != before.decided.end(); // what is taken back is mostly known from the journal: no reason to refuse all of it
  const bool goes_back = back || std::any_of(before.turned.begin(), before.turned.end(), [](const fact::Turned& t) { return t.path.empty(); });
  std::vector<std::string> missing;
  const auto parameters = parameters_again(header.parameters, options.parameters, missing);
  if (!parameters) return refusal(Exit::usage, parameters.error().message);
  if (!missing.empty() && !goes_back)
    return refusal(Exit::refused, "run " + run + " was given a secret as its parameter '" + missing.front() + "', which no journal keeps", "give it again, on standard input: -p " + missing.front() + "=-",
                   {"belay runs resume " + run + " -p " + missing.front() + "=-", "belay runs abort " + run + " --reason WHY"});
  std::optional<Failure> frozen;
  if (!goes_back && !header.safeward && header.break_glass.empty() && !header.claim.empty()) frozen = frozen_now(header.settings["freeze"], header.environment, world.time);
  if (frozen && options.break_glass.empty())
    return refusal(Exit::refused, frozen->message, "wait until then, or override it: --break-glass REASON; taking it back is not refused", {"belay runs abort " + run + " --reason WHY"});
  const auto references = library->references();
  const Duration limit = library->main().timeout.step;
  Options same;
  same.yes = options.yes;
  same.confirm = options.confirm;
  same.wait = options.wait;
  same.from = header.from;
  same.only = header.only;
  Session session(world, same, std::move(*library), header, before, true, limit);
  const Value about = Value::object({{"id", Value(header.run)}, {"runbook", Value(header.runbook)}, {"who", Value(header.who)}, {"started", Value(header.at)}});
  auto names = names_of(world, service_of(header), *parameters, references, about, false, session.soft, &session.journal.redactor(), header.secrets);
  if (!names) return refusal(Exit::stopped, names.error().message, names.error().hint, {"belay runs resume " + run});
  if (const std::string name = other_secret(header.secrets, names->versions); !back && !name.empty())
    return refusal(Exit::refused, "the secret '" + name + "' is of another version than when run " + run + " began", "bring that version back, or take back what was done", {"belay runs abort " + run + " --reason WHY"});
  session.base = names->base;
  if (options.parameters.kind() == Kind::map)
    for (const auto& [name, value] : options.parameters.map()) session.journal.redactor().learn(value.as_secret());
  if (auto end = claimed(session, options.wait.value_or(Duration{}), "")) return *end;
  auto events = session.journal.open();
  if (!events || session.journal.view().seq != before.seq) {
    [[maybe_unused]] auto parked = session.keeper.release(true);
    return refusal(Exit::claimed, "run " + run + " was written by another process just now" + (events ? "" : ": " + events.error().message), "", {"belay runs show " + run});
  }
  try {
    session.journal.append(fact::Resumed{world.machine.user(), world.machine.host(), world.machine.self(), session.keeper.grant() ? session.keeper.grant()->epoch : 0, world.time.wall()});
    if (frozen) {
      session.journal.append(fact::Decided{"break-glass", "", world.machine.user(), options.break_glass, world.time.wall()});
      session.note("", glass_broken(world.machine.user(), options.break_glass, frozen->message));
    }
    if (options.rebase) session.journal.append(fact::Decided{"rebase", "", world.machine.user(), "", world.time.wall()});
    if (back) {
      session.fail("", Failure{Cause::stopped, Reached::no, "aborted by " + aborted->who + (aborted->reason.empty() ? "" : ": " + aborted->reason), ""});
      session.turn("", "aborted by " + aborted->who + (aborted->reason.empty() ? "" : ": " + aborted->reason));
    }
  } catch (const JournalLost& e) {
    [[maybe_unused]] auto parked = session.keeper.release(true);
    return refusal(Exit::stopped, "the journal cannot be written: " + e.failure.message, e.failure.hint, {"belay runs resume " + run});
  }
  Finished out = live(session);
  if (frozen) out.overridden.push_back(frozen->message);
  return out;
}

} // namespace belay::engine
