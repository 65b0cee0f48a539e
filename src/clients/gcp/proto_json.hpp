#pragma once
#include "belay/value.hpp"
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// How Google's APIs write values as JSON (protobuf's JSON mapping): 64-bit integers and durations as text, times as RFC 3339, members at their default left out.
namespace belay::gcp {

/// An integer that came as a number or as text; null where it is neither.
Value whole(const Value&);
/// A timestamp of RFC 3339 text; null where it is none.
Value time_of(const Value&);
/// The text of a timestamp as the APIs take it, of a text itself; an unknown stays unknown.
Value time_text(const Value&);
/// A map of those members that are not null.
Value members(std::vector<std::pair<std::string, Value>>);
/// The last part of a resource's name (`projects/1/secrets/a/versions/4` → `4`).
std::string last_part(std::string_view name);

/// `kind:a/b/c`, the name of a resource for `touches`: it ends before the first part that is not known, so that it covers whatever that may become;
/// empty, which covers everything, where the first is not.
std::string resource(std::string_view kind, const std::vector<Value>& parts);

} // namespace belay::gcp
