#include "cli/missing_tools.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace belay::cli {
namespace {

/// The program behind an action that names none, and the package that has it.
struct Behind {
  std::string_view action, program, package;
};
constexpr Behind k_behind[] = {
    {"postgres.dump", "pg_dump", "postgresql-client"},
    {"postgres.verify", "pg_restore", "postgresql-client"},
    {"postgres.restore", "pg_restore", "postgresql-client"},
    {"host.instance", "supervisorctl", "supervisor"},
    {"host.instances", "supervisorctl", "supervisor"},
    {"git.", "git", "git"},
    {"core.shell", "bash", "bash"},
};

class Finder {
public:
  explicit Finder(Context& c) : m_c(c) {}

  void runbook(const Runbook& runbook) {
    if (!m_seen.insert(runbook.name).second) return;
    steps(runbook.steps);
    steps(runbook.always);
  }
  std::vector<Problem> problems;

private:
  Context& m_c;
  std::set<std::string> m_seen, m_named;

  void steps(const std::vector<Step>& list) {
    for (const Step& step : list) {
      steps(step.undo_steps);
      if (step.when) continue;
      steps(step.steps);
      if (step.sample) one(*step.sample);
      one(step);
    }
  }

  void one(const Step& step) {
    if (const std::string name = text(step.with.find("runbook")); step.use == "runbook.call" && !name.empty())
      if (const Runbook* called = m_c.project().find(name)) runbook(*called);
    for (const Behind& behind : k_behind)
      if (step.use == behind.action || (behind.action.back() == '.' && step.use.rfind(behind.action, 0) == 0)) want(step, std::string(behind.program), std::string(behind.package));
    const bool starts = step.use == "core.run" || step.use == "core.read" || step.use == "core.ensure";
    const Template* environment = step.with.find("environment");
    if (!starts || (environment && environment->find("PATH"))) return;
    for (const char* input : {"argv", "check"})
      if (const Template* argv = step.with.find(input)) want(step, first(*argv), "");
  }

  static std::string text(const Template* t) {
    const Value* value = t ? std::get_if<Value>(&t->node) : nullptr;
    return value && value->kind() == Kind::text && !value->is_secret() ? value->text() : std::string();
  }
  static std::string first(const Template& argv) {
    if (const auto* list = std::get_if<Template::List>(&argv.node)) return list->of.empty() ? std::string() : text(&list->of.front());
    const Value* value = std::get_if<Value>(&argv.node);
    if (!value || value->kind() != Kind::list || value->is_secret() || value->list().empty()) return {};
    const Value& word = value->list().front();
    return word.kind() == Kind::text && !word.is_secret() ? word.text() : std::string();
  }

  /// The tools of PostgreSQL are mostly not on PATH: distributions keep several versions, each in a folder.
  bool kept_apart(const Step& step, const std::string& program) {
    if (program.rfind("pg_", 0) != 0) return false;
    const auto debian = m_c.outside.ports.files.list("/usr/lib/postgresql"), others = m_c.outside.ports.files.list("/usr");
    return step.with.find("tools") || (debian && !debian->empty()) ||
           (others && std::any_of(others->begin(), others->end(), [](const std::string& name) { return name.rfind("pgsql-", 0) == 0; }));
  }

  void want(const Step& step, const std::string& program, const std::string& package) {
    if (program.empty() || program.find('/') != std::string::npos || m_named.contains(program)) return;
    if (m_c.outside.ports.process.find(program) || kept_apart(step, program)) return;
    m_named.insert(program);
    problems.push_back({step.where, fmt::format("step '{}' starts the program '{}', which is not on PATH", step.id, program),
                        package.empty() ? "install it, or name it by its full path; nothing was begun" : fmt::format("apt-get install {}; nothing was begun", package)});
  }
};

} // namespace

std::vector<Problem> missing_tools(const Runbook& runbook, Context& c) {
  Finder finder(c);
  finder.runbook(runbook);
  return std::move(finder.problems);
}

} // namespace belay::cli
