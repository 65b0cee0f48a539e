#pragma once
#include "belay/value.hpp"
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace belay::expr {

enum class Token : std::uint8_t { end, name, quoted_name, literal, symbol };

/// One token of a source: `at` is its first byte. `text`: a name, or a symbol as it is written; `value`: of a literal. A number is
/// kept as text (`1`, `0x1f`, `2u`, `1.5e3`) until its sign is known.
struct Lexeme {
  Token token = Token::end;
  std::size_t at = 0;
  std::string text;
  Value value;
  bool number = false;
};

struct LexError {
  std::size_t at = 0;
  std::string message;
};

/// The tokens of a source, ended by one `end`; white space and `//` comments left out. Filled in at the first error: `error`.
std::vector<Lexeme> tokens_of(std::string_view source, std::optional<LexError>& error);

/// A number as it is written, with its sign: an integer, an unsigned integer (`u`) or a double; nothing when it is out of range.
std::optional<Value> number_of(std::string_view written, bool negative);

} // namespace belay::expr
