#pragma once
#include "belay/value.hpp"
#include <optional>
#include <string_view>

namespace belay {

/// `90s`, `1h30m`, `250ms`, `1.5h`, `30d`: numbers with d, h, m, s, ms, us or ns, largest first or not; not negative. Nothing of other text.
std::optional<Duration> parse_duration(std::string_view text);

} // namespace belay
