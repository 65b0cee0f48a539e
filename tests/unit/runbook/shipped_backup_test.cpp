#include "catch.hpp"
#include "engine/scope.hpp"
#include "fakes/fixed_machine.hpp"
#include "fakes/folder_reads.hpp"
#include "modules/catalog.hpp"
#include "runbook/check.hpp"
#include "runbook/load_project.hpp"
#include <fmt/format.h>

using namespace belay;

namespace {
/// Ids of the holds among these steps that none of the others refers to.
std::string unused_holds(const std::vector<Step>& steps) {
  std::string out;
  for (const Step& step : steps) {
    out += unused_holds(step.steps);
    const Action* action = find_action(modules::catalog(), step.use);
    if (action == nullptr || !std::holds_alternative<Hold>(action->does)) continue;
    bool used = false;
    for (const Step& other : steps)
      for (const std::string& name : engine::all_references(other)) used = used || (name + ".").starts_with("steps." + step.id + ".");
    if (!used) out += step.id + " ";
  }
  return out;
}
} // namespace

TEST_CASE("what a shipped runbook holds open is referred to, without which it is never opened", "[runbook]") {
  FolderReads files;
  FixedMachine machine;
  const Project project = load_project("builtin", files, machine);
  const Runbook& drill = find_runbook(project, "host/backup/drill");
  CHECK(unused_holds(drill.steps) == "");
  Runbook changed = drill;
  for (Step& step : changed.steps) std::erase_if(step.steps, [](const Step& inner) { return inner.id == "health"; });
  CHECK(unused_holds(changed.steps) == "serve ");
}

TEST_CASE("the shipped runbooks of backup and restore are clean", "[runbook]") {
  FolderReads files;
  FixedMachine machine;
  std::string problems;
  auto add = [&](std::string_view where, const Problem& problem) { problems += fmt::format("{}:{}: {} ({})\n", where, problem.where.line, problem.message, problem.hint); };
  try {
    const Project project = load_project("builtin", files, machine);
    for (const char* name : {"host/backup/create", "host/backup/list", "host/backup/verify", "host/backup/prune", "host/backup/drill", "host/restore"})
      for (const auto& found : check_runbook(find_runbook(project, name), project, modules::catalog())) add(name, found.problem);
  } catch (const Error& error) {
    for (const auto& problem : error.problems) add(problem.where.file, problem);
  }
  CHECK(problems == "");
}
