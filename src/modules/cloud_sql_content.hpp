#pragma once
#include "modules/cloud_sql_parts.hpp"

/// What is in an instance: users, databases, exports and imports.
namespace belay::modules::cloud_sql {

Expected<Value> observe_user(const Call&, const Value& handle, const Reads&);
Intent prepare_user(const Value& in, const Value& seen, const Identity&);
Outcome judge_user(const Intent&, const Value& seen, const Value& now);

Expected<Value> observe_database(const Call&, const Value& handle, const Reads&);
Intent prepare_database(const Value& in, const Value& seen, const Identity&);
Outcome judge_database(const Intent&, const Value& seen, const Value& now);

Expected<Value> observe_export(const Call&, const Value& handle, const Reads&);
Intent prepare_export(const Value& in, const Value& seen, const Identity&);
Intent prepare_import(const Value& in, const Value& seen, const Identity&);

std::vector<std::string> touches_export(const Value& in);

// What is accepted lands at once or not at all; a minute is generous.
inline constexpr Duration k_lateness = std::chrono::seconds(60);

inline constexpr Field k_user_in[] = {
    k_project,
    k_instance,
    {.name = "user", .type = k_text, .help = "the user's name"},
    {.name = "password", .type = k_text, .secret = true, .help = "the new password"},
    {.name = "keep", .type = k_boolean, .required = false, .standard = "false", .help = "whether a user that is there already keeps the password"},
};
inline constexpr Field k_user_out[] = {{.name = "user", .type = k_text, .help = "the user's name"}, {.name = "created", .type = k_boolean, .help = "whether the user was not there before"}};
inline constexpr Action k_user{"user", "Makes a user, or gives one that is there a new password", k_user_in, k_user_out,
                               Change{.effect = Effect::changes, .repeat = Repeat::same_state, .observe = observe_user, .prepare = prepare_user, .perform = send, .judge = judge_user, .touches = touches,
                                      .lateness = k_lateness}};

inline constexpr Field k_database_in[] = {
    k_project,
    k_instance,
    {.name = "database", .type = k_text, .help = "the database's name"},
    {.name = "charset", .type = k_text, .required = false, .help = "its character set; the server's default without it"},
    {.name = "collation", .type = k_text, .required = false, .help = "its collation; the server's default without it"},
};
inline constexpr Field k_database_out[] = {{.name = "database", .type = k_text, .help = "the database's name"}};
inline constexpr Action k_database{"database", "Makes a database; one that is there already stays as it is", k_database_in, k_database_out,
                                   Change{.effect = Effect::adds, .repeat = Repeat::conditional, .observe = observe_database, .prepare = prepare_database, .perform = send, .judge = judge_database,
                                          .touches = touches}};

inline constexpr Field k_export_in[] = {
    k_project,
    k_instance,
    {.name = "database", .type = k_text, .help = "which database"},
    {.name = "uri", .type = k_text, .help = "where to: gs://BUCKET/OBJECT; a name that ends in .gz is compressed; the instance's own account must be allowed to write there"},
    {.name = "offload", .type = k_boolean, .required = false, .standard = "true", .help = "whether a separate machine does it, so that the instance serves on at its speed"},
};
inline constexpr Field k_export_out[] = {{.name = "uri", .type = k_text, .help = "where it is"}};
inline constexpr Action k_export{"export", "Writes a database as SQL into a bucket; never over an object that is there", k_export_in, k_export_out,
                                 Change{.effect = Effect::adds, .repeat = Repeat::same_state, .observe = observe_export, .prepare = prepare_export, .perform = send, .judge = judge,
                                        .touches = touches_export, .lateness = k_lateness}};

inline constexpr Field k_import_in[] = {
    k_project,
    k_instance,
    {.name = "database", .type = k_text, .help = "into which database"},
    {.name = "uri", .type = k_text, .help = "where from: gs://BUCKET/OBJECT"},
    {.name = "user", .type = k_text, .required = false, .help = "as which user its statements run"},
};
inline constexpr Field k_import_out[] = {{.name = "database", .type = k_text, .help = "the database"}};
inline constexpr Action k_import{"import", "Runs the SQL of an object in a bucket in a database: what is there may be changed by it", k_import_in, k_import_out,
                                 Change{.effect = Effect::destroys, .repeat = Repeat::once, .observe = observe_operations, .prepare = prepare_import, .perform = send, .judge = judge, .touches = touches}};

} // namespace belay::modules::cloud_sql
