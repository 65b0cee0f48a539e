#include "../../fakes/fixed_machine.hpp"
#include "../../fakes/folder_reads.hpp"
#include "catch.hpp"
#include "modules/catalog.hpp"
#include "runbook/check.hpp"
#include "runbook/load_project.hpp"

using namespace belay;

TEST_CASE("nothing is found wrong with the runbooks that are compiled in", "[project]") {
  FolderReads files;
  FixedMachine machine;
  const Project project = load_project("builtin", files, machine);
  REQUIRE(project.runbooks.size() >= 3);
  for (const Runbook* runbook : project.runbooks.all())
    for (const Checked& found : check_runbook(*runbook, project, modules::catalog())) {
      INFO(runbook->name << ", line " << found.problem.where.line << ": " << found.problem.message << " (" << found.problem.hint << ")");
      CHECK(false);
    }
}
