#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// UTF-8 by code points; text is assumed valid unless said otherwise, and stray octets count as one code point each.
namespace belay::expr::utf8 {

std::size_t length_at(std::string_view text, std::size_t at); ///< octets of the code point that begins at `at`
std::size_t count(std::string_view text);                     ///< code points
std::uint32_t code_at(std::string_view text, std::size_t at);
void append(std::string& text, std::uint32_t code);
bool valid(std::string_view text); ///< shortest forms only, no surrogates
std::size_t offset_of(std::string_view text, std::size_t index); ///< octets before the code point `index`; the size of the text when it has no more

} // namespace belay::expr::utf8
