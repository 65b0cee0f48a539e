#include "expr/parser.hpp"
#include <array>
#include <fmt/format.h>

namespace belay::expr {
namespace {

/// A macro as it is called on a target: `variables` names, then an optional filter, then the body.
struct Form {
  std::string_view name;
  Macro macro;
  std::size_t variables;
  bool filter; ///< may take one
};
constexpr std::array<Form, 17> k_forms = {{
    {"all", Macro::all, 1, false},
    {"all", Macro::all, 2, false},
    {"exists", Macro::exists, 1, false},
    {"exists", Macro::exists, 2, false},
    {"exists_one", Macro::exists_one, 1, false},
    {"exists_one", Macro::exists_one, 2, false},
    {"existsOne", Macro::exists_one, 1, false},
    {"existsOne", Macro::exists_one, 2, false},
    {"map", Macro::map, 1, false},
    {"map", Macro::map, 1, true},
    {"filter", Macro::filter, 1, false},
    {"transformList", Macro::transform_list, 2, true},
    {"transformMap", Macro::transform_map, 2, true},
    {"transformMapEntry", Macro::transform_map_entry, 2, true},
    {"optMap", Macro::opt_map, 1, false},
    {"optFlatMap", Macro::opt_flat_map, 1, false},
    {"bind", Macro::bind, 1, false},
}};

/// The number of arguments decides between the forms of one name: with the target, children are 1 + variables + filter + body.
const Form* form_of(const Node& call, bool& filtered) {
  for (const Form& form : k_forms) {
    if (form.name != call.text || form.macro == Macro::bind) continue;
    const std::size_t plain = 1 + form.variables + 1;
    filtered = form.filter && call.children.size() == plain + 1;
    if (filtered || (call.children.size() == plain && !(form.filter && form.macro == Macro::map))) return &form;
  }
  return nullptr;
}

bool take_variable(Node& argument, std::string& into, std::string_view macro, std::string& message, std::size_t& at) {
  if (argument.op != Op::name || argument.absolute) {
    message = fmt::format("the variable of '{}' must be a plain name", macro);
    at = argument.at;
    return false;
  }
  into = argument.text;
  return true;
}

NodePtr bind(NodePtr call, std::string& message, std::size_t& at) {
  auto node = std::make_unique<Node>();
  node->op = Op::macro;
  node->macro = Macro::bind;
  node->at = call->at;
  if (!take_variable(*call->children[1], node->variable, "cel.bind", message, at)) return nullptr;
  node->children.push_back(std::move(call->children[2]));
  node->children.push_back(std::move(call->children[3]));
  return node;
}

NodePtr has(NodePtr call, std::string& message, std::size_t& at) {
  NodePtr argument = std::move(call->children[0]);
  if (argument->op != Op::select || argument->optional) {
    message = "has() takes a member, as in has(a.b)";
    at = argument->at;
    return nullptr;
  }
  argument->op = Op::has;
  return argument;
}

} // namespace

NodePtr expand_macro(NodePtr call, std::string& message, std::size_t& at) {
  if (!call->receiver && call->text == "has" && call->children.size() == 1) return has(std::move(call), message, at);
  if (!call->receiver) return call;
  const Node& target = *call->children[0];
  if (call->text == "bind" && target.op == Op::name && target.text == "cel" && call->children.size() == 4) return bind(std::move(call), message, at);
  if ((call->text == "or" || call->text == "orValue") && call->children.size() == 2) {
    call->op = Op::or_else;
    return call;
  }
  bool filtered = false;
  const Form* form = form_of(*call, filtered);
  if (!form) return call;

  auto node = std::make_unique<Node>();
  node->op = Op::macro;
  node->macro = form->macro;
  node->text = call->text;
  node->at = call->at;
  node->filtered = filtered;
  if (!take_variable(*call->children[1], node->variable, form->name, message, at)) return nullptr;
  if (form->variables == 2) {
    if (!take_variable(*call->children[2], node->second_variable, form->name, message, at)) return nullptr;
    if (node->variable == node->second_variable) {
      message = fmt::format("the two variables of '{}' have the same name", form->name);
      at = call->children[2]->at;
      return nullptr;
    }
  }
  node->children.push_back(std::move(call->children[0]));
  for (std::size_t i = 1 + form->variables; i < call->children.size(); ++i) node->children.push_back(std::move(call->children[i]));
  return node;
}

} // namespace belay::expr
