#pragma once
#include "belay/ports.hpp"

/// SQL spoken by more than one action.
namespace belay::postgres_sql {

std::string identifier(std::string_view name); ///< in double quotes
std::string literal(std::string_view text);    ///< in single quotes, whatever `standard_conforming_strings` says

/// The rows of a result, each a map.
Expected<Value::List> rows(Session&, std::string sql, std::vector<Value> arguments, const Stop&);
/// A statement whose result does not matter.
Expected<void> run(Session&, std::string sql, const Stop&);

/// A session on the server of `target` that does not use the database `beside`, so that one can be renamed or dropped: on
/// `postgres`, or `template1` where that is refused. Acting where an `Sql` is given, reading where an `SqlReads` is.
Expected<std::unique_ptr<Session>> open_beside(Sql&, const Value& target, const std::string& beside, const Stop&);
Expected<std::unique_ptr<Session>> open_beside(SqlReads&, const Value& target, const std::string& beside, const Stop&);

/// Whether another session calls itself `name` (application_name): how a dump or restore in progress is told from what one left behind.
Expected<bool> alive(Session&, const std::string& name, const Stop&);
/// Calls this session `name`, and has its statements end within a second when its client is gone (servers from 14).
Expected<void> introduce(Session&, const std::string& name, int server, const Stop&);
/// server_version_num: 150020.
Expected<int> server_version(Session&, const Stop&);

} // namespace belay::postgres_sql
