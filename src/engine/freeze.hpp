#pragma once
#include "belay/error.hpp"
#include "belay/value.hpp"
#include <optional>
#include <string>

namespace belay::engine {

/// Whether one of an environment's freeze windows (belay.yaml: from, to, zone, reason) holds now: the refusal that says which. A
/// window is between two RFC 3339 moments, or weekly (`Fri 16:00`, to the end not included). Of a zone other than UTC the window is
/// taken as wide as any zone makes it; one that cannot be read refuses, too.
std::optional<Failure> frozen(const Value& windows, const std::string& environment, Timestamp now);

} // namespace belay::engine
