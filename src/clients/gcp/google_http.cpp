#include "clients/gcp/google_http.hpp"
#include <algorithm>
#include <charconv>
#include <fmt/core.h>

namespace belay::gcp {
namespace {

constexpr int k_attempts = 5;
constexpr Duration k_first_wait = std::chrono::milliseconds(500), k_longest_wait = std::chrono::seconds(32);

bool is_google(const Request& request) { return request.credentials == "google"; }

bool may_pass(const Expected<Answer>& answer) {
  if (!answer) return answer.error().cause == Cause::transport;
  return answer->status == 429 || answer->status == 500 || (answer->status >= 502 && answer->status <= 504);
}

/// `Retry-After: 3` (RFC 9110, 10.2.3); a date is not used by these APIs.
Duration wait_after(const Expected<Answer>& answer, int attempt) {
  Duration wait = std::min(k_longest_wait, k_first_wait * (1 << (attempt - 1)));
  if (!answer) return wait;
  for (const auto& [name, value] : answer->headers) {
    int seconds = 0;
    if (name == "retry-after" && std::from_chars(value.data(), value.data() + value.size(), seconds).ec == std::errc{}) wait = std::clamp<Duration>(std::chrono::seconds(seconds), wait, k_longest_wait);
  }
  return wait;
}

/// A part of a path that means another one: nothing, `.` or `..`, encoded or not. Who sends it would name something else than was meant.
bool wanders(std::string part) {
  for (std::size_t at; (at = part.find("%2")) != std::string::npos && at + 2 < part.size() && (part[at + 2] == 'e' || part[at + 2] == 'E');) part.replace(at, 3, ".");
  return part.empty() || part == "." || part == "..";
}

/// A token goes by https to a host of Google's, and to no other: names from outside stand in these addresses.
std::optional<Failure> strays(const Value& url) {
  constexpr std::string_view k_https = "https://", k_domain = ".googleapis.com", k_letters = "abcdefghijklmnopqrstuvwxyz0123456789-.";
  if (!url.known() || url.is_secret() || url.kind() != Kind::text) return Failure{Cause::refused, Reached::no, "the address of a request to Google is not known, or holds a secret", "names of projects, regions and the like are no secrets"};
  const std::string text = url.text().substr(0, url.text().find_first_of("?#"));
  const auto slash = text.find('/', k_https.size());
  const std::string host = text.starts_with(k_https) ? text.substr(k_https.size(), slash - k_https.size()) : "";
  if (!host.ends_with(k_domain) || host.find_first_not_of(k_letters) != std::string::npos)
    return Failure{Cause::refused, Reached::no, fmt::format("'{}' is no address of Google's, and gets no token", text), "is the region a plain name, like us-central1?"};
  for (auto at = slash; at != std::string::npos; at = text.find('/', at + 1))
    if (wanders(text.substr(at + 1, text.find('/', at + 1) - at - 1))) return Failure{Cause::refused, Reached::no, fmt::format("a name in the address '{}' is empty, or leads elsewhere", text), "nothing may be called '', '.' or '..'"};
  return {};
}

} // namespace

Expected<GoogleHttp::Signed> GoogleHttp::prepared(const Request& request, const Stop& stop) {
  if (auto why = strays(request.url)) return Unexpected(std::move(*why));
  auto by = m_credentials.signature(stop);
  if (!by) return Unexpected(by.error());
  auto routed = m_route.here(request);
  if (!routed) return Unexpected(routed.error());
  routed->credentials.clear();
  routed->kept_connection = true;
  if (!by->authorization.is_null()) routed->headers.emplace_back("Authorization", by->authorization);
  if (!by->quota_project.empty()) routed->headers.emplace_back("x-goog-user-project", Value(by->quota_project));
  return Signed{std::move(*routed), std::move(*by)};
}

Expected<Answer> GoogleHttp::read(const Request& request, const Stop& stop, Sink* into) {
  if (!is_google(request)) return m_next.read(request, stop, into);
  bool renewed = false;
  for (int attempt = 1;; ++attempt) {
    const auto ready = prepared(request, stop);
    if (!ready) return Unexpected(ready.error());
    auto answer = m_next.read(ready->request, stop, into);
    if (answer && answer->status == 401 && !renewed && m_credentials.renew(ready->by)) {
      renewed = true;
      --attempt;
      continue;
    }
    const bool again = may_pass(answer) && (answer || !into); // what was written of a body cannot be taken back
    if (!again || attempt == k_attempts || !m_time.sleep(wait_after(answer, attempt), stop)) return answer;
  }
}

Expected<Answer> GoogleHttp::send(const Request& request, Source* body, const Stop& stop) {
  if (!is_google(request)) return m_next.send(request, body, stop);
  bool renewed = false;
  for (int attempt = 1;; ++attempt) {
    const auto ready = prepared(request, stop);
    if (!ready) return Unexpected(ready.error());
    auto answer = m_next.send(ready->request, body, stop);
    if (body || !answer) return answer; // a stream is read once
    if (answer->status == 401 && !renewed && m_credentials.renew(ready->by)) {
      renewed = true;
      --attempt;
      continue;
    }
    if (answer->status != 429 || attempt == k_attempts || !m_time.sleep(wait_after(answer, attempt), stop)) return answer;
  }
}

void GoogleHttp::read_all(std::span<const Request> requests, unsigned at_once, const std::function<void(std::size_t, Expected<Answer>)>& each, const Stop& stop) {
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < requests.size(); ++i) left.push_back(i);
  bool renewed = false;
  for (int attempt = 1; !left.empty(); ++attempt) {
    std::vector<std::size_t> at, again;
    std::vector<Request> ready;
    std::optional<Signature> by;
    for (const std::size_t i : left) {
      if (!is_google(requests[i])) {
        ready.push_back(requests[i]);
        at.push_back(i);
        continue;
      }
      auto one = prepared(requests[i], stop);
      if (!one) {
        each(i, Unexpected(one.error()));
        continue;
      }
      by = one->by;
      ready.push_back(std::move(one->request));
      at.push_back(i);
    }
    Duration wait{};
    bool refused = false;
    m_next.read_all(ready, at_once,
                    [&](std::size_t k, Expected<Answer> answer) {
                      const std::size_t i = at[k];
                      const bool old_token = answer && answer->status == 401 && !renewed;
                      if (!is_google(requests[i]) || attempt == k_attempts || stop || !(old_token || may_pass(answer))) return each(i, std::move(answer));
                      again.push_back(i);
                      refused = refused || old_token;
                      if (!old_token) wait = std::max(wait, wait_after(answer, attempt));
                    },
                    stop);
    left = std::move(again);
    if (refused && by) {
      m_credentials.renew(*by);
      renewed = true;
    }
    // A stop that fires here is told by the port to those that are left.
    if (!left.empty() && wait > Duration::zero()) m_time.sleep(wait, stop);
  }
}

} // namespace belay::gcp
