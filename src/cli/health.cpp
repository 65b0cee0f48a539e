#include "cli/commands.hpp"
#include "cli/invoke.hpp"
#include "notify/delivery.hpp"
#include "cli/show_ending.hpp"
#include "report/table.hpp"
#include "value/duration.hpp"
#include "runbook/settings.hpp"
#include "value/json.hpp"
#include <fmt/format.h>
#include <future>
#include <ostream>

namespace belay::cli {
namespace {

using namespace std::chrono_literals;

struct HealthOptions {
  std::vector<std::string> services, more, parameters;
  std::string environment, every = "5s";
  bool watch = false;
};

struct Asked {
  Service service;
  engine::Finished finished;
};

/// All services at once: each is a run of reads, so none waits for another.
std::vector<Asked> ask_all(const HealthOptions& o, Context& c) {
  std::vector<Asked> asked;
  for (const std::string& name : o.services) asked.push_back({c.service(name, o.environment), {}});
  const std::vector<Given> pairs = parameters_of_pairs(o.parameters, c);
  std::vector<engine::Invocation> invocations;
  for (const Asked& each : asked) {
    const Runbook& runbook = procedure_of(each.service, "health", c);
    std::vector<Given> given = parameters_of(runbook, o.more);
    given.insert(given.end(), pairs.begin(), pairs.end());
    invocations.push_back(invocation_of(runbook, each.service, given, c.options()));
  }
  c.store();
  std::vector<std::future<engine::Finished>> results;
  for (const engine::Invocation& invocation : invocations)
    results.push_back(std::async(std::launch::async, [&c, &invocation] {
      notify::Queueing queueing(c.store(), c.outside.ports.time);
      engine::World world = c.world({&queueing});
      return engine::start(invocation, world);
    }));
  for (std::size_t i = 0; i < asked.size(); ++i) asked[i].finished = results[i].get();
  return asked;
}

Exit show_health(const std::vector<Asked>& asked, Duration took, Context& c) {
  const report::Style style{c.colored()};
  Exit exit = Exit::done;
  Value::List documents;
  for (const Asked& each : asked) {
    exit = worst(exit, each.finished.exit);
    Value::Map document{{Value("service"), Value(each.service.name)}, {Value("environment"), Value(each.service.environment)}, {Value("healthy"), Value(each.finished.exit == Exit::done)}};
    const Value ending = ending_value(each.finished, took);
    for (const auto& member : ending.map()) document.push_back(member);
    documents.emplace_back(std::move(document));
  }
  if (c.json()) {
    c.outside.out << pretty_json(Value(std::move(documents))) << '\n' << std::flush;
    return exit;
  }
  if (c.ndjson()) {
    for (const Value& document : documents) c.outside.out << canonical_json(document) << '\n';
    c.outside.out << std::flush;
    return exit;
  }
  for (const Asked& each : asked) {
    const bool fine = each.finished.exit == Exit::done;
    if (c.globals.quiet && fine) continue;
    c.outside.out << style.strong(each.service.name + " in " + each.service.environment) << ": " << (fine ? style.good("healthy") : style.bad("unhealthy")) << '\n';
    if (!c.globals.quiet) c.outside.out << report::outputs_text(each.finished.outputs, style);
    for (const Finding& finding : each.finished.findings) c.outside.out << "  " << style.bad("wrong") << "  " << finding.subject << ": " << finding.message << '\n';
    if (each.finished.failure) c.outside.out << "  " << style.bad("why") << "    " << each.finished.failure->message << '\n';
  }
  c.outside.out << std::flush;
  return exit;
}

Exit run_health(HealthOptions o, Context& c) {
  if (o.environment.empty()) throw Error(Exit::usage, "health needs to know where: -e ENV", "known: " + known_environments(c.project()));
  const bool all = o.services.empty();
  if (all)
    for (const std::string& name : c.project().services)
      for (const std::string& environment : environments_of(c.project(), name))
        if (environment == o.environment) o.services.push_back(name);
  if (o.services.empty()) throw Error(Exit::usage, "no service has an environment '" + o.environment + "'", "known: " + known_environments(c.project()));
  const auto every = parse_duration(o.every);
  if (!every || *every < 1s) throw Error(Exit::usage, "--every " + o.every + ": no duration of at least a second");
  const Time& time = c.outside.ports.time;
  const Stop stop(time);
  for (;;) {
    const Duration began = time.steady();
    const auto asked = ask_all(o, c);
    if (o.watch && !c.json() && !c.ndjson()) c.outside.out << (c.outside.terminal.live() ? "\x1b[H\x1b[2J" : "") << report::when_text(time.wall(), time.wall()).substr(0, 20) << '\n';
    Exit exit = c.globals.dry_run.empty() ? show_health(asked, time.steady() - began, c) : [&] {
      Exit out = Exit::done;
      for (const Asked& each : asked) {
        show_finished("health " + each.service.name, each.finished, time.steady() - began, c);
        out = worst(out, each.finished.exit);
      }
      return out;
    }();
    // A service whose file cannot be loaded was not asked: all of them are not known to be healthy.
    if (all && !c.left_out().empty()) exit = worst(exit, Exit::usage);
    if (!o.watch) return exit;
    for (Duration slept{}; slept < *every && c.outside.signals.received() == 0; slept += 100ms) time.sleep(100ms, stop);
    if (c.outside.signals.received() > 0) return exit;
  }
}

} // namespace

void add_health(Flags& flags) {
  auto o = std::make_shared<HealthOptions>();
  flags.positionals("SERVICE", o->services, "the services; without any, all of the environment");
  flags.text("-e,--env", o->environment, "the environment", "ENV");
  flags.flag("--watch", o->watch, "again and again, until interrupted");
  flags.text("--every", o->every, "with --watch: how often", "DURATION");
  flags.texts("-p,--param", o->parameters, "a parameter of the runbook", "NAME=VALUE");
  flags.keep_unknown(o->more);
  flags.runs([o](Context& c) { return run_health(*o, c); });
}

} // namespace belay::cli
