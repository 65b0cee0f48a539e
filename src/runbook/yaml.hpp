#pragma once
#include "belay/error.hpp"
#include "belay/value.hpp"
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// YAML for people's files: 1.2's core schema, one document, no tags, no anchors, no aliases, no key twice, and a place for every node.
namespace belay::yaml {

constexpr std::size_t k_largest_file = 1024 * 1024; ///< bytes
constexpr int k_deepest = 64;

/// The text that nodes came from; outlives them. `name`: the file as people know it, or the variable or flag.
struct Source {
  std::string name, text;
  bool is_file = true;
};

enum class Style : std::uint8_t { plain, single_quoted, double_quoted, literal, folded };

struct Member;
/// A node of the tree. `text`: a scalar as written; quoted or in a block it is text whatever it looks like.
struct Node {
  enum class Sort : std::uint8_t { scalar, list, map };
  Sort sort = Sort::scalar;
  Style style = Style::plain;
  int line = 1, column = 1;
  std::size_t begin = 0; ///< byte in the source's text
  bool cut = false;      ///< of the root: the rest of the document could not be read
  const Source* source = nullptr;
  std::string text;
  std::vector<Node> items;
  std::vector<Member> members;

  bool is_scalar() const { return sort == Sort::scalar; }
  bool is_list() const { return sort == Sort::list; }
  bool is_map() const { return sort == Sort::map; }
  const Node* find(std::string_view key) const; ///< of a map; nullptr when absent
  Place where() const;
};
struct Member {
  std::string key;
  int line = 1, column = 1; ///< of the key
  Node value;
  Place where() const;
};

/// The document of `source`. What is wrong is appended to `problems`; where the rest cannot be read, the root is `cut`.
Node parse(const Source& source, std::vector<Problem>& problems);

/// What a scalar means: null, boolean, integer (unsigned above 2⁶³), real or text. A whole number beyond 64 bits is text.
Value scalar(const Node&);
/// The plain value of a tree; maps in the order of the file, keys as text.
Value value(const Node&);
/// `a map`, `the number 3`, `text`, `nothing`: for messages about wrong types.
std::string described(const Node&);

/// Where the `offset`-th byte of a scalar's text stands in its file, following quotes, escapes and folded lines.
Place place_in(const Node& scalar, std::size_t offset);

} // namespace belay::yaml
