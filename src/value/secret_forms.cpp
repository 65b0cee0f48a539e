#include "value/secret_forms.hpp"
#include "value/base64.hpp"
#include <algorithm>
#include <fmt/core.h>
#include <set>

namespace belay {
namespace {

using Forms = std::set<SecretForm>;

constexpr std::size_t k_shortest_line = 8;  // of a secret of several lines
constexpr std::size_t k_shortest_wrapped = 16; // shorter encodings are not broken into lines

void add(Forms& forms, std::string text, bool wraps = false) {
  if (text.size() >= k_shortest_secret) forms.insert({std::move(text), wraps});
}

void add_encoded(Forms& forms, std::string text) {
  const bool wraps = text.size() >= k_shortest_wrapped;
  add(forms, std::move(text), wraps);
}

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

/// Inside a longer text the secret begins at byte 0, 1 or 2 of a group of three; only the digits that depend on nothing but the secret are kept.
void add_base64(Forms& forms, std::string_view secret) {
  for (std::size_t offset = 0; offset < 3; ++offset) {
    const std::string encoded = base64(std::string(offset, '\0') + std::string(secret));
    const std::size_t first = offset == 0 ? 0 : offset + 1, last = (offset + secret.size()) * 8 / 6;
    if (last <= first) continue;
    std::string digits = encoded.substr(first, last - first);
    add_encoded(forms, digits);
    std::replace(digits.begin(), digits.end(), '+', '-');
    std::replace(digits.begin(), digits.end(), '/', '_');
    add_encoded(forms, digits);
  }
}

void add_hex(Forms& forms, std::string_view secret) {
  std::string lower, upper, separated, escaped;
  for (const unsigned char byte : secret) {
    lower += fmt::format("{:02x}", byte);
    upper += fmt::format("{:02X}", byte);
    separated += fmt::format("{}{:02x}", separated.empty() ? "" : ":", byte);
    escaped += fmt::format("\\x{:02x}", byte);
  }
  add_encoded(forms, lower);
  add_encoded(forms, upper);
  add(forms, separated);
  add(forms, escaped);
}

/// Encoders differ in what they leave alone and in the case of their digits.
void add_percent(Forms& forms, std::string_view secret) {
  for (const std::string_view safe : {"-._~", "-._~/", "-._~!'()*", "-._~!'()*;,/?:@&=+$#", "-._*"})
    for (const bool upper : {true, false})
      for (const bool plus : {false, true}) {
        std::string text;
        for (const unsigned char byte : secret) {
          if (is_word(static_cast<char>(byte)) || safe.find(static_cast<char>(byte)) != std::string_view::npos) text += static_cast<char>(byte);
          else if (plus && byte == ' ') text += '+';
          else text += upper ? fmt::format("%{:02X}", byte) : fmt::format("%{:02x}", byte);
        }
        add(forms, text);
      }
}

/// The code point at `at`, which moves behind it; a byte that is no UTF-8 is given as it is.
std::uint32_t next_point(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at++]);
  const std::size_t more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
  if (more == 0 || at + more > text.size()) return lead;
  std::uint32_t point = lead & (0x3fU >> more);
  for (std::size_t i = 0; i < more; ++i) point = (point << 6) | (static_cast<unsigned char>(text[at + i]) & 0x3fU);
  at += more;
  return point;
}

struct JsonStyle {
  bool slash, ascii, html;
};
std::string json_form(std::string_view secret, JsonStyle style) {
  std::string text;
  for (std::size_t at = 0; at < secret.size();) {
    const std::size_t from = at;
    const std::uint32_t point = next_point(secret, at);
    const auto escape = point < 0x80 ? std::string_view("\"\\\b\f\n\r\t").find(static_cast<char>(point)) : std::string_view::npos;
    if (escape != std::string_view::npos) text += {'\\', "\"\\bfnrt"[escape]};
    else if (point == '/' && style.slash) text += "\\/";
    else if (point < 0x20 || (style.html && (point == '<' || point == '>' || point == '&'))) text += fmt::format("\\u{:04x}", point);
    else if (point >= 0x10000 && style.ascii) text += fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff));
    else if (point >= 0x7f && style.ascii) text += fmt::format("\\u{:04x}", point);
    else text += secret.substr(from, at - from);
  }
  return text;
}

void add_json(Forms& forms, std::string_view secret) {
  for (const JsonStyle style : {JsonStyle{false, false, false}, {true, false, false}, {false, true, false}, {true, true, false}, {false, false, true}}) {
    const std::string once = json_form(secret, style);
    add(forms, once);
    add(forms, json_form(once, style)); // JSON as text within JSON
  }
}

std::string replaced(std::string_view secret, std::string_view special, std::string_view (*by)(char)) {
  std::string text;
  for (const char c : secret) {
    if (special.find(c) != std::string_view::npos) text += by(c);
    else text += c;
  }
  return text;
}

void add_quoted(Forms& forms, std::string_view secret) {
  add(forms, replaced(secret, "'", [](char) { return std::string_view("'\\''"); }));
  add(forms, replaced(secret, "'", [](char) { return std::string_view("'\"'\"'"); }));
  add(forms, replaced(secret, "'", [](char) { return std::string_view("''"); })); // SQL
  for (const std::string_view special : {"\\\"$`", "'\\"}) { // inside double quotes; $'…' and libpq's conninfo
    std::string text;
    for (const char c : secret) {
      if (special.find(c) != std::string_view::npos) text += '\\';
      text += c;
    }
    add(forms, text);
  }
  std::string escaped; // printf %q
  for (const char c : secret) {
    if (!is_word(c) && static_cast<unsigned char>(c) < 0x80 && std::string_view("%+-./:=@_").find(c) == std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  add(forms, escaped);
  add(forms, replaced(secret, "&<>\"'", [](char c) -> std::string_view { return c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&quot;" : "&#39;"; }));
  add(forms, replaced(secret, "&<>", [](char c) -> std::string_view { return c == '&' ? "&amp;" : c == '<' ? "&lt;" : "&gt;"; }));
}

void add_all(Forms& forms, std::string_view secret) {
  if (secret.size() < k_shortest_secret) return;
  add(forms, std::string(secret));
  add_base64(forms, secret);
  add_hex(forms, secret);
  add_percent(forms, secret);
  add_json(forms, secret);
  add_quoted(forms, secret);
}

} // namespace

std::vector<SecretForm> secret_forms(std::string_view secret) {
  Forms forms;
  add_all(forms, secret);
  if (secret.find('\n') != std::string_view::npos)
    for (std::size_t from = 0; from <= secret.size();) {
      const std::size_t end = std::min(secret.find('\n', from), secret.size());
      std::string_view line = secret.substr(from, end - from);
      if (line.ends_with('\r')) line.remove_suffix(1);
      const bool only = end + 1 >= secret.size() && from == 0; // one line with its line feed
      if (line.size() >= k_shortest_line || only) add_all(forms, line);
      from = end + 1;
    }
  return {forms.begin(), forms.end()};
}

} // namespace belay
