#include "modules/http_exchange.hpp"
#include "modules/command_outcome.hpp"
#include "modules/inputs.hpp"
#include "value/json.hpp"
#include <fmt/core.h>

namespace belay::modules {
namespace {

std::string header(const Answer& answer, std::string_view name) {
  for (const auto& [key, value] : answer.headers)
    if (key == name) return value;
  return "";
}

Value body_value(const Answer& answer) {
  const auto first = answer.body.find_first_not_of(" \t\r\n");
  if (answer.cut || first == std::string::npos) return Value(answer.body);
  const bool said = header(answer, "content-type").find("json") != std::string::npos;
  if (!said && answer.body[first] != '{' && answer.body[first] != '[') return Value(answer.body);
  auto value = parse_json(answer.body);
  return value ? std::move(*value) : Value(answer.body);
}

std::string_view reason(int status) {
  switch (status) {
    case 301: case 302: case 303: case 307: case 308: return "redirected";
    case 400: return "bad request";
    case 401: return "not authenticated";
    case 403: return "not permitted";
    case 404: return "not found";
    case 409: return "conflict";
    case 412: return "precondition failed";
    case 429: return "too many requests";
    case 500: return "internal error";
    case 502: return "bad gateway";
    case 503: return "unavailable";
    case 504: return "gateway timeout";
    default: return "";
  }
}

std::string first_line(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return "";
  text.remove_prefix(begin);
  return std::string(text.substr(0, std::min<std::size_t>(text.find('\n'), 200)));
}

} // namespace

Request request_of(const Value& in, std::string method) {
  Request request;
  request.method = std::move(method);
  request.url = in["url"];
  request.headers = named(in["headers"]);
  request.limit = duration_or(in["limit"], {});
  request.ca_file = text_or(in["ca"], "");
  request.redirects = static_cast<unsigned>(integer_or(in["redirects"], 0));
  return request;
}

Value answer_outputs(const Answer& answer) {
  std::vector<std::pair<std::string, Value>> headers;
  for (const auto& [name, value] : answer.headers) {
    bool joined = false;
    for (auto& [key, text] : headers) {
      if (key != name) continue;
      text = Value(text.text() + ", " + value);
      joined = true;
    }
    if (!joined) headers.emplace_back(name, Value(value));
  }
  return Value::object({{"status", answer.status}, {"body", body_value(answer)}, {"headers", Value::object(std::move(headers))}, {"took", Value(answer.took)}, {"cut", answer.cut}});
}

Value brief_outputs(const Answer& answer) { return Value::object({{"status", answer.status}, {"body", body_value(answer)}, {"took", Value(answer.took)}}); }

bool accepted(const Value& accept, int status) {
  const auto wanted = elements(accept);
  return wanted.empty() ? status / 100 == 2 : accepts(accept, status, 0);
}

Failure unaccepted(const Answer& answer) {
  const std::string_view why = reason(answer.status);
  const std::string said = first_line(answer.body);
  Failure failure{Cause::rejected, Reached::yes, fmt::format("the answer was {}{}{}{}", answer.status, why.empty() ? "" : ", ", why, said.empty() ? "" : ": " + said), ""};
  if (answer.status == 404 || answer.status == 410) failure.cause = Cause::missing;
  if (answer.status == 409 || answer.status == 412) failure.cause = Cause::conflict;
  if (answer.status == 429) failure.cause = Cause::throttled;
  return failure;
}

std::string curl_line(const Request& request) {
  std::vector<Value> words{"curl", "-sS"};
  if (request.method == "HEAD") words.emplace_back("-I");
  else if (request.method != "GET") words.insert(words.end(), {Value("-X"), Value(request.method)});
  for (const auto& [name, value] : request.headers) words.insert(words.end(), {Value("-H"), join({name + ": ", value})});
  if (!request.body.is_null()) {
    const bool is_json = !request.body.is_unknown() && (request.body.kind() == Kind::map || request.body.kind() == Kind::list);
    if (is_json) words.insert(words.end(), {Value("-H"), Value("Content-Type: application/json")});
    words.insert(words.end(), {Value("--data-raw"), is_json && request.body.known() && !request.body.has_secret() ? Value(canonical_json(request.body)) : request.body});
  }
  if (request.limit > Duration::zero()) words.insert(words.end(), {Value("--max-time"), Value(fmt::format("{}", seconds_of(request.limit)))});
  if (!request.ca_file.empty()) words.insert(words.end(), {Value("--cacert"), Value(request.ca_file)});
  words.push_back(request.url);
  return shell_line(words);
}

double seconds_of(Duration duration) { return static_cast<double>(duration.count()) / 1e9; }

} // namespace belay::modules
