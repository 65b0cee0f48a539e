#pragma once
#include "expr/expr.hpp"
#include <memory>
#include <span>

namespace belay::expr {

struct Signature;
struct Pattern;

enum class Op : std::uint8_t {
  constant,   ///< value
  name,       ///< a free name: slot of Tree::names; value: the type it means where nothing is bound to it
  local,      ///< a variable of a macro: slot
  unbound,    ///< a name or function that is not there: an error when evaluated
  select,     ///< children[0].text; `optional`: `.?`
  has,        ///< has(children[0].text)
  index,      ///< children[0][children[1]]; `optional`: `[?`
  call,       ///< text(children…); `receiver`: children[0] stands before the point
  list,       ///< children; `flags[i]`: an optional element
  map,        ///< children: key, value, key, value…; `flags[i]`: an optional entry
  conditional,
  all_of, ///< && over all children
  any_of, ///< || over all children
  negate, ///< !
  minus,
  chain, ///< children joined from the left by symbols: + - * / %
  compare, ///< symbol between two children: == != < <= > >= in
  macro, ///< children: target, [filter], body; slot, second
  or_else, ///< or, orValue: children[1] is evaluated when children[0] is absent
};
enum class Symbol : std::uint8_t { add, subtract, multiply, divide, remainder, equal, unequal, less, less_equal, greater, greater_equal, in };
enum class Macro : std::uint8_t { all, exists, exists_one, map, filter, transform_list, transform_map, transform_map_entry, bind, opt_map, opt_flat_map };

struct Node {
  Op op = Op::constant;
  Macro macro = Macro::all;
  bool optional = false, receiver = false;
  bool filtered = false; ///< of a macro: children[1] chooses, children[2] transforms
  bool absolute = false; ///< a name written with a leading point
  unsigned depth = 1;
  int slot = -1, second = -1; ///< -1: no such variable
  std::size_t at = 0;         ///< byte of the source, for messages
  std::string text, variable, second_variable;
  Value value;
  std::vector<std::unique_ptr<Node>> children;
  std::vector<Symbol> symbols;
  std::vector<bool> flags;
  std::vector<const Signature*> overloads; ///< of a call: those that may fit
  std::shared_ptr<const Pattern> pattern;  ///< of `matches` with a constant pattern
};
using NodePtr = std::unique_ptr<Node>;

struct Program::Tree {
  std::string source;
  NodePtr root;
  Type type;
  std::vector<std::string> names; ///< free names, by slot
  std::size_t locals = 0;
  std::vector<std::string> references;
};

int column_of(std::string_view source, std::size_t at); ///< in code points, from 1
std::string_view written(Symbol);                       ///< `+`, `in`

} // namespace belay::expr
