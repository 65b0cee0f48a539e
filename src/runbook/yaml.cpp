#include "runbook/yaml.hpp"
#include "runbook/yaml_words.hpp"
#include <algorithm>
#include <set>
#include <yaml.h>

namespace belay::yaml {

const Node* Node::find(std::string_view key) const {
  for (const auto& member : members)
    if (member.key == key) return &member.value;
  return nullptr;
}

Place Node::where() const { return {source ? source->name : std::string{}, line, column}; }

Place Member::where() const { return {value.source ? value.source->name : std::string{}, line, column}; }

namespace {

constexpr std::string_view k_tab = "a tab in the indentation", k_braces = "an unquoted '{{'";
constexpr const char* k_braces_hint = "an expression is written ${{ … }}; braces meant as text need quotes";

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// Thrown inside this file only: the rest of the document cannot be read.
struct GiveUp {};

struct Event {
  yaml_event_t raw{};
  ~Event() { yaml_event_delete(&raw); }
};

class Composer {
public:
  Composer(const Source& source, std::vector<Problem>& problems) : m_source(source), m_problems(problems) {
    if (yaml_parser_initialize(&m_parser) == 0) throw std::bad_alloc();
    m_lines.push_back(0);
    for (auto at = source.text.find('\n'); at != std::string::npos; at = source.text.find('\n', at + 1)) m_lines.push_back(at + 1);
    yaml_parser_set_input_string(&m_parser, reinterpret_cast<const unsigned char*>(source.text.data()), source.text.size());
    yaml_parser_set_encoding(&m_parser, YAML_UTF8_ENCODING);
  }
  ~Composer() { yaml_parser_delete(&m_parser); }
  Composer(const Composer&) = delete;
  Composer& operator=(const Composer&) = delete;

  Node document() {
    Node root;
    root.source = &m_source;
    try {
      Event begin;
      next(begin);
      Event document;
      next(document);
      if (document.raw.type == YAML_STREAM_END_EVENT) return root;
      const auto& start = document.raw.data.document_start;
      if (start.version_directive != nullptr || start.tag_directives.start != start.tag_directives.end)
        say(document.raw.start_mark, "a directive ('%…')", "remove the line: files are YAML 1.2 without directives");
      Event first;
      next(first);
      compose(first, root, 1);
      Event end;
      next(end);
      Event after;
      next(after);
      if (after.raw.type != YAML_STREAM_END_EVENT) say(after.raw.start_mark, "a second document", "one file holds one document: remove the '---' and what follows it, or move it to a file of its own");
    } catch (const GiveUp&) {
      root.cut = true;
    }
    return root;
  }

private:
  std::string_view line_of(int line) const {
    const auto index = static_cast<std::size_t>(line - 1);
    if (index >= m_lines.size()) return {};
    const std::string_view text = m_source.text;
    return text.substr(m_lines[index], text.find('\n', m_lines[index]) - m_lines[index]);
  }

  std::size_t byte_of(const yaml_mark_t& mark) const {
    const std::string& text = m_source.text;
    std::size_t at = mark.line < m_lines.size() ? m_lines[mark.line] : text.size();
    for (std::size_t column = 0; column < mark.column && at < text.size(); ++column)
      for (++at; at < text.size() && continues(text[at]); ++at) {}
    return at;
  }

  void say(const yaml_mark_t& mark, std::string message, std::string hint) {
    say(Place{m_source.name, static_cast<int>(mark.line) + 1, static_cast<int>(mark.column) + 1}, std::move(message), std::move(hint));
  }
  void say(Place where, std::string message, std::string hint) { m_problems.push_back({std::move(where), std::move(message), std::move(hint)}); }

  void next(Event& event) {
    if (yaml_parser_parse(&m_parser, &event.raw) != 0) return;
    if (m_parser.error == YAML_MEMORY_ERROR) throw std::bad_alloc();
    Place where{m_source.name, static_cast<int>(m_parser.problem_mark.line) + 1, static_cast<int>(m_parser.problem_mark.column) + 1};
    if (m_parser.error == YAML_READER_ERROR) {
      const std::string_view before = std::string_view(m_source.text).substr(0, m_parser.problem_offset);
      const auto line_begin = before.rfind('\n');
      where.line = static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1;
      where.column = static_cast<int>(before.size() - (line_begin == std::string_view::npos ? 0 : line_begin + 1)) + 1;
    }
    Problem problem = in_our_words(m_parser.problem != nullptr ? m_parser.problem : "", m_parser.context != nullptr ? m_parser.context : "", line_of(where.line));
    problem.where = where;
    m_problems.push_back(std::move(problem));
    throw GiveUp{};
  }

  void refuse_anchor(const yaml_mark_t& mark, const unsigned char* anchor) {
    if (anchor != nullptr) say(mark, "an anchor ('&" + std::string(reinterpret_cast<const char*>(anchor)) + "')", "write the value out where it is needed; text that begins with & needs quotes");
  }
  void refuse_tag(const yaml_mark_t& mark, const unsigned char* tag) {
    if (tag != nullptr) say(mark, "a tag ('" + std::string(reinterpret_cast<const char*>(tag)) + "')", "tags are not used here: quotes make text, everything else is by its looks");
  }
  void refuse_tab(const Node& node) {
    const auto line = line_of(node.line);
    const auto text = line.find_first_not_of(" \t");
    if (text == std::string_view::npos || static_cast<int>(text) + 1 != node.column || line.substr(0, text).find('\t') == std::string_view::npos) return;
    say(Place{m_source.name, node.line, 1}, std::string(k_tab), "indent with spaces");
  }

  void compose(const Event& event, Node& node, int depth) {
    const auto& mark = event.raw.start_mark;
    node.source = &m_source;
    node.line = static_cast<int>(mark.line) + 1;
    node.column = static_cast<int>(mark.column) + 1;
    node.begin = byte_of(mark);
    if (m_tabs) refuse_tab(node);
    if (depth > k_deepest) {
      say(mark, "nested deeper than " + std::to_string(k_deepest) + " levels", "close the brackets, or make it flatter");
      throw GiveUp{};
    }
    switch (event.raw.type) {
    case YAML_SCALAR_EVENT: compose_scalar(event, node); break;
    case YAML_SEQUENCE_START_EVENT: compose_list(event, node, depth); break;
    case YAML_MAPPING_START_EVENT: compose_map(event, node, depth); break;
    case YAML_ALIAS_EVENT: say(mark, "an alias ('*" + std::string(reinterpret_cast<const char*>(event.raw.data.alias.anchor)) + "')", "write the value out; text that begins with * needs quotes"); break;
    default: say(mark, "a value was expected here", {}); throw GiveUp{};
    }
  }

  void compose_scalar(const Event& event, Node& node) {
    const auto& scalar = event.raw.data.scalar;
    refuse_anchor(event.raw.start_mark, scalar.anchor);
    refuse_tag(event.raw.start_mark, scalar.tag);
    node.text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
    switch (scalar.style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE: node.style = Style::single_quoted; break;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE: node.style = Style::double_quoted; break;
    case YAML_LITERAL_SCALAR_STYLE: node.style = Style::literal; break;
    case YAML_FOLDED_SCALAR_STYLE: node.style = Style::folded; break;
    default: node.style = Style::plain; break;
    }
    if (node.style == Style::plain) refuse_braces(node);
  }

  void refuse_braces(const Node& node) {
    for (auto at = node.text.find("{{"); at != std::string::npos; at = node.text.find("{{", at)) {
      if (at == 0 || node.text[at - 1] != '$') {
        say(place_in(node, at), std::string(k_braces), k_braces_hint);
        return;
      }
      at = node.text.find("}}", at);
      if (at == std::string::npos) return;
    }
  }

  void compose_list(const Event& event, Node& node, int depth) {
    node.sort = Node::Sort::list;
    refuse_anchor(event.raw.start_mark, event.raw.data.sequence_start.anchor);
    refuse_tag(event.raw.start_mark, event.raw.data.sequence_start.tag);
    for (;;) {
      Event item;
      next(item);
      if (item.raw.type == YAML_SEQUENCE_END_EVENT) return;
      node.items.emplace_back();
      compose(item, node.items.back(), depth + 1);
    }
  }

  void compose_map(const Event& event, Node& node, int depth) {
    node.sort = Node::Sort::map;
    refuse_anchor(event.raw.start_mark, event.raw.data.mapping_start.anchor);
    refuse_tag(event.raw.start_mark, event.raw.data.mapping_start.tag);
    std::set<std::string> seen;
    for (;;) {
      Event key;
      next(key);
      if (key.raw.type == YAML_MAPPING_END_EVENT) return;
      const auto& mark = key.raw.start_mark;
      if (key.raw.type == YAML_MAPPING_START_EVENT && event.raw.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE) {
        say(event.raw.start_mark, std::string(k_braces), k_braces_hint);
        throw GiveUp{};
      }
      if (key.raw.type == YAML_ALIAS_EVENT || key.raw.type == YAML_SEQUENCE_START_EVENT || key.raw.type == YAML_MAPPING_START_EVENT) {
        say(mark, key.raw.type == YAML_ALIAS_EVENT ? "an alias as a key" : "a list or map as a key", "keys are names: write text");
        throw GiveUp{};
      }
      node.members.emplace_back().value.source = &m_source;
      auto& member = node.members.back();
      Node name;
      compose(key, name, depth + 1);
      member.key = std::move(name.text);
      member.line = name.line;
      member.column = name.column;
      if (!seen.insert(member.key).second) {
        const auto first = std::find_if(node.members.begin(), node.members.end(), [&](const Member& m) { return m.key == member.key; });
        say(mark, "the key '" + member.key + "' a second time", "it stands in line " + std::to_string(first->line) + " already: keep one of them");
      }
      Event value;
      next(value);
      compose(value, node.members.back().value, depth + 1);
    }
  }

  const Source& m_source;
  std::vector<Problem>& m_problems;
  std::vector<std::size_t> m_lines; ///< the byte at which each line begins
  bool m_tabs = m_source.text.find('\t') != std::string::npos;
  yaml_parser_t m_parser{};
};

} // namespace

Node parse(const Source& source, std::vector<Problem>& problems) {
  if (source.text.size() > k_largest_file) {
    Node root;
    root.source = &source;
    root.line = root.column = 0;
    root.cut = true;
    problems.push_back({root.where(), "larger than 1 MiB", "split it: no runbook or service needs as much"});
    return root;
  }
  return Composer(source, problems).document();
}

} // namespace belay::yaml
