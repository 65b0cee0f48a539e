#include "cli/attach.hpp"
#include "cli/commands.hpp"
#include "cli/find_run.hpp"
#include "cli/invoke.hpp"
#include "cli/show_run.hpp"
#include "cli/views.hpp"
#include "belay/secret.hpp"
#include "report/line_view.hpp"
#include "report/step_board.hpp"
#include "report/table.hpp"
#include "value/json.hpp"
#include "value/nearest.hpp"
#include <fmt/format.h>
#include <ostream>

namespace belay::cli {
namespace {

using namespace std::chrono_literals;

struct RunsOptions {
  std::string run, step, value, claim, id, service, environment, status;
  bool rebase = false;
  std::vector<std::string> answer, parameters;
  unsigned limit = 20;
};

std::string shown(const std::string& text) { return report::one_line(text); }

Exit list_runs(const RunsOptions& o, Context& c) {
  Query query{"run", o.service, o.environment, o.status, {}, o.limit};
  const auto rows = c.readable_store().list(query);
  if (!rows) throw Error(Exit::usage, "the runs cannot be listed: " + rows.error().message, rows.error().hint);
  if (c.json() || c.ndjson()) {
    Value::List out;
    for (const Row& r : *rows)
      out.push_back(Value::object({{"run", r.stream.substr(4)}, {"runbook", r.label}, {"service", r.service}, {"environment", r.environment}, {"state", r.status}, {"started", r.started}, {"changed", r.changed}}));
    if (c.json()) c.outside.out << pretty_json(Value(std::move(out))) << '\n';
    else
      for (const Value& row : out) c.outside.out << canonical_json(row) << '\n';
    return Exit::done;
  }
  std::vector<std::vector<std::string>> cells;
  for (const Row& r : *rows) cells.push_back({shown(r.stream.substr(4)), shown(r.status), shown(r.label), shown(r.service), shown(r.environment), report::when_text(r.started, c.outside.ports.time.wall())});
  c.outside.out << report::table({"run", "state", "runbook", "service", "env", "started"}, cells);
  if (rows->empty()) c.outside.err << "no runs yet\n";
  return Exit::done;
}

/// The claim that a run holds or has parked, with the id that `runs unlock` wants.
std::optional<Taken> claim_of(const RunView& view, Context& c) {
  if (const auto claims = c.readable_store().claims())
    for (const Taken& taken : *claims)
      if (taken.by.run == view.header.run) return taken;
  return {};
}

Exit show_run(const RunsOptions& o, Context& c) {
  const RunView view = view_of(find_run(o.run, c), c);
  const std::optional<Taken> claim = claim_of(view, c);
  if (c.json() || c.ndjson()) {
    Value::Map document = run_value(view).map();
    document.emplace_back(Value("claim_id"), claim ? Value(claim->id) : Value());
    c.outside.out << (c.json() ? pretty_json(Value(std::move(document))) : canonical_json(Value(std::move(document)))) << '\n';
    return Exit::done;
  }
  c.outside.out << run_text(view, c.outside.ports.time.wall(), {});
  if (claim) c.outside.out << "  claim     " << shown(claim->claim) << ", " << (claim->parked ? "parked" : "held") << ", id " << claim->id << '\n';
  return Exit::done;
}

std::string nearest_step(const std::string& wanted, const RunView& view) {
  std::vector<std::string> paths;
  for (const StepView& step : view.steps) paths.push_back(step.path);
  const std::string near = did_you_mean(wanted, paths);
  return near.empty() ? "`belay runs show " + view.header.run + "` lists them" : near;
}

/// The kept outputs of a run's steps, one after another, or the one that is asked for.
Exit show_logs(const RunsOptions& o, Context& c) {
  const RunView view = view_of(find_run(o.run, c), c);
  if (!o.step.empty() && !view.find(o.step)) throw Error(Exit::usage, "run " + view.header.run + " has no step '" + o.step + "'", nearest_step(o.step, view));
  constexpr std::uint64_t k_most = 64 << 20;
  Value::List documents;
  for (const StepView& step : view.steps) {
    if ((!o.step.empty() && step.path != o.step) || (step.artifact.empty() && step.tail.empty())) continue;
    std::string text = step.tail;
    if (!step.artifact.empty())
      if (auto whole = c.outside.ports.files.text(step.artifact, k_most)) text = *whole;
    if (c.json() || c.ndjson()) documents.push_back(Value::object({{"path", step.path}, {"title", step.title}, {"state", std::string(report::state_word(step.state))}, {"text", printable(text)}}));
    else c.outside.out << "== " << shown(step.path) << "  " << shown(step.title) << "\n" << printable(text) << (text.empty() || text.back() == '\n' ? "" : "\n");
    if (c.ndjson()) c.outside.out << canonical_json(documents.back()) << '\n';
  }
  if (c.json()) c.outside.out << pretty_json(Value(std::move(documents))) << '\n';
  return Exit::done;
}

/// Shows what is journaled so far and what comes, until the run ends, stops or waits.
Exit follow_run(const RunsOptions& o, Context& c) {
  const std::string run = find_run(o.run, c);
  Views views(c);
  const Stop root(c.outside.ports.time);
  std::uint64_t shown = 0;
  for (;;) {
    const std::vector<Event> events = events_of(run, c);
    for (const Event& event : events)
      if (event.seq > shown)
        for (Observer* view : views.observers()) view->on(event);
    if (!events.empty()) shown = events.back().seq;
    const RunView view = fold(events);
    if (view.state != "running" && view.state != "undoing") {
      return view.ended ? view.ended->exit : view.state == "waiting" ? Exit::waiting : Exit::stopped;
    }
    if (c.outside.signals.received() > 0) {
      c.outside.err << "belay: run " << run << " is no longer followed; it goes on: belay runs follow " << run << '\n';
      return k_interrupted;
    }
    c.outside.ports.time.sleep(300ms, root);
  }
}

template <class Work> Exit with_views(const std::string& run, Context& c, Work work) {
  const RunView before = view_of(run, c);
  const std::string what = before.header.runbook + (before.header.service.empty() ? "" : " " + before.header.service + " in " + before.header.environment);
  const Duration began = c.outside.ports.time.steady();
  engine::Finished finished;
  {
    Views views(c);
    engine::World world = c.world(views.observers(), views.terminal());
    finished = work(world);
  }
  show_finished(what, finished, c.outside.ports.time.steady() - began, c);
  if (!before.header.service.empty()) attach_to_incident(before.header.service, before.header.environment, finished, what, c);
  return finished.exit;
}

Value secrets_again(const RunsOptions& o, Context& c) {
  std::vector<std::pair<std::string, Value>> members;
  for (const Given& given : parameters_of_pairs(o.parameters, c)) members.emplace_back(given.name, given.value.as_secret());
  return members.empty() ? Value() : Value::object(std::move(members));
}

/// From --reason, or from who sits at the terminal.
std::string needed_reason(Context& c, const char* command) {
  if (c.globals.reason.empty() && c.outside.terminal.interactive()) {
    const Stop stop(c.outside.ports.time);
    if (const auto said = c.outside.terminal.ask(std::string(command) + " goes into the record. Why? ", stop)) c.globals.reason = *said;
  }
  if (c.globals.reason.empty()) throw Error(Exit::usage, std::string(command) + " goes into the record, so it wants a reason", "add --reason \"what you saw and decided\"");
  return c.globals.reason;
}

Exit settled(const Expected<void>& done, const std::string& said, Context& c) {
  if (!done) {
    c.outside.err << "belay: " << done.error().message << '\n';
    if (!done.error().hint.empty()) c.outside.err << "       " << done.error().hint << '\n';
    return done.error().cause == Cause::missing ? Exit::usage : Exit::refused;
  }
  c.outside.err << said << '\n';
  return Exit::done;
}

} // namespace

void add_runs(Flags& flags) {
  auto o = std::make_shared<RunsOptions>();
  auto of_run = [o](Flags& command) { command.positional("RUN", o->run, "its id, an end of it, or `latest`"); };

  Flags list = flags.command("list", "The newest runs, and how they stand");
  list.text("-s,--service", o->service, "only of this service", "SERVICE");
  list.text("-e,--env", o->environment, "only in this environment", "ENV");
  list.text("--status", o->status, "only in this state: running, stopped, waiting, stuck, done, undone …", "STATE");
  list.count("--limit", o->limit, "how many at most");
  list.runs([o](Context& c) { return list_runs(*o, c); });

  Flags show = flags.command("show", "One run: its steps, what stands, what can be done");
  of_run(show);
  show.runs([o](Context& c) { return show_run(*o, c); });

  Flags logs = flags.command("logs", "What its steps wrote");
  of_run(logs);
  logs.positional("STEP", o->step, "only this step", false);
  logs.runs([o](Context& c) { return show_logs(*o, c); });

  Flags follow = flags.command("follow", "Watch a run that goes on elsewhere");
  of_run(follow);
  follow.runs([o](Context& c) { return follow_run(*o, c); });

  Flags answer = flags.command("answer", "Answer the question that a run waits for; it goes on");
  of_run(answer);
  answer.positional("STEP", o->step, "the step that asks");
  answer.positionals("VALUE", o->answer, "the answer", true);
  answer.runs([o](Context& c) {
    const std::string run = find_run(o->run, c), said = fmt::format("{}", fmt::join(o->answer, " "));
    return with_views(run, c, [&](engine::World& world) { return engine::answer(run, o->step, said, world); });
  });

  Flags resume = flags.command("resume", "Go on with a run that stopped, or whose process died");
  of_run(resume);
  resume.flag("--rebase", o->rebase, "by the runbook as the project has it now, instead of the one that it began with");
  resume.texts("-p,--param", o->parameters, "a secret parameter, given again: no journal keeps it", "NAME=-");
  resume.runs([o](Context& c) {
    const std::string run = find_run(o->run, c);
    const engine::Options given = c.options();
    engine::ResumeOptions options;
    options.yes = given.yes;
    options.confirm = given.confirm;
    options.wait = given.wait;
    options.rebase = o->rebase;
    options.break_glass = given.break_glass;
    options.parameters = secrets_again(*o, c);
    return with_views(run, c, [&](engine::World& world) { return engine::resume(run, options, world); });
  });

  Flags abort = flags.command("abort", "Stop a run that goes on, or take back what a stopped one did");
  of_run(abort);
  abort.texts("-p,--param", o->parameters, "a secret parameter, given again where taking back needs it", "NAME=-");
  abort.runs([o](Context& c) {
    const std::string run = find_run(o->run, c);
    const std::string reason = needed_reason(c, "aborting a run");
    const Value parameters = secrets_again(*o, c);
    return with_views(run, c, [&](engine::World& world) { return engine::abort(run, reason, world, parameters); });
  });

  Flags accept = flags.command("accept", "Close a stuck run as it stands");
  of_run(accept);
  accept.runs([o](Context& c) {
    const std::string run = find_run(o->run, c), reason = needed_reason(c, "accepting a run");
    engine::World world = c.world({});
    return settled(engine::accept(run, reason, world), "run " + run + " is accepted as it stands; its claim is free", c);
  });

  Flags skip = flags.command("skip", "Mark a step skipped: it was done by hand, or is not needed");
  of_run(skip);
  skip.positional("STEP", o->step, "the step's path");
  skip.runs([o](Context& c) {
    const std::string run = find_run(o->run, c), reason = needed_reason(c, "skipping a step");
    engine::World world = c.world({});
    return settled(engine::skip(run, o->step, reason, world), o->step + " is skipped; `belay runs resume " + run + "` goes on", c);
  });

  Flags unlock = flags.command("unlock", "Free a claim whose holder is gone for good");
  unlock.positional("CLAIM", o->claim, "what is claimed: shop/local");
  unlock.positional("ID", o->id, "the id of the claim, as `belay runs show` and exit 5 tell it");
  unlock.runs([o](Context& c) {
    engine::World world = c.world({});
    return settled(engine::unlock(o->claim, o->id, world), o->claim + " is free", c);
  });
}

} // namespace belay::cli
