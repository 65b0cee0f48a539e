#include "expr/evaluator.hpp"
#include "expr/map_builder.hpp"
#include "expr/types.hpp"
#include <fmt/format.h>

namespace belay::expr {

/// What a macro goes through: a list or a map that is known and, itself, not secret (`secret`: it was).
struct Evaluator::Range {
  Value in;
  bool secret = false;
  const Value::List* list = nullptr;
  const Value::Map* map = nullptr;
  std::size_t size() const { return list ? list->size() : map->size(); }
};

/// What the answers of a filter or predicate leave behind.
struct Evaluator::Marks {
  bool secret = false;
  std::vector<Value> unknown;
};

bool Evaluator::macro(const Node& node, Value& out) {
  if (node.macro == Macro::bind) return bind(node, out);
  if (node.macro == Macro::opt_map || node.macro == Macro::opt_flat_map) return opt_map(node, out);
  Range range;
  if (!this->range(node, range)) return false;
  if (range.in.is_unknown()) {
    out = unknown_of({&range.in, 1});
    return true;
  }
  bool ok = false;
  switch (node.macro) {
    case Macro::all:
    case Macro::exists: ok = quantified(node, range, out); break;
    case Macro::exists_one: ok = exactly_one(node, range, out); break;
    case Macro::map:
    case Macro::filter:
    case Macro::transform_list: ok = to_list(node, range, out); break;
    default: ok = to_map(node, range, out);
  }
  if (ok && range.secret) out = marked(std::move(out), true);
  return ok;
}

bool Evaluator::range(const Node& node, Range& range) {
  if (!eval(*node.children[0], range.in)) return false;
  if (range.in.is_unknown()) return true;
  range.secret = range.in.is_secret();
  if (range.secret) range.in = plain(range.in);
  if (range.in.kind() == Kind::list)
    range.list = &range.in.list();
  else if (range.in.kind() == Kind::map)
    range.map = &range.in.map();
  else
    return fail(node, fmt::format("no such overload: {} goes through a list or a map, not {}", node.text, describe(range.in.kind())));
  return true;
}

bool Evaluator::step(const Node& node, const Range& range, std::size_t i) {
  if (!m_meter.charge(1)) return exhausted();
  const bool two = node.second >= 0;
  Value& first = m_locals[static_cast<std::size_t>(node.slot)];
  if (two) {
    first = range.list ? Value(static_cast<std::int64_t>(i)) : (*range.map)[i].first;
    m_locals[static_cast<std::size_t>(node.second)] = marked(range.list ? (*range.list)[i] : (*range.map)[i].second, range.secret);
    if (range.map && range.secret) first = marked(first, true);
  } else {
    first = marked(range.list ? (*range.list)[i] : (*range.map)[i].first, range.secret);
  }
  return true;
}

bool Evaluator::bind(const Node& node, Value& out) {
  Value value;
  if (!eval(*node.children[0], value)) return false;
  m_locals[static_cast<std::size_t>(node.slot)] = std::move(value);
  return eval(*node.children[1], out);
}

bool Evaluator::opt_map(const Node& node, Value& out) {
  Value target;
  if (!eval(*node.children[0], target)) return false;
  if (target.is_unknown()) {
    out = unknown_of({&target, 1});
    return true;
  }
  if (target.kind() != Kind::optional) return fail(node, fmt::format("no such overload: {}.{}()", describe(target.kind()), node.text));
  const bool secret = target.is_secret();
  if (secret) target = plain(target);
  const Value* present = target.present();
  if (!present) {
    out = marked(Value::absent(), secret);
    return true;
  }
  m_locals[static_cast<std::size_t>(node.slot)] = marked(*present, secret);
  Value body;
  if (!eval(*node.children[1], body)) return false;
  if (body.is_unknown()) {
    out = body;
  } else if (node.macro == Macro::opt_map) {
    out = Value::optional(std::move(body));
  } else {
    if (body.kind() != Kind::optional) return fail(*node.children[1], fmt::format("no such overload: optFlatMap wants an optional, not {}", describe(body.kind())));
    out = std::move(body);
  }
  out = marked(std::move(out), secret);
  return true;
}

Evaluator::Chosen Evaluator::chosen(const Node& node, Marks& marks) {
  Value value;
  if (!eval(node, value)) return Chosen::error;
  marks.secret |= value.is_secret();
  if (value.is_unknown()) {
    marks.unknown.push_back(std::move(value));
    return Chosen::unknown;
  }
  if (value.kind() != Kind::boolean) {
    fail(node, fmt::format("no such overload: a condition wants bool, not {}", describe(value.kind())));
    return Chosen::error;
  }
  return (value.is_secret() ? plain(value) : value).boolean() ? Chosen::yes : Chosen::no;
}

bool Evaluator::quantified(const Node& node, const Range& range, Value& out) {
  const bool exists = node.macro == Macro::exists;
  Marks marks;
  bool failed = false;
  std::string kept;
  std::size_t kept_at = 0;
  for (std::size_t i = 0; i < range.size(); ++i) {
    if (!step(node, range, i)) return false;
    const Chosen answer = chosen(*node.children.back(), marks);
    if (answer == Chosen::error) {
      if (m_meter.exhausted()) return false;
      if (!failed) {
        kept = std::move(error);
        kept_at = error_at;
      }
      failed = true;
    } else if (answer == (exists ? Chosen::yes : Chosen::no)) {
      out = marked(Value(exists), marks.secret);
      return true;
    }
  }
  if (!marks.unknown.empty()) {
    out = marked(unknown_of(marks.unknown), marks.secret);
    return true;
  }
  if (failed) {
    error = std::move(kept);
    error_at = kept_at;
    return false;
  }
  out = marked(Value(!exists), marks.secret);
  return true;
}

bool Evaluator::exactly_one(const Node& node, const Range& range, Value& out) {
  Marks marks;
  std::size_t count = 0;
  for (std::size_t i = 0; i < range.size(); ++i) {
    if (!step(node, range, i)) return false;
    const Chosen answer = chosen(*node.children.back(), marks);
    if (answer == Chosen::error) return false;
    if (answer == Chosen::yes) ++count;
  }
  // Two that are certain make it false whatever the unknown ones turn out to be.
  out = marked(marks.unknown.empty() || count > 1 ? Value(count == 1) : unknown_of(marks.unknown), marks.secret);
  return true;
}

bool Evaluator::to_list(const Node& node, const Range& range, Value& out) {
  Marks marks;
  Value::List list;
  const bool filters = node.macro == Macro::filter;
  if (!node.filtered && !filters) list.reserve(range.size());
  for (std::size_t i = 0; i < range.size(); ++i) {
    if (!step(node, range, i)) return false;
    if (node.filtered || filters) {
      const Chosen answer = chosen(*node.children[1], marks);
      if (answer == Chosen::error) return false;
      if (answer != Chosen::yes) continue;
    }
    Value value = filters ? m_locals[static_cast<std::size_t>(node.slot)] : Value();
    if (!filters && !eval(*node.children.back(), value)) return false;
    list.push_back(std::move(value));
  }
  out = marked(marks.unknown.empty() ? Value(std::move(list)) : unknown_of(marks.unknown), marks.secret);
  return true;
}

bool Evaluator::to_map(const Node& node, const Range& range, Value& out) {
  Marks marks;
  MapBuilder builder(m_meter);
  auto add = [&](Value key, Value value) {
    if (key.is_secret()) {
      marks.secret = true;
      key = plain(key);
    }
    if (builder.add(std::move(key), std::move(value))) return true;
    return m_meter.exhausted() ? exhausted() : fail(node, marks.secret || range.secret ? "a key of the map is wrong" : builder.error);
  };
  for (std::size_t i = 0; i < range.size(); ++i) {
    if (!step(node, range, i)) return false;
    if (node.filtered) {
      const Chosen answer = chosen(*node.children[1], marks);
      if (answer == Chosen::error) return false;
      if (answer != Chosen::yes) continue;
    }
    Value key = m_locals[static_cast<std::size_t>(node.slot)], value;
    if (!eval(*node.children.back(), value)) return false;
    if (node.macro == Macro::transform_map) {
      if (!add(std::move(key), std::move(value))) return false;
      continue;
    }
    if (value.is_unknown()) {
      marks.unknown.push_back(std::move(value));
      continue;
    }
    if (value.kind() != Kind::map) return fail(*node.children.back(), fmt::format("no such overload: transformMapEntry wants a map, not {}", describe(value.kind())));
    marks.secret |= value.is_secret();
    if (value.is_secret()) value = plain(value);
    for (const auto& [one, of] : value.map())
      if (!add(one, of)) return false;
  }
  out = marked(marks.unknown.empty() ? Value(builder.take()) : unknown_of(marks.unknown), marks.secret);
  return true;
}

} // namespace belay::expr
