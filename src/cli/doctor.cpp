#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "report/table.hpp"
#include "runbook/load_project.hpp"
#include "value/json.hpp"
#include <fmt/format.h>
#include <functional>
#include <ostream>

namespace belay::cli {
namespace {

/// A program that some procedures use: how it tells its version, what it is for, and the distribution's package that has it.
struct Tool {
  std::string_view program, argument, purpose, package;
};
constexpr Tool k_tools[] = {
    {"pg_dump", "--version", "backup of PostgreSQL", "postgresql-client"},
    {"pg_restore", "--version", "restore and verification of PostgreSQL", "postgresql-client"},
    {"supervisorctl", "version", "instances of platform host", "supervisor"},
    {"git", "--version", "versions, tags", "git"},
    {"bash", "--version", "core.shell", "bash"},
};

using Note = std::function<void(const std::string& what, bool fine, const std::string& found, const std::string& remedy)>;

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// Whose token signs requests to Google, and where they go. None is no finding: not every project has to do with Google.
void note_google(Account& google, const Stop& stop, const Note& note) {
  const Value told = google.described(stop);
  const auto text = [&](std::string_view name) { return told[name].kind() == Kind::text ? told[name].text() : std::string(); };
  const Value problem = told["problem"];
  std::string found = text("source");
  if (const auto account = text("account"); !account.empty()) found += ", " + account;
  found += text("project").empty() ? ", no project" : ", project " + text("project");
  if (const auto quota = text("quota_project"); !quota.empty()) found += ", quota project " + quota;
  if (problem.is_null()) note("Google credentials", true, found, "");
  else note("Google credentials", told["none"] == Value(true), problem["message"].text(), problem["hint"].text());
  if (told["overrides"].kind() == Kind::map)
    for (const auto& [name, where] : told["overrides"].map()) note("Google override", true, name.text() + "=" + where.text(), where.text().starts_with("http:") ? "tokens travel to it in the clear" : "");
}

Exit run_doctor(Context& c) {
  Exit exit = Exit::done;
  Value::List out;
  std::vector<std::vector<std::string>> rows;
  const Stop stop(c.outside.ports.time);
  auto note = [&](const std::string& what, bool fine, const std::string& found, const std::string& remedy) {
    if (!fine) exit = Exit::finding;
    out.push_back(Value::object({{"what", what}, {"ok", fine}, {"found", found}, {"remedy", remedy}}));
    rows.push_back({fine ? "ok" : "missing", what, found, remedy});
  };
  for (const Tool& tool : k_tools) {
    const std::string program(tool.program), purpose = fmt::format("{} ({})", tool.program, tool.purpose);
    if (!c.outside.ports.process.find(program)) {
      note(purpose, false, "not on PATH", fmt::format("apt-get install {}", tool.package));
      continue;
    }
    belay::Command command;
    command.argv = {Value(program), Value(std::string(tool.argument))};
    const auto ended = c.outside.ports.process.read(command, stop.nested(std::chrono::seconds(5)));
    note(purpose, true, ended ? first_line(ended->out.empty() ? ended->err : ended->out) : ended.error().message, "");
  }
  try {
    const Project& project = c.project();
    if (!project.broken.empty()) throw Error(Exit::usage, problems_of(project));
    note("project", true, project.builtin ? "the compiled-in one" : project.folder, "");
  } catch (const Error& e) {
    note("project", false, e.what(), "belay runbook check");
  }
  try {
    const auto listed = c.store().list({"run", "", "", "", {}, 1});
    note("state", listed.has_value(), listed ? "can be read" : listed.error().message, listed ? "" : listed.error().hint);
  } catch (const Error& e) {
    note("state", false, e.what(), e.problems.empty() ? "" : e.problems.front().hint);
  }
  if (c.outside.google) note_google(*c.outside.google, stop.nested(std::chrono::seconds(20)), note);
  note("terminal", true, c.outside.terminal.interactive() ? fmt::format("{} columns; questions are asked here", c.outside.terminal.width()) : "none: questions park a run (exit 9)", "");
  if (c.json()) c.outside.out << pretty_json(Value(std::move(out))) << '\n';
  else if (c.ndjson())
    for (const Value& row : out) c.outside.out << canonical_json(row) << '\n';
  else
    c.outside.out << report::table({"", "what", "found", "to do"}, rows);
  return exit;
}

} // namespace

void add_doctor(Flags& flags) {
  flags.runs([](Context& c) { return run_doctor(c); });
}

} // namespace belay::cli
