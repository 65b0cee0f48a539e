#pragma once
#include "clients/gcp/rest.hpp"

/// Long-running operations, as changes follow them: the answer gives the operation's name as the handle, `observe` reads it, `judge` tells.
namespace belay::gcp {

/// Of a change whose 2xx answer is an operation: pending, with its `name` as the handle; at its end where it says `done` already.
Outcome started(const Intent&, const Expected<Answer>&);

/// {operation, age}: the operation at `url`, and the time since it began by its own account (zero where it gives none).
Expected<Value> look_at_operation(const Reads&, const Value& url, const Stop&);

/// Of what `look_at_operation` saw: pending while it runs, to be looked at again after a tenth of its age (0.2 s to 20 s); partial where it ended
/// with an error, for a part of its work may stand; `on_end(operation)` otherwise.
Outcome followed(const Value& looked, const std::function<Outcome(const Value& operation)>& on_end);

} // namespace belay::gcp
