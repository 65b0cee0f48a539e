#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/show_ending.hpp"
#include "report/table.hpp"
#include "runbook/settings.hpp"
#include "state/run_view.hpp"
#include "value/json.hpp"
#include "cli/find_run.hpp"
#include <fmt/format.h>
#include <ostream>

namespace belay::cli {
namespace {

struct ServiceOptions {
  std::string name, environment;
  bool origin = false;
};

Exit list_services(Context& c) {
  Value::List out;
  std::vector<std::vector<std::string>> rows;
  for (const std::string& name : c.project().services)
    for (const std::string& environment : environments_of(c.project(), name)) {
      const Service s = c.service(name, environment);
      out.push_back(Value::object({{"service", name}, {"environment", environment}, {"platform", s.platform}, {"protected", s.is_protected}}));
      rows.push_back({name, environment, s.platform, s.is_protected ? "protected" : ""});
    }
  if (c.json()) c.outside.out << pretty_json(Value(std::move(out))) << '\n';
  else if (c.ndjson())
    for (const Value& row : out) c.outside.out << canonical_json(row) << '\n';
  else
    c.outside.out << report::table({"service", "env", "platform", ""}, rows);
  return c.left_out().empty() ? Exit::done : Exit::usage;
}

Service wanted(const ServiceOptions& o, Context& c) {
  if (!o.environment.empty()) return c.service(o.name, o.environment);
  const auto environments = environments_of(c.project(), o.name);
  if (environments.size() == 1) return c.service(o.name, environments.front());
  throw Error(Exit::usage, "say in which environment: -e ENV", fmt::format("{} has: {}", o.name, fmt::join(environments, ", ")));
}

Exit show_service(const ServiceOptions& o, Context& c) {
  const Service s = wanted(o, c);
  if (c.json() || c.ndjson()) {
    Value::List settings;
    for (const Setting& each : s.settings) settings.push_back(Value::object({{"name", each.name}, {"value", each.value}, {"origin", each.origin}}));
    const Value doc = Value::object({{"service", s.name}, {"environment", s.environment}, {"platform", s.platform}, {"protected", s.is_protected}, {"settings", Value(std::move(settings))}});
    c.outside.out << (c.json() ? pretty_json(doc) : canonical_json(doc)) << '\n';
    return Exit::done;
  }
  c.outside.out << s.name << " in " << s.environment << ", platform " << s.platform << (s.is_protected ? ", protected" : "") << '\n';
  std::vector<std::vector<std::string>> rows;
  for (const Setting& each : s.settings) {
    rows.push_back({"  " + each.name, report::one_line(bare_json(each.value))});
    if (o.origin) rows.back().push_back(each.origin);
  }
  c.outside.out << report::table({}, rows);
  return Exit::done;
}

/// Everything of a service that can be wrong without asking it: its settings resolve, its runbooks exist, its secrets can be found.
Exit check_service(const ServiceOptions& o, Context& c) {
  Value::List found;
  const Stop stop(c.outside.ports.time);
  auto say = [&](const std::string& environment, std::string message, std::string hint) {
    found.push_back(Value::object({{"service", o.name}, {"environment", environment}, {"message", std::move(message)}, {"hint", std::move(hint)}}));
  };
  const std::vector<std::string> environments = o.environment.empty() ? environments_of(c.project(), o.name) : std::vector<std::string>{o.environment};
  for (const std::string& environment : environments) {
    const Service s = c.service(o.name, environment);
    for (const auto& [name, reference] : s.secrets)
      if (const auto resolved = c.outside.secrets.resolve(reference, stop.nested(std::chrono::seconds(10))); !resolved) say(environment, fmt::format("the secret {} cannot be had: {}", name, resolved.error().message), resolved.error().hint);
    if (!c.project().find(s.platform + "/deploy")) say(environment, fmt::format("its platform '{}' has no runbook for deploy", s.platform), "");
  }
  if (c.json()) c.outside.out << pretty_json(Value(found)) << '\n';
  for (const Value& one : found) {
    if (c.ndjson()) c.outside.out << canonical_json(one) << '\n';
    else if (!c.json()) c.outside.out << report::one_line(fmt::format("{} in {}: {}", o.name, one["environment"].text(), one["message"].text())) << '\n';
  }
  if (found.empty()) c.outside.err << o.name << ": nothing found\n";
  return found.empty() ? Exit::done : Exit::finding;
}

/// What serves, and since which run: from the newest finished run that deployed, rolled back or restored.
Exit status_of_service(const ServiceOptions& o, Context& c) {
  const Service s = wanted(o, c);
  const auto rows = c.readable_store().list({"run", s.name, s.environment, "", {}, 200});
  if (!rows) throw Error(Exit::usage, "the runs cannot be listed: " + rows.error().message, rows.error().hint);
  Value serving, since, busy;
  std::string since_text = "no run of belay changed it";
  for (const Row& row : *rows) {
    const std::string run = row.stream.substr(4);
    if (busy.is_null() && (row.status == "running" || row.status == "undoing" || row.status == "waiting" || row.status == "stopped" || row.status == "stuck"))
      busy = Value::object({{"run", run}, {"runbook", row.label}, {"state", row.status}});
    const bool moves = row.label.find("deploy") != std::string::npos || row.label.find("rollback") != std::string::npos;
    if (!since.is_null() || !moves || row.status != "done") continue;
    const RunView view = view_of(run, c);
    serving = view.ended ? view.ended->outputs["release"] : Value();
    since = Value::object({{"run", run}, {"runbook", row.label}, {"at", row.changed}, {"who", view.header.who}});
    since_text = fmt::format("{} ({} by {}, run {})", report::when_text(row.changed, c.outside.ports.time.wall()), row.label, view.header.who, run);
  }
  const auto claims = c.readable_store().claims();
  Value::List held;
  if (claims)
    for (const Taken& taken : *claims)
      if (taken.claim == s.name + "/" + s.environment)
        held.push_back(Value::object({{"claim", taken.claim}, {"id", taken.id}, {"run", taken.by.run}, {"who", taken.by.who}, {"host", taken.by.process.host}, {"since", taken.since}, {"parked", taken.parked}}));
  const Value doc = Value::object({{"service", s.name}, {"environment", s.environment}, {"release", serving}, {"since", since}, {"unfinished", busy}, {"claims", Value(held)}});
  if (c.json() || c.ndjson()) {
    c.outside.out << (c.json() ? pretty_json(doc) : canonical_json(doc)) << '\n';
    return Exit::done;
  }
  c.outside.out << s.name << " in " << s.environment << '\n' << "  serves      " << (serving.is_null() ? "not known from the journal; `belay health` asks it" : bare_json(serving)) << '\n' << "  since       " << since_text << '\n';
  if (!busy.is_null()) c.outside.out << "  unfinished  " << bare_json(busy["runbook"]) << " is " << bare_json(busy["state"]) << ": belay runs show " << bare_json(busy["run"]) << '\n';
  for (const Value& each : held)
    c.outside.out << "  claimed     by run " << bare_json(each["run"]) << " of " << bare_json(each["who"]) << " on " << bare_json(each["host"]) << ", id " << bare_json(each["id"]) << '\n';
  return Exit::done;
}

} // namespace

void add_service(Flags& flags) {
  auto o = std::make_shared<ServiceOptions>();
  auto named = [o](Flags& command) {
    command.positional("SERVICE", o->name, "its name");
    command.text("-e,--env", o->environment, "the environment", "ENV");
  };
  flags.command("list", "Every service, in each environment").runs([](Context& c) { return list_services(c); });
  Flags show = flags.command("show", "Its settings as they hold in an environment");
  named(show);
  show.flag("--origin", o->origin, "say where each value came from");
  show.runs([o](Context& c) { return show_service(*o, c); });
  Flags check = flags.command("check", "Find what is wrong with its settings and secrets");
  named(check);
  check.runs([o](Context& c) { return check_service(*o, c); });
  Flags status = flags.command("status", "What serves, since which run, and whether one is unfinished");
  named(status);
  status.runs([o](Context& c) { return status_of_service(*o, c); });
}

} // namespace belay::cli
