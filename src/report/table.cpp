#include "report/table.hpp"
#include "belay/secret.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <chrono>
#include <ctime>
#include <fmt/format.h>

namespace belay::report {
namespace {

/// Columns that a terminal shows: colours take none.
std::size_t shown_columns(const std::string& text) {
  std::size_t out = 0;
  bool escape = false;
  for (char c : text) {
    if (c == '\x1b') escape = true;
    else if (escape) escape = c != 'm';
    else out += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }
  return out;
}

/// For a person: a duration in its own measure, a moment without the part of its second.
std::string cell(const Value& v) {
  if (v.is_null()) return "-";
  if (v.is_secret() || v.is_unknown()) return printable(show(v));
  if (v.kind() == Kind::duration && v.duration() >= Duration::zero()) {
    const double seconds = std::chrono::duration<double>(v.duration()).count();
    return seconds < 1 ? fmt::format("{:.3g}ms", seconds * 1000) : short_duration(v.duration());
  }
  if (v.kind() == Kind::timestamp) return rfc3339({v.timestamp().seconds, 0});
  return printable(bare_json(v));
}

bool is_list_of_maps(const Value& v) {
  return !v.is_secret() && v.kind() == Kind::list && !v.list().empty() && std::all_of(v.list().begin(), v.list().end(), [](const Value& e) { return e.kind() == Kind::map && !e.is_secret(); });
}

std::string list_table(const Value& v, const Style& style) {
  std::vector<std::string> heading;
  for (const Value& row : v.list())
    for (const auto& [key, item] : row.map())
      if (std::find(heading.begin(), heading.end(), bare_json(key)) == heading.end()) heading.push_back(bare_json(key));
  std::vector<std::vector<std::string>> rows;
  for (const Value& row : v.list()) {
    rows.emplace_back();
    for (const std::string& name : heading) rows.back().push_back(row.has(name) ? cell(row[name]) : "");
  }
  for (std::string& name : heading) name = printable(name);
  return table(heading, rows, style);
}

} // namespace

std::string one_line(const std::string& text) {
  std::string one = printable(text);
  for (std::size_t at = 0; (at = one.find_first_of("\n\t", at)) != std::string::npos;) one[at] = ' ';
  return one;
}

std::string table(const std::vector<std::string>& heading, const std::vector<std::vector<std::string>>& rows, const Style& style) {
  std::vector<std::size_t> widths;
  for (const std::string& name : heading) widths.push_back(shown_columns(name));
  for (const auto& row : rows) widths.resize(std::max(widths.size(), row.size()));
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], shown_columns(row[i]));
  std::string out;
  auto line = [&](const std::vector<std::string>& cells, bool head) {
    std::string text;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      std::string shown = cells[i];
      if (head) std::transform(shown.begin(), shown.end(), shown.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
      text += shown;
      if (i + 1 < cells.size()) text += std::string(widths[i] + 2 - std::min(widths[i] + 2, shown_columns(shown)), ' ');
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += (head ? style.dim(text) : text) + "\n";
  };
  if (!heading.empty()) line(heading, true);
  for (const auto& row : rows) line(row, false);
  return out;
}

std::string outputs_text(const Value& outputs, const Style& style) {
  if (outputs.is_unknown() || outputs.is_secret()) return show(outputs) + "\n";
  if (is_list_of_maps(outputs)) return list_table(outputs, style);
  if (outputs.kind() != Kind::map) return outputs.is_null() ? "" : printable(bare_json(outputs)) + "\n";
  std::string out;
  std::vector<std::vector<std::string>> plain;
  for (const auto& [key, item] : outputs.map())
    if (!is_list_of_maps(item)) plain.push_back({printable(bare_json(key)), cell(item)});
  std::size_t width = 0;
  for (const auto& row : plain) width = std::max(width, row[0].size());
  for (const auto& row : plain) out += pad(row[0], width) + "  " + row[1] + "\n";
  for (const auto& [key, item] : outputs.map())
    if (is_list_of_maps(item)) out += (out.empty() ? "" : "\n") + style.strong(printable(bare_json(key))) + "\n" + list_table(item, style);
  return out;
}

std::string when_text(Timestamp at, Timestamp now) {
  if (at == Timestamp{}) return "never";
  std::string out = rfc3339({at.seconds, 0});
  out[10] = ' ';
  const std::time_t seconds = at.seconds;
  std::tm local{};
  if (::localtime_r(&seconds, &local) && local.tm_gmtoff != 0) out += fmt::format(" = {:02}:{:02}:{:02} {}", local.tm_hour, local.tm_min, local.tm_sec, local.tm_zone);
  const auto ago = std::chrono::seconds(now.seconds - at.seconds);
  return out + (ago.count() >= 0 ? " (" + short_duration(ago) + " ago)" : " (in " + short_duration(-ago) + ")");
}

} // namespace belay::report
