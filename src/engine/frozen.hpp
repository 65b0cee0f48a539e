#pragma once
#include "engine/engine.hpp"

namespace belay::engine {

/// Why nothing may be changed in an environment now, until when, and what overrides it; nothing: no freeze window holds.
std::optional<Failure> frozen_now(const Value& windows, const std::string& environment, const Time&);

/// What is said aloud where it is overridden.
std::string glass_broken(const std::string& who, const std::string& reason, const std::string& what);

} // namespace belay::engine
