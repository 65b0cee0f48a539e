#pragma once
#include "belay/ports.hpp"
#include <memory>

namespace belay {

struct HttpSettings {
  std::string ca_file; ///< PEM; empty: CURL_CA_BUNDLE, else SSL_CERT_FILE, else the system's
};

/// HTTP over libcurl: one thread drives every transfer; it starts with the first. TLS is verified, and nothing turns that off. Proxies come from
/// the usual variables, never for loopback. Only GET and HEAD follow redirects, never from https to http; headers that carry secrets, and
/// Authorization and Cookie, stay with the host they were meant for. A body goes into a sink only with a 2xx status, otherwise it is in the answer.
std::unique_ptr<Http> make_http(HttpSettings = {});

} // namespace belay
