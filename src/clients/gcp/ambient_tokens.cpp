#include "clients/gcp/token_request.hpp"
#include "value/json.hpp"
#include <fmt/core.h>

/// Tokens that somebody else keeps fresh: in a variable or a file, of the machine's metadata server, of gcloud.
namespace belay::gcp {
namespace {

constexpr std::uint64_t k_largest = 64 << 10;
constexpr Duration k_gcloud_lasts = std::chrono::minutes(4); // gcloud renews its own with less than five left
constexpr Duration k_metadata_limit = std::chrono::milliseconds(1500);

std::string trimmed(std::string text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

Failure without(const std::string& who, const std::string& why, std::string hint, Cause cause = Cause::refused) { return {cause, Reached::no, fmt::format("no token for {}: {}", who, why), std::move(hint)}; }

struct Fixed final : TokenSource {
  std::string token;
  Expected<Token> fetch(const Stop&) override { return Token{token, {}}; }
};

class OfFile final : public TokenSource {
public:
  OfFile(const Surroundings& by, std::string path) : m_by(by), m_path(std::move(path)) { named = "the token in " + m_path; }
  Expected<Token> fetch(const Stop&) override {
    const auto text = m_by.files.text(m_path, k_largest);
    if (!text) return Unexpected(without(named, text.error().message, "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE names it"));
    const std::string token = trimmed(*text);
    if (token.empty()) return Unexpected(without(named, "the file is empty", "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE names it"));
    return Token{token, {}};
  }

private:
  Surroundings m_by;
  std::string m_path;
};

Request metadata_request(const Machine& machine, const std::string& path) {
  std::string host = variable(machine, "GCE_METADATA_HOST");
  if (host.empty()) host = variable(machine, "GCE_METADATA_ROOT");
  Request request;
  request.url = Value(fmt::format("http://{}/computeMetadata/v1/{}", host.empty() ? "metadata.google.internal" : host, path));
  request.headers.emplace_back("Metadata-Flavor", Value("Google"));
  request.link_local = true;
  request.proxy = ""; // it is this machine's own
  return request;
}

bool is_metadata(const Answer& answer) {
  for (const auto& [name, value] : answer.headers)
    if (name == "metadata-flavor" && value == "Google") return true;
  return false;
}

class OfMetadata final : public TokenSource {
public:
  explicit OfMetadata(const Surroundings& by, std::string address, std::string of_project) : m_by(by) {
    named = "the metadata server's account";
    account = std::move(address);
    project = std::move(of_project);
  }
  Expected<Token> fetch(const Stop& stop) override {
    Request request = metadata_request(m_by.machine, "instance/service-accounts/default/token");
    request.limit = std::chrono::seconds(10);
    const auto answer = m_by.http.read(request, stop);
    if (!answer) return Unexpected(without(named, answer.error().message, answer.error().hint, answer.error().cause));
    if (answer->status != 200) return Unexpected(without(named, fmt::format("the answer was {}", answer->status), "does this machine or service have a service account?"));
    return token_of(parse_json(answer->body), named);
  }

private:
  Surroundings m_by;
};

class OfGcloud final : public TokenSource {
public:
  explicit OfGcloud(const Surroundings& by) : m_by(by) { named = "gcloud's account"; }
  Expected<Token> fetch(const Stop& stop) override {
    Command command;
    for (const char* word : {"gcloud", "auth", "print-access-token", "--quiet"}) command.argv.emplace_back(word);
    const auto ended = m_by.process.read(command, stop.nested(std::chrono::seconds(30)));
    if (!ended) return Unexpected(without(named, ended.error().message, ended.error().hint));
    const std::string token = trimmed(ended->out);
    if (ended->status != 0 || token.empty() || token.find_first_of(" \n") != std::string::npos)
      return Unexpected(without(named, fmt::format("gcloud auth print-access-token ended with status {}: {}", ended->status, trimmed(ended->err).substr(0, 300)), "gcloud auth login"));
    return Token{token, k_gcloud_lasts};
  }

private:
  Surroundings m_by;
};

} // namespace

Tokens fixed_token(const Surroundings&, std::string named, std::string token) {
  auto source = std::make_unique<Fixed>();
  source->named = std::move(named);
  source->token = trimmed(std::move(token));
  return source;
}

Tokens token_file(const Surroundings& by, std::string path) { return std::make_unique<OfFile>(by, std::move(path)); }

Expected<Tokens> metadata_server(const Surroundings& by, const Stop& stop) {
  Request request = metadata_request(by.machine, "instance/service-accounts/default/?recursive=true");
  request.limit = k_metadata_limit;
  const auto answer = by.http.read(request, stop);
  if (!answer) return Unexpected(Failure{Cause::missing, Reached::no, answer.error().message, ""});
  if (!is_metadata(*answer)) return Unexpected(Failure{Cause::missing, Reached::no, "what answers at its address is none", ""});
  if (answer->status != 200) return Unexpected(Failure{Cause::missing, Reached::no, fmt::format("it has no account (its answer was {})", answer->status), ""});
  const auto told = parse_json(answer->body);
  const auto project = by.http.read(metadata_request(by.machine, "project/project-id"), stop.nested(k_metadata_limit));
  return std::make_unique<OfMetadata>(by, told ? member(*told, "email") : "", project && project->status == 200 ? trimmed(project->body) : "");
}

Expected<Tokens> gcloud(const Surroundings& by) {
  if (!by.process.find("gcloud")) return Unexpected(Failure{Cause::missing, Reached::no, "it is not on PATH", ""});
  return std::make_unique<OfGcloud>(by);
}

} // namespace belay::gcp
