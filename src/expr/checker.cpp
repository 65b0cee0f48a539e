#include "expr/checker.hpp"
#include "expr/arithmetic.hpp"
#include "expr/functions.hpp"
#include "expr/types.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>

namespace belay::expr {
namespace {

constexpr std::string_view k_type_names[] = {"bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type",
                                             "google.protobuf.Timestamp", "google.protobuf.Duration", "optional_type"};

Type of(Kind kind, std::vector<Type> parts = {}) {
  Type out;
  out.kind = kind;
  out.of = std::move(parts);
  return out;
}
Type optional_of(Type inner) { return of(Kind::optional, {std::move(inner)}); }

struct FoundAt {
  std::size_t at;
  Issue issue;
};

class Checker {
public:
  Checker(Program::Tree& tree, const Scope& scope) : m_tree(tree), m_scope(scope) {
    for (const auto& [name, type] : scope.names) m_dotted |= name.find('.') != std::string::npos;
  }

  std::vector<Issue> run() {
    m_tree.type = visit(*m_tree.root);
    if (m_tree.type.variable == '?') m_tree.type = {};
    std::stable_sort(m_issues.begin(), m_issues.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
    std::vector<Issue> out;
    if (m_scope.checked)
      for (auto& found : m_issues) out.push_back(std::move(found.issue));
    return out;
  }

private:
  struct Local {
    std::string name;
    Type type;
  };
  Program::Tree& m_tree;
  const Scope& m_scope;
  bool m_dotted = false;
  std::vector<Local> m_locals;
  std::unordered_map<std::string, int> m_slots;
  std::vector<FoundAt> m_issues;

  Type wrong(const Node& node, std::string message, std::string hint = {}) {
    m_issues.push_back({node.at, Issue{column_of(m_tree.source, node.at), std::move(message), std::move(hint)}});
    return {};
  }

  Type visit(Node& node) {
    switch (node.op) {
      case Op::constant: return constant(node.value);
      case Op::name: return name(node);
      case Op::local:
      case Op::unbound: return {};
      case Op::select:
      case Op::has: return select(node);
      case Op::index: return index(node);
      case Op::call: return call(node);
      case Op::list: return list(node);
      case Op::map: return map(node);
      case Op::conditional: return conditional(node);
      case Op::all_of:
      case Op::any_of:
        for (auto& child : node.children) boolean(*child, node.op == Op::all_of ? "&&" : "||");
        return of(Kind::boolean);
      case Op::negate: boolean(*node.children[0], "!"); return of(Kind::boolean);
      case Op::minus: return minus(node);
      case Op::chain: return chain(node);
      case Op::compare: return compare(node);
      case Op::macro: return macro(node);
      case Op::or_else: return or_else(node);
    }
    return {};
  }

  static Type constant(const Value& value) { return of(value.kind()); }

  void boolean(Node& node, std::string_view where) {
    const Type type = visit(node);
    if (!is_any(type) && type.kind != Kind::boolean) wrong(node, fmt::format("{} takes bool, not {}", where, describe(type)));
  }

  const Type* declared(const std::string& name) const {
    for (const auto& [have, type] : m_scope.names)
      if (have == name) return &type;
    return nullptr;
  }
  /// A name is looked for in the container `a.b`, then in `a`, then at the top.
  const Type* resolved(std::string& name, bool absolute) const {
    if (!absolute) {
      for (std::string within = m_scope.container; !within.empty(); within = within.find('.') == std::string::npos ? "" : within.substr(0, within.rfind('.'))) {
        if (const Type* type = declared(within + "." + name)) {
          name = within + "." + name;
          return type;
        }
      }
    }
    return declared(name);
  }
  Type use(Node& node, const std::string& name, const Type& type) {
    const auto [at, fresh] = m_slots.try_emplace(name, static_cast<int>(m_slots.size()));
    node.slot = at->second;
    if (fresh) m_tree.names.push_back(name);
    node.op = Op::name;
    node.text = name;
    node.children.clear();
    return type;
  }
  bool is_local(const std::string& name) const {
    return std::any_of(m_locals.begin(), m_locals.end(), [&](const Local& local) { return local.name == name; });
  }

  Type name(Node& node) {
    if (!node.absolute) {
      for (std::size_t i = m_locals.size(); i-- > 0;) {
        if (m_locals[i].name != node.text) continue;
        node.op = Op::local;
        node.slot = static_cast<int>(i);
        return m_locals[i].type;
      }
    }
    std::string full = node.text;
    if (const Type* type = resolved(full, node.absolute)) return use(node, full, *type);
    if (m_scope.open || !m_scope.checked) {
      // A binding may have the name of a type: the type is what the name means where there is none.
      if (std::find(std::begin(k_type_names), std::end(k_type_names), node.text) != std::end(k_type_names)) node.value = Value::type(node.text);
      return use(node, node.text, {});
    }
    if (type_name(node, node.text)) return of(Kind::type);
    std::vector<std::string> names;
    for (const auto& entry : m_scope.names) names.push_back(entry.first);
    for (const auto& local : m_locals) names.push_back(local.name);
    return wrong(node, fmt::format("unknown name '{}'", node.text), did_you_mean(node.text, names));
  }
  static bool type_name(Node& node, const std::string& name) {
    if (std::find(std::begin(k_type_names), std::end(k_type_names), name) == std::end(k_type_names)) return false;
    node.op = Op::constant;
    node.value = Value::type(name);
    node.children.clear();
    return true;
  }

  /// `a.b.c` of plain members from a free name; empty when it is something else.
  std::string path(const Node& node) const {
    if (node.op == Op::name) return is_local(node.text) && !node.absolute ? std::string() : node.text;
    if (node.op != Op::select || node.optional) return {};
    const std::string before = path(*node.children[0]);
    return before.empty() ? before : before + "." + node.text;
  }
  static bool is_absolute(const Node& node) { return node.op == Op::name ? node.absolute : is_absolute(*node.children[0]); }

  Type select(Node& node) {
    if (node.op == Op::select && !node.optional) {
      std::string full = path(node);
      if (!full.empty()) {
        const bool absolute = is_absolute(node);
        if (m_dotted)
          if (const Type* type = resolved(full, absolute)) return use(node, full, *type);
        if (full.starts_with("google.") && type_name(node, full)) return of(Kind::type);
      }
    }
    const Type target = visit(*node.children[0]);
    Type out = member(node, target.kind == Kind::optional ? part_of(target, 0) : target);
    if (node.op == Op::has) return of(Kind::boolean);
    return node.optional || target.kind == Kind::optional ? optional_of(std::move(out)) : out;
  }
  Type member(const Node& node, const Type& type) { return member(node, type, node.text); }
  Type member(const Node& node, const Type& type, const std::string& name) {
    if (is_any(type)) return {};
    if (type.object) {
      std::vector<std::string> names;
      for (const auto& [have, of_member] : type.members) {
        if (have == name) return of_member;
        names.push_back(have);
      }
      return wrong(node, fmt::format("no member '{}'", name), did_you_mean(name, names));
    }
    if (type.kind != Kind::map) return wrong(node, fmt::format("{} has no members, so no '{}'", describe(type), name));
    return part_of(type, 1);
  }

  Type index(Node& node) {
    const Type outer = visit(*node.children[0]);
    const Type key = visit(*node.children[1]);
    const Type target = outer.kind == Kind::optional ? part_of(outer, 0) : outer;
    const Node& key_node = *node.children[1];
    Type out;
    if (is_any(target)) {
      out = {};
    } else if (target.kind == Kind::list) {
      if (!is_any(key) && !is_number(key.kind)) wrong(key_node, fmt::format("a list is indexed by int, not {}", describe(key)));
      out = part_of(target, 0);
    } else if (target.object && key_node.op == Op::constant && key_node.value.kind() == Kind::text) {
      out = member(key_node, target, key_node.value.text());
    } else if (target.kind == Kind::map) {
      if (!comparable(part_of(target, 0), key)) wrong(key_node, fmt::format("the keys are {}, not {}", describe(part_of(target, 0)), describe(key)));
      out = part_of(target, 1);
    } else {
      wrong(node, fmt::format("{} cannot be indexed", describe(target)));
    }
    return node.optional || outer.kind == Kind::optional ? optional_of(std::move(out)) : out;
  }

  Type list(Node& node) {
    Type element;
    element.variable = '?';
    for (std::size_t i = 0; i < node.children.size(); ++i) element = join(element, entry(*node.children[i], node.flags[i]));
    return of(Kind::list, {element});
  }
  Type entry(Node& node, bool optional) {
    const Type type = visit(node);
    if (!optional) return type;
    if (!is_any(type) && type.kind != Kind::optional) wrong(node, fmt::format("'?' takes an optional, not {}", describe(type)));
    return part_of(type, 0);
  }
  Type map(Node& node) {
    Type key, value;
    key.variable = value.variable = '?';
    for (std::size_t i = 0; i < node.flags.size(); ++i) {
      Node& key_node = *node.children[2 * i];
      const Type one = visit(key_node);
      const bool fit = is_any(one) || one.kind == Kind::text || one.kind == Kind::integer || one.kind == Kind::unsigned_integer || one.kind == Kind::boolean;
      if (!fit) wrong(key_node, fmt::format("a key is string, int, uint or bool, not {}", describe(one)));
      key = join(key, one);
      value = join(value, entry(*node.children[2 * i + 1], node.flags[i]));
    }
    return of(Kind::map, {key, value});
  }

  Type conditional(Node& node) {
    boolean(*node.children[0], "the condition of '?'");
    const Type yes = visit(*node.children[1]);
    return join(yes, visit(*node.children[2]));
  }
  Type minus(Node& node) {
    const Type type = visit(*node.children[0]);
    if (!is_any(type) && type.kind != Kind::integer && type.kind != Kind::real) wrong(node, fmt::format("no overload of '-' for {}", describe(type)));
    return type;
  }
  Type chain(Node& node) {
    Type left = visit(*node.children[0]);
    for (std::size_t i = 1; i < node.children.size(); ++i) {
      const Type right = visit(*node.children[i]);
      auto type = arithmetic_type(node.symbols[i - 1], left, right);
      if (!type) wrong(node, fmt::format("no overload: {} {} {}", describe(left), written(node.symbols[i - 1]), describe(right)));
      left = type.value_or(Type{});
    }
    return left;
  }
  Type compare(Node& node) {
    const Type left = visit(*node.children[0]), right = visit(*node.children[1]);
    const Symbol symbol = node.symbols[0];
    bool fine = true;
    if (symbol == Symbol::in) {
      const bool container = right.kind == Kind::list || right.kind == Kind::map;
      fine = is_any(right) || (container && comparable(left, part_of(right, 0)));
    } else {
      fine = comparable(left, right);
      auto ordered = [](const Type& type) {
        return is_any(type) || is_number(type.kind) || type.kind == Kind::boolean || type.kind == Kind::text || type.kind == Kind::bytes || type.kind == Kind::timestamp ||
               type.kind == Kind::duration;
      };
      if (symbol != Symbol::equal && symbol != Symbol::unequal) fine = fine && ordered(left) && ordered(right);
    }
    if (!fine) wrong(node, fmt::format("no overload: {} {} {}", describe(left), written(symbol), describe(right)));
    return of(Kind::boolean);
  }
  Type or_else(Node& node) {
    const Type target = visit(*node.children[0]), other = visit(*node.children[1]);
    const bool whole = node.text == "or";
    if (!is_any(target) && target.kind != Kind::optional) return wrong(node, fmt::format("{} takes an optional, not {}", node.text, describe(target)));
    if (whole && !is_any(other) && other.kind != Kind::optional) return wrong(*node.children[1], fmt::format("or takes an optional, not {}", describe(other)));
    if (whole) return join(target, other);
    const Type inner = part_of(target, 0);
    return is_any(target) && inner.variable == 0 ? Type{} : join(inner, other);
  }

  Type call(Node& node) {
    if (node.receiver) {
      const std::string before = path(*node.children[0]);
      if (!before.empty() && is_function(before + "." + node.text)) {
        node.text = before + "." + node.text;
        node.receiver = false;
        node.children.erase(node.children.begin());
      }
    }
    if ((node.text == "math.greatest" || node.text == "math.least") && node.children.size() > 1) gather(node);
    std::vector<Type> arguments;
    for (auto& child : node.children) arguments.push_back(visit(*child));
    node.overloads = find_functions(node.text, node.receiver, node.children.size());
    if (node.overloads.empty()) return no_function(node);
    if (node.text == "matches") constant_pattern(node);
    std::vector<Type> results;
    for (const Signature* one : node.overloads) {
      Found found;
      bool fit = true;
      for (std::size_t i = 0; fit && i < arguments.size(); ++i) fit = fits(one->arguments[i], arguments[i], found);
      if (fit) results.push_back(filled(one->result, found));
    }
    if (results.empty()) return no_overload(node, arguments);
    for (const Type& result : results)
      if (describe(result) != describe(results[0])) return {};
    return results[0];
  }
  /// math.greatest(a, b, …) is math.greatest([a, b, …]).
  static void gather(Node& node) {
    auto list = std::make_unique<Node>();
    list->op = Op::list;
    list->at = node.at;
    list->flags.assign(node.children.size(), false);
    list->children = std::move(node.children);
    node.children.clear();
    node.children.push_back(std::move(list));
  }
  void constant_pattern(Node& node) {
    const Node& pattern = *node.children[1];
    if (pattern.op != Op::constant || pattern.value.kind() != Kind::text) return;
    std::string error;
    node.pattern = compile_pattern(pattern.value.text(), error);
    if (!node.pattern) wrong(pattern, error);
  }
  Type no_function(Node& node) {
    node.op = Op::unbound;
    if (is_function(node.text)) {
      std::vector<const Signature*> all;
      for (bool receiver : {true, false})
        for (std::size_t n = 0; n < 5; ++n)
          for (const Signature* one : find_functions(node.text, receiver, n)) all.push_back(one);
      return wrong(node, fmt::format("'{}' is not called like this", node.text), listed(all));
    }
    return wrong(node, fmt::format("unknown function '{}'", node.text), did_you_mean(node.text, function_names(node.receiver)));
  }
  Type no_overload(const Node& node, const std::vector<Type>& arguments) {
    std::string shown;
    std::size_t i = 0;
    if (node.receiver) shown = describe(arguments[i++]) + ".";
    shown += node.text + "(";
    for (const std::size_t first = i; i < arguments.size(); ++i) shown += (i > first ? ", " : "") + describe(arguments[i]);
    return wrong(node, fmt::format("no overload: {})", shown), listed(node.overloads));
  }
  static std::string listed(const std::vector<const Signature*>& signatures) {
    std::string out;
    for (const Signature* one : signatures) out += (out.empty() ? "there is " : ", ") + describe(*one);
    return out;
  }

  Type macro(Node& node) {
    const Type target = visit(*node.children[0]);
    Type first, second;
    const bool two = !node.second_variable.empty();
    Type range = target;
    if (node.macro == Macro::bind) {
      first = target;
    } else if (node.macro == Macro::opt_map || node.macro == Macro::opt_flat_map) {
      if (!is_any(target) && target.kind != Kind::optional) wrong(node, fmt::format("{} takes an optional, not {}", node.text, describe(target)));
      first = part_of(target, 0);
    } else {
      if (!is_any(target) && target.kind != Kind::list && target.kind != Kind::map) wrong(*node.children[0], fmt::format("{} goes through a list or a map, not {}", node.text, describe(target)));
      const bool list = target.kind == Kind::list;
      first = two && list ? of(Kind::integer) : part_of(target, 0);
      if (two && is_any(target)) first = {};
      second = list ? part_of(target, 0) : part_of(target, 1);
      range = of(Kind::list, {first});
    }
    const std::size_t before = m_locals.size();
    node.slot = static_cast<int>(before);
    m_locals.push_back({node.variable, first});
    if (two) {
      node.second = static_cast<int>(before) + 1;
      m_locals.push_back({node.second_variable, second});
    }
    m_tree.locals = std::max(m_tree.locals, m_locals.size());
    if (node.filtered) boolean(*node.children[1], fmt::format("the filter of {}", node.text));
    const Type body = visit(*node.children.back());
    m_locals.resize(before);
    return macro_type(node, range, first, body);
  }
  Type macro_type(const Node& node, const Type& range, const Type& first, const Type& body) {
    const Node& last = *node.children.back();
    auto want = [&](Kind kind, std::string_view what) {
      if (!is_any(body) && body.kind != kind) wrong(last, fmt::format("{} wants {} of each element, not {}", node.text, what, describe(body)));
    };
    switch (node.macro) {
      case Macro::all:
      case Macro::exists:
      case Macro::exists_one: want(Kind::boolean, "bool"); return of(Kind::boolean);
      case Macro::filter: want(Kind::boolean, "bool"); return range;
      case Macro::map:
      case Macro::transform_list: return of(Kind::list, {body});
      case Macro::transform_map: return of(Kind::map, {first, body});
      case Macro::transform_map_entry: want(Kind::map, "a map"); return body;
      case Macro::bind: return body;
      case Macro::opt_map: return optional_of(body);
      case Macro::opt_flat_map: want(Kind::optional, "an optional"); return body;
    }
    return {};
  }
};

} // namespace

std::vector<Issue> check(Program::Tree& tree, const Scope& scope) { return Checker(tree, scope).run(); }

} // namespace belay::expr
