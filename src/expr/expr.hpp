#pragma once
#include "belay/rule.hpp"
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// CEL, the Common Expression Language: the core language, the standard macros and functions, the two-variable macros, and the
/// strings, math, encoders, bindings and optional extensions; no protobuf messages. Unknown and secret propagate through
/// every operator and function: an unknown operand makes the result unknown unless the operator absorbs it (`false && unknown`
/// is false), a secret one makes it secret.
namespace belay::expr {

/// What the checker knows of a value. `object`: a map with fixed names, where another name is an error.
struct Type {
  Kind kind = Kind::any; ///< any: checked only when evaluated (CEL's dyn)
  std::vector<Type> of;  ///< list: element; map: key, value; optional: value; type: none
  struct Member;
  std::vector<Member> members; ///< of an object (kind map, `of` empty)
  bool object = false;
  char variable = 0; ///< the checker's own: a type yet to be found (the element of an empty list)
};
struct Type::Member {
  std::string first;
  Type second;
};

/// The names an expression may use; one may be dotted (`a.b.c`). `open`: every other name is `any`. `checked`: false finds names
/// and overloads only when evaluated, as CEL's parse-only mode does. `container`: names are looked for in it first.
struct Scope {
  std::vector<std::pair<std::string, Type>> names;
  bool open = false;
  bool checked = true;
  std::string container = {};
};

struct Issue {
  int column = 1; ///< in code points, from 1
  std::string message, hint;
};

struct Limits {
  std::size_t source = 64 * 1024; ///< bytes
  unsigned depth = 200;
  std::uint64_t steps = 500'000; ///< evaluation steps; lists and text count by their size
};

/// A parsed and checked expression: immutable, cheap to copy.
class Program {
public:
  /// `bindings`: a known map of names to values (any member may be unknown or secret). An evaluation error is `rejected` with CEL's wording.
  Expected<Value> evaluate(const Value& bindings, const Limits& = {}) const;
  const std::string& source() const;
  const Type& type() const;
  /// Every chain of member selections that begins at a free name, as far as it is constant: `steps.choose.revision`, `params.to`.
  std::vector<std::string> references() const;
  std::shared_ptr<const Rule> rule() const; ///< the same, as an action's input

  struct Tree; ///< the syntax tree, private to src/expr
private:
  friend tl::expected<Program, std::vector<Issue>> compile(std::string_view, const Scope&, const Limits&);
  std::shared_ptr<const Tree> m_tree;
};

tl::expected<Program, std::vector<Issue>> compile(std::string_view source, const Scope& = {{}, true}, const Limits& = {});

/// `{"type": …, "value": …}`, recursively typed, as `belay expr --output json` prints it: 64-bit integers exact, timestamps RFC
/// 3339, durations in seconds with `s`, bytes base64, types by name, NaN and infinities as text; an unknown lists the names it
/// waits for, a secret shows no value.
std::string typed_json(const Value&);

} // namespace belay::expr
