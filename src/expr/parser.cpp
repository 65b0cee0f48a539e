#include "expr/parser.hpp"
#include "expr/lexer.hpp"
#include "expr/utf8.hpp"
#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace belay::expr {
namespace {

constexpr std::array<std::string_view, 17> k_reserved = {"as", "break", "const", "continue", "else", "for", "function", "if", "import",
                                                         "let", "loop", "package", "namespace", "return", "var", "void", "while"};

struct Infix {
  std::string_view text;
  Symbol symbol;
};
constexpr Infix k_relations[] = {{"==", Symbol::equal}, {"!=", Symbol::unequal}, {"<", Symbol::less}, {"<=", Symbol::less_equal}, {">", Symbol::greater}, {">=", Symbol::greater_equal}};
constexpr Infix k_sums[] = {{"+", Symbol::add}, {"-", Symbol::subtract}};
constexpr Infix k_products[] = {{"*", Symbol::multiply}, {"/", Symbol::divide}, {"%", Symbol::remainder}};

class Parser {
public:
  Parser(std::string_view source, const Limits& limits) : m_source(source), m_limits(limits) {}

  tl::expected<NodePtr, Issue> run() {
    if (m_source.size() > m_limits.source)
      return tl::unexpected(Issue{1, fmt::format("the expression has {} bytes; {} is the most", m_source.size(), m_limits.source), {}});
    if (!utf8::valid(m_source)) return tl::unexpected(Issue{1, "the expression is no valid UTF-8", {}});
    std::optional<LexError> lexical;
    m_tokens = tokens_of(m_source, lexical);
    NodePtr root = expression();
    if (root && token().token != Token::end) root = refuse(token().at, fmt::format("{} is not expected here", shown(token())));
    // What is wrong in the text of a token is the first thing wrong unless the parser stumbled before it.
    if (lexical && (root || m_error_at >= lexical->at)) refuse(lexical->at, lexical->message, true);
    if (!m_message.empty()) return tl::unexpected(Issue{column_of(m_source, m_error_at), m_message, {}});
    return root;
  }

private:
  std::string_view m_source;
  const Limits& m_limits;
  std::vector<Lexeme> m_tokens;
  std::size_t m_next = 0, m_error_at = 0;
  unsigned m_nested = 0;
  std::string m_message;

  const Lexeme& token(std::size_t ahead = 0) const { return m_tokens[std::min(m_next + ahead, m_tokens.size() - 1)]; }
  bool is(std::string_view symbol, std::size_t ahead = 0) const { return token(ahead).token == Token::symbol && token(ahead).text == symbol; }
  bool take(std::string_view symbol) {
    if (!is(symbol)) return false;
    ++m_next;
    return true;
  }
  static std::string shown(const Lexeme& lexeme) {
    if (lexeme.token == Token::end) return "the end";
    if (lexeme.token == Token::literal && !lexeme.number) return "a literal";
    return "'" + lexeme.text + "'";
  }
  NodePtr refuse(std::size_t at, std::string message, bool over = false) {
    if (m_message.empty() || over) {
      m_message = std::move(message);
      m_error_at = at;
    }
    return nullptr;
  }
  bool expect(std::string_view symbol, std::string_view after) {
    if (take(symbol)) return true;
    refuse(token().at, fmt::format("'{}' is missing {}: {} stands here", symbol, after, shown(token())));
    return false;
  }

  static NodePtr make(Op op, std::size_t at) {
    auto node = std::make_unique<Node>();
    node->op = op;
    node->at = at;
    return node;
  }
  /// Counts the depth, so that nothing that walks the tree can run out of stack.
  NodePtr closed(NodePtr node) {
    for (const auto& child : node->children) node->depth = std::max(node->depth, child->depth + 1);
    if (node->depth > m_limits.depth) return refuse(node->at, fmt::format("nested deeper than {}", m_limits.depth));
    return node;
  }
  NodePtr with(Op op, std::size_t at, NodePtr a, NodePtr b = nullptr) {
    auto node = make(op, at);
    node->children.push_back(std::move(a));
    if (b) node->children.push_back(std::move(b));
    return closed(std::move(node));
  }

  NodePtr expression() {
    if (++m_nested > m_limits.depth) return refuse(token().at, fmt::format("nested deeper than {}", m_limits.depth));
    NodePtr out = logic(true);
    if (out && is("?")) {
      const std::size_t at = token().at;
      ++m_next;
      auto node = make(Op::conditional, at);
      node->children.push_back(std::move(out));
      NodePtr yes = logic(true);
      if (!yes || !expect(":", "between the two results of '?'")) return nullptr;
      NodePtr no = expression();
      if (!no) return nullptr;
      node->children.push_back(std::move(yes));
      node->children.push_back(std::move(no));
      out = closed(std::move(node));
    }
    --m_nested;
    return out;
  }

  NodePtr logic(bool any) {
    auto operand = [&] { return any ? logic(false) : relation(); };
    NodePtr first = operand();
    const std::string_view symbol = any ? "||" : "&&";
    if (!first || !is(symbol)) return first;
    auto node = make(any ? Op::any_of : Op::all_of, token().at);
    node->children.push_back(std::move(first));
    while (take(symbol)) {
      NodePtr next = operand();
      if (!next) return nullptr;
      node->children.push_back(std::move(next));
    }
    return closed(std::move(node));
  }

  NodePtr relation() {
    NodePtr left = sum();
    while (left) {
      const Infix* found = infix(k_relations);
      const bool in = token().token == Token::name && token().text == "in";
      if (!found && !in) return left;
      const std::size_t at = token().at;
      ++m_next;
      NodePtr right = sum();
      if (!right) return nullptr;
      left = with(Op::compare, at, std::move(left), std::move(right));
      if (left) left->symbols.push_back(in ? Symbol::in : found->symbol);
    }
    return left;
  }

  const Infix* infix(std::span<const Infix> among) const {
    for (const Infix& one : among)
      if (is(one.text)) return &one;
    return nullptr;
  }
  template <class Operand> NodePtr joined(std::span<const Infix> among, Operand operand) {
    NodePtr first = operand();
    if (!first || !infix(among)) return first;
    auto node = make(Op::chain, token().at);
    node->children.push_back(std::move(first));
    while (const Infix* found = infix(among)) {
      ++m_next;
      NodePtr next = operand();
      if (!next) return nullptr;
      node->symbols.push_back(found->symbol);
      node->children.push_back(std::move(next));
    }
    return closed(std::move(node));
  }
  NodePtr sum() {
    return joined(k_sums, [&] { return product(); });
  }
  NodePtr product() {
    return joined(k_products, [&] { return unary(); });
  }

  NodePtr unary() {
    const bool negates = is("!"), minus = is("-");
    if (!negates && !minus) return member(false);
    std::vector<std::size_t> at;
    while (is(negates ? "!" : "-")) {
      at.push_back(token().at);
      ++m_next;
    }
    bool negative = false;
    if (negates && is("-") && token(1).number) {
      ++m_next;
      negative = true;
    } else if (minus && token().number) {
      // The sign belongs to the literal, so that the least integer can be written.
      at.pop_back();
      negative = true;
    }
    if (at.size() > m_limits.depth) return refuse(at.front(), fmt::format("nested deeper than {}", m_limits.depth));
    NodePtr out = member(negative);
    for (; out && !at.empty(); at.pop_back()) out = with(negates ? Op::negate : Op::minus, at.back(), std::move(out));
    return out;
  }

  NodePtr member(bool negative) {
    NodePtr out = primary(negative);
    while (out) {
      const std::size_t at = token().at;
      if (take(".")) {
        const bool optional = take("?");
        const Lexeme name = token();
        const bool word = name.token == Token::name && name.text != "in" && name.text != "true" && name.text != "false" && name.text != "null";
        if (!word && name.token != Token::quoted_name) return refuse(name.at, fmt::format("a name is missing after '.': {} stands here", shown(name)));
        ++m_next;
        if (word && !optional && is("(")) {
          auto call = make(Op::call, name.at);
          call->text = name.text;
          call->receiver = true;
          call->children.push_back(std::move(out));
          out = finish_call(std::move(call));
          continue;
        }
        out = with(Op::select, name.at, std::move(out));
        if (!out) return nullptr;
        out->text = name.text;
        out->optional = optional;
      } else if (take("[")) {
        const bool optional = take("?");
        NodePtr key = expression();
        if (!key || !expect("]", "after an index")) return nullptr;
        out = with(Op::index, at, std::move(out), std::move(key));
        if (out) out->optional = optional;
      } else if (is("{") && (out->op == Op::name || out->op == Op::select)) {
        return refuse(at, "there are no message types: a map is written {\"name\": value}");
      } else {
        return out;
      }
    }
    return nullptr;
  }

  NodePtr finish_call(NodePtr call) {
    ++m_next; // the opening parenthesis
    if (!take(")")) {
      do {
        NodePtr argument = expression();
        if (!argument) return nullptr;
        call->children.push_back(std::move(argument));
      } while (take(","));
      if (!expect(")", "after the arguments")) return nullptr;
    }
    std::string message;
    std::size_t at = call->at;
    NodePtr out = expand_macro(std::move(call), message, at);
    if (!out) return refuse(at, std::move(message));
    return closed(std::move(out));
  }

  NodePtr primary(bool negative) {
    const Lexeme& here = token();
    if (here.token == Token::literal) {
      auto node = make(Op::constant, here.at);
      if (here.number) {
        auto value = number_of(here.text, negative);
        if (!value) return refuse(here.at, fmt::format("{}{} is out of the range of its type", negative ? "-" : "", here.text));
        node->value = *value;
      } else {
        node->value = here.value;
      }
      ++m_next;
      return node;
    }
    if (is("(")) {
      ++m_next;
      NodePtr out = expression();
      if (!out || !expect(")", "to close '('")) return nullptr;
      return out;
    }
    if (is("[")) return list();
    if (is("{")) return map();
    return name();
  }

  NodePtr name() {
    const bool absolute = take(".");
    const Lexeme here = token();
    if (here.token != Token::name || here.text == "in") return refuse(here.at, fmt::format("a value is missing: {} stands here", shown(here)));
    if (std::find(k_reserved.begin(), k_reserved.end(), here.text) != k_reserved.end()) return refuse(here.at, fmt::format("'{}' is a reserved word", here.text));
    ++m_next;
    if (!absolute && (here.text == "true" || here.text == "false" || here.text == "null")) {
      auto node = make(Op::constant, here.at);
      if (here.text != "null") node->value = Value(here.text == "true");
      return node;
    }
    auto node = make(is("(") ? Op::call : Op::name, here.at);
    node->text = here.text;
    node->absolute = absolute;
    return is("(") ? finish_call(std::move(node)) : std::move(node);
  }

  NodePtr list() {
    auto node = make(Op::list, token().at);
    ++m_next;
    while (!is("]")) {
      node->flags.push_back(take("?"));
      NodePtr element = expression();
      if (!element) return nullptr;
      node->children.push_back(std::move(element));
      if (!take(",")) break;
    }
    if (!expect("]", "to close '['")) return nullptr;
    return closed(std::move(node));
  }

  NodePtr map() {
    auto node = make(Op::map, token().at);
    ++m_next;
    while (!is("}")) {
      node->flags.push_back(take("?"));
      NodePtr key = expression();
      if (!key || !expect(":", "after a key")) return nullptr;
      NodePtr value = expression();
      if (!value) return nullptr;
      node->children.push_back(std::move(key));
      node->children.push_back(std::move(value));
      if (!take(",")) break;
    }
    if (!expect("}", "to close '{'")) return nullptr;
    return closed(std::move(node));
  }
};

} // namespace

tl::expected<NodePtr, Issue> parse(std::string_view source, const Limits& limits) { return Parser(source, limits).run(); }

int column_of(std::string_view source, std::size_t at) { return static_cast<int>(utf8::count(source.substr(0, at))) + 1; }

std::string_view written(Symbol symbol) {
  static constexpr std::string_view k_written[] = {"+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in"};
  return k_written[static_cast<std::size_t>(symbol)];
}

} // namespace belay::expr
