#pragma once
#include "expr/ast.hpp"
#include "expr/functions.hpp"

namespace belay::expr {

/// One evaluation. A false result is an error, said in `error`; it is fatal, and no operator absorbs it, when a bound was reached.
class Evaluator {
public:
  Evaluator(const Program::Tree& tree, const Value::Map& bindings, const Limits& limits);
  bool eval(const Node&, Value& out);
  std::string error;
  std::size_t error_at = 0;

private:
  Meter m_meter;
  std::vector<const Value*> m_names; ///< by slot; nullptr: not bound
  std::vector<Value> m_locals;
  const Program::Tree& m_tree;

  bool fail(const Node&, std::string message);
  bool exhausted();
  /// The plain contents; copying a secret container costs its size.
  Value plain(const Value&);
  bool select(const Node&, Value& out);
  bool member(const Node&, const Value& target, Value& out);
  bool index(const Node&, Value& out);
  bool element(const Node&, const Value& target, const Value& key, Value& out);
  bool call(const Node&, Value& out);
  bool dispatch(const Node&, std::span<Value> args, Value& out);
  bool list(const Node&, Value& out);
  bool map(const Node&, Value& out);
  bool conditional(const Node&, Value& out);
  bool logic(const Node&, Value& out);
  bool negate(const Node&, Value& out);
  bool minus(const Node&, Value& out);
  bool chain(const Node&, Value& out);
  bool compare(const Node&, Value& out);
  bool contained(const Node&, const Value& item, const Value& in, Value& out);
  bool or_else(const Node&, Value& out);
  bool pair(const Node& a, const Node& b, Value& x, Value& y, bool& unknown);

  struct Range;
  bool macro(const Node&, Value& out);
  bool range(const Node&, Range&);
  bool bind(const Node&, Value& out);
  bool opt_map(const Node&, Value& out);
  bool step(const Node&, const Range&, std::size_t i);
  bool quantified(const Node&, const Range&, Value& out);
  bool exactly_one(const Node&, const Range&, Value& out);
  bool to_list(const Node&, const Range&, Value& out);
  bool to_map(const Node&, const Range&, Value& out);
  enum class Chosen : std::uint8_t { no, yes, unknown, error };
  struct Marks;
  Chosen chosen(const Node&, Marks&);
};

/// A secret's mark, put on what was computed from one.
Value marked(Value, bool secret);
/// Unknown for all that the given values wait for, secret if one of them is.
Value unknown_of(std::span<const Value> values);

} // namespace belay::expr
