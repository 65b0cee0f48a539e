#include "expr/utf8.hpp"
#include <algorithm>

namespace belay::expr::utf8 {

std::size_t length_at(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t wanted = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 1;
  std::size_t length = 1;
  while (length < wanted && at + length < text.size() && (static_cast<unsigned char>(text[at + length]) & 0xC0) == 0x80) ++length;
  return length == wanted ? wanted : 1;
}

std::size_t count(std::string_view text) {
  std::size_t out = 0;
  for (std::size_t at = 0; at < text.size(); at += length_at(text, at)) ++out;
  return out;
}

std::uint32_t code_at(std::string_view text, std::size_t at) {
  const std::size_t length = length_at(text, at);
  const auto lead = static_cast<unsigned char>(text[at]);
  if (length == 1) return lead;
  std::uint32_t out = lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) out = out << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3Fu);
  return out;
}

void append(std::string& text, std::uint32_t code) {
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xC0 | code >> 6);
    text += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    text += static_cast<char>(0xE0 | code >> 12);
    text += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    text += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    text += static_cast<char>(0xF0 | code >> 18);
    text += static_cast<char>(0x80 | (code >> 12 & 0x3F));
    text += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    text += static_cast<char>(0x80 | (code & 0x3F));
  }
}

bool valid(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = length_at(text, at);
    if (length == 1 && static_cast<unsigned char>(text[at]) >= 0x80) return false;
    const std::uint32_t code = code_at(text, at);
    if ((length == 3 && (code < 0x800 || (code >= 0xD800 && code <= 0xDFFF))) || (length == 4 && (code < 0x10000 || code > 0x10FFFF))) return false;
    at += length;
  }
  return true;
}

std::size_t offset_of(std::string_view text, std::size_t index) {
  std::size_t at = 0;
  for (; index > 0 && at < text.size(); --index) at += length_at(text, at);
  return at;
}

} // namespace belay::expr::utf8
