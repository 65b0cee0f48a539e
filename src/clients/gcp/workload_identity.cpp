#include "clients/gcp/token_request.hpp"
#include "value/json.hpp"
#include <fmt/core.h>

/// Workload identity federation: a token of another issuer (GitHub's for a job, Kubernetes' in a file) is exchanged at Google's Security Token
/// Service (RFC 8693), and that, where the file says so, for a service account's.
namespace belay::gcp {
namespace {

constexpr std::string_view k_iam_scope = "https://www.googleapis.com/auth/iam";
constexpr std::uint64_t k_largest = 64 << 10;

Failure refused(std::string message, std::string hint) { return {Cause::refused, Reached::no, std::move(message), std::move(hint)}; }

class Federated final : public TokenSource {
public:
  Federated(const Surroundings& by, const Route& route, const Value& file, const std::string& path, bool impersonates)
      : m_by(by), m_route(route), m_from(file["credential_source"]), m_address(member(file, "token_url")), m_audience(member(file, "audience")), m_type(member(file, "subject_token_type")),
        m_scope(impersonates ? k_iam_scope : k_platform_scope) {
    named = "the workload identity in " + path;
    quota_project = member(file, "quota_project_id");
    if (m_address.empty()) m_address = "https://sts.googleapis.com/v1/token";
  }

  Expected<Token> fetch(const Stop& stop) override {
    const auto subject = m_from.has("file") ? of_file() : of_url(stop);
    if (!subject) return Unexpected(subject.error());
    return token_by_form(m_by, m_route, m_address,
                         {{"grant_type", Value("urn:ietf:params:oauth:grant-type:token-exchange")}, {"audience", Value(m_audience)}, {"scope", Value(m_scope)},
                          {"requested_token_type", Value("urn:ietf:params:oauth:token-type:access_token")}, {"subject_token", Value(*subject).as_secret()}, {"subject_token_type", Value(m_type)}},
                         named, stop);
  }

private:
  Expected<std::string> of_file() {
    const std::string path = member(m_from, "file");
    const auto text = m_by.files.text(path, k_largest);
    if (!text) return Unexpected(refused(fmt::format("no token for {}: the file {} of its issuer cannot be read: {}", named, path, text.error().message), "is the token mounted, and this user allowed to read it?"));
    return in_format(*text);
  }

  Expected<std::string> of_url(const Stop& stop) {
    Request request;
    request.url = m_from["url"];
    request.limit = std::chrono::seconds(20);
    if (const Value headers = m_from["headers"]; headers.kind() == Kind::map)
      for (const auto& [name, value] : headers.map()) request.headers.emplace_back(name.text(), value.as_secret());
    // The issuer is not Google: gcloud's proxy and overrides are not for it.
    const auto answer = m_by.http.read(request, stop);
    if (!answer) return Unexpected(refused(fmt::format("no token for {}: its issuer does not answer: {}", named, answer.error().message), answer.error().hint));
    if (answer->status != 200)
      return Unexpected(refused(fmt::format("no token for {}: its issuer answered {}", named, answer->status), "in GitHub Actions the job needs `permissions: id-token: write`, and the file must be of this job"));
    return in_format(answer->body);
  }

  Expected<std::string> in_format(std::string text) {
    const Value format = m_from["format"];
    std::string found;
    if (member(format, "type") == "json") {
      const auto parsed = parse_json(text);
      if (parsed) found = member(*parsed, member(format, "subject_token_field_name"));
    } else {
      while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
      found = std::move(text);
    }
    if (found.empty()) return Unexpected(refused(fmt::format("no token for {}: its issuer's answer holds none", named), "look at credential_source.format of the file"));
    return found;
  }

  Surroundings m_by;
  const Route& m_route;
  Value m_from;
  std::string m_address, m_audience, m_type;
  std::string_view m_scope;
};

/// `…/serviceAccounts/ADDRESS:generateAccessToken`.
std::string target_of(const std::string& address) {
  const auto begin = address.rfind('/'), end = address.rfind(':');
  return begin == std::string::npos || end == std::string::npos || end < begin ? std::string() : address.substr(begin + 1, end - begin - 1);
}

} // namespace

Expected<Tokens> workload_identity(const Surroundings& by, const Route& route, const Value& file, const std::string& path) {
  if (auto lack = lacks(file, {"audience", "subject_token_type"}, path)) return Unexpected(*lack);
  const Value from = file["credential_source"];
  if (!from.has("file") && !from.has("url"))
    return Unexpected(refused(fmt::format("the credentials file {} takes its token from a program or from AWS, which belay does not follow", path), "use a source of kind file or url, or `gcloud auth login --cred-file` and gcloud's token"));
  const std::string account = target_of(member(file, "service_account_impersonation_url"));
  Tokens source = std::make_unique<Federated>(by, route, file, path, !account.empty());
  return account.empty() ? std::move(source) : impersonated(by, route, std::move(source), account, {});
}

} // namespace belay::gcp
