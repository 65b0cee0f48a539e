#include "integration/support/tls_server.hpp"
#include <netinet/in.h>
#include <arpa/inet.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace support {
namespace {

void openssl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "openssl");
  const Ran ran = run(arguments);
  if (ran.status != 0) throw std::runtime_error("openssl: " + ran.out);
}

bool listens(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool open = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return open;
}

} // namespace

TlsServer::TlsServer(const std::string& name, int days, bool own) : m_port(free_port()) {
  in_addr ignored{};
  const std::string san = (::inet_pton(AF_INET, name.c_str(), &ignored) == 1 ? "IP:" : "DNS:") + name;
  const std::string key = m_folder / "key.pem", request = m_folder / "request.pem", leaf = m_folder / "leaf.pem", ca_key = m_folder / "ca.key";
  openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", ca_key, "-out", ca(), "-days", "30", "-subj", "/CN=test authority"});
  openssl({"req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", request, "-subj", "/CN=" + name, "-addext", "subjectAltName=" + san});
  if (own) openssl({"x509", "-req", "-in", request, "-signkey", key, "-out", leaf, "-days", std::to_string(days), "-copy_extensions", "copy"});
  else openssl({"x509", "-req", "-in", request, "-CA", ca(), "-CAkey", ca_key, "-CAcreateserial", "-out", leaf, "-days", std::to_string(days), "-copy_extensions", "copy"});
  m_server = std::make_unique<Program>(std::vector<std::string>{"openssl", "s_server", "-accept", std::to_string(m_port), "-cert", leaf, "-key", key, "-www", "-quiet"}, m_folder / "log");
  if (!eventually([this] { return listens(m_port); })) throw std::runtime_error("openssl s_server did not start");
}

} // namespace support
