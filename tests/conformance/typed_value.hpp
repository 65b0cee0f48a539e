#pragma once
#include "belay/value.hpp"
#include "expr/expr.hpp"
#include <optional>
#include <string>

namespace belay::conformance {

/// A value as the conformance data writes it (`{"int64Value": "1"}`); nothing when it is a protobuf message or enum.
std::optional<Value> value_of(const Value& json);
/// A type as the data writes it (`{"primitive": "INT64"}`); nothing when there is none such here.
std::optional<expr::Type> type_of(const Value& json);

/// The same kind and contents; NaN is NaN, the order of keys does not matter.
bool same(const Value& a, const Value& b);

} // namespace belay::conformance
