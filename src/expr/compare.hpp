#pragma once
#include "expr/functions.hpp"
#include <optional>

namespace belay::expr {

/// CEL's equality of values that are not secret: numbers by their value whatever their kind, NaN equals nothing, other kinds never
/// equal each other. `perhaps`: an unknown member decides.
enum class Equal : std::uint8_t { no, perhaps, yes };
Equal equal(const Value& a, const Value& b, Meter&);

/// −1, 0, 1 of two values of an ordered kind; `unordered`: NaN; nothing: they have no order.
enum class Order : std::int8_t { less = -1, same = 0, greater = 1, unordered = 2 };
std::optional<Order> order(const Value& a, const Value& b);

/// The value under a key, integers of either kind and whole doubles being the same key; nullptr when there is none.
const Value* find_key(const Value::Map&, const Value& key);
bool is_key(const Value&); ///< of a kind that may be one

/// A key as text, the same for keys that are equal: for sets.
std::string key_text(const Value& key);

} // namespace belay::expr
