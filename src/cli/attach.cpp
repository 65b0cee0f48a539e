#include "cli/attach.hpp"
#include "cli/find_run.hpp"
#include "state/incident_record.hpp"
#include <fmt/format.h>
#include <ostream>

namespace belay::cli {

void attach_to_incident(const std::string& service, const std::string& environment, const engine::Finished& finished, const std::string& what, Context& c) {
  if (finished.run.empty() || service.empty()) return;
  const Timestamp now = c.outside.ports.time.wall();
  incidents::RunAttached run;
  run.run = finished.run;
  run.what = what;
  run.who = c.outside.machine.user() + "@" + c.outside.machine.host();
  run.state = finished.state;
  run.exit = static_cast<int>(finished.exit);
  run.changed = finished.changed;
  run.undone = finished.undone;
  run.stands = finished.stands;
  run.at = now;
  try {
    run.started = view_of(finished.run, c).header.at;
  } catch (const Error&) {
    run.started = now;
  }
  const auto attached = incidents::attach_run(c.store(), service, environment, run);
  if (!attached) {
    c.outside.err << "belay: the run could not be added to the open incident: " << attached.error().message << '\n';
    return;
  }
  if (!attached->note.empty()) c.outside.err << "belay: " << attached->note << '\n';
  else if (!attached->ids.empty() && !c.globals.quiet) c.outside.err << "  added to " << attached->ids.front() << '\n';
}

} // namespace belay::cli
