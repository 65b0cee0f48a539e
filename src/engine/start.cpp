#include "engine/begin.hpp"
#include "engine/frozen.hpp"
#include "engine/life.hpp"
#include "engine/predict_executor.hpp"
#include "value/nearest.hpp"

namespace belay::engine {
namespace {

/// Whether the names that `--confirm` gave, with commas between them, hold this one.
bool typed(std::string_view names, const std::string& wanted) {
  while (true) {
    const auto comma = names.find(',');
    if (names.substr(0, comma) == wanted) return true;
    if (comma == std::string_view::npos) return false;
    names.remove_prefix(comma + 1);
  }
}

/// A freeze window refuses, and a protected environment wants its name, before anything is changed there.
std::optional<Finished> refused_here(const Invocation& invocation, World& world, std::vector<std::string>& overridden) {
  const Service& service = *invocation.service;
  const std::string& name = service.environment;
  const bool glass = !invocation.options.break_glass.empty();
  if (auto frozen = invocation.runbook.safeward ? std::nullopt : frozen_now(service.freeze, name, world.time)) {
    if (!glass) return refusal(Exit::refused, frozen->message, frozen->hint);
    overridden.push_back(frozen->message);
  }
  if (!service.is_protected || typed(invocation.options.confirm, name)) return {};
  if (glass) {
    overridden.push_back("the name of " + name + ", which is protected, was not typed");
    return {};
  }
  if (world.terminal.interactive()) {
    const Stop stop(world.time);
    const auto said = world.terminal.ask(invocation.runbook.name + " changes " + service.name + " in " + name + ", which is protected.\nType '" + name + "' to go on: ", stop);
    if (said == name) return {};
    return refusal(Exit::refused, "not confirmed: '" + name + "' was to be typed; nothing was changed");
  }
  return refusal(Exit::refused, name + " is protected: nothing was changed", "give its name: --confirm " + name);
}

Finished dry_run(const Invocation& invocation, const Library& library, World& world) {
  Finished out;
  out.plan = predict(invocation, library, world);
  out.state = "planned";
  if (invocation.service && !invocation.runbook.safeward && library.changes(world.catalog))
    if (auto frozen = frozen_now(invocation.service->freeze, invocation.service->environment, world.time)) out.plan->refused_now.push_back(frozen->message + "; " + frozen->hint);
  out.failure = out.plan->failure;
  if (!out.failure) return out;
  const bool misnamed = out.failure->cause == Cause::missing && out.failure->reached == Reached::no; // as the run would end
  out.exit = out.failure->cause == Cause::refused ? Exit::refused : misnamed ? Exit::usage : Exit::unchanged;
  return out;
}

} // namespace

Finished start(const Invocation& invocation, World& world) {
  Library library(invocation.runbook, world.project);
  const Options& options = invocation.options;
  if (std::string wrong = wrong_choice(library.main(), options.from, options.only, world.catalog); !wrong.empty()) throw Error(Exit::usage, wrong);
  if (options.mode != Mode::run) return dry_run(invocation, library, world);
  const bool changes = library.changes(world.catalog);
  std::vector<std::string> overridden;
  if (changes && invocation.service)
    if (auto end = refused_here(invocation, world, overridden)) return *end;

  fact::RunStarted header;
  header.run = new_run_id(world);
  header.runbook = library.main().name;
  if (invocation.service) {
    header.service = invocation.service->name;
    header.environment = invocation.service->environment;
  }
  header.definition = library.definition();
  header.who = world.machine.user();
  header.host = world.machine.host();
  header.version = BELAY_VERSION;
  header.commit = world.commit;
  header.dirty = world.dirty;
  header.safeward = library.main().safeward;
  header.reason = options.reason;
  header.from = options.from;
  header.only = options.only;
  header.break_glass = options.break_glass;
  header.settings = pinned_settings(invocation.service);
  header.process = world.machine.self();
  header.at = world.time.wall();
  const Value outer = Value::object({{"service", invocation.service ? invocation.service->service : Value::object({})}, {"env", invocation.service ? invocation.service->env : Value::object({})}});
  auto params = parameters_of(library.main(), invocation.parameters, outer);
  if (!params) throw Error(Exit::usage, params.error().message, params.error().hint);
  header.parameters = *params;
  const auto references = library.references();
  const Runbook& main = library.main();
  const std::optional<Template> claim = main.claim;
  const Duration limit = main.timeout.step;

  Session session(world, options, std::move(library), header, {}, false, limit);
  const Value about = Value::object({{"id", Value(header.run)}, {"runbook", Value(header.runbook)}, {"who", Value(header.who)}, {"started", Value(header.at)}});
  auto names = names_of(world, invocation.service, *params, references, about, false, session.soft, &session.journal.redactor());
  if (!names) return refusal(Exit::unchanged, names.error().message, names.error().hint);
  session.base = names->base;
  session.header.secrets = names->versions;
  for (const Parameter& p : session.library.main().parameters)
    if (p.secret) session.journal.redactor().learn((*params)[p.name]);
  if (changes && claim) {
    Frame frame(session.library.main(), session.base);
    auto name = frame.evaluate(*claim);
    if (!name || name->is_secret() || name->kind() != Kind::text) throw Error(Exit::usage, "the claim of " + header.runbook + " is no text" + (name ? "" : ": " + name.error().message));
    session.header.claim = name->text();
    if (auto end = claimed(session, options.wait.value_or(Duration{}), options.preempt)) return *end;
  }
  if (!changes) session.journal.defer();
  try {
    session.journal.append(session.header);
  } catch (const JournalLost& e) {
    [[maybe_unused]] auto given = session.keeper.release(false);
    return refusal(Exit::unchanged, "the journal cannot be written, so nothing was begun: " + e.failure.message, e.failure.hint);
  }
  for (const std::string& what : overridden) session.note("", glass_broken(header.who, header.break_glass, what));
  Finished out = live(session);
  out.overridden = std::move(overridden);
  return out;
}

} // namespace belay::engine
