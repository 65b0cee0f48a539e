#pragma once
#include "belay/host.hpp"
#include "belay/ports.hpp"
#include <memory>
#include <string>
#include <vector>

/// Where access tokens come from. Each kind of credentials is one source; `find_token_source` chooses.
namespace belay::gcp {

/// What credentials are found and renewed with. Nothing of it acts: asking for a token changes nothing.
struct Surroundings {
  HttpReads& http;
  ProcessReads& process;
  FileReads& files;
  const Machine& machine;
  const Time& time;
};

/// How Google's addresses are reached from here: a proxy and authorities to trust, by gcloud's variables; see `route.hpp`.
class Route;

struct Token {
  std::string text;  ///< secret: it leaves as a value that is marked so
  Duration lasts{};  ///< from now; zero: not told
};

struct TokenSource {
  std::string named;                          ///< for a person: "the service account key /etc/key.json"
  std::string account, project, quota_project; ///< empty: not told
  virtual ~TokenSource() = default;
  virtual Expected<Token> fetch(const Stop&) = 0;
};
using Tokens = std::unique_ptr<TokenSource>;

/// A variable's text; empty where it is not set.
std::string variable(const Machine&, const std::string& name);

// One factory a kind; `file`: the parsed JSON of a credentials file, `path` where it lies. `malformed` where a member is missing.

Tokens fixed_token(const Surroundings&, std::string named, std::string token); ///< of a variable: cannot be renewed
Tokens token_file(const Surroundings&, std::string path);                      ///< read again for each renewal
Expected<Tokens> service_account(const Surroundings&, const Route&, const Value& file, const std::string& path);
Expected<Tokens> authorized_user(const Surroundings&, const Route&, const Value& file, const std::string& path);
Expected<Tokens> workload_identity(const Surroundings&, const Route&, const Value& file, const std::string& path);
/// Tokens of `target` (an address), by the right of `source` to make them.
Tokens impersonated(const Surroundings&, const Route&, Tokens source, const std::string& target, std::vector<std::string> delegates);
Expected<Tokens> metadata_server(const Surroundings&, const Stop&); ///< `missing` where none answers
Expected<Tokens> gcloud(const Surroundings&);                       ///< `missing` where it is not installed

/// Credentials of any kind in a file, by its member `type`.
Expected<Tokens> credentials_file(const Surroundings&, const Route&, const std::string& path);

/// The first that there is, in the order that its source tells; what is named by a variable and cannot be used fails, and is never passed over. `missing`: there are none at all.
Expected<Tokens> find_token_source(const Surroundings&, const Route&, const Stop&);

} // namespace belay::gcp
