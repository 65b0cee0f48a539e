#include "clients/gcp/route.hpp"
#include "clients/gcp/token_source.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <fmt/core.h>

namespace belay::gcp {
namespace {

constexpr std::string_view k_prefix = "CLOUDSDK_API_ENDPOINT_OVERRIDES_", k_scheme = "https://", k_google = ".googleapis.com";

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

/// gcloud's name of an API, from the first part of its host: all but Cloud SQL's are the same, and a region may stand before (`us-central1-run`).
std::string api_of(std::string label) {
  if (const auto dash = label.rfind('-'); dash != std::string::npos && dash > 0 && label[dash - 1] >= '0' && label[dash - 1] <= '9') label.erase(0, dash + 1);
  return label == "sqladmin" ? "SQL" : upper(label);
}

/// gcloud takes `http(s)://host[:port]/`, with or without a path, and the slash at its end.
bool is_override(const std::string& text) {
  const auto colon = text.find("://");
  return (text.starts_with("http://") || text.starts_with("https://")) && text.ends_with('/') && text.size() > colon + 4 && text.find_first_of(" \t\r\n?#@") == std::string::npos;
}

std::string encoded(const std::string& text) { // of user and password
  constexpr std::string_view k_digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      out += c;
      continue;
    }
    out += '%';
    out += k_digits[static_cast<unsigned char>(c) >> 4U];
    out += k_digits[static_cast<unsigned char>(c) & 15U];
  }
  return out;
}

} // namespace

Route::Route(const Machine& machine) : m_ca_file(variable(machine, "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE")) {
  for (const std::string& name : machine.variables(std::string(k_prefix))) {
    const std::string value = variable(machine, name);
    if (value.empty()) continue;
    m_overrides[name] = value;
    if (!is_override(value)) m_problem = fmt::format("{} is '{}', and must be http(s)://host[:port]/ with the slash at its end", name, value);
  }
  const std::string type = variable(machine, "CLOUDSDK_PROXY_TYPE"), address = variable(machine, "CLOUDSDK_PROXY_ADDRESS"), port = variable(machine, "CLOUDSDK_PROXY_PORT");
  if (type.empty() && address.empty() && port.empty()) return;
  if (type.empty() || address.empty() || port.empty()) {
    m_problem = "of CLOUDSDK_PROXY_TYPE, CLOUDSDK_PROXY_ADDRESS and CLOUDSDK_PROXY_PORT all three must be set, or none";
    return;
  }
  const std::string scheme = type == "http" || type == "http_no_tunnel" ? "http" : type == "socks5" ? "socks5h" : type == "socks4" ? "socks4a" : "";
  if (scheme.empty()) m_problem = fmt::format("CLOUDSDK_PROXY_TYPE is '{}': http, http_no_tunnel, socks4 and socks5 there are", type);
  const std::string user = variable(machine, "CLOUDSDK_PROXY_USERNAME"), password = variable(machine, "CLOUDSDK_PROXY_PASSWORD");
  const std::string who = user.empty() ? "" : encoded(user) + (password.empty() ? "" : ":" + encoded(password)) + "@";
  m_proxy = fmt::format("{}://{}{}:{}", scheme, who, address, port);
}

Expected<Request> Route::here(Request request) const {
  if (!m_problem.empty()) return Unexpected(Failure{Cause::refused, Reached::no, m_problem, "set it right, or unset it"});
  request.ca_file = m_ca_file;
  request.proxy = m_proxy;
  if (m_overrides.empty() || request.url.kind() != Kind::text || request.url.is_secret() || request.url.is_unknown()) return request;
  const std::string& url = request.url.text();
  const auto end = url.find('/', k_scheme.size());
  if (!url.starts_with(k_scheme) || end == std::string::npos) return request;
  const std::string host = url.substr(k_scheme.size(), end - k_scheme.size());
  if (!host.ends_with(k_google)) return request;
  const std::string label = host.substr(0, host.size() - k_google.size());
  const auto found = m_overrides.find(std::string(k_prefix) + api_of(label));
  if (found == m_overrides.end()) return request;
  const std::string& base = found->second;
  const auto path_begin = base.find('/', base.find("://") + 3);
  std::string origin = base.substr(0, path_begin);
  const std::string base_path = base.substr(path_begin), path = url.substr(end);
  // As gcloud: a regional host stays one. An address that is no name of Google's has no regions.
  if (const auto dash = label.rfind('-'); dash != std::string::npos && origin.ends_with(k_google)) origin.insert(origin.find("://") + 3, label.substr(0, dash + 1));
  request.url = Value(origin + (path.starts_with(base_path) ? path : base_path + path.substr(1)));
  return request;
}

} // namespace belay::gcp
