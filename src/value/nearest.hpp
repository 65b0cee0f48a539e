#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace belay {

/// Insertions, deletions, replacements and swaps of neighbours that turn one text into the other, counted in bytes; capital letters count as small ones.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// Up to `at_most` of `names` that a person may have meant by `wanted`, nearest first: within a third of its length (at least one
/// edit), or with it as their beginning. Empty where nothing is near.
std::vector<std::string> nearest(std::string_view wanted, std::span<const std::string> names, std::size_t at_most = 3);
std::vector<std::string> nearest(std::string_view wanted, std::span<const std::string_view> names, std::size_t at_most = 3);

/// The end of a message about a name that is not there: `did you mean 'retry'?`, `did you mean 'a' or 'b'?`; where nothing is near
/// and the names are few, `known: a, b`; else empty.
std::string did_you_mean(std::string_view wanted, std::span<const std::string> names);
std::string did_you_mean(std::string_view wanted, std::span<const std::string_view> names);

} // namespace belay
