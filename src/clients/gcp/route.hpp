#pragma once
#include "belay/host.hpp"
#include "belay/ports.hpp"
#include <map>
#include <string>

namespace belay::gcp {

/// How Google's addresses are reached from this machine, as gcloud's own variables say: CLOUDSDK_API_ENDPOINT_OVERRIDES_API (another
/// address for one API), CLOUDSDK_PROXY_TYPE, _ADDRESS, _PORT, _USERNAME, _PASSWORD, and CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE. Read once.
class Route {
public:
  explicit Route(const Machine&);
  /// The same request with its address, proxy and authorities for here; `refused` where a variable makes no sense.
  Expected<Request> here(Request) const;
  const std::map<std::string, std::string>& overrides() const { return m_overrides; } ///< variable → address
  const std::string& problem() const { return m_problem; }                            ///< what is wrong with the variables; empty: nothing

private:
  std::map<std::string, std::string> m_overrides;
  std::optional<std::string> m_proxy;
  std::string m_ca_file, m_problem;
};

} // namespace belay::gcp
