#pragma once
#include "belay/error.hpp"
#include <libpq-fe.h>
#include <string>

namespace belay {

/// Why a connection did not come about: nothing was reached.
Failure connect_failure(PGconn*, const std::string& shown);
/// What the server said of a statement, with its SQLSTATE, detail and hint; or that the connection broke while it ran.
Failure server_failure(PGconn*, const PGresult*, const std::string& shown);
/// Whether the server says that it cancelled the statement.
bool is_cancel(const PGresult*);

} // namespace belay
