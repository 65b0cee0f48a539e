#pragma once
#include "belay/error.hpp"
#include "belay/stop.hpp"
#include "belay/value.hpp"
#include "ports/pq_library.hpp"
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace belay {

struct CloseConnection {
  void operator()(PGconn* connection) const { pq().PQfinish(connection); }
};
struct CloseResult {
  void operator()(PGresult* result) const { pq().PQclear(result); }
};
using Connection = std::unique_ptr<PGconn, CloseConnection>;
using Result = std::unique_ptr<PGresult, CloseResult>;

/// A database and the name by which messages call it: never with a password.
struct Database {
  Connection connection;
  std::string shown;
};
/// An open, non-blocking connection in UTC and ISO dates. `read_only`: every transaction of it begins as one that cannot write.
Expected<Database> connect_database(const Value& target, bool read_only, const Stop&);

/// Variables with which a program of PostgreSQL verifies a server off this host as a session does; none where `service`, the text of its
/// service file, or belay's own environment states an sslmode.
std::vector<std::pair<std::string, std::string>> protection_of(std::string_view service);

/// Waits for the results of what was sent and hands each to `each` (false ends early); a stop cancels the statement on the server.
/// The first error of the server, as a failure.
Expected<void> collect(Database&, const Stop&, bool (*each)(PGresult*, void*), void* context);

} // namespace belay
