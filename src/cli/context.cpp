#include "cli/context.hpp"
#include "value/duration.hpp"
#include "cli/state_folder.hpp"
#include "runbook/load_project.hpp"
#include "runbook/settings.hpp"

namespace belay::cli {

namespace {

/// A relative path in a file is meant from the project's folder, wherever the command is given.
std::string of_project(const Project& project) {
  const std::string path = project.state_url.starts_with("file:") ? project.state_url.substr(5) : project.state_url;
  return path.empty() || path.find("://") != std::string::npos ? path : absolute_path(path, project.base);
}

} // namespace

Context::Context(Outside& o, Globals& g) : outside(o), globals(g) {}
Context::~Context() = default;

const Project& Context::project_as_it_is() {
  if (!m_project) m_project = load_what_is_sound(globals.project, outside.ports.files, outside.machine);
  return *m_project;
}

const Project& Context::project() {
  need_settings(project_as_it_is());
  return *m_project;
}

std::vector<std::string> Context::left_out() const {
  std::vector<std::string> files;
  if (m_project)
    for (const BrokenFile& file : m_project->broken) files.push_back(file.path);
  return files;
}

Store& Context::store() {
  if (!m_store) {
    if (globals.state.empty() && !project_as_it_is().state_known) {
      Error unknown(Exit::usage, "belay.yaml cannot be read, so it is not known where state is kept", "name it: --state FOLDER; without a line `state:` it is $XDG_STATE_HOME/belay, else ~/.local/state/belay");
      const std::vector<Problem> problems = problems_of(*m_project);
      unknown.problems.insert(unknown.problems.end(), problems.begin(), problems.end());
      throw unknown;
    }
    m_folder = globals.state.empty() ? state_folder(of_project(project_as_it_is()), outside.machine) : state_folder(globals.state, outside.machine);
    m_store = outside.open_store(m_folder);
  }
  return *m_store;
}

Store& Context::readable_store() {
  if (const auto looked = store().list({"run", "", "", "", {}, 1}); !looked) throw Error(Exit::unchanged, "the state cannot be read: " + looked.error().message, looked.error().hint);
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
  return {outside.ports, kept, outside.secrets, outside.ports.time, outside.machine, terminal, outside.entropy, outside.signals, outside.catalog, project_as_it_is(), std::move(observers), m_folder + "/artifacts", {}, false, outside.google};
}

bool Context::colored() const {
  if (globals.color == "always") return true;
  if (globals.color == "never" || outside.machine.variable("NO_COLOR").value_or("") != "") return false;
  return outside.terminal.live();
}

} // namespace belay::cli
