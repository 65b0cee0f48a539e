#include "integration/support/postgres_server.hpp"
#include <filesystem>
#include <fmt/core.h>
#include <stdexcept>
#include <unistd.h>

namespace support {
namespace {

/// As the user postgres where this is root, which PostgreSQL refuses to run as.
std::vector<std::string> as_server(std::vector<std::string> argv) {
  if (::geteuid() != 0) return argv;
  std::vector<std::string> all{"setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"};
  all.insert(all.end(), argv.begin(), argv.end());
  return all;
}

void must(const Ran& ran, const std::string& what) {
  if (ran.status != 0) throw std::runtime_error(what + ": " + ran.out);
}

} // namespace

PostgresServer::PostgresServer() : m_port(free_port()) {
  if (::geteuid() == 0) must(run({"chown", "postgres:postgres", folder()}), "chown");
  must(run(as_server({program("initdb"), "-D", m_folder / "data", "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"})), "initdb");
  const std::string rules = "local all postgres trust\nhost all postgres 127.0.0.1/32 trust\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n";
  must(run(as_server({"tee", m_folder / "data/pg_hba.conf"}), rules), "pg_hba.conf");
  start();
}
PostgresServer::~PostgresServer() { stop(3); }

PostgresServer& PostgresServer::shared() {
  static PostgresServer server;
  return server;
}

std::string PostgresServer::program(const std::string& name) const {
  static const std::string bin = [] {
    const Ran ran = run({"sh", "-c", "ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1"});
    return ran.out.substr(0, ran.out.find('\n'));
  }();
  return bin + "/" + name;
}

belay::Value PostgresServer::target(const std::string& database) const {
  return belay::Value::object({{"host", "127.0.0.1"}, {"port", m_port}, {"dbname", database}, {"user", "postgres"}});
}
std::string PostgresServer::uri(const std::string& database) const { return fmt::format("postgresql://postgres@127.0.0.1:{}/{}", m_port, database); }

std::string PostgresServer::create_database(const std::string& prefix) {
  const std::string name = fmt::format("{}_{}", prefix, ++m_databases);
  sql("CREATE DATABASE " + name);
  return name;
}

std::string PostgresServer::sql(const std::string& text, const std::string& database) const {
  const Ran ran = run({program("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", uri(database)}, text);
  must(ran, "psql");
  return ran.out.ends_with('\n') ? ran.out.substr(0, ran.out.size() - 1) : ran.out;
}

void PostgresServer::stop(int signal) {
  if (m_server) m_server->end(signal);
  m_server.reset();
}

void PostgresServer::start() {
  m_server = std::make_unique<Program>(as_server({program("postgres"), "-D", m_folder / "data", "-p", std::to_string(m_port), "-k", folder(), "-c", "listen_addresses=127.0.0.1",
                                                  "-c", "fsync=off", "-c", "shared_buffers=32MB"}),
                                       m_folder / "server.log");
  if (!eventually([this] { return run({program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", std::to_string(m_port)}).status == 0; }, 20'000))
    throw std::runtime_error("PostgreSQL did not start");
}

} // namespace support
