#include "value/cut.hpp"

namespace belay {
namespace {

bool is_inside(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

} // namespace

std::string beginning_of(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  while (most > 0 && is_inside(text[most])) --most;
  return std::string(text.substr(0, most)) + "…";
}

std::string end_of(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  std::size_t from = text.size() - most;
  while (from < text.size() && is_inside(text[from])) ++from;
  return "…" + std::string(text.substr(from));
}

} // namespace belay
