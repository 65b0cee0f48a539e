#include "modules/http_check.hpp"
#include "modules/command_outcome.hpp"
#include "modules/http_exchange.hpp"
#include "modules/inputs.hpp"
#include "value/json.hpp"
#include <fmt/core.h>

namespace belay::modules {
namespace {

constexpr std::size_t k_body_kept = 4096;

struct Endpoint {
  std::string name, kind;
  Value url;
  std::vector<Value> rules;
};
struct Seen {
  Value outputs;
  std::string why; ///< empty: it is as it should be
};

/// A rule, or a list of them. Text in its place means that it was not turned into one: a defect of the runbook, not of the endpoint.
std::vector<Value> rules_of(const Value& expect) {
  if (expect.is_null()) return {};
  if (!expect.is_unknown() && !expect.is_secret() && expect.kind() == Kind::rule) return {expect};
  return elements(expect);
}

std::string late(const Answer& answer, Duration slow) {
  return slow > Duration::zero() && answer.took > slow ? fmt::format("it took {}, more than {}", duration_text(answer.took), duration_text(slow)) : "";
}

std::string judge(const Endpoint& endpoint, const Value& accept, const Answer& answer, const Value& outputs, Duration slow) {
  if (endpoint.rules.empty()) return accepted(accept, answer.status) ? late(answer, slow) : unaccepted(answer).message;
  const Value bindings = Value::object({{"name", endpoint.name}, {"url", endpoint.url}, {"status", outputs["status"]}, {"body", outputs["body"]}, {"headers", outputs["headers"]}, {"took", outputs["took"]}});
  for (const Value& value : endpoint.rules) {
    if (value.is_unknown() || value.is_secret() || value.kind() != Kind::rule) return "its `expect` holds something that is no expression: " + bare_json(value);
    const Rule& rule = *value.rule();
    const auto held = rule.of(bindings);
    if (!held) return fmt::format("{} (answer {}): {}", rule.source(), answer.status, held.error().message);
    if (held->is_unknown() || held->is_secret() || held->kind() != Kind::boolean) return fmt::format("{}: it is neither true nor false", rule.source());
    if (!held->boolean()) return fmt::format("not met: {} (answer {})", rule.source(), answer.status);
  }
  return late(answer, slow);
}

/// A path alone stands below the address that the platform gave the service.
Value address_of(const Value& url, const Value& base) {
  return base.is_null() || !text_or(url, "").starts_with('/') ? url : join({base, url});
}

Value small_body(const Value& body) {
  if (body.kind() == Kind::map && canonical_json(body).size() <= k_body_kept) return body;
  return {};
}

} // namespace

Outcome read_http_check(const Call& call, const Reads& reads) {
  const Value& in = call.in;
  const bool single = !in["url"].is_null();
  if (single == !in["endpoints"].is_null())
    return failed_outcome({Cause::refused, Reached::no, "http.check wants either `url` or `endpoints`", "give one endpoint by `url`, or several by `endpoints`"});
  std::vector<Endpoint> endpoints;
  std::vector<Request> requests;
  for (const Value& one : single ? std::vector<Value>{in} : elements(in["endpoints"])) {
    Request request = request_of(in, text_or(in["method"], "GET"));
    request.url = address_of(one["url"], in["base"]);
    if (!single) {
      request.limit = duration_or(one["limit"], request.limit);
      request.ca_file = text_or(one["ca"], request.ca_file);
      for (const auto& header : named(one["headers"])) request.headers.push_back(header);
    }
    endpoints.push_back({text_or(one["name"], request.url.is_secret() ? "endpoint" : text_or(request.url, "endpoint")), text_or(one["kind"], "endpoint"), request.url, rules_of(one["expect"])});
    requests.push_back(std::move(request));
  }
  std::vector<Seen> seen(requests.size());
  std::optional<Failure> failure;
  const Duration slow = duration_or(in["latency"], {});
  std::int64_t done = 0;
  reads.http.read_all(requests, static_cast<unsigned>(std::max<std::int64_t>(1, integer_or(in["at_once"], 300))), [&](std::size_t i, Expected<Answer> answer) {
    Seen& one = seen[i];
    if (answer) {
      one.outputs = single || !endpoints[i].rules.empty() ? answer_outputs(*answer) : brief_outputs(*answer);
      one.why = judge(endpoints[i], in["accept"], *answer, one.outputs, slow);
      if (!one.why.empty() && !failure) failure = Failure{Cause::rejected, Reached::yes, one.why, ""};
    } else {
      one.why = answer.error().message;
      if (!failure) failure = answer.error();
    }
    call.tell.progress(++done, static_cast<std::int64_t>(requests.size()), "endpoints");
  }, call.stop);
  if (call.stop.why() != Stop::Why::no && call.stop.why() != Stop::Why::deadline) return failed_outcome({Cause::stopped, Reached::no, "stopped before every endpoint had answered", ""});

  Value::List list, failed, seconds;
  Outcome outcome;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const Value& answer = seen[i].outputs;
    const bool ok = seen[i].why.empty();
    list.push_back(Value::object({{"name", endpoints[i].name}, {"kind", endpoints[i].kind}, {"url", endpoints[i].url}, {"status", answer["status"]}, {"took", answer["took"]},
                                  {"ok", ok}, {"why", seen[i].why}, {"body", small_body(answer["body"])}}));
    if (!answer.is_null()) seconds.emplace_back(seconds_of(answer["took"].duration()));
    if (ok) continue;
    failed.emplace_back(endpoints[i].name);
    if (!single) outcome.findings.push_back({endpoints[i].name, seen[i].why, Value::object({{"url", endpoints[i].url}, {"status", answer["status"]}})});
  }
  const bool all = failed.empty();
  std::vector<std::pair<std::string, Value>> outputs{{"ok", all}, {"checked", static_cast<std::int64_t>(seen.size())}, {"failed", Value(std::move(failed))}, {"seconds", Value(std::move(seconds))}, {"endpoints", Value(std::move(list))}};
  if (single) {
    for (const char* name : {"status", "body", "headers", "took"}) outputs.emplace_back(name, seen.at(0).outputs[name]);
    if (!all) {
      outcome.state = State::failed;
      outcome.failure = std::move(failure);
    }
  }
  outcome.outputs = Value::object(std::move(outputs));
  return outcome;
}

} // namespace belay::modules
