#include "runbook/template.hpp"
#include <fmt/format.h>

namespace belay {

namespace {

constexpr std::string_view k_open = "${{", k_close = "}}", k_escaped = "$${{";

/// The first byte behind a string literal that begins at `at`, of any of CEL's four kinds of quotes.
std::size_t behind_literal(std::string_view text, std::size_t at) {
  const bool raw = at > 0 && (text[at - 1] == 'r' || text[at - 1] == 'R');
  const std::string_view quote = text.compare(at, 3, std::string(3, text[at])) == 0 ? text.substr(at, 3) : text.substr(at, 1);
  for (at += quote.size(); at < text.size();) {
    if (text[at] == '\\' && !raw) at += 2;
    else if (text.compare(at, quote.size(), quote) == 0) return at + quote.size();
    else ++at;
  }
  return text.size();
}

/// Where the `}}` stands that closes an expression beginning at `at`: outside literals and the expression's own braces.
std::size_t closing(std::string_view text, std::size_t at) {
  int braces = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '\'' || c == '"') {
      at = behind_literal(text, at);
      continue;
    }
    if (c == '{') ++braces;
    if (c == '}' && braces == 0) return text.compare(at, 2, k_close) == 0 ? at : std::string_view::npos;
    if (c == '}') --braces;
    ++at;
  }
  return std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view k_blank = " \t\r\n";
  const auto first = text.find_first_not_of(k_blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(k_blank) - first + 1);
}

std::size_t bytes_of(std::string_view text, int code_points) {
  std::size_t at = 0;
  for (; code_points > 0 && at < text.size(); --code_points)
    for (++at; at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; ++at) {}
  return at;
}

/// Compiles what stands at `offset` of the node's text.
std::optional<expr::Program> compile_at(const yaml::Node& node, std::size_t offset, std::string_view written, std::vector<Problem>& problems) {
  const std::string_view source = trimmed(written);
  if (source.empty()) {
    problems.push_back({yaml::place_in(node, offset), "an empty expression", "write one, as in ${{ params.version }}"});
    return std::nullopt;
  }
  const std::size_t begin = offset + static_cast<std::size_t>(source.data() - written.data());
  auto program = expr::compile(source);
  if (program) return std::move(*program);
  for (const auto& issue : program.error())
    problems.push_back({yaml::place_in(node, begin + bytes_of(source, issue.column - 1)), issue.message, issue.hint});
  return std::nullopt;
}

class Splitter {
public:
  Splitter(const yaml::Node& node, std::vector<Problem>& problems) : m_node(node), m_problems(problems) {}

  Template split() {
    const std::string_view text = m_node.text;
    std::size_t done = 0;
    for (auto at = text.find(k_open); at != std::string_view::npos; at = text.find(k_open, done)) {
      if (at > done && text.compare(at - 1, k_escaped.size(), k_escaped) == 0) {
        m_literal.append(text.substr(done, at - 1 - done)).append(k_open);
        done = at + k_open.size();
        continue;
      }
      m_literal.append(text.substr(done, at - done));
      const std::size_t begin = at + k_open.size(), end = closing(text, begin);
      if (end == std::string_view::npos) {
        m_problems.push_back({yaml::place_in(m_node, at), "'${{' without its '}}'", "close it with '}}'; a literal '${{' is written '$${{'"});
        return {Value(m_node.text), m_node.where()};
      }
      add_expression(begin, text.substr(begin, end - begin));
      done = end + k_close.size();
    }
    m_literal.append(text.substr(done));
    if (m_pieces.empty()) return {Value(m_literal), m_node.where()};
    if (m_pieces.size() == 1 && m_literal.empty()) return std::move(m_pieces.front());
    add_literal();
    return {Template::Pieces{std::move(m_pieces)}, m_node.where()};
  }

private:
  void add_literal() {
    if (m_literal.empty()) return;
    m_pieces.push_back({Value(m_literal), m_node.where()});
    m_literal.clear();
  }
  void add_expression(std::size_t begin, std::string_view written) {
    add_literal();
    auto program = compile_at(m_node, begin, written, m_problems);
    if (!program) {
      m_pieces.push_back({Value(std::string(written)), m_node.where()});
      return;
    }
    const auto blank = written.find_first_not_of(" \t\r\n");
    m_pieces.push_back({Template::Expression{std::move(*program)}, yaml::place_in(m_node, begin + blank)});
  }

  const yaml::Node& m_node;
  std::vector<Problem>& m_problems;
  std::vector<Template> m_pieces;
  std::string m_literal;
};

std::string at_place(const Place& where) { return where.line > 0 ? fmt::format("{}:{}:{}", where.file, where.line, where.column) : where.file; }

struct Evaluation {
  const Value& bindings;
  const Place& where;

  Expected<Value> operator()(const Value& value) const { return value; }
  Expected<Value> operator()(const Template::Expression& expression) const {
    auto result = expression.program.evaluate(bindings);
    if (result) return result;
    Failure failure = std::move(result.error());
    failure.reached = Reached::no;
    failure.message = fmt::format("{}: ${{{{ {} }}}}: {}", at_place(where), expression.program.source(), failure.message);
    return Unexpected(std::move(failure));
  }
  Expected<Value> operator()(const Template::Pieces& pieces) const {
    auto values = all(pieces.of);
    if (!values) return Unexpected(std::move(values.error()));
    return join(*values);
  }
  Expected<Value> operator()(const Template::List& list) const {
    auto values = all(list.of);
    if (!values) return Unexpected(std::move(values.error()));
    return Value(std::move(*values));
  }
  Expected<Value> operator()(const Template::Map& map) const {
    Value::Map members;
    members.reserve(map.of.size());
    for (const auto& [key, member] : map.of) {
      auto value = member.evaluate(bindings);
      if (!value) return value;
      members.emplace_back(Value(key), std::move(*value));
    }
    return Value(std::move(members));
  }
  Expected<Value::List> all(const std::vector<Template>& of) const {
    Value::List values;
    values.reserve(of.size());
    for (const auto& item : of) {
      auto value = item.evaluate(bindings);
      if (!value) return Unexpected(std::move(value.error()));
      values.push_back(std::move(*value));
    }
    return values;
  }
};

} // namespace

Expected<Value> Template::evaluate(const Value& bindings) const { return std::visit(Evaluation{bindings, where}, node); }

const Template* Template::find(std::string_view name) const {
  if (const auto* map = std::get_if<Map>(&node))
    for (const auto& [key, member] : map->of)
      if (key == name) return &member;
  return nullptr;
}

Template make_template(const yaml::Node& node, std::vector<Problem>& problems) {
  if (node.is_list()) {
    Template::List list;
    list.of.reserve(node.items.size());
    for (const auto& item : node.items) list.of.push_back(make_template(item, problems));
    return {std::move(list), node.where()};
  }
  if (node.is_map()) {
    Template::Map map;
    map.of.reserve(node.members.size());
    for (const auto& member : node.members) {
      if (member.key.find(k_open) != std::string::npos)
        problems.push_back({member.where(), "an expression in a key", "keys are not evaluated: write the whole map as one expression, \"${{ {key: value} }}\""});
      map.of.emplace_back(member.key, make_template(member.value, problems));
    }
    return {std::move(map), node.where()};
  }
  if (node.text.find(k_open) == std::string::npos) return {yaml::scalar(node), node.where()};
  return Splitter(node, problems).split();
}

std::optional<Condition> make_condition(const yaml::Node& node, std::vector<Problem>& problems) {
  if (!node.is_scalar()) return std::nullopt;
  std::string_view written = node.text;
  std::size_t offset = 0;
  const auto blank = written.find_first_not_of(" \t\r\n");
  if (blank != std::string_view::npos && written.substr(blank).starts_with(k_open)) {
    const std::size_t begin = blank + k_open.size(), end = closing(written, begin);
    if (end == std::string_view::npos || !trimmed(written.substr(end + k_close.size())).empty()) {
      problems.push_back({node.where(), "text around an expression, where one expression is wanted", "write the expression alone, without ${{ }}"});
      return std::nullopt;
    }
    offset = begin;
    written = written.substr(begin, end - begin);
  }
  auto program = compile_at(node, offset, written, problems);
  if (!program) return std::nullopt;
  return Condition{std::move(*program), yaml::place_in(node, offset + (written.find_first_not_of(" \t\r\n")))};
}

Place place_of(const Place& start, const std::string& source, int column) {
  Place place = start;
  const std::string_view before = std::string_view(source).substr(0, bytes_of(source, column - 1));
  const auto line = before.rfind('\n');
  if (line == std::string_view::npos) {
    place.column += column - 1;
    return place;
  }
  for (const char c : before) place.line += c == '\n' ? 1 : 0;
  return place;
}

} // namespace belay
