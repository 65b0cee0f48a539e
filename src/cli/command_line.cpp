#include "cli/command_line.hpp"
#include "cli/commands.hpp"

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
  flags.text("--break-glass", g.break_glass, "in an emergency: change what is frozen or protected all the same, for this reason, which is recorded", "REASON");
}

} // namespace

Flags command_line(Globals& globals) {
  Flags flags("belay", "Runbooks as code: procedures that are data, dry runs that do not lie, a journal that survives a crash.");
  flags.footer("`belay help` lists the topics that are explained; exit codes: `belay help exit-codes`.");
  add_globals(flags, globals);
  for (const Command& row : commands()) {
    Flags command = flags.command(row.name, row.summary, row.group);
    if (row.group.empty()) command.hide();
    row.add(command);
  }
  return flags;
}

} // namespace belay::cli
