#include "integration/support/traffic.hpp"
#include <filesystem>
#include <fmt/format.h>
#include <stdexcept>

namespace support {
namespace {
void wait_for(const std::string& path, const std::string& what) {
  if (!eventually([&] { return std::filesystem::exists(path); })) throw std::runtime_error(what + " did not start");
}
} // namespace

HaproxyServer::HaproxyServer(int blue_port, int green_port) : m_port(free_port()) {
  write_file(m_folder / "haproxy.cfg", fmt::format(R"(global
  stats socket {}/admin.sock mode 600 level admin
defaults
  mode http
  timeout connect 2s
  timeout client 10s
  timeout server 10s
frontend public
  bind 127.0.0.1:{}
  default_backend shop
backend shop
  retries 0
  option httpchk GET /health
  default-server check inter 200ms fall 2 rise 1
  server blue 127.0.0.1:{} disabled weight 100
  server green 127.0.0.1:{} disabled weight 100
)",
                                                   m_folder.path(), m_port, blue_port, green_port));
  m_program = std::make_unique<Program>(std::vector<std::string>{"haproxy", "-f", m_folder / "haproxy.cfg", "-db"}, m_folder / "haproxy.log");
  wait_for(socket(), "haproxy");
}

SupervisorServer::SupervisorServer() {
  std::filesystem::create_directory(programs());
  write_file(configuration(), fmt::format(R"([unix_http_server]
file={0}/supervisor.sock
chmod=0700
[supervisord]
nodaemon=true
logfile={0}/supervisord.log
pidfile={0}/supervisord.pid
childlogdir={0}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{0}/supervisor.sock
[include]
files={1}/*.conf
)",
                                         m_folder.path(), programs()));
  m_program = std::make_unique<Program>(std::vector<std::string>{"supervisord", "-c", configuration()}, m_folder / "output.log");
  wait_for(m_folder / "supervisor.sock", "supervisord");
}

} // namespace support
