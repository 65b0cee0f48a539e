#include "cli/invoke.hpp"
#include "cli/attach.hpp"
#include "cli/backup_record.hpp"
#include "cli/command_line.hpp"
#include "cli/missing_tools.hpp"
#include "cli/project_commit.hpp"
#include "cli/show_ending.hpp"
#include "cli/show_plan.hpp"
#include "cli/views.hpp"
#include "engine/definition.hpp"
#include "report/table.hpp"
#include "runbook/check.hpp"
#include "runbook/load_project.hpp"
#include "value/json.hpp"
#include "value/nearest.hpp"
#include "value/secret_forms.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <istream>
#include <ostream>

namespace belay::cli {
namespace {

constexpr std::uint64_t k_parameter_limit = 1 << 20;

std::string option_name(std::string parameter) {
  std::replace(parameter.begin(), parameter.end(), '_', '-');
  return "--" + parameter;
}

/// Among the parameters, and what every command takes.
std::string nearest_option(const std::string& name, std::vector<std::string> known) {
  Globals unused;
  for (std::string& word : command_line(unused).candidates({}))
    if (word.rfind("--", 0) == 0) known.push_back(std::move(word));
  return did_you_mean(name, known);
}

/// All of it; a terminal's too, up to the key that ends it.
Expected<std::string> standard_input(Context& c) {
  std::string text;
  char block[4096];
  while (c.outside.in.read(block, sizeof block), c.outside.in.gcount() > 0) {
    text.append(block, static_cast<std::size_t>(c.outside.in.gcount()));
    if (text.size() > k_parameter_limit) return Unexpected(Failure{Cause::refused, Reached::no, "standard input holds more than 1 MiB", "give a file: NAME=@FILE"});
  }
  return text;
}

/// Outside a project everything is looked at and predicted; whoever wants to change something there says that it is no mistake.
void refuse_outside(const Runbook& runbook, Context& c) {
  if (!c.project().builtin || !c.globals.project.empty() || c.outside.machine.variable("BELAY_PROJECT")) return;
  if (!engine::Library(runbook, c.project()).changes(c.outside.catalog)) return;
  throw Error(Exit::usage, "here is no project (no belay.yaml from " + c.outside.machine.folder() + " upwards), so nothing is changed",
              "go into the project's folder, name it with --project DIR, or mean the compiled-in one: --project builtin; --dry-run works without");
}

/// What could only fail is refused before anything is asked of the world. A risk is the runbook's to take: `runbook check` names it.
void refuse_broken(const Runbook& runbook, Context& c) {
  std::vector<Problem> problems;
  for (Checked& found : check_runbook(runbook, c.project(), c.outside.catalog))
    if (found.severity == CheckLevel::error) problems.push_back(std::move(found.problem));
  if (problems.empty() && c.options().mode == engine::Mode::run) problems = missing_tools(runbook, c);
  if (!problems.empty()) throw Error(Exit::usage, std::move(problems));
}

} // namespace

std::vector<Given> parameters_of(const Runbook& runbook, const std::vector<std::string>& options) {
  std::vector<Given> out;
  std::vector<std::string> known;
  for (const Parameter& p : runbook.parameters) known.push_back(option_name(p.name));
  for (std::size_t i = 0; i < options.size(); ++i) {
    const std::string& word = options[i];
    const auto equals = word.find('=');
    const std::string name = word.substr(0, equals);
    if (name.rfind("--", 0) != 0) throw Error(Exit::usage, "'" + word + "' is one word too many", "a value belongs behind its option");
    const auto at = std::find(known.begin(), known.end(), name);
    if (at == known.end()) throw Error(Exit::usage, fmt::format("{} takes no option {}", runbook.name, name), nearest_option(name, known));
    const Parameter& parameter = runbook.parameters[static_cast<std::size_t>(at - known.begin())];
    const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    if (equals != std::string::npos && parameter.type == Kind::boolean && value != "true" && value != "false")
      throw Error(Exit::usage, fmt::format("{} is a switch and takes no value such as '{}'", name, value), fmt::format("write {} last, or {}=true", name, name));
    if (equals != std::string::npos)
      out.push_back({parameter.name, value});
    else if (parameter.type == Kind::boolean)
      out.push_back({parameter.name, "true"});
    else if (i + 1 < options.size() && options[i + 1].rfind("--", 0) != 0)
      out.push_back({parameter.name, options[++i]});
    else
      throw Error(Exit::usage, name + " needs a value", fmt::format("write {}=VALUE: {}", name, parameter.help));
  }
  return out;
}

std::vector<Given> parameters_of_pairs(const std::vector<std::string>& pairs, Context& c) {
  std::vector<Given> out;
  for (const std::string& pair : pairs) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) throw Error(Exit::usage, "-p " + pair + " is no parameter", "write -p NAME=VALUE, NAME=@FILE or NAME=-");
    const std::string name = pair.substr(0, equals), value = pair.substr(equals + 1);
    if (value == "-" || (!value.empty() && value[0] == '@')) {
      auto text = value == "-" ? standard_input(c) : c.outside.ports.files.text(value.substr(1), k_parameter_limit);
      if (!text) throw Error(Exit::usage, "the value of " + name + " cannot be read: " + text.error().message);
      if (value == "-" && !text->empty() && text->back() == '\n') text->pop_back();
      if (value == "-" && text->size() < k_shortest_secret) throw Error(Exit::usage, fmt::format("the secret {} is shorter than {} bytes", name, k_shortest_secret), "so short a one cannot be kept out of journals and outputs: take a longer one");
      out.push_back({name, value == "-" ? Value(*text).as_secret() : Value(*text)});
    } else {
      out.push_back({name, value});
    }
  }
  return out;
}

const Runbook& procedure_of(const Service& service, const std::string& procedure, Context& c) {
  std::string name = service.platform + "/" + procedure;
  if (const Value own = service.env["runbooks"][procedure]; own.kind() == Kind::text) name = own.text();
  if (const Runbook* found = c.project().find(name)) return *found;
  need_sound(c.project(), name);
  throw Error(Exit::usage, fmt::format("{} has no runbook for '{}': {} is not there", service.name, procedure, name), did_you_mean(name, c.project().runbooks.names()));
}

engine::Invocation invocation_of(const Runbook& runbook, const std::optional<Service>& service, const std::vector<Given>& given, const engine::Options& options) {
  const Value bindings = service ? Value::object({{"service", service->service}, {"env", service->env}}) : Value(Value::Map{});
  return {runbook, service, bind_parameters(runbook, given, bindings), options};
}

std::string known_environments(const Project& project) { return fmt::format("{}", fmt::join(project.environments, ", ")); }

Exit worst(Exit a, Exit b) {
  constexpr Exit k_order[] = {Exit::unknown, Exit::waiting, Exit::stopped, Exit::changed, Exit::unchanged, Exit::refused, Exit::claimed, Exit::finding, Exit::usage, Exit::done};
  return *std::find_if(std::begin(k_order), std::end(k_order), [&](Exit e) { return e == a || e == b; });
}

void show_finished(const std::string& what, const engine::Finished& finished, Duration took, Context& c) {
  const report::Style style{c.colored()};
  if (c.json() || c.ndjson()) {
    c.outside.out << (c.json() ? pretty_json(ending_value(finished, took)) : canonical_json(ending_value(finished, took))) << '\n' << std::flush;
    if (c.ndjson() || finished.plan) return;
  } else if (finished.plan) {
    c.outside.out << plan_text(*finished.plan, report::Style{c.colored()}) << std::flush;
  } else if (finished.run.empty() || finished.changed.empty()) {
    c.outside.out << report::outputs_text(finished.outputs) << std::flush;
  }
  if (finished.plan && !finished.failure) return;
  if (c.globals.quiet && finished.exit == Exit::done) {
    for (const std::string& frozen : finished.overridden) c.outside.err << frozen << ": overridden by --break-glass\n";
    return;
  }
  c.outside.err << ending_text(what, finished, took, style) << std::flush;
}

Exit invoke(const Runbook& runbook, const std::optional<Service>& service, const std::vector<Given>& given, const engine::Options& options, Context& c) {
  const std::string what = runbook.name + (service ? " " + service->name + " in " + service->environment : "");
  const engine::Invocation invocation = invocation_of(runbook, service, given, options);
  refuse_broken(runbook, c);
  if (options.mode == engine::Mode::run) refuse_outside(runbook, c);
  const Time& time = c.outside.ports.time;
  const Duration began = time.steady();
  engine::Finished finished;
  if (options.mode == engine::Mode::run) {
    Views views(c);
    engine::World world = c.world(views.observers(), views.terminal());
    // A run of reads is answered at once: what it looked with matters little.
    if (engine::Library(runbook, c.project()).changes(c.outside.catalog)) {
      const ProjectCommit commit = project_commit(c);
      world.commit = commit.id;
      world.dirty = commit.dirty;
    }
    finished = engine::start(invocation, world);
  } else {
    engine::World world = c.world({});
    finished = engine::start(invocation, world);
  }
  const Duration took = time.steady() - began;
  show_finished(what, finished, took, c);
  if (service) record_backup(runbook, *service, finished, took, c);
  if (service && !finished.run.empty()) attach_to_incident(*service, finished, what, c);
  return finished.exit;
}

Exit invoke_for_each(const std::vector<std::string>& services, const std::string& environment, const std::string& procedure, const std::vector<std::string>& options, const std::vector<Given>& more, Context& c) {
  Exit exit = Exit::done;
  // All are looked up first: a mistyped last name must not be found out after the first was deployed.
  std::vector<Service> resolved;
  for (const std::string& name : services) resolved.push_back(c.service(name, environment));
  std::vector<std::vector<Given>> given;
  for (const Service& service : resolved) {
    given.push_back(parameters_of(procedure_of(service, procedure, c), options));
    given.back().insert(given.back().end(), more.begin(), more.end());
  }
  for (std::size_t i = 0; i < resolved.size(); ++i) {
    exit = worst(exit, invoke(procedure_of(resolved[i], procedure, c), resolved[i], given[i], c.options(), c));
    if (exit != Exit::done && exit != Exit::finding && i + 1 < resolved.size()) {
      for (std::size_t k = i + 1; k < resolved.size(); ++k) c.outside.err << "belay: " << resolved[k].name << " was not begun, because " << resolved[i].name << " did not succeed\n";
      break;
    }
  }
  return exit;
}

} // namespace belay::cli
