#pragma once
#include "belay/action.hpp"

/// What became of a program, for every module that runs one.
namespace belay::modules {

Outcome failed_outcome(Failure);
/// Of a look that failed: where it was to judge, a finding, for what cannot be seen is not known to be well; otherwise, and when stopped, the failure.
Outcome unread(Failure, bool judges, const Value& subject);
/// outputs {status, out, err, value}; `parse`: text, json or lines. A status outside `accepted` (a list of integers; empty: 0) fails.
Outcome outcome_of_read(const Expected<Ended>&, const Value& accepted, std::string_view parse);
/// Of a changing program: `partial` where it ended with another status, because part of its work may stand; `unknown` where its end was not seen.
Outcome outcome_of_change(const Expected<Ended>&, const Value& accepted, std::string_view parse);
/// The last line that is not empty, at most 400 bytes of it.
std::string last_line(std::string_view text);

} // namespace belay::modules
