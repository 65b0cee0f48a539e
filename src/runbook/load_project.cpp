#include "runbook/load_project.hpp"
#include "runbook/embedded.hpp"
#include "runbook/freeze.hpp"
#include "runbook/load_runbook.hpp"
#include "runbook/project_files.hpp"
#include "runbook/project_table.hpp"
#include "runbook/settings.hpp"
#include "runbook/template.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace belay {

std::string absolute_path(const std::string& path, const std::string& base) {
  const std::string whole = path.starts_with('/') ? path : base + "/" + path;
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at < whole.size();) {
    const std::size_t end = std::min(whole.find('/', at), whole.size());
    const auto part = std::string_view(whole).substr(at, end - at);
    if (part == ".." && !parts.empty()) parts.pop_back();
    else if (!part.empty() && part != "." && part != "..") parts.push_back(part);
    at = end + 1;
  }
  return "/" + fmt::format("{}", fmt::join(parts, "/"));
}

namespace {

constexpr std::string_view k_ending = ".yaml", k_services = "services/";
constexpr const char* k_builtin = "builtin";
constexpr const char* k_settings = "belay.yaml";

struct Text {
  std::string text;
  bool builtin = false;
};
using Texts = std::map<std::string, Text>;
using Broken = std::map<std::string, std::vector<Problem>>;

bool is_service_name(std::string_view name) {
  return !name.empty() && name[0] >= 'a' && name[0] <= 'z' && std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; });
}

/// Empty: the compiled-in one.
std::string find_folder(std::string named, FileReads& files, const Machine& machine) {
  std::string said_by = "--project";
  if (named.empty()) {
    named = machine.variable("BELAY_PROJECT").value_or("");
    said_by = "BELAY_PROJECT";
  }
  if (named == k_builtin) return {};
  auto has_project = [&](const std::string& folder) { return files.status(folder + "/belay.yaml").has_value(); };
  if (!named.empty()) {
    std::string folder = absolute_path(named, machine.folder());
    if (folder.ends_with("/belay.yaml")) folder.resize(folder.size() - std::string_view("/belay.yaml").size());
    if (!has_project(folder)) throw Error(Exit::usage, fmt::format("{} names {}, which holds no belay.yaml", said_by, folder), "name the folder that holds belay.yaml, or 'builtin' for the project compiled into belay");
    return folder;
  }
  for (std::string folder = absolute_path(machine.folder(), "/"); folder.size() > 1; folder = folder.substr(0, folder.rfind('/')))
    if (has_project(folder)) return folder;
  return {};
}

void add_once(std::vector<Problem>& problems, const Problem& problem) {
  const bool known = std::any_of(problems.begin(), problems.end(), [&](const Problem& p) { return p.message == problem.message && p.where.line == problem.where.line && p.where.file == problem.where.file; });
  if (!known) problems.push_back(problem);
}

class ProjectLoader {
public:
  ProjectLoader(Project& project, Broken& broken) : m_project(project), m_broken(broken) {}

  void load(const Texts& texts) {
    auto files = std::make_shared<ProjectFiles>();
    m_files = files.get();
    if (const auto found = texts.find(k_settings); found != texts.end()) {
      load_settings(found->first, found->second);
      settle(k_settings);
    }
    for (const auto& [path, problems] : m_broken) m_names.push_back(path.substr(0, path.rfind('.')));
    for (const auto& [path, text] : texts) {
      if (path == k_settings || !path.ends_with(k_ending)) continue;
      const std::string name = path.substr(0, path.size() - k_ending.size());
      if (path.starts_with(k_services)) {
        load_service(path, text, name.substr(k_services.size()));
        settle(path);
        continue;
      }
      m_names.push_back(name);
      if (text.builtin) {
        m_project.runbooks.add_later(name, [source = yaml::Source{shown(path, text), text.text}, name] { return sound(source, name); });
        continue;
      }
      Runbook runbook = load_runbook({shown(path, text), text.text}, name, m_problems);
      if (settle(path)) m_project.runbooks.add(std::move(runbook));
    }
    if (const auto* defaults = m_files->project.find("defaults")) check_runbook_names(*defaults);
    settle(k_settings);
    std::erase_if(m_files->services, [&](const auto& service) { return !is_sound(service.first, service.second); });
    for (const auto& [name, tree] : m_files->services) m_project.services.push_back(name);
    m_project.files = std::move(files);
  }

private:
  static Runbook sound(const yaml::Source& source, const std::string& name) {
    std::vector<Problem> problems;
    Runbook runbook = load_runbook(source, name, problems);
    if (!problems.empty()) throw Error(Exit::usage, std::move(problems));
    return runbook;
  }

  /// Puts what was found to the file in which it was found; false: there was something.
  bool settle(const std::string& path) {
    if (m_problems.empty()) return true;
    auto& problems = m_broken[path];
    problems.insert(problems.end(), std::make_move_iterator(m_problems.begin()), std::make_move_iterator(m_problems.end()));
    m_problems.clear();
    return false;
  }

  /// What shows only when all files are read.
  bool is_sound(const std::string& name, const yaml::Node& service) {
    const std::string path = std::string(k_services) + name + std::string(k_ending);
    if (m_broken.contains(path)) return false;
    check_merged(service);
    check_runbook_names(service);
    if (const auto* environments = service.find("environments"))
      for (const auto& member : environments->members) check_runbook_names(member.value);
    return settle(path);
  }

  static std::string shown(const std::string& path, const Text& text) { return text.builtin ? "builtin/" + path : path; }

  const yaml::Node* parsed(const std::string& path, const Text& text, yaml::Node& into) {
    m_files->sources.push_back({shown(path, text), text.text});
    into = yaml::parse(m_files->sources.back(), m_problems);
    return into.cut ? nullptr : &into;
  }

  void load_settings(const std::string& path, const Text& text) {
    yaml::Node root;
    if (parsed(path, text, root) == nullptr) {
      find_state(text.text);
      return;
    }
    validate(root, k_project_object, m_problems, Whole::layer);
    if (root.is_map() && root.find("project") == nullptr) say(root.where(), "belay.yaml lacks 'project'", "its name");
    if (const auto* name = root.find("project")) m_project.name = name->text;
    if (const auto* state = root.find("state")) {
      m_project.state_url = state->text;
      m_project.state_known = state->is_scalar();
    }
    if (const auto* defaults = root.find("defaults")) {
      m_project.defaults = yaml::value(*defaults);
      refuse_expressions(*defaults);
    }
    if (const auto* notifiers = root.find("notifiers")) m_project.notifiers = yaml::value(*notifiers);
    if (const auto* environments = root.find("environments"))
      for (const auto& member : environments->members) {
        m_project.environments.push_back(member.key);
        if (const auto* windows = member.value.find("freeze")) check_freeze(*windows, m_problems);
        if (!is_service_name(member.key)) say(member.where(), fmt::format("'{}' is no name for an environment", member.key), "names begin with a small letter and hold small letters, digits, - and _");
      }
    if (const auto* commands = root.find("read_commands"))
      for (const auto& command : commands->items) {
        m_project.read_commands.emplace_back();
        for (const auto& word : command.items) m_project.read_commands.back().push_back(word.text);
        if (command.items.empty()) say(command.where(), "an empty beginning would let every command run in a dry run", "name a program, and as many arguments as make it read only");
      }
    m_files->project = std::move(root);
  }

  /// A text that cannot be read to its end still says where state is kept, if it does, in a line of its own.
  void find_state(const std::string& text) {
    constexpr std::string_view k_key = "state:";
    const std::size_t at = text.starts_with(k_key) ? 0 : text.find("\nstate:");
    if (at == std::string::npos) return;
    const std::size_t begin = text[at] == '\n' ? at + 1 : at;
    const yaml::Source line{k_settings, text.substr(begin, text.find('\n', begin) - begin)};
    std::vector<Problem> problems;
    const yaml::Node root = yaml::parse(line, problems);
    const auto* state = root.find("state");
    m_project.state_known = problems.empty() && state != nullptr && state->is_scalar();
    if (m_project.state_known) m_project.state_url = state->text;
  }

  void load_service(const std::string& path, const Text& text, const std::string& name) {
    yaml::Node root;
    if (parsed(path, text, root) == nullptr) return;
    validate(root, k_service_object, m_problems, Whole::layer);
    for (const char* key : {"service", "environments"})
      if (root.is_map() && root.find(key) == nullptr) say(root.where(), fmt::format("a service lacks '{}'", key), std::string(k_service_object.find(key)->help));
    if (!is_service_name(name)) say(root.where(), fmt::format("'{}' is no name for a service", name), "names begin with a small letter and hold small letters, digits, - and _");
    if (const auto* written = root.find("service"); written != nullptr && written->text != name)
      say(written->where(), fmt::format("this file holds service '{}', and calls it '{}'", name, written->text), "a service is named for its file");
    if (const auto* environments = root.find("environments")) {
      for (const auto& member : environments->members)
        if (!m_project.environments.empty() && std::find(m_project.environments.begin(), m_project.environments.end(), member.key) == m_project.environments.end())
          say(member.where(), fmt::format("belay.yaml has no environment '{}'", member.key), did_you_mean(member.key, m_project.environments));
      if (environments->members.empty()) say(environments->where(), "a service without environments", "name one at least, as in environments: {local: {}}");
    }
    refuse_expressions(root);
    m_files->services.emplace_back(name, std::move(root));
  }

  /// A procedure's runbook that is not there would be missed in the night in which it is wanted.
  void check_runbook_names(const yaml::Node& settings) {
    const auto* chosen = settings.find("runbooks");
    if (chosen == nullptr) return;
    for (const auto& member : chosen->members)
      if (std::find(m_names.begin(), m_names.end(), member.value.text) == m_names.end())
        say(member.value.where(), fmt::format("there is no runbook '{}'", member.value.text), did_you_mean(member.value.text, m_names));
  }

  /// What is missing shows only when all layers lie upon each other.
  void check_merged(const yaml::Node& service) {
    const auto* environments = service.find("environments");
    if (environments == nullptr || m_broken.contains(k_settings)) return;
    std::vector<Problem> found;
    for (const auto& member : environments->members) validate(merged_settings(*m_files, service, member.value), k_service_environment_object, found);
    for (auto& problem : found) add_once(m_problems, problem);
  }

  /// Settings are plain values: an expression there would be taken as text, in silence.
  void refuse_expressions(const yaml::Node& node) {
    if (node.is_scalar()) {
      const auto at = node.text.find("${{");
      if (at != std::string::npos) say(yaml::place_in(node, at), "an expression in a setting", "settings are plain values: runbooks compute with them; a secret is a reference such as env:NAME");
    }
    for (const auto& item : node.items) refuse_expressions(item);
    for (const auto& member : node.members) {
      refuse_expressions(member.value);
      if (member.key == "expect") check_conditions(member.value);
    }
  }
  void check_conditions(const yaml::Node& node) {
    if (node.is_scalar()) make_condition(node, m_problems);
    for (const auto& item : node.items)
      if (item.is_scalar()) make_condition(item, m_problems);
  }

  void say(Place where, std::string message, std::string hint) { m_problems.push_back({std::move(where), std::move(message), std::move(hint)}); }

  Project& m_project;
  Broken& m_broken;
  std::vector<Problem> m_problems; ///< of the file at hand
  std::vector<std::string> m_names; ///< of all runbooks, broken ones included
  ProjectFiles* m_files = nullptr;
};

/// Of the folder's own files; what is not there hides what is compiled in.
void take_files(const Project& project, FileReads& files, Texts& texts, Broken& broken) {
  std::vector<Problem> problems;
  for (auto& file : read_project_folder(project.folder, files, problems)) texts[file.path] = {std::move(file.text), false};
  for (auto& problem : problems) {
    texts.erase(problem.where.file);
    broken[problem.where.file].push_back(std::move(problem));
  }
}

/// belay.yaml, or a folder: there is no telling what it would have changed.
bool concerns_all(const BrokenFile& file) { return file.path == k_settings || !file.path.ends_with(k_ending); }

} // namespace

Project load_what_is_sound(const std::string& named, FileReads& files, const Machine& machine) {
  Project project;
  Broken broken;
  project.folder = find_folder(named, files, machine);
  project.builtin = project.folder.empty();
  project.base = project.builtin ? absolute_path(machine.folder(), "/") : project.folder;
  Texts texts;
  for (const auto& file : embedded_project()) {
    // Its services and environments are examples: a project of one's own has its own.
    const bool is_example = file.path == k_settings || file.path.starts_with(k_services);
    if (project.builtin || !is_example) texts[std::string(file.path)] = {std::string(file.contents), true};
  }
  if (!project.builtin) take_files(project, files, texts, broken);
  project.state_known = texts.contains(k_settings);
  ProjectLoader(project, broken).load(texts);
  for (auto& [path, problems] : broken) project.broken.push_back({path, std::move(problems)});
  return project;
}

std::vector<Problem> problems_of(const Project& project) {
  std::vector<Problem> all;
  for (const auto& file : project.broken)
    for (const auto& problem : file.problems) add_once(all, problem);
  return all;
}

Project load_project(const std::string& named, FileReads& files, const Machine& machine) {
  Project project = load_what_is_sound(named, files, machine);
  if (!project.broken.empty()) throw Error(Exit::usage, problems_of(project));
  return project;
}

void need_settings(const Project& project) {
  std::vector<Problem> problems;
  for (const auto& file : project.broken)
    if (concerns_all(file)) problems.insert(problems.end(), file.problems.begin(), file.problems.end());
  if (!problems.empty()) throw Error(Exit::usage, std::move(problems));
}

void need_sound(const Project& project, const std::string& name) {
  for (const auto& file : project.broken)
    if (file.path == name + std::string(k_ending) || file.path == name + ".yml") throw Error(Exit::usage, file.problems);
}

const Runbook& find_runbook(const Project& project, const std::string& name) {
  if (const Runbook* runbook = project.find(name)) return *runbook;
  need_sound(project, name);
  throw Error(Exit::usage, fmt::format("there is no runbook '{}'", name), did_you_mean(name, project.runbooks.names()));
}

} // namespace belay
