#include "expr/arithmetic.hpp"
#include "expr/compare.hpp"
#include "expr/evaluator.hpp"
#include "expr/types.hpp"
#include <array>
#include <fmt/format.h>

namespace belay::expr {
namespace {

bool is_container(const Value& v) {
  const Kind kind = v.kind();
  return kind == Kind::list || kind == Kind::map || kind == Kind::optional;
}
/// Itself or a member at any depth; scalars are not walked.
bool secret_inside(const Value& v) { return is_container(v) ? v.has_secret() : v.is_secret(); }

} // namespace

bool Evaluator::negate(const Node& node, Value& out) {
  Value value;
  if (!eval(*node.children[0], value)) return false;
  if (value.is_unknown()) {
    out = unknown_of({&value, 1});
    return true;
  }
  if (value.kind() != Kind::boolean) return fail(node, fmt::format("no such overload: !{}", describe(value.kind())));
  const bool secret = value.is_secret();
  out = marked(Value(!(secret ? plain(value) : value).boolean()), secret);
  return true;
}

bool Evaluator::minus(const Node& node, Value& out) {
  Value value;
  if (!eval(*node.children[0], value)) return false;
  if (value.is_unknown()) {
    out = unknown_of({&value, 1});
    return true;
  }
  const bool secret = value.is_secret();
  std::string why;
  if (!negated(secret ? plain(value) : value, out, why)) return fail(node, why);
  out = marked(std::move(out), secret);
  return true;
}

bool Evaluator::chain(const Node& node, Value& out) {
  std::array<Value, 2> both;
  bool left = eval(*node.children[0], both[0]);
  if (!left && m_meter.exhausted()) return false;
  for (std::size_t i = 1; i < node.children.size(); ++i) {
    std::string kept = left ? std::string() : std::move(error);
    const std::size_t kept_at = error_at;
    const bool right = eval(*node.children[i], both[1]);
    if (!right && m_meter.exhausted()) return false;
    if ((left && both[0].is_unknown()) || (right && both[1].is_unknown())) {
      if (!left) both[0] = Value();
      if (!right) both[1] = Value();
      both[0] = unknown_of(both);
      left = true;
      continue;
    }
    if (!left || !right) {
      if (!left) {
        error = std::move(kept);
        error_at = kept_at;
      }
      left = false;
      continue;
    }
    const bool secret = both[0].is_secret() || both[1].is_secret();
    std::string why;
    Value result;
    left = arithmetic(node.symbols[i - 1], secret ? plain(both[0]) : both[0], secret ? plain(both[1]) : both[1], m_meter, result, why);
    if (m_meter.exhausted()) return exhausted();
    if (!left) fail(node, why);
    both[0] = marked(std::move(result), secret);
  }
  if (left) out = std::move(both[0]);
  return left;
}

bool Evaluator::compare(const Node& node, Value& out) {
  std::array<Value, 2> both;
  bool unknown = false;
  if (!pair(*node.children[0], *node.children[1], both[0], both[1], unknown)) return false;
  if (unknown) {
    out = unknown_of(both);
    return true;
  }
  const Symbol symbol = node.symbols[0];
  for (const Value& v : both)
    if (!v.is_secret() && !m_meter.charge(v.kind() == Kind::list ? v.list().size() / 8 : v.kind() == Kind::map ? v.map().size() / 8 : 0)) return exhausted();
  const bool secret = secret_inside(both[0]) || secret_inside(both[1]);
  if (secret)
    for (Value& v : both) v = plain(v);
  if (symbol == Symbol::in) {
    if (!contained(node, both[0], both[1], out)) return false;
  } else if (symbol == Symbol::equal || symbol == Symbol::unequal) {
    const Equal same = equal(both[0], both[1], m_meter);
    if (m_meter.exhausted()) return exhausted();
    out = same == Equal::perhaps ? unknown_of(both) : Value((same == Equal::yes) == (symbol == Symbol::equal));
  } else {
    const auto how = order(both[0], both[1]);
    if (!how) return fail(node, fmt::format("no such overload: {} {} {}", describe(both[0].kind()), written(symbol), describe(both[1].kind())));
    const bool less = *how == Order::less, greater = *how == Order::greater, same = *how == Order::same;
    out = Value(symbol == Symbol::less ? less : symbol == Symbol::less_equal ? less || same : symbol == Symbol::greater ? greater : greater || same);
  }
  out = marked(std::move(out), secret);
  return true;
}

bool Evaluator::contained(const Node& node, const Value& item, const Value& in, Value& out) {
  if (in.kind() == Kind::map) {
    if (!m_meter.charge(in.map().size() / 16)) return exhausted();
    out = Value(find_key(in.map(), item) != nullptr);
    return true;
  }
  if (in.kind() != Kind::list) return fail(node, fmt::format("no such overload: {} in {}", describe(item.kind()), describe(in.kind())));
  Equal found = Equal::no;
  for (const Value& element : in.list()) {
    if (!m_meter.charge(1)) return exhausted();
    found = std::max(found, equal(item, element, m_meter));
    if (found == Equal::yes) break;
  }
  if (m_meter.exhausted()) return exhausted();
  out = found == Equal::perhaps ? unknown_of(std::array<Value, 2>{item, in}) : Value(found == Equal::yes);
  return true;
}

bool Evaluator::or_else(const Node& node, Value& out) {
  Value target;
  if (!eval(*node.children[0], target)) return false;
  if (target.is_unknown()) {
    out = unknown_of({&target, 1});
    return true;
  }
  if (target.kind() != Kind::optional) return fail(node, fmt::format("no such overload: {}.{}()", describe(target.kind()), node.text));
  const bool secret = target.is_secret(), whole = node.text == "or";
  if (secret) target = plain(target);
  if (const Value* present = target.present()) {
    out = whole ? target : *present;
  } else {
    if (!eval(*node.children[1], out)) return false;
    if (whole && !out.is_unknown() && out.kind() != Kind::optional) return fail(node, fmt::format("no such overload: optional_type.or({})", describe(out.kind())));
  }
  if (secret) out = marked(std::move(out), true);
  return true;
}

} // namespace belay::expr
