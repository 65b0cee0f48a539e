#include "modules/host_program.hpp"
#include "modules/inputs.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <fmt/core.h>
#include <functional>

namespace belay::modules::host_program {
namespace {

constexpr std::string_view k_first = "; belay ";
constexpr const char* k_members[] = {"state", "release", "port", "command", "environment", "health", "stop_seconds", "user", "log", "folder"};

/// supervisor expands `%(…)s` in every value.
std::string without_expansion(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '%' ? std::string("%%") : std::string(1, c);
  return out;
}

Value unexpanded(const Value& value) { return value.is_unknown() ? value : Value(without_expansion(bare_json(value))); }

Value quoted(const Value& value) {
  if (value.is_unknown()) return value;
  std::string out = "\"";
  for (const char c : without_expansion(bare_json(value))) out += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return out + "\"";
}

/// `{port}` filled in.
Value filled(const Value& word, const Value& port) {
  const auto text = text_or(word, "");
  const auto at = text.find("{port}");
  return at == std::string::npos || port.is_null() ? word : join({text.substr(0, at), port, text.substr(at + 6)});
}

void each_text(const Value& value, const std::function<void(const std::string&)>& each) {
  if (value.is_unknown() || value.is_secret()) return;
  if (value.kind() == Kind::text) each(value.text());
  if (value.kind() == Kind::list)
    for (const auto& one : value.list()) each_text(one, each);
  if (value.kind() == Kind::map)
    for (const auto& [name, one] : value.map()) each_text(name, each), each_text(one, each);
}

} // namespace

Value wanted_of(const Value& in) {
  std::vector<std::pair<std::string, Value>> members;
  Value::List command;
  for (const Value& word : elements(in["command"])) command.push_back(filled(word, in["port"]));
  for (const char* name : k_members) {
    const std::string_view member = name;
    if (member == "command") members.emplace_back(name, command);
    else if (member == "health" && !in["health"].is_null()) members.emplace_back(name, filled(in["health"], in["port"]));
    else if (member == "folder") members.emplace_back(name, in["folder"].is_null() ? join({in["root"], "/releases/", in["release"]}) : in["folder"]);
    else if (member == "log") members.emplace_back(name, in["log"].is_null() ? join({in["root"], "/log/", in["name"], ".log"}) : in["log"]);
    else if (!in[member].is_null()) members.emplace_back(name, in[member]);
  }
  return Value::object(std::move(members));
}

Value text_of(const Value& name, const Value& wanted, const std::string& run) {
  std::vector<Value> command;
  for (const Value& word : elements(wanted["command"])) {
    if (!command.empty()) command.emplace_back(" ");
    // A program of the release itself: supervisor looks for it from its own working folder.
    const bool own = command.empty() && !word.is_unknown() && text_or(word, "").starts_with("./");
    command.push_back(own ? quoted(join({wanted["folder"], text_or(word, "").substr(1)})) : quoted(word));
  }
  std::vector<Value> environment{fmt::format("BELAY_RUN=\"{}\"", run)};
  for (const auto& [variable, value] : named(wanted["environment"])) {
    environment.emplace_back(",");
    environment.push_back(join({variable, "=", quoted(value)}));
  }
  auto marked = named(wanted);
  marked.emplace_back("run", run);
  const Value running = wanted["state"].is_unknown() ? wanted["state"] : Value(text_or(wanted["state"], "") == "running" ? "true" : "false");
  return join({std::string(k_first), Value::object(std::move(marked)), "\n[program:", name, "]\ncommand=", join(command), "\ndirectory=", unexpanded(wanted["folder"]), "\nenvironment=",
               join(environment), "\nautostart=", running, "\nautorestart=", running, "\nstartsecs=1\nstartretries=3\nstopsignal=TERM\nstopasgroup=true\nkillasgroup=true\nstopwaitsecs=",
               std::to_string(integer_or(wanted["stop_seconds"], 30)), "\nredirect_stderr=true\nstdout_logfile=",
               unexpanded(wanted["log"]), "\nstdout_logfile_maxbytes=10MB\nstdout_logfile_backups=2\n", wanted["user"].is_null() ? Value("") : join({"user=", wanted["user"], "\n"})});
}

std::optional<Failure> unfit(const Value& wanted) {
  std::optional<Failure> failure;
  if (wanted.has_secret()) return Failure{Cause::refused, Reached::no, "a secret would be written into supervisor's configuration", "let the program read it from a file of its own"};
  each_text(wanted, [&](const std::string& text) {
    const bool comment = text.find(" ;") != std::string::npos || text.find(" #") != std::string::npos;
    if (comment || std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20; }))
      failure = Failure{Cause::refused, Reached::no, fmt::format("supervisor's configuration cannot hold {}", canonical_json(Value(text))), "no line breaks, no ` ;` and no ` #`"};
  });
  return failure;
}

Value read_back(std::string_view text) {
  if (!text.starts_with(k_first)) return {};
  const auto parsed = parse_json(text.substr(k_first.size(), text.find('\n') - k_first.size()));
  return parsed && parsed->kind() == Kind::map ? *parsed : Value();
}

bool same(const Value& a, const Value& b) {
  return std::all_of(std::begin(k_members), std::end(k_members), [&](const char* name) { return a[name] == b[name]; });
}

} // namespace belay::modules::host_program
