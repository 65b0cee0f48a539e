#pragma once
#include "belay/action.hpp"
#include "modules/inputs.hpp"

/// The actions of module `postgres` that speak SQL to a live database.
namespace belay::modules::postgres_queries {

Outcome read_query(const Call&, const Reads&);
Outcome read_size(const Call&, const Reads&);
Outcome read_activity(const Call&, const Reads&);
std::vector<std::string> touches(const Value& in);

Intent prepare_execute(const Value& in, const Value& seen, const Identity&);
Outcome replied_execute(const Intent&, const Expected<Value>&);

inline constexpr Field k_target{.name = "target", .type = k_any, .secret = true, .help = "the database's address: a URI, a conninfo string or a map of libpq's keywords"};
inline constexpr Field k_sql{.name = "sql", .type = k_text, .help = "one statement; data belongs into `arguments`, as $1, $2 …"};
inline constexpr Field k_arguments{.name = "arguments", .type = {Kind::list, &k_any}, .required = false, .secret = true, .help = "what $1, $2 … stand for"};

inline constexpr Field k_query_in[] = {k_target, k_sql, k_arguments};
inline constexpr Field k_query_out[] = {
    {.name = "rows", .type = k_maps, .help = "each row by the names of its columns; at most 16 MiB"},
    {.name = "count", .type = k_integer, .help = "how many rows"},
    {.name = "row", .type = k_any, .help = "the first row; null where there is none"},
};
inline constexpr Action k_query{"query", "Reads rows, in a session and a transaction that cannot write", k_query_in, k_query_out, Read{.read = read_query, .touches = touches}};

inline constexpr Field k_execute_out[] = {
    {.name = "rows", .type = k_maps, .help = "what RETURNING gave"},
    {.name = "count", .type = k_integer, .help = "how many rows were changed"},
};
inline constexpr Action k_execute{"execute", "Runs one statement that changes something, in a transaction of its own", k_query_in, k_execute_out,
                                  Change{.effect = Effect::changes, .repeat = Repeat::once, .prepare = prepare_execute, .replied = replied_execute, .touches = touches}};

inline constexpr Field k_size_in[] = {k_target, {.name = "tables", .type = k_integer, .required = false, .standard = "20", .help = "how many of the largest tables are listed"}};
inline constexpr Field k_size_out[] = {
    {.name = "database", .type = k_text, .help = "its name"},
    {.name = "bytes", .type = k_integer, .help = "of the whole database"},
    {.name = "tables", .type = k_maps, .help = "the largest: name, bytes with indexes, rows as the statistics estimate them"},
};
inline constexpr Action k_size{"size", "How large the database and its tables are", k_size_in, k_size_out, Read{.read = read_size, .touches = touches}};

inline constexpr Field k_activity_in[] = {
    k_target,
    {.name = "alert", .type = k_real, .required = false, .standard = "0.9", .help = "a share of the connections that is a finding"},
    {.name = "blocked", .type = k_duration, .required = false, .standard = "30s", .help = "a session that waits longer for a lock is a finding"},
    {.name = "longest", .type = k_duration, .required = false, .help = "a transaction that is open longer is a finding"},
};
inline constexpr Field k_activity_out[] = {
    {.name = "connections", .type = k_integer, .help = "open now, by all"},
    {.name = "max", .type = k_integer, .help = "how many the server takes from ordinary users"},
    {.name = "share", .type = k_real, .help = "the one by the other"},
    {.name = "active", .type = k_integer, .help = "running a statement now"},
    {.name = "blocking", .type = k_maps, .help = "who waits for whom: pid, waits, by, user, query"},
    {.name = "longest", .type = k_duration, .help = "the oldest open transaction"},
    {.name = "version", .type = k_text, .help = "the server's"},
};
inline constexpr Action k_activity{"activity", "Connections against what the server takes, sessions that wait for locks, the oldest transaction", k_activity_in, k_activity_out,
                                   Read{.read = read_activity, .touches = touches}};

} // namespace belay::modules::postgres_queries
