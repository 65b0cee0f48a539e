#include "engine/exit_decision.hpp"

namespace belay::engine {

Decision decide(const Ending& e) {
  switch (e.halt) {
    case Halt::unknown: return {Exit::unknown, "stuck", true};
    case Halt::waiting: return {Exit::waiting, "waiting", true};
    case Halt::refused: return e.changed ? Decision{Exit::refused, "stopped", true} : Decision{Exit::refused, "refused", false};
    case Halt::stopped: return {Exit::stopped, "stopped", true};
    case Halt::changed: return {Exit::changed, "stuck", true};
    case Halt::none: break;
  }
  if (e.failed) {
    if (e.stands) return {Exit::changed, "stuck", true};
    if (e.misnamed && !e.changed) return {Exit::usage, "failed", false};
    return {Exit::unchanged, e.changed ? "undone" : "failed", false};
  }
  return {e.findings ? Exit::finding : Exit::done, "done", false};
}

} // namespace belay::engine
