#include "expr/checker.hpp"
#include <unordered_set>

namespace belay::expr {
namespace {

/// The constant chain that ends in this node; empty when it does not begin at a free name.
std::string chain_of(const Node& node) {
  if (node.op == Op::name) return node.value.kind() == Kind::type ? std::string() : node.text; // the name of a type is no reference
  if (node.op != Op::select && node.op != Op::has && node.op != Op::index) return {};
  const std::string before = chain_of(*node.children[0]);
  if (before.empty() || node.op != Op::index) return before.empty() ? before : before + "." + node.text;
  const Node& key = *node.children[1];
  return key.op == Op::constant && key.value.kind() == Kind::text ? before + "." + key.value.text() : std::string();
}

void collect(const Node& node, std::vector<std::string>& out, std::unordered_set<std::string>& seen) {
  if (std::string chain = chain_of(node); !chain.empty()) {
    if (seen.insert(chain).second) out.push_back(std::move(chain));
    return;
  }
  for (const auto& child : node.children) collect(*child, out, seen);
}

} // namespace

std::vector<std::string> references_of(const Node& root) {
  std::vector<std::string> out;
  std::unordered_set<std::string> seen;
  collect(root, out, seen);
  return out;
}

} // namespace belay::expr
