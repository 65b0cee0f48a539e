#include "cli/commands.hpp"
#include "cli/invoke.hpp"

namespace belay::cli {
namespace {

struct DiagnoseOptions {
  std::vector<std::string> words, parameters, more;
  std::string environment;
};

Exit run_diagnose(const DiagnoseOptions& o, Context& c) {
  if (o.words.size() > 2) throw Error(Exit::usage, "'" + o.words[2] + "' is one word too many: diagnose takes a service and a symptom");
  if (o.environment.empty()) throw Error(Exit::usage, "diagnose needs to know where: -e ENV", "known: " + known_environments(c.project()));
  std::vector<std::string> parameters = o.parameters;
  if (o.words.size() == 2) parameters.push_back("symptom=" + o.words[1]);
  return invoke_for_each({o.words.front()}, o.environment, "diagnose", o.more, parameters_of_pairs(parameters, c), c);
}

} // namespace

void add_diagnose(Flags& flags) {
  auto o = std::make_shared<DiagnoseOptions>();
  flags.positionals("SERVICE", o->words, "the service, and then the symptom that is seen, where there is one", true);
  flags.text("-e,--env", o->environment, "the environment", "ENV");
  flags.texts("-p,--param", o->parameters, "a parameter of the runbook; every one is an option as well", "NAME=VALUE");
  flags.keep_unknown(o->more);
  flags.footer("The symptoms, and the options, are the parameters of the service's runbook: `belay runbook show PLATFORM/diagnose`.");
  flags.runs([o](Context& c) { return run_diagnose(*o, c); });
}

} // namespace belay::cli
