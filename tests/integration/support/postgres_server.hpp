#pragma once
#include "integration/support/program.hpp"
#include "belay/value.hpp"
#include <memory>

namespace support {

/// A PostgreSQL cluster of its own on a loopback port and a unix socket: trust for `postgres`, a password for everyone else.
class PostgresServer {
public:
  PostgresServer();
  ~PostgresServer();
  /// One cluster for the whole test binary, made when first asked for and stopped at its end.
  static PostgresServer& shared();

  int port() const { return m_port; }
  const std::string& folder() const { return m_folder.path(); } ///< holds the unix socket
  std::string program(const std::string& name) const;           ///< of the server's own version: pg_dump, psql …
  belay::Value target(const std::string& database = "postgres") const; ///< a map of keywords, as the superuser
  std::string uri(const std::string& database = "postgres") const;
  /// A new database with a name that no other call of this binary got.
  std::string create_database(const std::string& prefix = "test");
  /// Runs SQL through psql, stopping at the first error; its unaligned rows.
  std::string sql(const std::string& text, const std::string& database = "postgres") const;
  void stop(int signal = 2); ///< 2: fast, 3: immediate
  void start();

private:
  Folder m_folder;
  int m_port = 0, m_databases = 0;
  std::unique_ptr<Program> m_server;
};

} // namespace support
