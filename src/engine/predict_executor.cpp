#include "engine/predict_executor.hpp"
#include "codec/sha256.hpp"
#include "engine/act_text.hpp"
#include "engine/guards.hpp"
#include "engine/run_executor.hpp"
#include "state/words.hpp"
#include "value/json.hpp"
#include <algorithm>

namespace belay::engine {
namespace {

/// A dry run is shown, not journaled: what a step says while it reads is dropped.
struct Quiet final : Tell {
  void output(std::string_view) override {}
  void progress(std::int64_t, std::int64_t, std::string_view) override {}
};

void take(std::vector<std::string>& into, const std::vector<std::string>& more) {
  into.insert(into.end(), more.begin(), more.end());
  std::sort(into.begin(), into.end());
  into.erase(std::unique(into.begin(), into.end()), into.end());
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& n : names) out += (out.empty() ? "" : ", ") + n;
  return out;
}

Value unknown_outputs(const Action& action, const std::vector<std::string>& waits) {
  Value::Map members;
  for (const Field& field : action.outputs) members.emplace_back(Value(field.name), Value::unknown(waits));
  return members.empty() ? Value::unknown(waits) : Value(std::move(members));
}

Timestamp started(const World& world) { return world.time.wall(); }

} // namespace

PredictExecutor::PredictExecutor(const World& world, const Reads& reads, const Library& library, const Invocation& invocation, const std::string& run, Stop stop)
    : m_world(world), m_reads(reads), m_library(library), m_invocation(invocation), m_run(run), m_stop(std::move(stop)) {
  m_plan.runbook = library.main().name;
  if (invocation.service) {
    m_plan.service = invocation.service->name;
    m_plan.environment = invocation.service->environment;
  }
}

Flow PredictExecutor::ready(const std::string&) { return m_plan.failure && !m_last ? Flow::halted : Flow::go; }

std::optional<std::string> PredictExecutor::passed_over(const Step& step, const std::string& path) {
  const std::string &from = m_invocation.options.from, &only = m_invocation.options.only;
  if (m_last || (from.empty() && only.empty()) || step.use.empty() || step.use == "runbook.call") return {};
  const Action* action = find(step.use);
  const bool reads = action && std::holds_alternative<Read>(action->does);
  if (!only.empty()) return reads || within(path, only) ? std::nullopt : std::optional<std::string>("only " + only + " was asked for");
  if (within(path, from)) m_from_reached = true;
  return reads || m_from_reached ? std::nullopt : std::optional<std::string>("the run was asked to begin at " + from);
}

void PredictExecutor::add(PlannedStep step) {
  for (const std::string& path : step.waits_for) take(m_plan.unknowns, {path});
  m_plan.steps.push_back(std::move(step));
}

void PredictExecutor::skipped(const Step& step, const std::string& path, const std::string& reason) {
  PlannedStep planned;
  planned.path = path;
  planned.title = step.id;
  planned.action = step.use;
  planned.when = PlannedStep::When::skipped;
  planned.because = reason;
  add(std::move(planned));
}

void PredictExecutor::fails(PlannedStep& planned, const Failure& failure) {
  planned.because = failure.message;
  planned.exact = false;
  if (m_plan.failure || planned.when == PlannedStep::When::may_run) return;
  m_plan.failure = failure;
  m_plan.failure->message = planned.path + ": " + failure.message;
}

Flow PredictExecutor::broken(const Step& step, const std::string& path, Failure failure) {
  PlannedStep planned;
  planned.path = path;
  planned.title = step.id;
  planned.action = step.use;
  fails(planned, failure);
  add(std::move(planned));
  return m_last ? Flow::go : Flow::halted;
}

bool PredictExecutor::unknown(const Step& step, const std::string& path, const Value& what) {
  if (step.use.empty()) {
    PlannedStep planned;
    planned.path = path;
    planned.title = step.id;
    planned.when = PlannedStep::When::may_run;
    planned.exact = false;
    planned.waits_for = what.waits_for();
    planned.because = "known after " + listed(planned.waits_for);
    if (step.for_each) planned.because = "how many times is known after " + listed(planned.waits_for) + (step.max ? ", at most " + std::to_string(*step.max) : "; no `max` bounds it");
    add(std::move(planned));
  }
  return true;
}

Expected<Value> PredictExecutor::call_base(const Runbook& called, const Value& with, const Frame& caller) {
  const Value all = caller.bindings();
  auto params = parameters_of(called, with["parameters"].is_null() ? with["with"] : with["parameters"], all);
  if (!params) return params;
  std::vector<std::pair<std::string, Value>> members;
  for (const char* name : {"service", "env", "secrets", "run"}) members.emplace_back(name, all[name]);
  members.emplace_back("params", std::move(*params));
  return Value::object(std::move(members));
}

std::vector<std::string> PredictExecutor::overlapped(const std::optional<std::vector<std::string>>& resources) const {
  std::vector<std::string> paths;
  if (resources && resources->empty()) return paths;
  for (const Touched& t : m_touched) {
    const bool hit = t.everything || !resources ||
                     std::any_of(t.resources.begin(), t.resources.end(), [&](const std::string& a) { return std::any_of(resources->begin(), resources->end(), [&](const std::string& b) { return overlaps(a, b); }); });
    if (hit) take(paths, {t.path});
  }
  return paths;
}

PlannedStep PredictExecutor::planned(const Step& step, Frame& frame, const std::string& path, Effect effect) {
  PlannedStep out;
  out.path = path;
  out.title = step.id;
  if (step.title)
    if (auto title = frame.evaluate(*step.title)) out.title = title->known() && !title->is_secret() && title->kind() == Kind::text ? title->text() : show(*title);
  out.action = step.use;
  out.effect = std::string(word(effect));
  if (!frame.maybe.empty()) {
    out.when = PlannedStep::When::may_run;
    out.exact = false;
    take(out.waits_for, frame.maybe);
    out.because = "may run: known after " + listed(frame.maybe);
  }
  return out;
}

bool PredictExecutor::may_read(const Step& step, const Value& in) const {
  if (step.use != "core.read") return true;
  const Value argv = in["argv"];
  if (argv.kind() != Kind::list || argv.is_secret()) return false;
  for (const auto& prefix : m_world.project.read_commands) {
    if (prefix.empty() || prefix.size() > argv.list().size()) continue;
    bool same = true;
    for (std::size_t i = 0; i < prefix.size(); ++i) same = same && argv.list()[i] == Value(prefix[i]);
    if (same) return true;
  }
  return false;
}

void PredictExecutor::read(const Step& step, const Action& action, const Read& read, Frame& frame, PlannedStep& out, Value& outputs) {
  auto in = inputs(action, step.with, frame);
  if (!in) return fails(out, in.error());
  out.inputs = *in;
  auto wait = [&](std::vector<std::string> paths, const std::string& why) {
    outputs = unknown_outputs(action, paths);
    take(out.waits_for, paths);
    out.exact = false;
    if (out.because.empty()) out.because = why;
  };
  if (!in->known()) return wait(in->waits_for(), "reads what is known after " + listed(in->waits_for()));
  if (out.when == PlannedStep::When::may_run && !read.pure) return wait(frame.maybe, out.because);
  if (!read.pure) {
    const auto paths = overlapped(read.touches ? std::optional(read.touches(*in)) : std::nullopt);
    if (!paths.empty()) return wait(paths, "reads what " + listed(paths) + " changes");
    if (m_invocation.options.mode == Mode::offline) return wait({out.path}, "offline: not read");
    if (!may_read(step, *in)) return wait({out.path}, "not run: the project does not list this command in read_commands");
  }
  Quiet tell;
  const Stop stop = m_stop.nested(step.timeout.step).nested(step.timeout.attempt);
  const Outcome got = read.read({*in, {m_run, out.path, m_run + "/" + out.path, 1, started(m_world)}, stop, tell}, m_reads);
  if (got.state != State::done) return fails(out, got.failure.value_or(Failure{Cause::rejected, Reached::yes, "the read failed", ""}));
  outputs = got.outputs;
}

void PredictExecutor::change(const Step& step, const Action& action, const Change& change, Frame& frame, PlannedStep& out, Value& outputs) {
  auto in = inputs(action, step.with, frame);
  if (!in) return fails(out, in.error());
  out.inputs = *in;
  Quiet tell;
  const Identity id{m_run, out.path, m_run + "/" + out.path, 1, started(m_world)};
  Value seen;
  if (change.observe) {
    const bool looks = in->known() && out.when != PlannedStep::When::may_run;
    const auto touches = change.touches && in->known() ? std::optional(change.touches(*in)) : std::nullopt;
    auto paths = overlapped(touches);
    if (!looks) take(paths, in->known() ? frame.maybe : in->waits_for());
    if (!paths.empty()) {
      seen = Value::unknown(paths);
      take(out.waits_for, paths);
    } else if (m_invocation.options.mode == Mode::offline) {
      seen = Value::unknown({out.path});
      take(out.waits_for, {out.path});
    } else {
      auto got = change.observe({*in, id, m_stop.nested(step.timeout.step).nested(step.timeout.attempt), tell}, Value(), m_reads);
      if (!got) return fails(out, got.error());
      seen = *got;
    }
  }
  const Intent intent = change.prepare(*in, seen, id);
  if (intent.refused) return fails(out, *intent.refused);
  const Value act = act_value(intent.act);
  out.act = act_shown(intent.act);
  out.equivalent = intent.equivalent;
  out.digest = act_digest(intent.act);
  outputs = intent.outputs.is_null() ? unknown_outputs(action, {out.path}) : intent.outputs;
  if (outputs.kind() == Kind::map) {
    Value::Map members = outputs.map();
    for (const Field& field : action.outputs)
      if (!outputs.has(field.name)) members.emplace_back(Value(field.name), Value::unknown({out.path}));
    outputs = Value(std::move(members));
  }
  take(out.waits_for, act.waits_for());
  take(out.waits_for, seen.waits_for());
  if (!act.known() || !seen.known()) out.exact = false;
  if (intent.nothing) {
    out.because = "the world is already as wanted: nothing is sent";
    out.act.clear();
    out.equivalent.clear();
    return;
  }
  if (!out.exact && out.because.empty() && !out.waits_for.empty()) out.because = "known after " + listed(out.waits_for);
  if (out.effect == word(Effect::destroys)) guarded(out, frame);
  if (change.effect == Effect::reads) return; // only time passes
  Touched touched{out.path, intent.touches, false};
  if (touched.resources.empty()) {
    if (change.touches && in->known()) touched.resources = change.touches(*in);
    touched.everything = touched.resources.empty();
  }
  m_touched.push_back(std::move(touched));
  const bool own = step.undo_with || !step.undo_steps.empty() || change.undo;
  out.on_failure = m_undo.empty() ? "" : "a failure would undo " + listed({m_undo.rbegin(), m_undo.rend()});
  if (own && !(step.irreversible && !step.undo_with && step.undo_steps.empty())) m_undo.push_back(out.path);
}

void PredictExecutor::guarded(PlannedStep& out, Frame& frame) {
  if (!m_invocation.service || m_invocation.service->guards.kind() != Kind::map) return;
  const Value& guards = m_invocation.service->guards;
  if (m_invocation.options.mode == Mode::offline) {
    for (const auto& [name, expected] : guards.map()) out.guards.push_back(name.text() + " must be " + show(expected));
    return;
  }
  const auto looked = look_at_guards(guards, out.inputs, frame.bindings()["env"], m_reads, m_world, m_stop);
  for (const Guarded& g : looked) out.guards.push_back(g.holds() ? g.name + " is " + g.found + ", as it must be" : broken_guards({g}));
  if (const std::string broken = broken_guards(looked); !broken.empty())
    fails(out, {Cause::refused, Reached::no, "it destroys, and the guards of " + m_plan.environment + " do not hold: " + broken, ""});
}

void PredictExecutor::finish(const Step& step, Frame& frame, PlannedStep& out, Value& outputs) {
  const Value bindings = frame.bindings_with(outputs);
  for (const Condition& condition : step.expect) {
    Value unknown;
    auto holds = frame.holds(condition, bindings, &unknown);
    if (unknown.is_unknown() || !outputs.known()) continue; // told by the run
    if (!holds) return fails(out, holds.error());
    if (!*holds) return fails(out, {Cause::rejected, Reached::yes, "expected `" + condition.program.source() + "`, and it does not hold now", ""});
  }
  if (step.save.empty()) return;
  std::vector<std::pair<std::string, Value>> members;
  for (const auto& [name, condition] : step.save) {
    auto value = condition.program.evaluate(bindings);
    members.emplace_back(name, value ? *value : Value::unknown({out.path}));
  }
  outputs = with_saved(outputs, Value::object(std::move(members)));
}

Flow PredictExecutor::leaf(const Step& step, const Action& action, Frame& frame, const std::string& path, Value& outputs) {
  using When = PlannedStep::When;
  if (auto* reads = std::get_if<Read>(&action.does)) {
    PlannedStep out = planned(step, frame, path, Effect::reads);
    read(step, action, *reads, frame, out, outputs);
    if (!m_plan.failure && out.exact) finish(step, frame, out, outputs);
    else if (outputs.is_null()) outputs = unknown_outputs(action, {path});
    out.outputs = outputs;
    add(std::move(out));
  } else if (auto* changes = std::get_if<Change>(&action.does)) {
    PlannedStep out = planned(step, frame, path, step.effect ? std::max(*step.effect, changes->effect) : changes->effect);
    change(step, action, *changes, frame, out, outputs);
    if (outputs.is_null()) outputs = unknown_outputs(action, {path});
    if (!m_plan.failure) finish(step, frame, out, outputs);
    out.outputs = outputs;
    add(std::move(out));
  } else if (std::holds_alternative<Gate>(action.does)) {
    PlannedStep out = planned(step, frame, path, Effect::reads);
    auto in = inputs(action, step.with, frame);
    if (in) out.inputs = *in;
    else fails(out, in.error());
    if (out.when == When::runs) out.when = When::assumed;
    out.exact = false;
    if (out.because.empty()) out.because = "assumed to PASS";
    out.on_failure = m_undo.empty() ? "FAIL ends the run; nothing was changed before it" : "FAIL would undo " + listed({m_undo.rbegin(), m_undo.rend()});
    outputs = overlaid(unknown_outputs(action, {path}), Value::object({{"verdict", Value("PASS")}}));
    out.outputs = outputs;
    add(std::move(out));
  } else if (auto* asks = std::get_if<Ask>(&action.does)) {
    PlannedStep out = planned(step, frame, path, Effect::reads);
    auto in = inputs(action, step.with, frame);
    if (in) {
      out.inputs = *in;
      out.act = asks->ask(*in).text;
    } else {
      fails(out, in.error());
    }
    if (out.when == When::runs) out.when = When::assumed;
    out.exact = false;
    if (out.because.empty()) out.because = "assumed to be answered so that the run goes on";
    outputs = unknown_outputs(action, {path});
    out.outputs = outputs;
    add(std::move(out));
  } else {
    PlannedStep out = planned(step, frame, path, Effect::reads);
    auto in = inputs(action, step.with, frame);
    if (in) {
      const Intent intent = std::get<Hold>(action.does).prepare(*in, {m_run, path, m_run + "/" + path, 1, started(m_world)});
      out.inputs = *in;
      out.act = act_shown(intent.act);
      out.equivalent = intent.equivalent;
      out.digest = act_digest(intent.act);
      outputs = intent.outputs.is_null() ? unknown_outputs(action, {path}) : intent.outputs;
      if (intent.refused) fails(out, *intent.refused);
    } else {
      fails(out, in.error());
    }
    out.outputs = outputs;
    if (out.because.empty()) out.because = "opened when a step first needs it";
    add(std::move(out));
  }
  return m_plan.failure && !m_last ? Flow::halted : Flow::go;
}

Plan PredictExecutor::plan() {
  Value::List steps;
  for (const PlannedStep& s : m_plan.steps) {
    Value::List waits;
    for (const std::string& w : s.waits_for) waits.push_back(Value(w));
    steps.push_back(Value::object({{"path", Value(s.path)},
                                   {"action", Value(s.action)},
                                   {"when", Value(static_cast<int>(s.when))},
                                   {"act", Value(s.digest)},
                                   {"inputs", s.inputs},
                                   {"waits_for", Value(std::move(waits))}}));
  }
  m_plan.digest = hex(sha256(canonical_json(Value::object({{"runbook", Value(m_plan.runbook)}, {"definition", Value(m_library.definition())}, {"steps", Value(std::move(steps))}}))));
  return m_plan;
}

} // namespace belay::engine
