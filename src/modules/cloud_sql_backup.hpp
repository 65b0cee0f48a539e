#pragma once
#include "modules/cloud_sql_parts.hpp"

/// Backups that Cloud SQL takes and keeps.
namespace belay::modules::cloud_sql {

/// The backup of that number, as the API describes it; `latest`: the newest that succeeded.
Expected<Value> read_backup(const Call&, const Reads&, const Value& instance_url, const Value& id);
/// {id, status, type, description, started, ended, location}
Value backup_shown(const Value& run);

Outcome read_backups(const Call&, const Reads&);
Outcome read_backup_describe(const Call&, const Reads&);

Expected<Value> observe_backup_create(const Call&, const Value& handle, const Reads&);
Intent prepare_backup_create(const Value& in, const Value& seen, const Identity&);
Outcome judge_backup_create(const Intent&, const Value& seen, const Value& now);

Expected<Value> observe_backup_delete(const Call&, const Value& handle, const Reads&);
Intent prepare_backup_delete(const Value& in, const Value& seen, const Identity&);
Outcome judge_backup_delete(const Intent&, const Value& seen, const Value& now);

inline constexpr Field k_backup_out[] = {
    {.name = "id", .type = k_text, .help = "the backup's number"},
    {.name = "status", .type = k_text, .help = "SUCCESSFUL, RUNNING, FAILED …"},
    {.name = "type", .type = k_text, .help = "ON_DEMAND, AUTOMATED or FINAL"},
    {.name = "description", .type = k_text, .required = false, .help = "what was said when it was taken"},
    {.name = "started", .type = k_timestamp, .required = false, .help = "when it began"},
    {.name = "ended", .type = k_timestamp, .required = false, .help = "when it was whole"},
    {.name = "location", .type = k_text, .required = false, .help = "where it is kept"},
};
inline constexpr Type k_backup{.kind = Kind::map, .members = k_backup_out};

inline constexpr Field k_backups_in[] = {
    k_project,
    k_instance,
    {.name = "within", .type = k_duration, .required = false, .help = "a newest recovery point that is older is a finding: the end of the newest backup, or what its log reaches to"},
    {.name = "limit", .type = k_integer, .required = false, .standard = "100", .help = "how many are listed"},
};
inline constexpr Field k_backups_out[] = {
    {.name = "backups", .type = {Kind::list, &k_backup}, .help = "newest first"},
    {.name = "newest", .type = k_backup, .required = false, .help = "the newest that succeeded; null where there is none"},
    {.name = "age", .type = k_duration, .required = false, .help = "how long ago it ended"},
    {.name = "recovery_point", .type = k_timestamp, .required = false, .help = "the latest time that can be restored to"},
};
inline constexpr Action k_backups{"backups", "The backups of an instance, and the latest time that it can be brought back to", k_backups_in, k_backups_out,
                                  Read{.read = read_backups, .touches = touches}};

inline constexpr Field k_backup_id{.name = "backup", .type = k_text, .help = "the backup's number, or `latest`: the newest that succeeded"};
inline constexpr Field k_backup_describe_in[] = {k_project, k_instance, k_backup_id};
inline constexpr Action k_backup_describe{"backup-describe", "One backup", k_backup_describe_in, k_backup_out, Read{.read = read_backup_describe, .touches = touches}};

inline constexpr Field k_backup_create_in[] = {
    k_project,
    k_instance,
    {.name = "description", .type = k_text, .required = false, .standard = "belay", .help = "why it is taken; the run's name is added, by which it is found again"},
};
inline constexpr Field k_backup_create_out[] = {
    {.name = "id", .type = k_text, .help = "the backup's number"},
    {.name = "description", .type = k_text, .help = "as it was said"},
    {.name = "ended", .type = k_timestamp, .required = false, .help = "when it was whole"},
};
inline constexpr Action k_backup_create{"backup-create", "Takes a backup and waits until it has succeeded", k_backup_create_in, k_backup_create_out,
                                        Change{.effect = Effect::adds, .repeat = Repeat::same_state, .observe = observe_backup_create, .prepare = prepare_backup_create, .perform = send,
                                               .judge = judge_backup_create, .touches = touches, .lateness = std::chrono::seconds(60)}};

inline constexpr Field k_backup_delete_in[] = {k_project, k_instance, {.name = "backup", .type = k_text, .help = "the backup's number"}};
inline constexpr Field k_backup_delete_out[] = {{.name = "id", .type = k_text, .help = "the backup's number"}};
inline constexpr Action k_backup_delete{"backup-delete", "Deletes a backup; never the last one that succeeded", k_backup_delete_in, k_backup_delete_out,
                                        Change{.effect = Effect::destroys, .repeat = Repeat::same_state, .observe = observe_backup_delete, .prepare = prepare_backup_delete, .perform = send,
                                               .judge = judge_backup_delete, .touches = touches, .lateness = std::chrono::seconds(60)}};

} // namespace belay::modules::cloud_sql
