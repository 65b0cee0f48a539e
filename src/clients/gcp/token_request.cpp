#include "clients/gcp/token_request.hpp"
#include "clients/gcp/rest.hpp"
#include <fmt/core.h>

namespace belay::gcp {
namespace {

constexpr int k_asks = 4;
constexpr Duration k_limit = std::chrono::seconds(20), k_first_wait = std::chrono::milliseconds(500);

bool worth_another(const Expected<Answer>& answer) {
  if (!answer) return answer.error().cause == Cause::transport || answer.error().cause == Cause::timeout;
  return answer->status == 408 || answer->status == 429 || answer->status >= 500;
}

std::string remedy(const Failure& failure) {
  const auto says = [&](std::string_view part) { return failure.message.find(part) != std::string::npos; };
  if (says("invalid_grant") && says("JWT")) return "is this machine's clock right, and is the key still there? gcloud iam service-accounts keys list names those that are";
  if (says("invalid_grant") || says("invalid_rapt")) return "the login is expired or revoked: gcloud auth application-default login makes a new one";
  if (says("invalid_client") || says("unauthorized_client")) return "the credentials file is not one that Google knows (any more): make a new one";
  if (says("invalid_target") || says("invalid_request")) return "does the pool, the provider and its condition admit this workload?";
  return failure.hint;
}

} // namespace

Value form_of(const Named& fields) {
  std::vector<Value> pieces;
  for (const auto& [name, value] : fields) {
    pieces.emplace_back((pieces.empty() ? "" : "&") + name + "=");
    pieces.push_back(segment(value));
  }
  return join(pieces).as_secret();
}

Expected<Value> ask_for_token(const Surroundings& by, const Route& route, Request request, const std::string& who, const Stop& stop) {
  request.reads_by_post = true;
  request.limit = k_limit;
  auto routed = route.here(std::move(request));
  if (!routed) return Unexpected(routed.error());
  Expected<Answer> answer = by.http.read(*routed, stop);
  Duration wait = k_first_wait;
  for (int asked = 1; asked < k_asks && worth_another(answer); ++asked, wait *= 2) {
    if (!by.time.sleep(wait, stop)) break;
    answer = by.http.read(*routed, stop);
  }
  auto body = body_of(answer);
  if (body) return body;
  Failure failure = body.error();
  failure.hint = remedy(failure);
  failure.message = fmt::format("no token for {}: {}", who, failure.message);
  failure.reached = Reached::no; // what it was wanted for was not sent
  if (failure.cause != Cause::transport && failure.cause != Cause::timeout && failure.cause != Cause::stopped) failure.cause = Cause::refused;
  return Unexpected(std::move(failure));
}

Expected<Token> token_of(const Expected<Value>& answer, const std::string& who) {
  if (!answer) return Unexpected(answer.error());
  const Value text = (*answer)["access_token"], lasts = (*answer)["expires_in"];
  if (text.kind() != Kind::text || text.text().empty())
    return Unexpected(Failure{Cause::malformed, Reached::no, fmt::format("no token for {}: the answer holds none", who), "is a proxy in between?"});
  return Token{text.text(), lasts.kind() == Kind::integer ? std::chrono::seconds(lasts.integer()) : Duration{}};
}

Expected<Token> token_by_form(const Surroundings& by, const Route& route, const std::string& address, const Named& fields, const std::string& who, const Stop& stop) {
  Request request;
  request.method = "POST";
  request.url = Value(address);
  request.headers.emplace_back("Content-Type", Value("application/x-www-form-urlencoded"));
  request.body = form_of(fields);
  return token_of(ask_for_token(by, route, std::move(request), who, stop), who);
}

std::string member(const Value& file, std::string_view name) {
  const Value found = file[name];
  return found.kind() == Kind::text && !found.is_unknown() ? found.text() : std::string();
}

std::optional<Failure> lacks(const Value& file, std::initializer_list<std::string_view> names, const std::string& path) {
  for (const std::string_view name : names)
    if (member(file, name).empty()) return Failure{Cause::malformed, Reached::no, fmt::format("the credentials file {} has no '{}'", path, name), "is it whole? download or make it anew"};
  return {};
}

} // namespace belay::gcp
