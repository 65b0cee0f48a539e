#include "expr/evaluator.hpp"
#include "belay/reveal.hpp"
#include "expr/arithmetic.hpp"
#include "expr/compare.hpp"
#include "expr/map_builder.hpp"
#include "expr/types.hpp"
#include <array>
#include <cmath>
#include <fmt/format.h>

namespace belay::expr {

Value marked(Value value, bool secret) { return secret && !value.is_secret() ? value.as_secret() : value; }

Value unknown_of(std::span<const Value> values) {
  std::vector<std::string> waits;
  bool secret = false;
  for (const Value& v : values) {
    auto more = v.waits_for();
    waits.insert(waits.end(), more.begin(), more.end());
    secret |= v.has_secret();
  }
  return marked(Value::unknown(std::move(waits)), secret);
}

Evaluator::Evaluator(const Program::Tree& tree, const Value::Map& bindings, const Limits& limits) : m_locals(tree.locals), m_tree(tree) {
  m_meter.limit = limits.steps;
  m_names.assign(tree.names.size(), nullptr);
  for (const auto& [key, value] : bindings) {
    if (key.kind() != Kind::text || key.is_secret()) continue;
    for (std::size_t i = 0; i < tree.names.size(); ++i)
      if (tree.names[i] == key.text()) m_names[i] = &value;
  }
}

bool Evaluator::fail(const Node& node, std::string message) {
  error = std::move(message);
  error_at = node.at;
  return false;
}
bool Evaluator::exhausted() {
  error = fmt::format("the expression takes more than {} steps", m_meter.limit);
  return false;
}

namespace {

std::uint64_t size_of(const Value& v) {
  std::uint64_t out = 1;
  if (v.kind() == Kind::list)
    for (const Value& element : v.list()) out += size_of(element);
  else if (v.kind() == Kind::map)
    for (const auto& [key, value] : v.map()) out += 1 + size_of(value);
  return out;
}

} // namespace

Value Evaluator::plain(const Value& v) {
  Value out = Reveal::plain(v);
  if (const Kind kind = out.kind(); kind == Kind::list || kind == Kind::map) m_meter.charge(2 * size_of(out));
  return out;
}

bool Evaluator::eval(const Node& node, Value& out) {
  if (!m_meter.charge(1)) return exhausted();
  switch (node.op) {
    case Op::constant: out = node.value; return true;
    case Op::name: {
      const Value* value = m_names[static_cast<std::size_t>(node.slot)];
      if (!value && node.value.kind() != Kind::type) return fail(node, fmt::format("no such attribute: '{}'", node.text));
      out = value ? *value : node.value;
      return true;
    }
    case Op::local: out = m_locals[static_cast<std::size_t>(node.slot)]; return true;
    case Op::unbound: return fail(node, fmt::format("unbound function: {}", node.text));
    case Op::select:
    case Op::has: return select(node, out);
    case Op::index: return index(node, out);
    case Op::call: return call(node, out);
    case Op::list: return list(node, out);
    case Op::map: return map(node, out);
    case Op::conditional: return conditional(node, out);
    case Op::all_of:
    case Op::any_of: return logic(node, out);
    case Op::negate: return negate(node, out);
    case Op::minus: return minus(node, out);
    case Op::chain: return chain(node, out);
    case Op::compare: return compare(node, out);
    case Op::macro: return macro(node, out);
    case Op::or_else: return or_else(node, out);
  }
  return fail(node, "an expression of an unknown kind");
}

bool Evaluator::select(const Node& node, Value& out) {
  Value target;
  return eval(*node.children[0], target) && member(node, target, out);
}

bool Evaluator::member(const Node& node, const Value& target, Value& out) {
  if (target.is_unknown()) {
    out = unknown_of({&target, 1});
    return true;
  }
  if (target.is_secret()) {
    // What is missing from a secret is not told.
    if (!member(node, plain(target), out)) return m_meter.exhausted() ? false : fail(node, "no such key in a secret");
    out = marked(out, true);
    return true;
  }
  if (target.kind() == Kind::optional) {
    const Value* inner = target.present();
    if (!inner) {
      out = node.op == Op::has ? Value(false) : Value::absent();
      return true;
    }
    if (inner->is_unknown() || inner->is_secret() || inner->kind() != Kind::map) {
      if (!member(node, *inner, out)) return false;
      if (node.op != Op::has && !node.optional && !out.is_unknown()) out = Value::optional(out);
      return true;
    }
    const Value* found = find_key(inner->map(), Value(node.text));
    out = node.op == Op::has ? Value(found != nullptr) : found ? Value::optional(*found) : Value::absent();
    return true;
  }
  if (target.kind() != Kind::map) return fail(node, fmt::format("no such overload: {} has no member '{}'", describe(target.kind()), node.text));
  const auto& map = target.map();
  if (!m_meter.charge(map.size() / 16)) return exhausted();
  const Value* found = nullptr;
  for (const auto& [key, value] : map) {
    if (key.kind() != Kind::text || key.is_secret() || key.text() != node.text) continue;
    found = &value;
    break;
  }
  if (node.op == Op::has) {
    out = Value(found != nullptr);
  } else if (node.optional) {
    out = found ? Value::optional(*found) : Value::absent();
  } else if (found) {
    out = *found;
  } else {
    if (!m_meter.charge(map.size())) return exhausted();
    return fail(node, fmt::format("no such key: '{}'", node.text));
  }
  return true;
}

bool Evaluator::pair(const Node& a, const Node& b, Value& x, Value& y, bool& unknown) {
  const bool first = eval(a, x);
  if (!first && m_meter.exhausted()) return false;
  std::string kept = first ? std::string() : std::move(error);
  const std::size_t kept_at = error_at;
  const bool second = eval(b, y);
  if (!second && m_meter.exhausted()) return false;
  unknown = (first && x.is_unknown()) || (second && y.is_unknown());
  if (unknown) {
    // An unknown wins over an error: what it turns out to be decides which of the two a run meets.
    if (!first) x = Value();
    if (!second) y = Value();
    return true;
  }
  if (!first) {
    error = std::move(kept);
    error_at = kept_at;
  }
  return first && second;
}

bool Evaluator::index(const Node& node, Value& out) {
  std::array<Value, 2> both;
  bool unknown = false;
  if (!pair(*node.children[0], *node.children[1], both[0], both[1], unknown)) return false;
  if (unknown) {
    out = unknown_of(both);
    return true;
  }
  const bool secret = both[0].is_secret() || both[1].is_secret();
  if (!secret) return element(node, both[0], both[1], out);
  if (!element(node, both[0].is_secret() ? plain(both[0]) : both[0], plain(both[1]), out)) return m_meter.exhausted() ? false : fail(node, "no such key: the key or what it is looked for in is secret");
  out = marked(out, true);
  return true;
}

bool Evaluator::element(const Node& node, const Value& target, const Value& key, Value& out) {
  bool optional = node.optional;
  const Value* in = &target;
  if (target.kind() == Kind::optional) {
    in = target.present();
    optional = true;
    if (!in) {
      out = Value::absent();
      return true;
    }
    if (in->is_unknown()) {
      out = unknown_of({in, 1});
      return true;
    }
    if (in->is_secret()) {
      if (!element(node, Value::optional(plain(*in)), key, out)) return false;
      out = marked(out, true);
      return true;
    }
  }
  const Value* found = nullptr;
  if (in->kind() == Kind::list) {
    const auto& list = in->list();
    std::int64_t at = -1;
    if (key.kind() == Kind::integer)
      at = key.integer();
    else if (key.kind() == Kind::unsigned_integer && key.unsigned_integer() <= static_cast<std::uint64_t>(INT64_MAX))
      at = static_cast<std::int64_t>(key.unsigned_integer());
    else if (key.kind() == Kind::real && std::trunc(key.real()) == key.real() && std::fabs(key.real()) < 1e15)
      at = static_cast<std::int64_t>(key.real());
    else
      return fail(node, fmt::format("invalid argument: a list is indexed by int, not {}", describe(key.kind())));
    if (at >= 0 && static_cast<std::uint64_t>(at) < list.size()) found = &list[static_cast<std::size_t>(at)];
    if (!found && !optional) return fail(node, fmt::format("index out of bounds: {} in a list of {}", at, list.size()));
  } else if (in->kind() == Kind::map) {
    if (!m_meter.charge(in->map().size() / 16)) return exhausted();
    found = find_key(in->map(), key);
    if (!found && !optional) {
      const bool shown = key.kind() == Kind::text || is_key(key);
      return fail(node, shown ? fmt::format("no such key: '{}'", key.kind() == Kind::text ? key.text() : key_text(key)) : fmt::format("no such key: {} is no kind of a key", describe(key.kind())));
    }
  } else {
    return fail(node, fmt::format("no such overload: {}[{}]", describe(in->kind()), describe(key.kind())));
  }
  out = optional ? (found ? Value::optional(*found) : Value::absent()) : *found;
  return true;
}

bool Evaluator::call(const Node& node, Value& out) {
  std::array<Value, 4> args;
  const std::size_t count = node.children.size();
  bool unknown = false, ok = true;
  std::string kept;
  std::size_t kept_at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (eval(*node.children[i], args[i])) {
      unknown |= args[i].is_unknown();
      continue;
    }
    if (m_meter.exhausted()) return false;
    if (ok) {
      kept = std::move(error);
      kept_at = error_at;
    }
    ok = false;
    args[i] = Value();
  }
  const std::span<Value> used(args.data(), count);
  if (!unknown && !ok) {
    error = std::move(kept);
    error_at = kept_at;
    return false;
  }
  if (unknown) {
    out = unknown_of(used);
    return true;
  }
  return dispatch(node, used, out);
}

bool Evaluator::dispatch(const Node& node, std::span<Value> args, Value& out) {
  const Overload* chosen = nullptr;
  for (const Signature* one : node.overloads) {
    bool fit = true;
    for (std::size_t i = 0; fit && i < args.size(); ++i) fit = is_any(one->arguments[i]) || one->arguments[i].kind == args[i].kind();
    if (!fit) continue;
    chosen = one->overload;
    break;
  }
  if (!chosen) {
    std::string kinds;
    for (std::size_t i = node.receiver ? 1 : 0; i < args.size(); ++i) kinds += (kinds.empty() ? "" : ", ") + describe(args[i].kind());
    return fail(node, fmt::format("no such overload: {}{}({})", node.receiver ? describe(args[0].kind()) + "." : "", node.text, kinds));
  }
  bool secret = false;
  for (Value& arg : args) {
    const Kind kind = arg.kind();
    const bool deep = !chosen->shallow && (kind == Kind::list || kind == Kind::map || kind == Kind::optional);
    if (deep && !arg.is_secret() && !m_meter.charge(kind == Kind::list ? arg.list().size() / 8 : kind == Kind::map ? arg.map().size() / 8 : 0)) return exhausted();
    if (deep && !arg.known()) {
      out = unknown_of(args);
      return true;
    }
    if (!(deep ? arg.has_secret() : arg.is_secret())) continue;
    secret = true;
    arg = plain(arg);
  }
  Call call{node, args, m_meter};
  if (chosen->call(call, out)) {
    out = marked(std::move(out), secret);
    return true;
  }
  if (m_meter.exhausted()) return exhausted();
  // Messages may quote what they were given.
  return fail(node, secret ? fmt::format("{} failed on a secret", node.text) : fmt::format("{}: {}", node.text, call.error));
}

bool Evaluator::list(const Node& node, Value& out) {
  Value::List list;
  list.reserve(node.children.size());
  bool secret = false;
  Value waits;
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    Value value;
    if (!eval(*node.children[i], value)) return false;
    if (!node.flags[i]) {
      list.push_back(std::move(value));
      continue;
    }
    if (value.is_unknown()) {
      waits = waits.is_unknown() ? unknown_of(std::array<Value, 2>{waits, value}) : unknown_of({&value, 1});
      continue;
    }
    if (value.kind() != Kind::optional) return fail(*node.children[i], fmt::format("no such overload: '?' takes an optional, not {}", describe(value.kind())));
    secret |= value.is_secret();
    if (value.is_secret()) value = plain(value);
    if (const Value* present = value.present()) list.push_back(*present);
  }
  out = marked(waits.is_unknown() ? waits : Value(std::move(list)), secret);
  return true;
}

bool Evaluator::map(const Node& node, Value& out) {
  MapBuilder builder(m_meter);
  std::vector<Value> waits;
  bool secret = false;
  for (std::size_t i = 0; i < node.flags.size(); ++i) {
    Value key, value;
    if (!eval(*node.children[2 * i], key) || !eval(*node.children[2 * i + 1], value)) return false;
    if (key.is_unknown() || (node.flags[i] && value.is_unknown())) {
      waits.push_back(key.is_unknown() ? key : value);
      continue;
    }
    if (key.is_secret()) {
      // A key cannot carry the mark of its own, so the whole map is secret.
      secret = true;
      key = plain(key);
    }
    if (node.flags[i]) {
      if (value.kind() != Kind::optional) return fail(*node.children[2 * i + 1], fmt::format("no such overload: '?' takes an optional, not {}", describe(value.kind())));
      secret |= value.is_secret();
      if (value.is_secret()) value = plain(value);
      const Value* present = value.present();
      if (!present) continue;
      Value inner = *present;
      value = std::move(inner);
    }
    if (!builder.add(std::move(key), std::move(value))) return m_meter.exhausted() ? exhausted() : fail(*node.children[2 * i], secret ? "a key of the map is wrong" : builder.error);
  }
  out = marked(waits.empty() ? Value(builder.take()) : unknown_of(waits), secret);
  return true;
}

bool Evaluator::conditional(const Node& node, Value& out) {
  Value condition;
  if (!eval(*node.children[0], condition)) return false;
  const bool secret = condition.is_secret();
  if (condition.is_unknown()) {
    out = unknown_of({&condition, 1});
    return true;
  }
  if (condition.kind() != Kind::boolean) return fail(node, fmt::format("no such overload: {} ? :", describe(condition.kind())));
  if (secret) condition = plain(condition);
  if (!eval(*node.children[condition.boolean() ? 1 : 2], out)) return false;
  if (secret) out = marked(out, true);
  return true;
}

bool Evaluator::logic(const Node& node, Value& out) {
  const bool decides = node.op == Op::any_of;
  bool secret = false, failed = false;
  std::string kept;
  std::size_t kept_at = 0;
  std::vector<Value> unknown;
  auto keep = [&] {
    if (!failed) {
      kept = std::move(error);
      kept_at = error_at;
    }
    failed = true;
  };
  for (const auto& child : node.children) {
    Value value;
    if (!eval(*child, value)) {
      if (m_meter.exhausted()) return false;
      keep();
      continue;
    }
    secret |= value.is_secret();
    if (value.is_unknown()) {
      unknown.push_back(std::move(value));
      continue;
    }
    if (value.kind() != Kind::boolean) {
      fail(*child, fmt::format("no such overload: {} takes bool, not {}", decides ? "||" : "&&", describe(value.kind())));
      keep();
      continue;
    }
    if ((value.is_secret() ? plain(value) : value).boolean() == decides) {
      out = marked(Value(decides), secret);
      return true;
    }
  }
  if (!unknown.empty()) {
    out = marked(unknown_of(unknown), secret);
    return true;
  }
  if (failed) {
    error = std::move(kept);
    error_at = kept_at;
    return false;
  }
  out = marked(Value(!decides), secret);
  return true;
}

} // namespace belay::expr
