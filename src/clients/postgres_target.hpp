#pragma once
#include "belay/error.hpp"
#include "belay/value.hpp"
#include <string>
#include <string_view>

/// Where a PostgreSQL database is: a URI, a conninfo string, or a map of libpq's keywords. What holds a password is a secret
/// throughout, and nothing here gives its text away.
namespace belay::postgres_target {

/// Any form as a map of keywords; secret as a whole where the text was. `malformed`: neither a URI nor keyword=value pairs.
Expected<Value> keywords(const Value& target);

/// The same server and user, another database: a map of keywords.
Expected<Value> with_database(const Value& target, const std::string& name);

/// The contents of a libpq service file with one service, `[belay]`, so that a tool of PostgreSQL gets every keyword, password
/// included, by a private file (PGSERVICEFILE) and its arguments are only `service=belay dbname=…`. The database is left out.
Expected<Value> service_file(const Value& target);

/// The name of the database, where it can be told without giving away a secret; else empty.
std::string database_name(const Value& target);

/// `postgres:HOST:PORT/NAME`, the whole server without a name, or `postgres` where the address itself is secret or unknown: the name of a resource.
std::string resource(const Value& target, std::string_view database);

} // namespace belay::postgres_target
