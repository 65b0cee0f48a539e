#pragma once
#include "belay/error.hpp"
#include "belay/stop.hpp"
#include "belay/value.hpp"
#include <libpq-fe.h>
#include <memory>
#include <string>

namespace belay {

struct CloseConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct CloseResult {
  void operator()(PGresult* result) const { PQclear(result); }
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

/// Waits for the results of what was sent and hands each to `each` (false ends early); a stop cancels the statement on the server.
/// The first error of the server, as a failure.
Expected<void> collect(Database&, const Stop&, bool (*each)(PGresult*, void*), void* context);

} // namespace belay
