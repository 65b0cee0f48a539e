#include "cli/run_cli.hpp"
#include "belay/secret.hpp"
#include "cli/command_line.hpp"
#include "notify/console.hpp"
#include "notify/delivery.hpp"
#include "report/style.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <ostream>

namespace belay::cli {
namespace {

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

/// Work that needed none of the broken files was done; whoever keeps them must hear of them all the same.
void tell_left_out(const Context& c, std::ostream& err) {
  const std::vector<std::string> files = c.left_out();
  if (files.empty()) return;
  err << fmt::format("belay: the project has problems: {}{} cannot be loaded; `belay runbook check` shows them\n", printable(files.front()), files.size() == 1 ? "" : fmt::format(" and {} more", files.size() - 1));
}

/// Whether an error shows what is wrong with a file: then there is nothing left to point at.
bool shows_a_file(const Error& e) {
  return std::any_of(e.problems.begin(), e.problems.end(), [](const Problem& problem) { return !problem.where.file.empty(); });
}

} // namespace

int run_cli(const std::vector<std::string>& arguments, Outside& outside) {
  Globals globals;
  Context context(outside, globals);
  try {
    Flags flags = command_line(globals);
    std::string printed;
    const std::optional<Work> work = flags.parse(arguments, printed);
    if (!work) {
      outside.out << printed << std::flush;
      return static_cast<int>(Exit::done);
    }
    const Exit exit = (*work)(context);
    deliver_messages(context);
    outside.out << std::flush;
    tell_left_out(context, outside.err);
    return static_cast<int>(exit);
  } catch (const Error& e) {
    print_problems(e, outside.err, context.colored());
    if (!shows_a_file(e)) tell_left_out(context, outside.err);
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
