#pragma once
#include "expr/expr.hpp"
#include <map>

namespace belay::expr {

/// The type of an element of `list`, of a key or value of `map`, of what an optional holds; `any` where it is not known.
Type part_of(const Type&, std::size_t index);

bool is_any(const Type&); ///< any, or not yet found
bool is_number(Kind);

std::string describe(const Type&);  ///< `map(string, list(int))`
std::string describe(Kind);         ///< as CEL names it: `int`, `google.protobuf.Timestamp`
Type type_of(std::string_view written); ///< `int`, `list<A>`, `map<A,B>`, `optional<A>`; a capital letter is a variable
std::vector<Type> types_of(std::string_view written); ///< separated by commas at the outer level

/// The type that holds both; `any` where only that does.
Type join(const Type&, const Type&);
/// Whether values of the two may be equal: numbers of any kind compare, null compares with everything.
bool comparable(const Type&, const Type&);

using Found = std::map<char, Type>;
/// Whether an argument fits a parameter; its variables are found on the way.
bool fits(const Type& parameter, const Type& argument, Found&);
Type filled(const Type& pattern, const Found&);

} // namespace belay::expr
