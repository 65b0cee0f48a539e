#pragma once
#include "belay/ports.hpp"

namespace belay {

/// The leaf certificate of a TLS server, read even when it is expired, self-signed or of another name; nothing is sent to it.
/// `ca_file`: PEM; empty: the system's. A handshake that yields no certificate is a `transport` failure.
Expected<Certificate> read_certificate(const std::string& host, int port, const std::string& server_name, const std::string& ca_file, const Stop&);

} // namespace belay
