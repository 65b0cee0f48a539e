#include "clients/gcp/token_request.hpp"

/// A person's login (`gcloud auth application-default login`): its refresh token gives access tokens (RFC 6749, 6).
namespace belay::gcp {
namespace {

constexpr const char* k_endpoint = "https://oauth2.googleapis.com/token";

class AuthorizedUser final : public TokenSource {
public:
  AuthorizedUser(const Surroundings& by, const Route& route, const Value& file, const std::string& path)
      : m_by(by), m_route(route), m_client(member(file, "client_id")), m_secret(member(file, "client_secret")), m_refresh(member(file, "refresh_token")) {
    named = "the login in " + path;
    account = member(file, "account");
    quota_project = member(file, "quota_project_id");
  }

  Expected<Token> fetch(const Stop& stop) override {
    const std::string host = variable(m_by.machine, "CLOUDSDK_AUTH_TOKEN_HOST");
    return token_by_form(m_by, m_route, host.empty() ? k_endpoint : host,
                         {{"grant_type", Value("refresh_token")}, {"client_id", Value(m_client)}, {"client_secret", Value(m_secret).as_secret()}, {"refresh_token", Value(m_refresh).as_secret()}}, named, stop);
  }

private:
  Surroundings m_by;
  const Route& m_route;
  std::string m_client, m_secret, m_refresh;
};

} // namespace

Expected<Tokens> authorized_user(const Surroundings& by, const Route& route, const Value& file, const std::string& path) {
  if (auto lack = lacks(file, {"client_id", "client_secret", "refresh_token"}, path)) return Unexpected(*lack);
  return std::make_unique<AuthorizedUser>(by, route, file, path);
}

} // namespace belay::gcp
