#include "runbook/yaml_words.hpp"
#include <string>

namespace belay::yaml {

namespace {

struct Row {
  std::string_view complaint, message, hint;
};

constexpr Row k_rows[] = {
    {"mapping values are not allowed", "a ':' stands where no key can begin", "put text that holds ': ' in quotes, or mend the indentation of this line"},
    {"did not find expected key", "a key was expected here", "compare this line's indentation with its neighbours'; text after a closing quote is not allowed"},
    {"could not find expected ':'", "a line that is neither 'key: value' nor '- item'", "add ': ' after the key; a space must follow the colon"},
    {"did not find expected '-' indicator", "a list item '- …' was expected here", "items of one list begin in the same column"},
    {"did not find expected ',' or ']'", "a list in […] is not closed, or an item lacks its comma", "close it with ']'; put text that holds [ ] { } or , in quotes"},
    {"did not find expected ',' or '}'", "a map in {…} is not closed, or a member lacks its comma", "close it with '}'; put text that holds [ ] { } or , in quotes"},
    {"did not find expected node content", "a value was expected here", "something is missing before this character"},
    {"block sequence entries are not allowed", "a list item '- …' cannot begin here", "begin the list on a line of its own below the key"},
    {"block mapping keys are not allowed", "a key cannot begin here", "begin the map on a line of its own"},
    {"found unexpected end of stream", "the file ends inside a quoted text", "close the quote"},
    {"found unexpected document indicator", "'---' or '...' inside a quoted text", "close the quote before it"},
    {"found unknown escape character", "an escape that YAML does not know", "in \"…\" write \\\\ for a backslash, or use '…', where nothing is escaped"},
    {"did not find expected hexdecimal number", "an escape that lacks its hexadecimal digits", "\\x takes 2, \\u 4, \\U 8"},
    {"found character that cannot start any token", "a character that cannot begin a value", "put text that begins with @, ` or % in quotes"},
    {"did not find expected <document start>", "something stands before the document", "a file holds one document, without directives"},
    {"did not find the expected comment or line break", "something stands after the block's indicator", "begin the text of | or > on the next line"},
    {"did not find expected comment or line break", "something stands after the block's indicator", "begin the text of | or > on the next line"},
    {"found a tab character", "a tab in the indentation", "indent with spaces"},
    {"wrong indentation", "a line that is indented less than the block it belongs to", "indent it like the lines before it"},
    {"control characters are not allowed", "a control character", "remove it, or write it as an escape in \"…\""},
    {"UTF-8", "bytes that are not UTF-8", "save the file as UTF-8"},
    {"UTF-16", "bytes that are not UTF-8", "save the file as UTF-8"},
    {"surrogate", "bytes that are not UTF-8", "save the file as UTF-8"},
    {"undefined alias", "an alias ('*name')", "write the value out; text that begins with * needs quotes"},
    {"did not find expected alphabetic or numeric character", "an anchor or alias ('&' or '*') without a name", "text that begins with & or * needs quotes"},
};

} // namespace

Problem in_our_words(std::string_view complaint, std::string_view context, std::string_view line) {
  const auto begins = line.find_first_not_of(" \t");
  if (begins != std::string_view::npos && line.substr(0, begins).find('\t') != std::string_view::npos) return {{}, "a tab in the indentation", "indent with spaces"};
  if (context.find("simple key") != std::string_view::npos && complaint.find("could not find") == std::string_view::npos) context = {};
  for (const auto& row : k_rows) {
    if (complaint.find(row.complaint) == std::string_view::npos) continue;
    const bool expression = line.find("${{") != std::string_view::npos && row.complaint != "control characters are not allowed";
    return {{}, std::string(row.message), expression ? "put the whole value in quotes: inside {…} or […], and where it holds ': ' or ' #', an expression needs them" : std::string(row.hint)};
  }
  return {{}, "this is not YAML: " + std::string(complaint), "compare the indentation and the quotes of this line with its neighbours'"};
}

} // namespace belay::yaml
