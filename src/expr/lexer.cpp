#include "expr/lexer.hpp"
#include "expr/utf8.hpp"
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fmt/format.h>

namespace belay::expr {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool in_name(char c) { return starts_name(c) || is_digit(c); }

class Lexer {
public:
  explicit Lexer(std::string_view source) : m_source(source) {}
  std::optional<LexError> error;

  std::vector<Lexeme> run() {
    std::vector<Lexeme> out;
    while (!error) {
      skip_blank();
      if (m_at >= m_source.size()) break;
      out.push_back(next());
    }
    Lexeme end;
    end.at = m_source.size();
    out.push_back(std::move(end));
    return out;
  }

private:
  std::string_view m_source;
  std::size_t m_at = 0;

  char peek(std::size_t ahead = 0) const { return m_at + ahead < m_source.size() ? m_source[m_at + ahead] : '\0'; }
  void fail(std::size_t at, std::string message) {
    if (!error) error = LexError{at, std::move(message)};
  }

  void skip_blank() {
    while (m_at < m_source.size()) {
      const char c = m_source[m_at];
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
        ++m_at;
      } else if (c == '/' && peek(1) == '/') {
        while (m_at < m_source.size() && m_source[m_at] != '\n') ++m_at;
      } else {
        return;
      }
    }
  }

  Lexeme next() {
    Lexeme out;
    out.at = m_at;
    const char c = peek();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number(out);
    if (starts_name(c)) return word(out);
    if (c == '"' || c == '\'') return quoted(out, false, false);
    if (c == '`') return quoted_name(out);
    static constexpr std::string_view k_double[] = {"==", "!=", "<=", ">=", "&&", "||"};
    for (std::string_view symbol : k_double)
      if (m_source.substr(m_at, 2) == symbol) return take_symbol(out, 2);
    if (std::string_view("<>+-*/%!?:.,()[]{}").find(c) != std::string_view::npos && c != '\0') return take_symbol(out, 1);
    std::string shown(m_source.substr(m_at, utf8::length_at(m_source, m_at)));
    std::string hint = c == '=' ? ": '==' compares" : c == '&' ? ": '&&' means and" : c == '|' ? ": '||' means or" : "";
    fail(m_at, static_cast<unsigned char>(c) < 0x20 ? std::string("a control character stands here") : fmt::format("'{}' means nothing here{}", shown, hint));
    return out;
  }

  Lexeme take_symbol(Lexeme& out, std::size_t length) {
    out.token = Token::symbol;
    out.text = m_source.substr(m_at, length);
    m_at += length;
    return out;
  }

  Lexeme number(Lexeme& out) {
    const std::size_t from = m_at;
    bool real = false;
    if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X') && is_hex(peek(2))) {
      m_at += 2;
      while (is_hex(peek())) ++m_at;
    } else {
      while (is_digit(peek())) ++m_at;
      if (peek() == '.' && is_digit(peek(1))) {
        real = true;
        ++m_at;
        while (is_digit(peek())) ++m_at;
      }
      const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 2 : 1;
      if ((peek() == 'e' || peek() == 'E') && is_digit(peek(sign))) {
        real = true;
        m_at += sign;
        while (is_digit(peek())) ++m_at;
      }
    }
    if (!real && (peek() == 'u' || peek() == 'U')) ++m_at;
    if (in_name(peek())) fail(from, fmt::format("'{}' is no number", m_source.substr(from, m_at + 1 - from)));
    out.token = Token::literal;
    out.number = true;
    out.text = m_source.substr(from, m_at - from);
    return out;
  }

  Lexeme word(Lexeme& out) {
    bool raw = false, bytes = false;
    std::size_t prefix = 0;
    for (; prefix < 2; ++prefix) {
      const char c = peek(prefix);
      if ((c == 'r' || c == 'R') && !raw)
        raw = true;
      else if ((c == 'b' || c == 'B') && !bytes)
        bytes = true;
      else
        break;
    }
    if (prefix > 0 && (peek(prefix) == '"' || peek(prefix) == '\'')) {
      m_at += prefix;
      return quoted(out, raw, bytes);
    }
    const std::size_t from = m_at;
    while (in_name(peek())) ++m_at;
    out.token = Token::name;
    out.text = m_source.substr(from, m_at - from);
    return out;
  }

  Lexeme quoted_name(Lexeme& out) {
    const std::size_t from = ++m_at;
    auto allowed = [](char c) { return in_name(c) || c == '.' || c == '-' || c == '/' || c == ' '; };
    while (allowed(peek())) ++m_at;
    if (peek() != '`' || m_at == from) fail(out.at, "a name in backquotes holds letters, digits, '_', '.', '-', '/' and blanks, and ends with a backquote");
    out.token = Token::quoted_name;
    out.text = m_source.substr(from, m_at - from);
    ++m_at;
    return out;
  }

  Lexeme quoted(Lexeme& out, bool raw, bool bytes) {
    const char quote = peek();
    const bool triple = peek(1) == quote && peek(2) == quote;
    m_at += triple ? 3 : 1;
    std::string text;
    for (;;) {
      if (m_at >= m_source.size()) {
        fail(out.at, fmt::format("this {} has no closing quote", bytes ? "bytes literal" : "text"));
        break;
      }
      const char c = peek();
      if (c == quote && (!triple || (peek(1) == quote && peek(2) == quote))) {
        m_at += triple ? 3 : 1;
        break;
      }
      if (!triple && (c == '\n' || c == '\r')) {
        fail(out.at, "this text is not closed on its line: text of several lines stands between three quotes");
        break;
      }
      if (c == '\\' && !raw) {
        if (!escape(text, bytes)) break;
        continue;
      }
      text += c;
      ++m_at;
    }
    out.token = Token::literal;
    out.value = bytes ? Value::bytes(std::move(text)) : Value(std::move(text));
    return out;
  }

  bool escape(std::string& text, bool bytes) {
    const std::size_t from = m_at;
    const char c = peek(1);
    m_at += 2;
    static constexpr std::string_view k_names = "abfnrtv\\?\"'`";
    static constexpr std::string_view k_means = "\a\b\f\n\r\t\v\\?\"'`";
    if (auto at = k_names.find(c); at != std::string_view::npos && c != '\0') {
      text += k_means[at];
      return true;
    }
    const int digits = c == 'x' || c == 'X' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    std::uint32_t code = 0;
    if (digits > 0) {
      for (int i = 0; i < digits; ++i, ++m_at) {
        if (!is_hex(peek())) return bad_escape(from, fmt::format("\\{} wants {} hexadecimal digits", c, digits));
        code = code * 16 + static_cast<std::uint32_t>(is_digit(peek()) ? peek() - '0' : (peek() | 0x20) - 'a' + 10);
      }
    } else if (c >= '0' && c <= '3') {
      code = static_cast<std::uint32_t>(c - '0');
      for (int i = 0; i < 2; ++i, ++m_at) {
        if (peek() < '0' || peek() > '7') return bad_escape(from, "an octal escape wants three octal digits, at most \\377");
        code = code * 8 + static_cast<std::uint32_t>(peek() - '0');
      }
    } else {
      return bad_escape(from, "an unknown escape: a backslash itself is written '\\\\'");
    }
    if (bytes) {
      if (digits > 2) return bad_escape(from, "bytes take no \\u or \\U escape");
      text += static_cast<char>(code);
      return true;
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return bad_escape(from, "this escape names no Unicode character");
    utf8::append(text, code);
    return true;
  }
  bool bad_escape(std::size_t at, std::string message) {
    fail(at, std::move(message));
    return false;
  }
};

} // namespace

std::vector<Lexeme> tokens_of(std::string_view source, std::optional<LexError>& error) {
  Lexer lexer(source);
  auto out = lexer.run();
  error = lexer.error;
  return out;
}

std::optional<Value> number_of(std::string_view written, bool negative) {
  const bool is_unsigned = written.back() == 'u' || written.back() == 'U';
  const bool hex = written.size() > 2 && (written[1] == 'x' || written[1] == 'X');
  if (!hex && written.find_first_of(".eE") != std::string_view::npos) {
    const double v = std::strtod(std::string(written).c_str(), nullptr);
    if (std::isinf(v)) return std::nullopt;
    return Value(negative ? -v : v);
  }
  if (is_unsigned) written.remove_suffix(1);
  if (hex) written.remove_prefix(2);
  std::uint64_t v = 0;
  auto [end, problem] = std::from_chars(written.data(), written.data() + written.size(), v, hex ? 16 : 10);
  if (problem != std::errc() || end != written.data() + written.size()) return std::nullopt;
  if (is_unsigned) return negative ? std::nullopt : std::optional<Value>(Value(v));
  constexpr std::uint64_t k_limit = std::uint64_t{1} << 63;
  if (v > k_limit || (v == k_limit && !negative)) return std::nullopt;
  return Value(negative ? static_cast<std::int64_t>(0 - v) : static_cast<std::int64_t>(v));
}

} // namespace belay::expr
