#include "engine/frozen.hpp"
#include "runbook/freeze.hpp"
#include "value/json.hpp"

namespace belay::engine {

std::optional<Failure> frozen_now(const Value& windows, const std::string& environment, const Time& time) {
  const auto frozen = frozen_at(windows, time.wall());
  if (!frozen) return {};
  return Failure{Cause::refused, Reached::no,
                 environment + " is frozen " + frozen->window + (frozen->reason.empty() ? "" : " (" + frozen->reason + ")") + ", until " + rfc3339(frozen->until) + ": nothing is changed there",
                 "wait until then, or override it: --break-glass REASON; safe-ward runbooks, such as rollback, are not refused"};
}

std::string glass_broken(const std::string& who, const std::string& reason, const std::string& what) { return "BREAK GLASS by " + who + ": " + reason + " — overridden: " + what; }

} // namespace belay::engine
