#include "clients/gcp/token_request.hpp"
#include "value/json.hpp"
#include "value/nearest.hpp"
#include <fmt/core.h>

/// Which credentials are in force.
namespace belay::gcp {
namespace {

constexpr std::uint64_t k_largest = 256 << 10;

Failure unusable(const std::string& path, const std::string& why, std::string hint) { return {Cause::refused, Reached::no, fmt::format("the credentials file {} {}", path, why), std::move(hint)}; }

std::string well_known(const Machine& machine) {
  const std::string folder = variable(machine, "CLOUDSDK_CONFIG"), home = variable(machine, "HOME");
  if (!folder.empty()) return folder + "/application_default_credentials.json";
  return home.empty() ? "" : home + "/.config/gcloud/application_default_credentials.json";
}

Expected<Value> parsed_file(const Surroundings& by, const std::string& path) {
  const auto text = by.files.text(path, k_largest);
  if (!text) return Unexpected(unusable(path, "cannot be read: " + text.error().message, "check the path and this user's right to it"));
  auto parsed = parse_json(*text);
  if (!parsed || parsed->kind() != Kind::map) return Unexpected(unusable(path, "is no JSON", "it must be as Google or gcloud wrote it"));
  return parsed;
}

Expected<Tokens> of_file(const Surroundings& by, const Route& route, const Value& file, const std::string& path, bool nested);

Expected<Tokens> of_impersonation(const Surroundings& by, const Route& route, const Value& file, const std::string& path) {
  const std::string address = member(file, "service_account_impersonation_url");
  const auto begin = address.rfind('/'), end = address.rfind(':');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return Unexpected(unusable(path, "names no account to impersonate", "make it anew: gcloud auth application-default login --impersonate-service-account=ACCOUNT"));
  auto source = of_file(by, route, file["source_credentials"], path, true);
  if (!source) return source;
  std::vector<std::string> delegates;
  if (const Value list = file["delegates"]; list.kind() == Kind::list)
    for (const Value& one : list.list())
      if (one.kind() == Kind::text) delegates.push_back(one.text());
  Tokens out = impersonated(by, route, std::move(*source), address.substr(begin + 1, end - begin - 1), std::move(delegates));
  if (const std::string quota = member(file, "quota_project_id"); !quota.empty()) out->quota_project = quota;
  return out;
}

Expected<Tokens> of_file(const Surroundings& by, const Route& route, const Value& file, const std::string& path, bool nested) {
  static constexpr std::string_view k_kinds[] = {"service_account", "authorized_user", "external_account", "impersonated_service_account"};
  const std::string type = member(file, "type");
  if (type == "service_account") return service_account(by, route, file, path);
  if (type == "authorized_user") return authorized_user(by, route, file, path);
  if (type == "external_account") return workload_identity(by, route, file, path);
  if (type == "impersonated_service_account" && !nested) return of_impersonation(by, route, file, path);
  return Unexpected(unusable(path, fmt::format("is of the type '{}', which belay does not know", type), did_you_mean(type, k_kinds)));
}

/// What was looked for and why it is not in force, for the error of having none.
struct Tried {
  std::string all;
  void add(std::string_view what, std::string_view why) { all += fmt::format("{}{}: {}", all.empty() ? "" : "; ", what, why); }
};

Expected<Tokens> chosen(const Surroundings& by, const Route& route, const Stop& stop) {
  Tried tried;
  if (const std::string token = variable(by.machine, "CLOUDSDK_AUTH_ACCESS_TOKEN"); !token.empty()) return fixed_token(by, "the token in CLOUDSDK_AUTH_ACCESS_TOKEN", token);
  tried.add("CLOUDSDK_AUTH_ACCESS_TOKEN", "not set");
  if (const std::string path = variable(by.machine, "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE"); !path.empty()) return token_file(by, path);
  tried.add("CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", "not set");
  for (const char* name : {"CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE", "GOOGLE_APPLICATION_CREDENTIALS"}) {
    const std::string path = variable(by.machine, name);
    if (path.empty()) continue;
    auto source = credentials_file(by, route, path);
    if (source) return source;
    Failure failure = source.error();
    failure.message += fmt::format(" ({} names it)", name);
    return Unexpected(std::move(failure));
  }
  tried.add("GOOGLE_APPLICATION_CREDENTIALS", "not set");
  if (const std::string path = well_known(by.machine); !path.empty()) {
    if (by.files.status(path)) return credentials_file(by, route, path);
    tried.add(path, "not there");
  }
  if (variable(by.machine, "NO_GCE_CHECK") == "true" || variable(by.machine, "CLOUDSDK_CORE_CHECK_GCE_METADATA") == "false") {
    tried.add("the metadata server", "turned off by a variable");
  } else {
    auto source = metadata_server(by, stop);
    if (source) return source;
    tried.add("the metadata server", source.error().message);
  }
  auto source = gcloud(by);
  if (source) return source;
  tried.add("gcloud", source.error().message);
  return Unexpected(Failure{Cause::missing, Reached::no, "there are no Google credentials (" + tried.all + ")",
                            "a person: gcloud auth application-default login; a CI step or cron: GOOGLE_APPLICATION_CREDENTIALS names a key or a workload identity file"});
}

} // namespace

std::string variable(const Machine& machine, const std::string& name) { return machine.variable(name).value_or(""); }

Expected<Tokens> credentials_file(const Surroundings& by, const Route& route, const std::string& path) {
  const auto file = parsed_file(by, path);
  if (!file) return Unexpected(file.error());
  return of_file(by, route, *file, path, false);
}

Expected<Tokens> find_token_source(const Surroundings& by, const Route& route, const Stop& stop) {
  auto source = chosen(by, route, stop);
  const std::string target = variable(by.machine, "CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT");
  if (!source || target.empty()) return source;
  // gcloud's list: the last is whose token it will be, those before lead to it.
  std::vector<std::string> chain;
  for (std::size_t at = 0; at <= target.size();) {
    const auto comma = std::min(target.find(',', at), target.size());
    chain.push_back(target.substr(at, comma - at));
    at = comma + 1;
  }
  const std::string last = chain.back();
  chain.pop_back();
  return impersonated(by, route, std::move(*source), last, std::move(chain));
}

} // namespace belay::gcp
