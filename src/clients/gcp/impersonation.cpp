#include "clients/gcp/rest.hpp"
#include "clients/gcp/token_request.hpp"
#include "value/json.hpp"

/// Short-lived tokens of another service account (IAM Credentials API, generateAccessToken).
namespace belay::gcp {
namespace {

class Impersonated final : public TokenSource {
public:
  Impersonated(const Surroundings& by, const Route& route, Tokens source, const std::string& target, std::vector<std::string> delegates)
      : m_by(by), m_route(route), m_source(std::move(source)), m_delegates(std::move(delegates)) {
    account = target;
    named = target + " by " + m_source->named;
    quota_project = m_source->quota_project;
    // NAME@PROJECT.iam.gserviceaccount.com
    const auto at = target.find('@'), dot = target.find(".iam.");
    if (at != std::string::npos && dot != std::string::npos && dot > at) project = target.substr(at + 1, dot - at - 1);
  }

  Expected<Token> fetch(const Stop& stop) override {
    const auto own = m_source->fetch(stop);
    if (!own) return own;
    Value::List delegates;
    for (const std::string& one : m_delegates) delegates.emplace_back(one.starts_with("projects/") ? one : "projects/-/serviceAccounts/" + one);
    Request request = send("POST", url("iamcredentials", join({"v1/projects/-/serviceAccounts/", segment(Value(account)), ":generateAccessToken"})),
                           Value::object({{"delegates", Value(std::move(delegates))}, {"scope", Value(Value::List{Value(k_platform_scope)})}, {"lifetime", "3600s"}}));
    request.credentials.clear();
    request.headers.emplace_back("Authorization", Value("Bearer " + own->text).as_secret());
    if (!quota_project.empty()) request.headers.emplace_back("x-goog-user-project", Value(quota_project));
    const auto answer = ask_for_token(m_by, m_route, std::move(request), named, stop);
    if (!answer) return Unexpected(answer.error());
    const std::string text = member(*answer, "accessToken");
    const auto until = parse_rfc3339(member(*answer, "expireTime"));
    if (text.empty()) return Unexpected(Failure{Cause::malformed, Reached::no, "no token for " + named + ": the answer holds none", ""});
    return Token{text, until ? std::chrono::seconds(until->seconds - m_by.time.wall().seconds) : Duration{}};
  }

private:
  Surroundings m_by;
  const Route& m_route;
  Tokens m_source;
  std::vector<std::string> m_delegates;
};

} // namespace

Tokens impersonated(const Surroundings& by, const Route& route, Tokens source, const std::string& target, std::vector<std::string> delegates) {
  return std::make_unique<Impersonated>(by, route, std::move(source), target, std::move(delegates));
}

} // namespace belay::gcp
