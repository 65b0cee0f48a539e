#include "modules/migrate_text.hpp"
#include <vector>

namespace belay::modules::migrate_text {
namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::string first_word(std::string_view line) {
  const auto begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return "";
  line.remove_prefix(begin);
  return std::string(line.substr(0, line.find_first_of(" \t")));
}

std::string last_word(std::string_view line) {
  const auto end = line.find_last_not_of(" \t");
  if (end == std::string_view::npos) return "";
  line = line.substr(0, end + 1);
  const auto begin = line.find_last_of(" \t");
  return std::string(begin == std::string_view::npos ? line : line.substr(begin + 1));
}

/// A line that names a revision and is no message of a logger: one word, then nothing or something in brackets.
bool names_revision(std::string_view line) {
  const std::string word = first_word(line);
  if (word.empty() || word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != std::string::npos) return false;
  const auto rest = line.find_first_not_of(" \t", line.find(word) + word.size());
  return rest == std::string_view::npos || line[rest] == '(';
}

std::vector<std::string> revisions(std::string_view text) {
  std::vector<std::string> found;
  for (const auto line : lines_of(text))
    if (names_revision(line)) found.push_back(first_word(line));
  return found;
}

} // namespace

Expected<Standing> of_alembic(std::string_view current, std::string_view heads) {
  const auto at = revisions(current), to = revisions(heads);
  if (to.size() > 1) return Unexpected(Failure{Cause::conflict, Reached::yes, "the migrations have several heads: " + to[0] + ", " + to[1] + (to.size() > 2 ? " and others" : ""), "join them: `alembic merge heads`"});
  if (at.size() > 1) return Unexpected(Failure{Cause::conflict, Reached::yes, "the database stands at several migrations: " + at[0] + ", " + at[1], "join the branches before going on"});
  Standing found;
  if (!at.empty()) found.current = at.front();
  if (!to.empty()) found.head = to.front();
  found.pending = found.current != found.head;
  return found;
}

std::string parent_of(std::string_view shown) {
  for (const auto line : lines_of(shown)) {
    if (!line.starts_with("Parent:")) continue;
    const std::string parent = first_word(line.substr(7));
    return parent == "<base>" ? "base" : parent;
  }
  return "";
}

bool lists_migrations(std::string_view shown) {
  for (const auto line : lines_of(shown))
    if (line.find("[X]") != std::string_view::npos || line.find("[ ]") != std::string_view::npos) return true;
  return false;
}

Expected<Standing> of_typeorm(std::string_view shown) {
  Standing found;
  for (const auto line : lines_of(shown)) {
    const auto applied = line.find("[X]"), open = line.find("[ ]");
    if (applied != std::string_view::npos) {
      found.previous = found.current;
      found.current = found.head = last_word(line);
    } else if (open != std::string_view::npos) {
      found.head = last_word(line);
      found.pending = true;
    }
  }
  if (found.head.empty()) return Unexpected(Failure{Cause::malformed, Reached::yes, "migration:show lists no migration", "run `npm run migration:show` there and look"});
  if (!found.current.empty() && found.previous.empty()) found.previous = "base";
  return found;
}

} // namespace belay::modules::migrate_text
