#include "clients/gcp/rest.hpp"
#include "clients/gcp/token_request.hpp"
#include "codec/rs256.hpp"
#include "value/base64.hpp"
#include "value/json.hpp"
#include <algorithm>

/// A service account's key: a statement of its own, signed with it, is exchanged for a token (RFC 7523; Google's "OAuth 2.0 for service accounts").
namespace belay::gcp {
namespace {

constexpr std::string_view k_audience = "https://oauth2.googleapis.com/token", k_grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr std::int64_t k_hour = 3600;

std::string base64_url(std::string_view octets) { // RFC 7515, 2
  std::string text = base64(octets);
  while (text.ends_with('=')) text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

class ServiceAccount final : public TokenSource {
public:
  ServiceAccount(const Surroundings& by, const Route& route, const Value& file, const std::string& path)
      : m_by(by), m_route(route), m_key(member(file, "private_key")), m_key_id(member(file, "private_key_id")), m_address(member(file, "token_uri")) {
    named = "the service account key " + path;
    account = member(file, "client_email");
    project = member(file, "project_id");
    quota_project = member(file, "quota_project_id");
    if (m_address.empty()) m_address = k_audience;
  }

  Expected<Token> fetch(const Stop& stop) override {
    const std::int64_t now = m_by.time.wall().seconds;
    const Value header = Value::object({{"alg", "RS256"}, {"kid", m_key_id}, {"typ", "JWT"}});
    const Value claims = Value::object({{"aud", Value(k_audience)}, {"exp", now + k_hour}, {"iat", now}, {"iss", account}, {"scope", Value(k_platform_scope)}});
    const std::string statement = base64_url(canonical_json(header)) + "." + base64_url(canonical_json(claims));
    const auto signature = sign_rs256(m_key, statement);
    if (!signature) return Unexpected(Failure{signature.error().cause, Reached::no, "no token for " + named + ": " + signature.error().message, signature.error().hint});
    return token_by_form(m_by, m_route, m_address, {{"assertion", Value(statement + "." + base64_url(*signature)).as_secret()}, {"grant_type", Value(k_grant)}}, named, stop);
  }

private:
  Surroundings m_by;
  const Route& m_route;
  std::string m_key, m_key_id, m_address;
};

} // namespace

Expected<Tokens> service_account(const Surroundings& by, const Route& route, const Value& file, const std::string& path) {
  if (auto lack = lacks(file, {"client_email", "private_key"}, path)) return Unexpected(*lack);
  return std::make_unique<ServiceAccount>(by, route, file, path);
}

} // namespace belay::gcp
