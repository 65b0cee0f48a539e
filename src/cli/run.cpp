#include "cli/commands.hpp"
#include "cli/invoke.hpp"
#include "runbook/load_project.hpp"

namespace belay::cli {
namespace {

struct RunOptions {
  std::string runbook, service, environment;
  std::vector<std::string> parameters, more;
};

Exit run_run(const RunOptions& o, Context& c) {
  const Runbook& runbook = find_runbook(c.project(), o.runbook);
  std::optional<Service> service;
  if (!o.service.empty()) {
    if (o.environment.empty()) throw Error(Exit::usage, "a service is always in an environment: -e ENV");
    service = c.service(o.service, o.environment);
  }
  std::vector<Given> given = parameters_of(runbook, o.more);
  const std::vector<Given> pairs = parameters_of_pairs(o.parameters, c);
  given.insert(given.end(), pairs.begin(), pairs.end());
  return invoke(runbook, service, given, c.options(), c);
}

} // namespace

void add_run(Flags& flags) {
  auto o = std::make_shared<RunOptions>();
  flags.positional("RUNBOOK", o->runbook, "its name: `belay runbook list`");
  flags.text("-s,--service", o->service, "the service it works on", "SERVICE");
  flags.text("-e,--env", o->environment, "the environment", "ENV");
  flags.texts("-p,--param", o->parameters, "a parameter; every one is an option as well", "NAME=VALUE");
  flags.keep_unknown(o->more);
  flags.runs([o](Context& c) { return run_run(*o, c); });
}

} // namespace belay::cli
