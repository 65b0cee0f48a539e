#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace belay {

/// Seconds east of UTC at a time (seconds since 1970): of `UTC`, an offset (`+01:00`), or a name of the system's zone database
/// (`Europe/Berlin`). Nothing of any other name.
std::optional<std::int64_t> zone_offset(std::string_view zone, std::int64_t at);

} // namespace belay
