#pragma once
#include "expr/ast.hpp"

namespace belay::expr {

/// Resolves names to slots and calls to overloads, and types every node. Fills in `names`, `locals` and `type` of the tree; what
/// is wrong is in the issues, in the order of the source.
std::vector<Issue> check(Program::Tree&, const Scope&);

/// Chains of members from free names, as `Program::references` tells them.
std::vector<std::string> references_of(const Node& root);

} // namespace belay::expr
