#pragma once
#include "integration/support/program.hpp"
#include <memory>

namespace support {

/// TLS servers with certificates made on the spot: of an authority of their own (`ca()`), or signed by themselves.
class TlsServer {
public:
  /// `days` before 0: expired. `name`: the host that it is for (an IP address or a DNS name); `own`: signed by itself.
  TlsServer(const std::string& name, int days, bool own = false);
  int port() const { return m_port; }
  std::string ca() const { return m_folder / "ca.pem"; }

private:
  Folder m_folder;
  int m_port = 0;
  std::unique_ptr<Program> m_server;
};

} // namespace support
