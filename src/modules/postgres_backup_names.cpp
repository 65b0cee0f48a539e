#include "modules/postgres_backup_names.hpp"
#include "clients/postgres_target.hpp"
#include "codec/sha256.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace belay::modules::postgres_backup {
namespace {

constexpr std::size_t k_longest = 40; // leaves room for `_before_YYYYMMDD_HHMMSS` in 63 bytes

std::string stem(std::string_view database) {
  if (database.size() <= k_longest) return std::string(database);
  std::size_t cut = k_longest - 9;
  while (cut > 0 && (static_cast<unsigned char>(database[cut]) & 0xC0) == 0x80) --cut; // between characters of UTF-8
  return fmt::format("{}_{}", database.substr(0, cut), hex(sha256(database)).substr(0, 8));
}

bool shaped(std::string_view text, std::string_view shape) {
  return text.size() == shape.size() && std::equal(text.begin(), text.end(), shape.begin(), [](char c, char s) {
    const bool digit = c >= '0' && c <= '9';
    return s == 'd' ? digit : s == 'x' ? digit || (c >= 'a' && c <= 'f') : c == s;
  });
}

constexpr std::string_view k_mark = "belay: copy of backup ";
constexpr std::string_view k_kinds[] = {"_restore_", "_scratch_"};

} // namespace

Value database_of(const Value& in) {
  const Value given = in["database"];
  if (given.is_unknown() || (given.kind() == Kind::text && !given.is_secret() && !given.text().empty())) return given;
  if (in["target"].is_unknown()) return in["target"];
  const std::string named = postgres_target::database_name(in["target"]);
  return named.empty() ? Value() : Value(named);
}

std::string suffix_of(const Identity& id) { return hex(sha256(fmt::format("{}\n{}", id.run, id.path))).substr(0, 8); }

std::string copy_name(std::string_view database, std::string_view kind, const Identity& id) { return fmt::format("{}_{}_{}", stem(database), kind, suffix_of(id)); }

bool is_copy(std::string_view name) {
  return std::any_of(std::begin(k_kinds), std::end(k_kinds), [&](std::string_view kind) {
    const auto at = name.rfind(kind);
    return at != std::string_view::npos && at > 0 && shaped(name.substr(at + kind.size()), "xxxxxxxx");
  });
}

bool is_copy_of(std::string_view name, std::string_view database) { return is_copy(name) && name.substr(0, name.size() - k_kinds[0].size() - 8) == stem(database); }

std::string kept_name(std::string_view database, Timestamp at) {
  std::string time = rfc3339({at.seconds, 0});
  std::erase_if(time, [](char c) { return c == '-' || c == ':' || c == 'Z'; });
  std::replace(time.begin(), time.end(), 'T', '_');
  return fmt::format("{}_before_{}", stem(database), time);
}

std::optional<Timestamp> kept_since(std::string_view name, std::string_view database) {
  const std::string prefix = stem(database) + "_before_";
  if (!name.starts_with(prefix) || !shaped(name.substr(prefix.size()), "dddddddd_dddddd")) return std::nullopt;
  const std::string_view t = name.substr(prefix.size());
  const auto at = parse_rfc3339(fmt::format("{}-{}-{}T{}:{}:{}Z", t.substr(0, 4), t.substr(4, 2), t.substr(6, 2), t.substr(9, 2), t.substr(11, 2), t.substr(13, 2)));
  return at ? std::optional(*at) : std::nullopt;
}

std::string text_of(const CopyMark& mark) { return fmt::format("{}{} begun {} {}\n{}", k_mark, mark.backup, mark.begun, mark.whole ? "whole" : "unfinished", mark.comment); }

std::optional<CopyMark> copy_mark(std::string_view comment) {
  if (!comment.starts_with(k_mark)) return std::nullopt;
  const auto end = comment.find('\n');
  std::string_view line = comment.substr(k_mark.size(), end == std::string_view::npos ? end : end - k_mark.size());
  const auto begun = line.find(" begun "), last = line.rfind(' ');
  if (begun == std::string_view::npos || last < begun + 7) return std::nullopt;
  CopyMark mark;
  mark.backup = line.substr(0, begun);
  const std::string_view number = line.substr(begun + 7, last - begun - 7);
  if (std::from_chars(number.data(), number.data() + number.size(), mark.begun).ec != std::errc()) return std::nullopt;
  mark.whole = line.substr(last + 1) == "whole";
  if (end != std::string_view::npos) mark.comment = comment.substr(end + 1);
  return mark;
}

std::string conninfo(std::string_view database) {
  std::string quoted;
  for (const char c : database) quoted += c == '\'' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
  const bool plain = is_plain_name(database);
  return plain ? fmt::format("service=belay dbname={}", database) : fmt::format("service=belay dbname='{}'", quoted);
}

bool is_plain_name(std::string_view name) {
  if (name.empty() || name.front() == '.' || name.front() == '-') return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'; });
}

} // namespace belay::modules::postgres_backup
