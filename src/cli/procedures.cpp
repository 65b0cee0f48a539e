#include "cli/commands.hpp"
#include "cli/find_run.hpp"
#include "cli/invoke.hpp"

namespace belay::cli {
namespace {

struct ProcedureOptions {
  std::vector<std::string> services, parameters, more;
  std::string environment, preempt;
};

/// deploy, rollback and restore differ in nothing but their name: the runbook holds the rest.
void add_procedure(Flags& flags, const char* procedure, bool several) {
  auto o = std::make_shared<ProcedureOptions>();
  flags.positionals("SERVICE", o->services, several ? "one service or several, in this order" : "the service", true);
  flags.text("-e,--env", o->environment, "the environment", "ENV");
  flags.texts("-p,--param", o->parameters, "a parameter of the runbook; every one is an option as well", "NAME=VALUE");
  if (!several && std::string_view(procedure) == "rollback") flags.text("--preempt", o->preempt, "the run that is to give way: it is asked to stop, and its claim is taken", "RUN");
  flags.keep_unknown(o->more);
  flags.footer(std::string("The options are the parameters of the service's runbook: `belay runbook show PLATFORM/") + procedure + "`.");
  flags.runs([o, procedure, several](Context& c) {
    if (!several && o->services.size() > 1) throw Error(Exit::usage, "'" + o->services[1] + "' is one word too many: " + procedure + " takes one service");
    if (o->environment.empty()) throw Error(Exit::usage, std::string(procedure) + " needs to know where: -e ENV", "known: " + known_environments(c.project()));
    if (!o->preempt.empty()) c.globals.preempt = find_run(o->preempt, c);
    return invoke_for_each(o->services, o->environment, procedure, o->more, parameters_of_pairs(o->parameters, c), c);
  });
}

} // namespace

void add_deploy(Flags& flags) { add_procedure(flags, "deploy", true); }
void add_rollback(Flags& flags) { add_procedure(flags, "rollback", false); }
void add_restore(Flags& flags) { add_procedure(flags, "restore", false); }

} // namespace belay::cli
