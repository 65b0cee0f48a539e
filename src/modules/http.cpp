#include "modules/catalog.hpp"
#include "modules/command_outcome.hpp"
#include "modules/http_check.hpp"
#include "modules/http_exchange.hpp"
#include "modules/inputs.hpp"
#include <fmt/core.h>

/// HTTP endpoints. What may be repeated decides which action sends a request: `request` once, `put` and `delete` by what these methods mean
/// (RFC 9110, 9.2.2), `keyed` by a key that the server remembers. What a request changes at the other end nobody here knows, so none declares
/// what it touches: in a dry run every read after it is unknown.
namespace belay::modules {
namespace {

Outcome read_get(const Call& call, const Reads& reads) {
  const auto answer = reads.http.read(request_of(call.in, "GET"), call.stop);
  if (!answer) return failed_outcome(answer.error());
  Outcome outcome;
  outcome.outputs = answer_outputs(*answer);
  if (accepted(call.in["accept"], answer->status)) return outcome;
  outcome.state = State::failed;
  outcome.failure = unaccepted(*answer);
  return outcome;
}

Intent intent_of(const Value& in, std::string method) {
  Intent intent;
  Request request = request_of(in, std::move(method));
  request.body = in["body"];
  intent.equivalent = curl_line(request);
  intent.act = std::move(request);
  intent.outputs = Value::object({});
  intent.extra = Value::object({{"accept", in["accept"]}, {"hidden", in["hidden"]}});
  return intent;
}

Intent prepare_request(const Value& in, const Value&, const Identity&) {
  const std::string method = text_or(in["method"], "POST");
  Intent intent = intent_of(in, method);
  if (method == "GET" || method == "HEAD") intent.refused = Failure{Cause::refused, Reached::no, method + " changes nothing, and http.request is for what does", "use http.get"};
  return intent;
}
Intent prepare_put(const Value& in, const Value&, const Identity&) { return intent_of(in, "PUT"); }
Intent prepare_delete(const Value& in, const Value&, const Identity&) { return intent_of(in, "DELETE"); }
Intent prepare_keyed(const Value& in, const Value&, const Identity& id) {
  Intent intent = intent_of(in, text_or(in["method"], "POST"));
  auto& request = std::get<Request>(intent.act);
  request.headers.emplace_back(text_or(in["key_header"], "Idempotency-Key"), Value(id.key));
  intent.equivalent = curl_line(request);
  return intent;
}

/// A body whose members can be named and not read.
Value hidden(const Value& body) {
  if (body.kind() != Kind::map) return body.as_secret();
  Value::Map out;
  for (const auto& [name, value] : body.map()) out.emplace_back(name, value.as_secret());
  return Value(std::move(out));
}

Value outputs_of(const Intent& intent, const Answer& got) {
  const Value all = answer_outputs(got);
  if (!boolean_or(intent.extra["hidden"], false)) return all;
  Value::Map out;
  for (const auto& [name, value] : all.map()) out.emplace_back(name, name == Value("body") ? hidden(value) : value);
  return Value(std::move(out));
}

/// 302 and 303 are how many a service answers after it has done what was asked. 4xx: the server understood and refused, so nothing happened. 5xx and 408: it may have done all of it, a part, or nothing.
Outcome answer(const Intent& intent, const Expected<Answer>& got) {
  Outcome outcome;
  if (!got) {
    outcome.state = got.error().reached == Reached::no ? State::no_effect : State::unknown;
    outcome.failure = got.error();
    return outcome;
  }
  outcome.outputs = outputs_of(intent, *got);
  if (accepted(intent.extra["accept"], got->status)) return outcome;
  outcome.state = got->status >= 500 || got->status == 408 || got->status == 302 || got->status == 303 || got->status < 300 ? State::unknown : State::no_effect;
  Answer shown = *got;
  if (boolean_or(intent.extra["hidden"], false)) shown.body.clear();
  outcome.failure = unaccepted(shown);
  return outcome;
}
/// Deleting what is gone already leaves the state that was wanted.
Outcome answer_delete(const Intent& intent, const Expected<Answer>& got) {
  Outcome outcome = answer(intent, got);
  if (got && (got->status == 404 || got->status == 410)) {
    outcome.state = State::done;
    outcome.failure.reset();
  }
  return outcome;
}

constexpr Field k_url{.name = "url", .type = k_text, .secret = true, .help = "http or https; addresses of metadata services are refused"};
constexpr Field k_headers{.name = "headers", .type = k_text_map, .required = false, .secret = true, .help = "names and values; secrets do not follow a redirect to another host"};
constexpr Field k_limit{.name = "limit", .type = k_duration, .required = false, .standard = "30s", .help = "how long the whole exchange may take"};
constexpr Field k_ca{.name = "ca", .type = k_text, .required = false, .help = "a file of certificates to trust beside the system's"};
constexpr Field k_accept{.name = "accept", .type = k_integers, .required = false, .standard = "[]", .help = "statuses that mean success; without any, 200 to 299"};
constexpr Field k_redirects{.name = "redirects", .type = k_integer, .required = false, .standard = "5", .help = "how many are followed"};
constexpr Field k_body{.name = "body", .type = k_any, .required = false, .secret = true, .help = "text or bytes as they are; a map or a list as JSON"};
constexpr Field k_method{.name = "method", .type = k_text, .required = false, .standard = "POST", .help = "the method"};

constexpr Field k_get_in[] = {k_url, k_headers, k_limit, k_redirects, k_accept, k_ca};
constexpr Field k_request_in[] = {k_method, k_url, k_headers, k_body, k_limit, k_accept, k_ca,
                                  {.name = "hidden", .type = k_boolean, .required = false, .standard = "false", .help = "whether the answer's body is a secret: which members it has can be judged, what they hold is never shown"}};
constexpr Field k_put_in[] = {k_url, k_headers, k_body, k_limit, k_accept, k_ca};
constexpr Field k_keyed_in[] = {
    k_method, k_url, k_headers, k_body, k_limit, k_accept, k_ca, {.name = "key_header", .type = k_text, .required = false, .standard = "Idempotency-Key", .help = "the header in which the server wants the key"}};

constexpr Field k_endpoint_members[] = {
    {.name = "name", .type = k_text, .help = "how results call it"},
    {.name = "url", .type = k_text, .help = "where it is"},
    {.name = "kind", .type = k_text, .required = false, .standard = "endpoint", .help = "liveness, readiness, dependency or endpoint"},
    {.name = "expect", .type = k_rules, .required = false, .help = "what must hold of status, body, headers and took; without any, a status of 200 to 299"},
    {.name = "limit", .type = k_duration, .required = false, .help = "how long it may take"},
    {.name = "headers", .type = k_text_map, .required = false, .secret = true, .help = "names and values"},
    {.name = "ca", .type = k_text, .required = false, .help = "a file of certificates to trust beside the system's"},
};
constexpr Type k_endpoint{.kind = Kind::map, .members = k_endpoint_members};
constexpr Field k_check_in[] = {
    {.name = "url", .type = k_text, .required = false, .secret = true, .help = "one endpoint, which has to be well: the step fails when it is not"},
    {.name = "endpoints", .type = {Kind::list, &k_endpoint}, .required = false, .help = "several, all read at once: each that is not well is a finding"},
    {.name = "base", .type = k_text, .required = false, .help = "the address below which a url stands that is a path alone"},
    {.name = "method", .type = k_text, .required = false, .standard = "GET", .help = "GET or HEAD"},
    k_headers,
    {.name = "limit", .type = k_duration, .required = false, .standard = "10s", .help = "how long each may take"},
    {.name = "latency", .type = k_duration, .required = false, .help = "an answer that took longer is not well"},
    k_redirects,
    k_accept,
    k_ca,
    {.name = "at_once", .type = k_integer, .required = false, .standard = "300", .help = "how many at the same time"},
};
constexpr Field k_answer_out[] = {
    {.name = "status", .type = k_integer, .help = "the status of the answer"},
    {.name = "body", .type = k_any, .help = "a value where it is JSON, otherwise text; the first 16 MiB"},
    {.name = "headers", .type = k_text_map, .help = "names in lower case"},
    {.name = "took", .type = k_duration, .help = "from the request to the last byte"},
    {.name = "cut", .type = k_boolean, .help = "whether the body was longer than what is kept"},
};
constexpr Field k_check_out[] = {
    {.name = "ok", .type = k_boolean, .help = "whether every endpoint is well"},
    {.name = "checked", .type = k_integer, .help = "how many were read"},
    {.name = "failed", .type = k_texts, .help = "names of those that are not well"},
    {.name = "seconds", .type = {Kind::list, &k_real}, .help = "how long each answer took"},
    {.name = "endpoints", .type = k_maps, .help = "each with name, kind, url, status, took, ok, why, and its body where that is a small JSON object"},
    {.name = "status", .type = k_integer, .required = false, .help = "of `url`: the status"},
    {.name = "body", .type = k_any, .required = false, .help = "of `url`: the body, a value where it is JSON"},
    {.name = "headers", .type = k_text_map, .required = false, .help = "of `url`: names in lower case"},
    {.name = "took", .type = k_duration, .required = false, .help = "of `url`: how long it took"},
};

constexpr Action k_actions[] = {
    {"get", "Reads a URL", k_get_in, k_answer_out, Read{.read = read_get}},
    {"check", "Reads one endpoint or many at once and judges their answers", k_check_in, k_check_out, Read{.read = read_http_check}},
    {"request", "Sends a request that changes something and may not be repeated", k_request_in, k_answer_out,
     Change{.effect = Effect::changes, .repeat = Repeat::once, .prepare = prepare_request, .answer = answer}},
    {"put", "Puts a resource: the same again gives the same", k_put_in, k_answer_out,
     Change{.effect = Effect::changes, .repeat = Repeat::same_state, .prepare = prepare_put, .answer = answer, .lateness = std::chrono::seconds(60)}},
    {"delete", "Deletes a resource; one that is gone already is well", k_put_in, k_answer_out,
     Change{.effect = Effect::destroys, .repeat = Repeat::same_state, .prepare = prepare_delete, .answer = answer_delete, .lateness = std::chrono::seconds(60)}},
    {"keyed", "Sends a request with an idempotency key, the same in every attempt", k_keyed_in, k_answer_out,
     Change{.effect = Effect::changes, .repeat = Repeat::keyed, .prepare = prepare_keyed, .answer = answer}},
};
} // namespace

constinit const Module http{"http", "HTTP endpoints", k_actions};

} // namespace belay::modules
