#pragma once
#include "expr/ast.hpp"
#include <cstdint>
#include <span>
#include <string>

namespace belay::expr {

/// Counts what an evaluation costs: a node is one step, a list counts its elements, text every 16 bytes of it.
struct Meter {
  std::uint64_t limit = 0, used = 0;
  bool charge(std::uint64_t steps) {
    used += steps;
    return used <= limit;
  }
  bool charge_text(std::size_t bytes) { return charge(bytes / 16); }
  bool exhausted() const { return used > limit; }
};

/// One call of a function: its arguments are known and not secret (members of containers too, unless the overload is shallow).
struct Call {
  const Node& node;
  std::span<const Value> args;
  Meter& meter;
  std::string error = {};
  bool fail(std::string message) {
    error = std::move(message);
    return false;
  }
};

/// False: an error, said in `Call::error`.
using Function = bool (*)(Call&, Value& out);

/// A row of a library. `arguments` and `result`: types as `types_of` reads them; of a receiver the first argument stands before
/// the point. `shallow`: looks at its containers, never at their members, so an unknown or secret member does not matter.
struct Overload {
  std::string_view name;
  bool receiver;
  std::string_view arguments, result;
  Function call;
  bool shallow = false;
};
struct Signature {
  const Overload* overload;
  std::vector<Type> arguments;
  Type result;
};

std::span<const Overload> conversion_functions();
std::span<const Overload> collection_functions();
std::span<const Overload> string_functions();
std::span<const Overload> encoder_functions();
std::span<const Overload> math_functions();
std::span<const Overload> time_functions();
std::span<const Overload> optional_functions();

std::vector<const Signature*> find_functions(std::string_view name, bool receiver, std::size_t arguments);
/// Some overload has this name; of either form when `receiver` is left out.
bool is_function(std::string_view name);
std::vector<std::string> function_names(bool receiver);
std::string describe(const Signature&); ///< `string.charAt(int)`

/// A regular expression, compiled once where it is constant.
bool text_matches(Call&, Value& out);
std::shared_ptr<const Pattern> compile_pattern(const std::string& text, std::string& error);

/// `text % values` of the strings extension.
bool format_text(Call&, Value& out);

/// As CEL's string() writes it.
std::string number_text(double);

} // namespace belay::expr
