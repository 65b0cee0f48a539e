#pragma once
#include "engine/session.hpp"

namespace belay::engine {

/// Before a resume goes on from what a read gave in an earlier life: reads it again where remaining steps use it and this run
/// changed nothing of what it looks at. What names something (texts, booleans, lists of them) must be as it was; measurements may move.
/// Nothing: all is as it was; otherwise what others changed.
std::optional<std::string> moved_since(Session&, const Step&, const Action&, const Frame&, const std::string& path, const Value& outputs);

} // namespace belay::engine
