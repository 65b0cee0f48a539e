#include "cli/run_cli.hpp"
#include "belay/secret.hpp"
#include "cli/commands.hpp"
#include "notify/console.hpp"
#include "notify/delivery.hpp"
#include "report/style.hpp"
#include <fmt/format.h>
#include <ostream>

namespace belay::cli {
namespace {

void add_globals(Flags& flags, Globals& g) {
  flags.text("--project", g.project, "the project's folder, or `builtin` for the compiled-in one", "DIR");
  flags.choice("--dry-run", g.dry_run, {"reads", "offline"}, "show what would be done; `offline` contacts nothing (--dry-run alone: reads)");
  flags.choice("--output", g.output, {"text", "json", "ndjson"}, "what is written to standard output");
  flags.flag("--yes", g.yes, "answer yes to plain questions");
  flags.text("--confirm", g.confirm, "the name that would have to be typed", "NAME");
  flags.text("--wait", g.wait, "how long to wait for a claim that another run holds", "DURATION");
  flags.text("--from", g.from, "begin at this step; changes before it are taken as done", "STEP");
  flags.text("--only", g.only, "run this step, and the reads before it", "STEP");
  flags.flag("--quiet", g.quiet, "say only what went wrong and how it ended");
  flags.flag("--verbose", g.verbose, "say everything, outputs included");
  flags.choice("--color", g.color, {"auto", "always", "never"}, "colours on the terminal (NO_COLOR is honoured)");
  flags.text("--state", g.state, "where state is kept: a folder; else $XDG_STATE_HOME/belay", "URL");
  flags.text("--reason", g.reason, "why, for the record", "TEXT");
}

void print_problems(const Error& e, std::ostream& err, bool color) {
  const report::Style style{color};
  for (const Problem& problem : e.problems) {
    std::string place;
    if (!problem.where.file.empty()) {
      place = problem.where.file;
      if (problem.where.line > 0) place += fmt::format(":{}:{}", problem.where.line, problem.where.column);
      place += ": ";
    }
    err << "belay: " << place << style.bad(printable(problem.message)) << '\n';
    if (!problem.hint.empty()) err << "       " << printable(problem.hint) << '\n';
  }
}

/// Messages that this command queued, or an earlier one that died before it could send them.
void deliver_messages(Context& c) {
  Store* store = c.opened_store();
  if (!store) return;
  notify::Console console(c.outside.err);
  notify::Notifier* const notifiers[] = {&console};
  for (const std::string& problem : notify::deliver_waiting(*store, c.outside.ports.time, notifiers).problems) c.outside.err << "belay: " << problem << '\n';
}

} // namespace

int run_cli(const std::vector<std::string>& arguments, Outside& outside) {
  Globals globals;
  Context context(outside, globals);
  try {
    Flags flags("belay", "Runbooks as code: procedures that are data, dry runs that do not lie, a journal that survives a crash.");
    flags.footer("`belay help` lists the topics that are explained; exit codes: `belay help exit-codes`.");
    add_globals(flags, globals);
    for (const Command& row : commands()) {
      Flags command = flags.command(row.name, row.summary, row.group);
      if (row.group.empty()) command.hide();
      row.add(command);
    }
    std::string printed;
    const std::optional<Work> work = flags.parse(arguments, printed);
    if (!work) {
      outside.out << printed << std::flush;
      return static_cast<int>(Exit::done);
    }
    const Exit exit = (*work)(context);
    deliver_messages(context);
    outside.out << std::flush;
    return static_cast<int>(exit);
  } catch (const Error& e) {
    print_problems(e, outside.err, context.colored());
    return static_cast<int>(e.exit);
  } catch (const std::bad_alloc&) {
    outside.err << "belay: out of memory; the journal tells how far a run came: `belay runs list`\n";
    return static_cast<int>(Exit::unknown);
  } catch (const std::exception& e) {
    outside.err << "belay: a mistake of its own: " << printable(e.what()) << "\n       the journal tells how far a run came: `belay runs list`\n";
    return static_cast<int>(Exit::unknown);
  }
}

} // namespace belay::cli
