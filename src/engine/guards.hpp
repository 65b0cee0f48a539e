#pragma once
#include "engine/engine.hpp"

/// Context guards of an environment: what must be true of where belay acts, looked at right before each step that destroys.
namespace belay::engine {

struct Guarded {
  std::string name, expected;
  std::string found;   ///< empty: it could not be told
  std::string because; ///< why it could not
  bool holds() const { return !found.empty() && found == expected; }
};

/// Looks at each guard. `in`: the step's inputs, in which the connection to a database is found; where they name none, the service's only
/// database is asked. `env` has the settings with their secrets. A guard that cannot be looked at does not hold.
std::vector<Guarded> look_at_guards(const Value& guards, const Value& in, const Value& env, const Reads&, const World&, const Stop&);

/// `host must be db-1 and is web-1`, for those that do not hold; empty: all do.
std::string broken_guards(const std::vector<Guarded>&);

} // namespace belay::engine
