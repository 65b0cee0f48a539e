#include "modules/command_outcome.hpp"
#include "modules/logging.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <cctype>
#include <fmt/core.h>
#include <map>
#include <set>

namespace belay::modules::logging {
namespace {

constexpr std::int64_t k_page = 1000;

Value before(Timestamp now, Duration by) {
  now.seconds -= by / std::chrono::seconds(1);
  return rfc3339(now);
}

/// The filter with its times. `since` counts back from now; without it and a time in the filter, a day, as gcloud reads.
Value filter_of(const Value& in, Timestamp now) {
  std::vector<Value> pieces;
  const auto add = [&](std::vector<Value> more) {
    if (!pieces.empty()) pieces.emplace_back(" AND ");
    pieces.insert(pieces.end(), more.begin(), more.end());
  };
  const auto filter = text_or(in["filter"], "");
  if (!filter.empty()) add({"(", filter, ")"});
  if (!in["from"].is_null()) add({"timestamp>=\"", gcp::time_text(in["from"]), "\""});
  else if (!in["since"].is_null() || filter.find("timestamp") == std::string::npos) add({"timestamp>=\"", before(now, duration_or(in["since"], std::chrono::hours(24))), "\""});
  if (!in["until"].is_null()) add({"timestamp<\"", gcp::time_text(in["until"]), "\""});
  return join(pieces);
}

Expected<Value> read_matching(const Call& call, const Reads& reads, const Value& filter, bool newest_first, std::int64_t at_most) {
  Request request = gcp::send("POST", gcp::url("logging", "v2/entries:list"),
                              Value::object({{"resourceNames", Value::List{join({"projects/", call.in["project"]})}},
                                             {"filter", filter},
                                             {"orderBy", newest_first ? "timestamp desc" : "timestamp asc"},
                                             {"pageSize", std::min(at_most, k_page)}}));
  request.reads_by_post = true;
  return gcp::read_pages(reads, request, "entries", static_cast<std::size_t>(at_most), call.stop);
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

} // namespace

std::vector<std::string> touches(const Value& in) { return {gcp::resource("gcp-logs", {in["project"]})}; }

std::string message_of(const Value& entry) {
  if (const auto text = text_or(entry["textPayload"], ""); !text.empty()) return text;
  for (const char* name : {"message", "msg", "error"})
    if (const auto text = text_or(entry["jsonPayload"][name], ""); !text.empty()) return text;
  if (const Value request = entry["httpRequest"]; request.kind() == Kind::map)
    return fmt::format("{} {} {}", text_or(request["requestMethod"], ""), text_or(request["requestUrl"], ""), integer_or(request["status"], 0));
  if (const Value audit = entry["protoPayload"]; audit.kind() == Kind::map)
    return fmt::format("{} by {}{}{}", text_or(audit["methodName"], ""), text_or(audit["authenticationInfo"]["principalEmail"], "somebody"), audit["status"]["message"].is_null() ? "" : ": ", text_or(audit["status"]["message"], ""));
  return entry["jsonPayload"].is_null() ? std::string() : canonical_json(entry["jsonPayload"]);
}

Value entry_shown(const Value& entry) {
  const Value request = entry["httpRequest"], payload = entry["jsonPayload"].is_null() ? entry["protoPayload"] : entry["jsonPayload"];
  return gcp::members({{"time", gcp::time_of(entry["timestamp"])},
                       {"severity", entry["severity"].is_null() ? Value("DEFAULT") : entry["severity"]},
                       {"message", message_of(entry)},
                       {"log", entry["logName"]},
                       {"labels", entry["resource"]["labels"]},
                       {"status", request["status"]},
                       {"url", request["requestUrl"]},
                       {"latency", request["latency"]},
                       {"payload", payload},
                       {"id", entry["insertId"]}});
}

std::string pattern_of(std::string_view message) {
  std::string pattern;
  message = message.substr(0, std::min(message.find('\n'), std::size_t(300)));
  for (std::size_t i = 0; i < message.size();) {
    const char c = message[i];
    if (c == '"' || c == '\'') {
      if (const auto end = message.find(c, i + 1); end != std::string_view::npos && end - i > 1) {
        pattern += fmt::format("{}…{}", c, c);
        i = end + 1;
        continue;
      }
    }
    if (!is_word(c)) {
      pattern += c;
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < message.size() && is_word(message[end])) ++end;
    const auto word = message.substr(i, end - i);
    pattern += std::any_of(word.begin(), word.end(), is_digit) ? "#" : std::string(word);
    i = end;
  }
  return pattern;
}

Outcome read_entries(const Call& call, const Reads& reads) {
  const auto found = read_matching(call, reads, filter_of(call.in, reads.time.wall()), text_or(call.in["order"], "newest") != "oldest", std::max<std::int64_t>(1, integer_or(call.in["limit"], 100)));
  if (!found) return failed_outcome(found.error());
  Value::List shown;
  for (const Value& one : elements(*found)) shown.push_back(entry_shown(one));
  Outcome outcome;
  outcome.outputs = Value::object({{"count", static_cast<std::int64_t>(shown.size())}, {"entries", Value(std::move(shown))}});
  return outcome;
}

Outcome read_count(const Call& call, const Reads& reads) {
  const std::int64_t limit = std::max<std::int64_t>(1, integer_or(call.in["limit"], 10000));
  const auto found = read_matching(call, reads, filter_of(call.in, reads.time.wall()), true, limit + 1);
  if (!found) return failed_outcome(found.error());
  const auto all = elements(*found);
  const auto count = std::min<std::int64_t>(static_cast<std::int64_t>(all.size()), limit);
  Outcome outcome;
  outcome.outputs = Value::object({{"count", count}, {"complete", static_cast<std::int64_t>(all.size()) <= limit}});
  if (const Value most = call.in["most"]; most.kind() == Kind::integer && count > most.integer())
    outcome.findings.push_back({text_or(call.in["what"], "log entries"), fmt::format("{}{}, and {} are allowed; the newest: {}", static_cast<std::int64_t>(all.size()) > limit ? "more than " : "", count, most.integer(), message_of(all.front())), {}});
  return outcome;
}

Outcome read_errors(const Call& call, const Reads& reads) {
  Value::Map in = call.in.map();
  const auto filter = text_or(call.in["filter"], "");
  std::erase_if(in, [](const auto& member) { return member.first == Value("filter"); });
  in.emplace_back(Value("filter"), Value(filter.empty() ? "severity>=ERROR" : "severity>=ERROR AND (" + filter + ")"));
  const auto found = read_matching(call, reads, filter_of(Value(std::move(in)), reads.time.wall()), true, std::max<std::int64_t>(1, integer_or(call.in["limit"], 5000)));
  if (!found) return failed_outcome(found.error());
  struct Group {
    std::int64_t count = 0;
    Value first, last;
    std::string example;
  };
  std::map<std::string, Group> groups;
  for (const Value& entry : elements(*found)) { // newest first
    auto message = message_of(entry);
    Group& group = groups[pattern_of(message)];
    if (group.count++ == 0) group.last = gcp::time_of(entry["timestamp"]), group.example = std::move(message);
    group.first = gcp::time_of(entry["timestamp"]);
  }
  std::vector<std::pair<std::string, Group>> sorted(groups.begin(), groups.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second.count > b.second.count; });
  Value::List shown;
  for (const auto& [pattern, group] : sorted)
    shown.push_back(Value::object({{"message", pattern}, {"count", group.count}, {"first", group.first}, {"last", group.last}, {"example", group.example.substr(0, 2000)}}));
  Outcome outcome;
  outcome.outputs = Value::object({{"groups", Value(std::move(shown))}, {"count", static_cast<std::int64_t>(elements(*found).size())}});
  return outcome;
}

Outcome read_tail(const Call& call, const Reads& reads) {
  const Duration every = std::max<Duration>(duration_or(call.in["every"], std::chrono::seconds(5)), std::chrono::seconds(1));
  // Entries arrive late and out of order: each look goes back over the last minute, and what was shown is not shown again.
  constexpr Duration k_overlap = std::chrono::minutes(1);
  const Duration end = reads.time.steady() + duration_or(call.in["watch"], std::chrono::minutes(1));
  const auto filter = text_or(call.in["filter"], "");
  std::set<std::string> shown;
  std::int64_t count = 0, errors = 0;
  Timestamp began = reads.time.wall();
  const Value start = before(began, {});
  for (bool more = true; more;) {
    more = reads.time.steady() < end && reads.time.sleep(std::min<Duration>(every, end - reads.time.steady()), call.stop);
    const auto back = before(reads.time.wall(), k_overlap);
    const std::string from = std::max(start.text(), back.text());
    const auto found = read_matching(call, reads, join({filter.empty() ? "" : "(" + filter + ") AND ", "timestamp>=\"", from, "\""}), false, 1000);
    if (!found) return failed_outcome(found.error());
    for (const Value& entry : elements(*found)) {
      if (!shown.insert(text_or(entry["insertId"], "") + text_or(entry["timestamp"], "")).second) continue;
      ++count;
      const auto severity = text_or(entry["severity"], "DEFAULT");
      if (severity == "ERROR" || severity == "CRITICAL" || severity == "ALERT" || severity == "EMERGENCY") ++errors;
      call.tell.output(fmt::format("{} {} {}\n", text_or(entry["timestamp"], ""), severity, message_of(entry)));
    }
  }
  Outcome outcome;
  outcome.outputs = Value::object({{"count", count}, {"errors", errors}});
  return outcome;
}

} // namespace belay::modules::logging
