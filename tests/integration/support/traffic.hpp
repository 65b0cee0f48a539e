#pragma once
#include "integration/support/program.hpp"
#include <memory>
#include <string>

namespace support {

/// HAProxy on free ports: a frontend, and a backend `shop` whose servers `blue` and `green` begin in maintenance. No retries.
class HaproxyServer {
public:
  HaproxyServer(int blue_port, int green_port);
  int port() const { return m_port; }
  std::string socket() const { return m_folder / "admin.sock"; }
  void stop() { m_program.reset(); }

private:
  Folder m_folder;
  int m_port;
  std::unique_ptr<Program> m_program;
};

/// supervisord with a configuration of its own and an empty folder of programs.
class SupervisorServer {
public:
  SupervisorServer();
  std::string configuration() const { return m_folder / "supervisord.conf"; }
  std::string programs() const { return m_folder / "programs"; }
  void stop() { m_program.reset(); }

private:
  Folder m_folder;
  std::unique_ptr<Program> m_program;
};

} // namespace support
