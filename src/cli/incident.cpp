#include "cli/commands.hpp"
#include "cli/find_run.hpp"
#include "cli/show_ending.hpp"
#include "report/postmortem.hpp"
#include "report/table.hpp"
#include "report/timeline.hpp"
#include "value/duration.hpp"
#include "runbook/load_project.hpp"
#include "runbook/settings.hpp"
#include "state/incident_record.hpp"
#include "value/json.hpp"
#include <fmt/format.h>
#include <ostream>

namespace belay::cli {
namespace {

using namespace incidents;

struct IncidentOptions {
  std::string id, service, environment, severity, began, role, owner, due;
  std::vector<std::string> text;
  bool all = false;
  std::string joined() const { return fmt::format("{}", fmt::join(text, " ")); }
};

[[noreturn]] void refuse(const Failure& failure) {
  throw Error(failure.cause == Cause::missing || failure.cause == Cause::malformed ? Exit::usage : Exit::refused, failure.message, failure.hint);
}
template <class T> T taken(Expected<T> value) {
  if (!value) refuse(value.error());
  return *std::move(value);
}

std::string who(Context& c) { return c.outside.machine.user() + "@" + c.outside.machine.host(); }
Timestamp now(Context& c) { return c.outside.ports.time.wall(); }

/// The incident that was named; without a name, the one that is going on (of the service, where one was named).
std::string wanted_id(const IncidentOptions& o, Context& c) {
  if (!o.id.empty() && o.id != "latest") return o.id;
  const auto open = taken(going_on(c.readable_store(), o.service, o.environment));
  if (open.size() == 1 || (o.id == "latest" && !open.empty())) return open.front().opened.id;
  if (open.empty()) throw Error(Exit::usage, "no incident is going on", "`belay incident list --all` shows the ended ones; name one by its id");
  std::vector<std::string> ids;
  for (const Incident& each : open) ids.push_back(each.opened.id);
  throw Error(Exit::usage, fmt::format("{} incidents are going on", open.size()), fmt::format("name one: {}", fmt::join(ids, ", ")));
}

/// Whether the files that tell of a service are broken: its incident is recorded all the same.
bool is_broken(const std::string& service, Context& c) {
  try {
    need_settings(c.project_as_it_is());
    need_sound(c.project_as_it_is(), "services/" + service);
    return false;
  } catch (const Error&) {
    return true;
  }
}

std::vector<std::string> known_to(const std::string& service, Context& c) { return is_broken(service, c) ? std::vector<std::string>{} : environments_of(c.project(), service); }

SeverityScheme scheme_of(const std::string& service, const std::string& environment, Context& c) {
  Value setting;
  if (!service.empty() && is_broken(service, c)) c.outside.err << "belay: the files of " << service << " cannot be loaded: the standard severities are used\n";
  else if (!service.empty()) {
    const auto known = known_to(service, c);
    if (!known.empty()) setting = c.service(service, environment.empty() ? known.front() : environment).env["severity"];
  }
  return taken(severity_scheme(setting));
}

Exit show(const Incident& incident, Context& c) {
  if (c.json() || c.ndjson()) {
    c.outside.out << (c.json() ? pretty_json(report::incident_value(incident, now(c))) : canonical_json(report::incident_value(incident, now(c)))) << '\n';
  } else {
    c.outside.out << report::timeline_text(incident, now(c));
  }
  return Exit::done;
}

Exit open_incident(const IncidentOptions& o, Context& c) {
  if (o.service.empty()) throw Error(Exit::usage, "an incident is of a service: -s SERVICE", "known: " + fmt::format("{}", fmt::join(c.project_as_it_is().services, ", ")));
  const std::string title = o.joined();
  if (title.empty()) throw Error(Exit::usage, "an incident needs a title: what do users see?");
  const SeverityScheme scheme = scheme_of(o.service, o.environment, c);
  std::string environment = o.environment;
  if (const auto known = known_to(o.service, c); environment.empty()) {
    if (known.size() != 1) throw Error(Exit::usage, "say in which environment: -e ENV", known.empty() ? "which ones it has cannot be read now" : fmt::format("{} has: {}", o.service, fmt::join(known, ", ")));
    environment = known.front();
  }
  Opened opened;
  opened.title = title;
  opened.service = o.service;
  opened.environment = environment;
  opened.who = who(c);
  opened.at = now(c);
  if (scheme.levels.empty()) throw Error(Exit::usage, o.service + " has a severity scheme without levels");
  // Too high a severity wakes somebody who can go back to sleep; too low a one wakes nobody.
  opened.level = value_of(o.severity.empty() ? scheme.levels.front() : taken(scheme.find(o.severity)));
  if (!o.began.empty()) opened.began = taken(parse_rfc3339(o.began));
  const Incident incident = taken(incidents::open(c.readable_store(), opened));
  c.outside.err << incident.opened.id << " is open; every run on " << o.service << " in " << environment << " adds itself\n";
  return show(incident, c);
}

Exit add_fact(const IncidentOptions& o, const incidents::Fact& fact, Context& c) {
  return show(taken(incidents::add(c.readable_store(), wanted_id(o, c), fact)), c);
}

Exit list_incidents(const IncidentOptions& o, Context& c) {
  const auto rows = taken(c.readable_store().list({"incident", o.service, o.environment, "", {}, 1000}));
  Value::List documents;
  std::vector<std::vector<std::string>> cells;
  for (const Row& row : rows) {
    if (!o.all && (row.status == "resolved" || row.status == "closed")) continue;
    const std::string id = row.stream.substr(row.stream.find('/') + 1);
    documents.push_back(Value::object({{"id", id}, {"status", row.status}, {"title", row.label}, {"service", row.service}, {"environment", row.environment}, {"opened", row.started}, {"changed", row.changed}}));
    cells.push_back({report::one_line(id), row.status, report::one_line(row.service), report::one_line(row.environment), report::when_text(row.started, now(c)), report::one_line(row.label)});
  }
  if (c.json()) c.outside.out << pretty_json(Value(std::move(documents))) << '\n';
  else if (c.ndjson())
    for (const Value& document : documents) c.outside.out << canonical_json(document) << '\n';
  else {
    c.outside.out << report::table({"incident", "status", "service", "env", "opened", "title"}, cells);
    if (cells.empty()) c.outside.err << (o.all ? "no incidents\n" : "no incident is going on; --all shows the ended ones\n");
  }
  return Exit::done;
}

using Run = Exit (*)(const IncidentOptions&, Context&);

std::string needed_text(const IncidentOptions& o, const char* question) {
  if (o.text.empty()) throw Error(Exit::usage, question, "add it behind the command, in words");
  return o.joined();
}

Exit acknowledge(const IncidentOptions& o, Context& c) { return add_fact(o, Acknowledged{who(c), o.joined(), now(c)}, c); }
Exit update(const IncidentOptions& o, Context& c) {
  if (!o.role.empty()) {
    const auto equals = o.role.find('=');
    if (equals == std::string::npos) throw Error(Exit::usage, "--role " + o.role + ": write ROLE=PERSON");
    add_fact(o, RoleSet{who(c), o.role.substr(0, equals), o.role.substr(equals + 1), now(c)}, c);
    if (o.text.empty()) return Exit::done;
  }
  Updated fact{who(c), {}, {}, now(c)};
  if (!o.severity.empty()) {
    const Incident incident = taken(incidents::read(c.readable_store(), wanted_id(o, c)));
    fact.level = value_of(taken(scheme_of(incident.opened.service, incident.opened.environment, c).find(o.severity)));
  }
  fact.text = o.severity.empty() ? needed_text(o, "what is known now?") : o.joined();
  return add_fact(o, fact, c);
}
Exit mitigate(const IncidentOptions& o, Context& c) { return add_fact(o, Mitigated{who(c), needed_text(o, "what took the harm away?"), now(c)}, c); }
Exit resolve(const IncidentOptions& o, Context& c) { return add_fact(o, incidents::Resolved{who(c), needed_text(o, "what was the cause, and how was it removed?"), now(c)}, c); }
Exit close(const IncidentOptions& o, Context& c) { return add_fact(o, Closed{who(c), o.joined(), now(c)}, c); }
Exit show_one(const IncidentOptions& o, Context& c) { return show(taken(incidents::read(c.readable_store(), wanted_id(o, c))), c); }
Exit timeline(const IncidentOptions& o, Context& c) {
  const Incident incident = taken(incidents::read(c.readable_store(), wanted_id(o, c)));
  if (c.json() || c.ndjson()) {
    const Value entries = report::incident_value(incident, now(c))["timeline"];
    if (c.json()) c.outside.out << pretty_json(entries) << '\n';
    else
      for (const Value& entry : entries.list()) c.outside.out << canonical_json(entry) << '\n';
    return Exit::done;
  }
  c.outside.out << report::timeline_text(incident, now(c));
  return Exit::done;
}
Exit postmortem(const IncidentOptions& o, Context& c) {
  const Incident incident = taken(incidents::read(c.readable_store(), wanted_id(o, c)));
  std::vector<RunView> runs;
  for (const RunAttached& attached : incident.runs) {
    try {
      runs.push_back(view_of(attached.run, c));
    } catch (const Error& e) {
      c.outside.err << "belay: " << e.what() << "; it is told from what it said of itself\n";
    }
  }
  c.outside.out << report::postmortem_markdown(incident, runs, now(c));
  return Exit::done;
}

} // namespace

void add_incident(Flags& flags) {
  auto o = std::make_shared<IncidentOptions>();
  auto add = [&](const char* name, const char* summary, Run run) {
    Flags command = flags.command(name, summary);
    command.runs([o, run](Context& c) {
      // `update INC-… what is known`: an id is never the first word of a sentence.
      if (run != open_incident && o->id.empty() && !o->text.empty() && o->text.front().rfind("INC-", 0) == 0 && o->text.front().find(' ') == std::string::npos) {
        o->id = o->text.front();
        o->text.erase(o->text.begin());
      }
      return run(*o, c);
    });
    return command;
  };
  auto of_service = [o](Flags& command) {
    command.text("-s,--service", o->service, "the service", "SERVICE");
    command.text("-e,--env", o->environment, "the environment", "ENV");
  };
  auto of_one = [o, of_service](Flags& command, const char* text, bool id_first = false) {
    if (id_first) command.positional("ID", o->id, "the incident; without it, the one that is going on", false);
    else command.text("--id", o->id, "the incident, which may stand before the text as well; without it, the one that is going on", "ID");
    of_service(command);
    if (text) command.positionals("TEXT", o->text, text);
  };
  Flags open = add("open", "Begin the record of an incident", open_incident);
  of_service(open);
  open.positionals("TITLE", o->text, "what users see, in words", true);
  open.text("--severity", o->severity, "a level of the service's scheme; without it, the worst", "LEVEL");
  open.text("--began", o->began, "when the trouble began, if earlier: with its offset", "TIME");
  Flags ack = add("ack", "Say that you are on it", acknowledge);
  of_one(ack, "a word to those who wait");
  Flags updating = add("update", "Write down what is known now", update);
  of_one(updating, "what is known now");
  updating.text("--severity", o->severity, "it is of another severity", "LEVEL");
  updating.text("--role", o->role, "who takes a role from now on", "ROLE=PERSON");
  Flags mitigating = add("mitigate", "Users are no longer affected", mitigate);
  of_one(mitigating, "what took the harm away");
  Flags resolving = add("resolve", "The cause is gone", resolve);
  of_one(resolving, "what the cause was");
  Flags closing = add("close", "Nothing is left to do", close);
  of_one(closing, "a last word");
  Flags listing = add("list", "The incidents that are going on", list_incidents);
  of_service(listing);
  listing.flag("--all", o->all, "the ended ones as well");
  Flags showing = add("show", "One incident: severity, roles, durations, what is overdue", show_one);
  of_one(showing, nullptr, true);
  Flags timing = add("timeline", "Everything that happened, runs included", timeline);
  of_one(timing, nullptr, true);
  Flags writing = add("postmortem", "The post-mortem as Markdown, filled from the record and its runs", postmortem);
  of_one(writing, nullptr, true);
}

} // namespace belay::cli
