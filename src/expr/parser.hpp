#pragma once
#include "expr/ast.hpp"

namespace belay::expr {

/// Source → tree, macros expanded, names not yet resolved. Nothing and one issue where it is no CEL, too long or too deep.
tl::expected<NodePtr, Issue> parse(std::string_view source, const Limits&);

/// What a finished call means when it is a macro; the call itself when it is none. Nothing: `message` says why it is wrong.
NodePtr expand_macro(NodePtr call, std::string& message, std::size_t& at);

} // namespace belay::expr
