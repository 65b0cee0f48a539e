#include "expr/functions.hpp"
#include "expr/types.hpp"
#include <algorithm>
#include <map>

namespace belay::expr {
namespace {

using Index = std::multimap<std::string_view, Signature>;

/// Built on first use, constant from then on.
const Index& all_functions() {
  static const Index k_index = [] {
    Index out;
    for (auto library : {conversion_functions(), collection_functions(), string_functions(), encoder_functions(), math_functions(), time_functions(), optional_functions()})
      for (const Overload& row : library) out.emplace(row.name, Signature{&row, types_of(row.arguments), type_of(row.result)});
    return out;
  }();
  return k_index;
}

} // namespace

std::vector<const Signature*> find_functions(std::string_view name, bool receiver, std::size_t arguments) {
  std::vector<const Signature*> out;
  auto [from, to] = all_functions().equal_range(name);
  for (auto at = from; at != to; ++at)
    if (at->second.overload->receiver == receiver && at->second.arguments.size() == arguments) out.push_back(&at->second);
  return out;
}

bool is_function(std::string_view name) { return all_functions().contains(name); }

std::vector<std::string> function_names(bool receiver) {
  std::vector<std::string> out;
  for (const auto& [name, signature] : all_functions())
    if (signature.overload->receiver == receiver && (out.empty() || out.back() != name)) out.emplace_back(name);
  return out;
}

std::string describe(const Signature& signature) {
  std::string out;
  std::size_t i = 0;
  if (signature.overload->receiver) out = describe(signature.arguments[i++]) + ".";
  out += std::string(signature.overload->name) + "(";
  for (const std::size_t first = i; i < signature.arguments.size(); ++i) out += (i > first ? ", " : "") + describe(signature.arguments[i]);
  return out + ")";
}

} // namespace belay::expr
