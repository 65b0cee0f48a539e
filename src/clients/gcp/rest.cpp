#include "clients/gcp/rest.hpp"
#include "value/json.hpp"
#include <fmt/core.h>

namespace belay::gcp {
namespace {

constexpr std::string_view k_google = "google";
constexpr int k_pages = 2000; ///< pages may be empty, so elements alone bound nothing

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view k_digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += k_digits[byte >> 4U];
    out += k_digits[byte & 15U];
  }
  return out;
}

Value encoded(const Value& plain) { return percent_encoded(bare_json(plain)); }

bool holds_question_mark(const Value& url) { return bare_json(url).find('?') != std::string::npos; }

std::string text_of(const Value& v) { return v.kind() == Kind::text && !v.is_unknown() && !v.is_secret() ? v.text() : std::string(); }

Cause cause_of_code(std::int64_t code) { // google.rpc.Code
  switch (code) {
    case 4: return Cause::timeout;
    case 5: return Cause::missing;
    case 6:
    case 10: return Cause::conflict;
    case 7:
    case 16: return Cause::refused;
    case 8: return Cause::throttled;
    default: return Cause::rejected;
  }
}

/// `{code, message}`, or `{errors: [{code, message}…]}` as Cloud SQL and Compute write it.
Failure operation_failure(const Value& operation, const Value& error) {
  std::string message = text_of(error["message"]);
  if (const Value errors = error["errors"]; errors.kind() == Kind::list)
    for (const Value& one : errors.list()) {
      const std::string code = text_of(one["code"]), said = text_of(one["message"]);
      message += fmt::format("{}{}{}{}", message.empty() ? "" : "; ", code, code.empty() || said.empty() ? "" : ": ", said);
    }
  const Value code = error["code"];
  const bool counted = code.kind() == Kind::integer && !code.is_unknown();
  const std::string name = text_of(operation["name"]);
  Failure failure{counted ? cause_of_code(code.integer()) : Cause::rejected, Reached::yes, {}, {}};
  failure.message = fmt::format("the operation ended with an error: {}{}", message.empty() ? canonical_json(error) : message, name.empty() ? "" : " (operation " + name + ")");
  return failure;
}

Outcome ended(State state, Failure failure) {
  Outcome out;
  out.state = state;
  out.failure = std::move(failure);
  return out;
}

} // namespace

Value url(std::string_view api, const Value& path) { return join({fmt::format("https://{}.googleapis.com/", api), path}); }

Value segment(const Value& name) { return lift(name, encoded); }

Value with_query(Value url, const Named& parameters) {
  bool first = !holds_question_mark(url);
  for (const auto& [name, value] : parameters) {
    if (value.is_null()) continue;
    url = join({url, (first ? "?" : "&") + percent_encoded(name) + "=", segment(value)});
    first = false;
  }
  return url;
}

Request get(Value url) {
  Request out;
  out.url = std::move(url);
  out.credentials = k_google;
  return out;
}

Request send(std::string method, Value url, Value body) {
  Request out;
  out.method = std::move(method);
  out.url = std::move(url);
  out.credentials = k_google;
  if (body.is_null()) return out;
  out.headers.emplace_back("Content-Type", Value("application/json"));
  out.body = std::move(body);
  return out;
}

Expected<Value> body_of(const Expected<Answer>& answer) {
  if (!answer) return Unexpected(answer.error());
  if (answer->status < 200 || answer->status > 299) return Unexpected(failure_of(*answer));
  if (answer->cut) return Unexpected(Failure{Cause::full, Reached::yes, "Google's answer is longer than the 16 MiB that are kept", "ask for fewer, or for smaller pages"});
  if (answer->body.find_first_not_of(" \r\n\t") == std::string::npos) return Value(Value::Map{});
  auto parsed = parse_json(answer->body);
  if (!parsed) return Unexpected(Failure{Cause::malformed, Reached::yes, "Google's answer is no JSON: " + parsed.error().message, "is a proxy, or an endpoint override, in between?"});
  return parsed;
}

Expected<Value> read(const Reads& reads, const Request& request, const Stop& stop) { return body_of(reads.http.read(request, stop)); }

std::vector<Expected<Value>> read_at_once(const Reads& reads, std::span<const Request> requests, const Stop& stop) {
  std::vector<Expected<Value>> all(requests.size(), Unexpected(Failure{Cause::stopped, Reached::no, "stopped before Google answered", ""}));
  reads.http.read_all(requests, static_cast<unsigned>(requests.size()), [&](std::size_t i, Expected<Answer> answer) { all[i] = body_of(answer); }, stop);
  return all;
}

Expected<Value> read_pages(const Reads& reads, const Request& first, std::string_view member, std::size_t at_most, const Stop& stop) {
  Value::List all;
  std::string token;
  int pages = 0;
  do {
    if (++pages > k_pages) return Unexpected(Failure{Cause::full, Reached::yes, fmt::format("Google's list has no end after {} pages", k_pages), "ask for less: a narrower filter, a smaller project"});
    Request page = first;
    if (!token.empty() && page.method == "GET") page.url = with_query(page.url, {{"pageToken", Value(token)}});
    if (!token.empty() && page.method != "GET") {
      Value::Map body = page.body.kind() == Kind::map ? page.body.map() : Value::Map{};
      body.emplace_back(Value("pageToken"), Value(token));
      page.body = Value(std::move(body));
    }
    const auto body = read(reads, page, stop);
    if (!body) return body;
    if (const Value list = (*body)[member]; list.kind() == Kind::list)
      for (const Value& one : list.list()) {
        if (all.size() == at_most) return Value(std::move(all));
        all.push_back(one);
      }
    const std::string next = text_of((*body)["nextPageToken"]);
    if (!next.empty() && next == token) return Unexpected(Failure{Cause::malformed, Reached::yes, "Google's list names the same next page twice", ""});
    token = next;
  } while (!token.empty() && all.size() < at_most);
  return Value(std::move(all));
}

Outcome answered(const Expected<Answer>& answer, const std::function<Outcome(const Value& body)>& on_success) {
  if (!answer) return ended(answer.error().reached == Reached::no ? State::no_effect : State::unknown, answer.error());
  const int status = answer->status;
  if (status >= 200 && status <= 299) {
    const auto body = body_of(answer);
    if (!body) return ended(State::unknown, body.error());
    return on_success(*body);
  }
  const bool refused = status >= 400 && status <= 499 && status != 408;
  return ended(refused ? State::no_effect : State::unknown, failure_of(*answer));
}

Progress progress_of(const Value& operation) {
  Progress out;
  const Value done = operation["done"], error = operation["error"];
  const std::string status = text_of(operation["status"]);
  out.done = (done.kind() == Kind::boolean && done.boolean()) || status == "DONE";
  if (out.done && !error.is_null()) out.failure = operation_failure(operation, error);
  if (out.done && !out.failure) out.response = operation.has("response") ? operation["response"] : status.empty() ? Value(Value::Map{}) : operation;
  return out;
}

} // namespace belay::gcp
