#include "catch.hpp"
#include "fakes/fixed_machine.hpp"
#include "fakes/folder_reads.hpp"
#include "modules/catalog.hpp"
#include "runbook/check.hpp"
#include "runbook/load_project.hpp"
#include <fmt/format.h>

using namespace belay;

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
