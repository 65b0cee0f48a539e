#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "report/table.hpp"
#include "runbook/check.hpp"
#include "value/json.hpp"
#include "runbook/load_project.hpp"
#include "runbook/parameters.hpp"
#include <fmt/format.h>
#include <ostream>

namespace belay::cli {
namespace {

struct RunbookOptions {
  std::vector<std::string> names;
  std::string name;
};

Exit list_runbooks(Context& c) {
  std::vector<std::vector<std::string>> rows;
  Value::List out;
  for (const Runbook* each : c.project().runbooks.all()) {
    const Runbook& r = *each;
    rows.push_back({r.name, r.title});
    out.push_back(Value::object({{"name", r.name}, {"title", r.title}, {"file", r.where.file}, {"steps", static_cast<std::int64_t>(r.steps.size())}}));
  }
  if (c.json()) c.outside.out << pretty_json(Value(std::move(out))) << '\n';
  else if (c.ndjson())
    for (const Value& row : out) c.outside.out << canonical_json(row) << '\n';
  else
    c.outside.out << report::table({"runbook", "title"}, rows);
  return c.left_out().empty() ? Exit::done : Exit::usage;
}

void print_steps(const std::vector<Step>& steps, int depth, std::ostream& out) {
  for (const Step& s : steps) {
    out << std::string(static_cast<std::size_t>(depth) * 2 + 2, ' ') << s.id << "  " << (s.use.empty() ? "(group)" : s.use);
    if (s.when) out << "  when " << s.when->program.source();
    if (s.for_each) out << "  for each";
    if (s.retry) out << "  up to " << s.retry->attempts << " attempts";
    if (s.confirm) out << "  confirmed by name";
    out << '\n';
    for (const Condition& expect : s.expect) out << std::string(static_cast<std::size_t>(depth) * 2 + 6, ' ') << "expects " << expect.program.source() << '\n';
    print_steps(s.steps, depth + 1, out);
  }
}

Exit show_runbook(const RunbookOptions& o, Context& c) {
  const Runbook& r = find_runbook(c.project(), o.name);
  if (c.json() || c.ndjson()) {
    Value::List parameters;
    for (const Parameter& p : r.parameters)
      parameters.push_back(Value::object({{"name", p.name}, {"type", std::string(type_name(p.type))}, {"optional", p.optional || p.standard.has_value()}, {"secret", p.secret}, {"help", p.help}}));
    const Value doc = Value::object({{"name", r.name}, {"title", r.title}, {"file", r.where.file}, {"parameters", Value(std::move(parameters))}, {"safeward", r.safeward}, {"text", r.text}});
    c.outside.out << (c.json() ? pretty_json(doc) : canonical_json(doc)) << '\n';
    return Exit::done;
  }
  c.outside.out << r.name << ": " << r.title << "\n  in " << r.where.file << '\n';
  for (const std::string& note : r.notes) c.outside.out << "  note: " << note << '\n';
  if (!r.parameters.empty()) {
    c.outside.out << "\nparameters\n";
    std::vector<std::vector<std::string>> rows;
    for (const Parameter& p : r.parameters) {
      std::string flag = "--" + p.name;
      for (char& ch : flag) ch = ch == '_' ? '-' : ch;
      std::string help = p.help;
      if (!p.choices.empty()) help += fmt::format(" ({})", fmt::join(p.choices, ", "));
      rows.push_back({"  " + flag, std::string(type_name(p.type)) + (p.optional || p.standard ? "" : ", required"), help});
    }
    c.outside.out << report::table({}, rows);
  }
  c.outside.out << "\nsteps\n";
  print_steps(r.steps, 0, c.outside.out);
  if (!r.always.empty()) {
    c.outside.out << "always\n";
    print_steps(r.always, 0, c.outside.out);
  }
  return Exit::done;
}

Exit check_runbooks(const RunbookOptions& o, Context& c) {
  std::vector<const Runbook*> chosen;
  for (const std::string& name : o.names) chosen.push_back(&find_runbook(c.project(), name));
  if (chosen.empty() && !c.project_as_it_is().broken.empty()) throw Error(Exit::usage, problems_of(c.project_as_it_is()));
  if (chosen.empty()) chosen = c.project().runbooks.all();
  std::size_t found = 0;
  Value::List out;
  for (const Runbook* r : chosen)
    for (const Checked& each : check_runbook(*r, c.project(), c.outside.catalog)) {
      const Problem& p = each.problem;
      const bool error = each.severity != CheckLevel::warning;
      found += error;
      if (c.json() || c.ndjson()) {
        out.push_back(Value::object({{"runbook", r->name}, {"file", p.where.file}, {"line", p.where.line}, {"column", p.where.column}, {"severity", each.severity == CheckLevel::error ? "error" : error ? "risk" : "warning"}, {"step", each.step}, {"message", p.message}, {"hint", p.hint}}));
        continue;
      }
      c.outside.out << fmt::format("{}:{}:{}: {}{}\n", p.where.file, p.where.line, p.where.column, error ? "" : "warning: ", p.message);
      if (!p.hint.empty()) c.outside.out << "    " << p.hint << '\n';
    }
  if (c.json()) c.outside.out << pretty_json(Value(std::move(out))) << '\n';
  else if (c.ndjson())
    for (const Value& row : out) c.outside.out << canonical_json(row) << '\n';
  else
    c.outside.err << fmt::format("{} runbook{} checked, {}\n", chosen.size(), chosen.size() == 1 ? "" : "s", found == 0 ? "nothing found" : fmt::format("{} finding{}", found, found == 1 ? "" : "s"));
  return found == 0 ? Exit::done : Exit::finding;
}

} // namespace

void add_runbook(Flags& flags) {
  auto o = std::make_shared<RunbookOptions>();
  flags.command("list", "Every runbook of the project").runs([](Context& c) { return list_runbooks(c); });
  Flags show = flags.command("show", "One runbook: its parameters and steps");
  show.positional("RUNBOOK", o->name, "its name");
  show.runs([o](Context& c) { return show_runbook(*o, c); });
  Flags check = flags.command("check", "Type every reference; find what could not be taken back, confirmed or timed out");
  check.positionals("RUNBOOK", o->names, "their names; without any, all of the project");
  check.runs([o](Context& c) { return check_runbooks(*o, c); });
}

} // namespace belay::cli
