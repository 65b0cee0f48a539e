#include "modules/haproxy_reads.hpp"
#include "modules/command_outcome.hpp"
#include "modules/inputs.hpp"
#include "modules/probing.hpp"
#include "value/json.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <fmt/core.h>

namespace belay::modules::haproxy_reads {
namespace {

using haproxy_text::counter;
using haproxy_text::Row;

Expected<std::string> ask(const Value& socket, const std::string& line, const Call& call, const Reads& reads) {
  auto answer = reads.lines.ask({address(socket), {line}}, call.stop);
  if (answer) return answer;
  auto failure = answer.error();
  failure.message = fmt::format("HAProxy's admin socket {} does not answer: {}", bare_json(socket), failure.message);
  if (failure.hint.empty()) failure.hint = "is HAProxy running, and is `stats socket … level admin` in its configuration?";
  return Unexpected(std::move(failure));
}

std::string text_of(const Row& row, std::string_view column) {
  const auto at = row.find(column);
  return at == row.end() ? std::string() : at->second;
}

const Row* row_of(const std::vector<Row>& all, const std::string& backend, const std::string& name) {
  const auto row = std::find_if(all.begin(), all.end(), [&](const Row& r) { return text_of(r, "pxname") == backend && text_of(r, "svname") == name; });
  return row == all.end() ? nullptr : &*row;
}

Value live(const haproxy_text::Server& server, const std::vector<Row>& all, const std::string& backend) {
  std::vector<std::pair<std::string, Value>> members{{"state", server.state}, {"weight", server.weight}, {"address", server.address}, {"port", server.port}};
  if (const Row* row = row_of(all, backend, server.name)) {
    members.emplace_back("status", text_of(*row, "status"));
    members.emplace_back("check", text_of(*row, "check_status"));
    members.emplace_back("current", counter(*row, "scur") + counter(*row, "qcur"));
    members.emplace_back("since", std::chrono::duration_cast<Duration>(std::chrono::seconds(counter(*row, "lastchg"))));
  }
  return Value::object(std::move(members));
}

Value counted(const Row& row) {
  return Value::object({{"requests", haproxy_text::requests(row)},
                        {"failures", haproxy_text::failures(row)},
                        {"answered_5xx", counter(row, "hrsp_5xx")},
                        {"connection_errors", counter(row, "econ")},
                        {"response_errors", counter(row, "eresp")},
                        {"retries", counter(row, "wretr")},
                        {"redispatches", counter(row, "wredis")},
                        {"sessions", counter(row, "stot")},
                        {"weight", counter(row, "weight")},
                        {"status", text_of(row, "status")},
                        {"since", std::chrono::duration_cast<Duration>(std::chrono::seconds(counter(row, "lastchg")))}});
}

/// What is wrong with a backend: nobody has its traffic, or somebody who should does not answer.
std::vector<Finding> judged(const std::vector<haproxy_text::Server>& servers, const std::vector<Row>& all, const std::string& backend) {
  std::vector<Finding> findings;
  bool any = false;
  for (const auto& server : servers) {
    if (server.state != "ready" || server.weight == 0) continue;
    const Row* row = row_of(all, backend, server.name);
    const auto status = row != nullptr ? text_of(*row, "status") : std::string();
    if (status.starts_with("DOWN")) findings.push_back({backend + "/" + server.name, fmt::format("HAProxy's checks say {} ({})", status, text_of(*row, "check_status")), {}});
    else any = true;
  }
  if (!any) findings.push_back({backend, "no server of it takes traffic", {}});
  return findings;
}

} // namespace

Value address(const Value& socket) {
  if (socket.is_unknown() || socket.kind() != Kind::text || socket.text().starts_with("unix:") || socket.text().starts_with("tcp:")) return socket;
  return "unix:" + socket.text();
}

Expected<std::vector<haproxy_text::Server>> servers(const Value& socket, const std::string& backend, const Call& call, const Reads& reads) {
  if (!haproxy_text::is_name(backend)) return Unexpected(Failure{Cause::refused, Reached::no, fmt::format("'{}' is no name of a backend", backend), ""});
  const auto answer = ask(socket, "show servers state " + backend, call, reads);
  if (!answer) return Unexpected(answer.error());
  auto found = haproxy_text::servers(*answer, backend);
  if (found || found.error().cause != Cause::missing) return found;
  std::vector<std::string> names;
  if (const auto all = rows(socket, call, reads))
    for (const auto& row : *all)
      if (text_of(row, "svname") == "BACKEND") names.push_back(text_of(row, "pxname"));
  return Unexpected(Failure{Cause::missing, Reached::yes, fmt::format("HAProxy has no backend '{}'", backend), did_you_mean(backend, names)});
}

Expected<std::vector<Row>> rows(const Value& socket, const Call& call, const Reads& reads) {
  const auto answer = ask(socket, "show stat", call, reads);
  if (!answer) return Unexpected(answer.error());
  return haproxy_text::rows(*answer);
}

Outcome read_servers(const Call& call, const Reads& reads) {
  const auto backend = text_or(call.in["backend"], "");
  const auto found = servers(call.in["socket"], backend, call, reads);
  if (!found) return failed_outcome(found.error());
  const auto all = rows(call.in["socket"], call, reads);
  if (!all) return failed_outcome(all.error());
  std::vector<std::pair<std::string, Value>> by_name;
  std::vector<Value> serving;
  for (const auto& server : *found) {
    by_name.emplace_back(server.name, live(server, *all, backend));
    if (server.state == "ready" && server.weight > 0) serving.emplace_back(server.name);
  }
  Outcome outcome;
  if (boolean_or(call.in["judge"], false)) outcome.findings = judged(*found, *all, backend);
  outcome.outputs = Value::object({{"servers", Value::object(std::move(by_name))}, {"serving", std::move(serving)}});
  return outcome;
}

Outcome read_counters(const Call& call, const Reads& reads) {
  const auto backend = text_or(call.in["backend"], "");
  const auto all = rows(call.in["socket"], call, reads);
  if (!all) return failed_outcome(all.error());
  std::vector<std::pair<std::string, Value>> by_name;
  std::vector<std::string> backends;
  Value whole;
  for (const auto& row : *all) {
    const auto name = text_of(row, "svname");
    if (name == "BACKEND") backends.push_back(text_of(row, "pxname"));
    if (text_of(row, "pxname") != backend || name == "FRONTEND") continue;
    if (name == "BACKEND") whole = Value::object({{"requests", counter(row, "req_tot")}, {"failures", counter(row, "hrsp_5xx")}});
    else by_name.emplace_back(name, counted(row));
  }
  if (whole.is_null()) return failed_outcome({Cause::missing, Reached::yes, fmt::format("HAProxy has no backend '{}'", backend), did_you_mean(backend, backends)});
  Outcome outcome;
  outcome.outputs = Value::object({{"servers", Value::object(std::move(by_name))}, {"backend", whole}, {"probes", probed(call, reads)}});
  return outcome;
}

} // namespace belay::modules::haproxy_reads
