#include "modules/inputs.hpp"
#include "value/json.hpp"
#include <algorithm>

namespace belay::modules {
namespace {
bool open(const Value& value, Kind kind) { return !value.is_unknown() && !value.is_secret() && value.kind() == kind; }
} // namespace

std::vector<Value> elements(const Value& list) {
  if (list.is_unknown() || list.is_secret()) return {list};
  if (list.kind() != Kind::list) return {};
  return list.list();
}

Named named(const Value& map) {
  if (map.is_unknown() || map.is_secret()) return {{"", map}};
  Named all;
  if (map.kind() != Kind::map) return all;
  for (const auto& [name, value] : map.map())
    if (open(name, Kind::text)) all.emplace_back(name.text(), value);
  return all;
}

std::string text_or(const Value& value, std::string_view standard) { return open(value, Kind::text) ? value.text() : std::string(standard); }
std::int64_t integer_or(const Value& value, std::int64_t standard) { return open(value, Kind::integer) ? value.integer() : standard; }
bool boolean_or(const Value& value, bool standard) { return open(value, Kind::boolean) ? value.boolean() : standard; }
Duration duration_or(const Value& value, Duration standard) { return open(value, Kind::duration) ? value.duration() : standard; }
double real_or(const Value& value, double standard) {
  if (open(value, Kind::integer)) return static_cast<double>(value.integer());
  return open(value, Kind::real) ? value.real() : standard;
}

bool accepts(const Value& list, int status, int standard) {
  const auto wanted = elements(list);
  if (wanted.empty()) return status == standard;
  return std::any_of(wanted.begin(), wanted.end(), [&](const Value& one) { return open(one, Kind::integer) && one.integer() == status; });
}

std::string shell_word(const Value& value) {
  if (!open(value, Kind::text)) return bare_json(value);
  const std::string& text = value.text();
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,";
  if (!text.empty() && text.find_first_not_of(plain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string shell_line(const std::vector<Value>& argv) {
  std::string line;
  for (const Value& word : argv) line += (line.empty() ? "" : " ") + shell_word(word);
  return line;
}

} // namespace belay::modules
