#pragma once
#include "expr/functions.hpp"

namespace belay::expr {

/// a ∘ b for + - * / %: 64-bit overflow, division by zero and years outside 1 to 9999 are errors, said in `error`.
bool arithmetic(Symbol, const Value& a, const Value& b, Meter&, Value& out, std::string& error);
bool negated(const Value& a, Value& out, std::string& error);

/// The type of a ∘ b; nothing when no overload takes the two.
std::optional<Type> arithmetic_type(Symbol, const Type& a, const Type& b);

bool in_range(Timestamp); ///< years 1 to 9999

} // namespace belay::expr
