#pragma once
#include "belay/ports.hpp"

namespace belay {

/// What belongs to a database and not to what is in it: {name, oid, owner, encoding, collate, ctype, provider, locale, limit,
/// comment, granted, settings: [{role, name, value}], grants: [{role, privilege, grantable}]}; an empty role: every role, PUBLIC.
/// Null: there is no such database.
Expected<Value> database_properties(Session&, const std::string& name, const Stop&);

/// `CREATE DATABASE` with the owner, encoding and locale of `properties`, from template0.
std::string creation_of(const std::string& name, const Value& properties);
/// Gives the database `name` the rest of `properties`: settings, grants, connection limit; not its comment.
std::vector<std::string> completion_of(const std::string& name, const Value& properties);

} // namespace belay
