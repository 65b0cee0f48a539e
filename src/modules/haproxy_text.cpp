#include "modules/haproxy_text.hpp"
#include "value/cut.hpp"
#include <algorithm>
#include <charconv>
#include <fmt/core.h>

namespace belay::modules::haproxy_text {
namespace {

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto at = text.find(by);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const auto from = text.find_first_not_of(blank);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(blank) - from + 1);
}

std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Failure unexpected_answer(std::string_view what, std::string_view text) {
  const auto said = beginning_of(trimmed(text), 200);
  const bool missing = said.starts_with("Can't find") || said.starts_with("No such");
  const auto cause = missing ? Cause::missing : said.starts_with("Permission denied") ? Cause::refused : Cause::malformed;
  return {cause, Reached::yes, fmt::format("HAProxy answered `{}` to `{}`", said, what),
          cause == Cause::refused ? "the admin socket needs `level admin` in HAProxy's configuration" : missing ? "compare the names with HAProxy's configuration" : ""};
}

std::string state_of(std::int64_t bits) {
  // SRV_ADMF_…: forced, inherited and resolution maintenance; forced and inherited drain. The configured-maintenance bit (4) stays set after `state ready`.
  if ((bits & (0x01 | 0x02 | 0x20)) != 0) return "maint";
  return (bits & (0x08 | 0x10)) != 0 ? "drain" : "ready";
}

} // namespace

Expected<std::vector<Server>> servers(std::string_view text, std::string_view backend) {
  const auto lines = split(text, '\n');
  const auto header = std::find_if(lines.begin(), lines.end(), [](std::string_view line) { return line.starts_with("# be_id"); });
  if (header == lines.end()) return Unexpected(unexpected_answer("show servers state", text));
  const auto columns = split(header->substr(2), ' ');
  std::vector<Server> found;
  for (auto line = header + 1; line != lines.end(); ++line) {
    const auto fields = split(trimmed(*line), ' ');
    if (fields.size() < 10) continue;
    const auto field = [&](std::string_view name) {
      const auto at = static_cast<std::size_t>(std::find(columns.begin(), columns.end(), name) - columns.begin());
      return at < fields.size() ? fields[at] : std::string_view();
    };
    if (field("be_name") != backend) continue;
    found.push_back({std::string(field("srv_name")), state_of(number(field("srv_admin_state"))), std::string(field("srv_addr")), number(field("srv_uweight")),
                     number(field("srv_port"))});
  }
  return found;
}

Expected<std::vector<Row>> rows(std::string_view text) {
  const auto lines = split(text, '\n');
  if (lines.empty() || !lines.front().starts_with("# pxname")) return Unexpected(unexpected_answer("show stat", text));
  const auto columns = split(lines.front().substr(2), ',');
  std::vector<Row> found;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (trimmed(lines[i]).empty()) continue;
    const auto fields = split(lines[i], ',');
    Row row;
    for (std::size_t c = 0; c < std::min(columns.size(), fields.size()); ++c) row.emplace(columns[c], fields[c]);
    found.push_back(std::move(row));
  }
  return found;
}

std::int64_t counter(const Row& row, std::string_view column) {
  const auto at = row.find(column);
  return at == row.end() ? 0 : number(at->second);
}

std::int64_t requests(const Row& row) {
  std::int64_t sum = counter(row, "econ") + counter(row, "eresp");
  for (const auto* column : {"hrsp_1xx", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx", "hrsp_5xx", "hrsp_other"}) sum += counter(row, column);
  return sum;
}
std::int64_t failures(const Row& row) { return counter(row, "hrsp_5xx") + counter(row, "econ") + counter(row, "eresp"); }

std::optional<Failure> complaint(std::string_view answer) {
  std::string said;
  for (const auto line : split(answer, '\n')) // a new address is the one change that HAProxy confirms in words
    if (!trimmed(line).empty() && !trimmed(line).ends_with("by 'stats socket command'")) said += (said.empty() ? "" : "; ") + std::string(trimmed(line));
  if (said.empty()) return std::nullopt;
  auto failure = unexpected_answer("set server", said);
  if (failure.cause == Cause::malformed) failure.cause = Cause::rejected;
  return failure;
}

bool is_name(std::string_view name) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-";
  return !name.empty() && name.front() != '-' && name.find_first_not_of(allowed) == std::string_view::npos;
}

} // namespace belay::modules::haproxy_text
