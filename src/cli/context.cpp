#include "cli/context.hpp"
#include "value/duration.hpp"
#include "cli/state_folder.hpp"
#include "runbook/load_project.hpp"
#include "runbook/settings.hpp"

namespace belay::cli {

Context::Context(Outside& o, Globals& g) : outside(o), globals(g) {}
Context::~Context() = default;

const Project& Context::project() {
  if (!m_project) m_project = load_project(globals.project, outside.ports.files, outside.machine);
  return *m_project;
}

Store& Context::store() {
  if (!m_store) {
    m_folder = state_folder(globals.state.empty() ? project().state_url : globals.state, outside.machine);
    m_store = outside.open_store(m_folder);
  }
  return *m_store;
}

Service Context::service(const std::string& name, const std::string& environment) { return resolve_service(project(), name, environment, outside.machine); }

engine::Options Context::options() const {
  engine::Options out;
  out.mode = globals.dry_run == "reads" ? engine::Mode::reads : globals.dry_run == "offline" ? engine::Mode::offline : engine::Mode::run;
  out.yes = globals.yes;
  out.confirm = globals.confirm;
  if (!globals.wait.empty()) {
    const auto wait = parse_duration(globals.wait);
    if (!wait) throw Error(Exit::usage, "--wait " + globals.wait + ": no duration", "write it as 30s, 5m or 1h30m");
    out.wait = *wait;
  }
  out.from = globals.from;
  out.only = globals.only;
  out.reason = globals.reason;
  out.break_glass = globals.break_glass;
  out.preempt = globals.preempt;
  return out;
}

engine::World Context::world(std::vector<Observer*> observers) {
  return world(std::move(observers), outside.terminal);
}

engine::World Context::world(std::vector<Observer*> observers, Terminal& terminal) {
  Store& kept = store();
  return {outside.ports, kept, outside.secrets, outside.ports.time, outside.machine, terminal, outside.entropy, outside.signals, outside.catalog, project(), std::move(observers), m_folder + "/artifacts"};
}

bool Context::colored() const {
  if (globals.color == "always") return true;
  if (globals.color == "never" || outside.machine.variable("NO_COLOR").value_or("") != "") return false;
  return outside.terminal.live();
}

} // namespace belay::cli
