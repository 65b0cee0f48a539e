#pragma once
#include "engine/deliver.hpp"

namespace belay::engine {

/// What became of what a change left, from what was seen before it and now: as its action says, otherwise by its judge. `unclear` where it is not looked at.
Standing standing_of(const Change&, const Intent&, const Value& seen, const Value& outputs, const Value& now);

/// Whether to send an act again would write over what others made since: what it writes is neither what it leaves nor what was there before it.
bool overtaken(const Doing&, const Value& now);

/// For a person: why something was left, and what is there now where that is short enough to be read.
std::string left_text(std::string_view why, const Value& now);

} // namespace belay::engine
