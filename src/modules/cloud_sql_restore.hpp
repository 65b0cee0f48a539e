#pragma once
#include "modules/cloud_sql_backup.hpp"

/// Bringing data back: from a backup into another instance or over the live one, and from any time into a new instance.
namespace belay::modules::cloud_sql {

Outcome read_recovery(const Call&, const Reads&);

Expected<Value> observe_restore(const Call&, const Value& handle, const Reads&);
Intent prepare_restore(const Value& in, const Value& seen, const Identity&);
Expected<Value> observe_restore_over(const Call&, const Value& handle, const Reads&);
Intent prepare_restore_over(const Value& in, const Value& seen, const Identity&);
Outcome judge_restore(const Intent&, const Value& seen, const Value& now);

Expected<Value> observe_clone(const Call&, const Value& handle, const Reads&);
Intent prepare_clone(const Value& in, const Value& seen, const Identity&);
Outcome judge_clone(const Intent&, const Value& seen, const Value& now);
std::vector<std::string> touches_clone(const Value& in);
std::vector<std::string> touches_restore(const Value& in);

inline constexpr Field k_recovery_in[] = {k_project, k_instance};
inline constexpr Field k_recovery_out[] = {
    {.name = "enabled", .type = k_boolean, .help = "whether the instance's log is kept, so that it can be cloned to a time"},
    {.name = "earliest", .type = k_timestamp, .required = false, .help = "the earliest time, as far back as its log is kept"},
    {.name = "latest", .type = k_timestamp, .required = false, .help = "the latest time"},
};
inline constexpr Action k_recovery{"recovery", "The times that an instance can be cloned to", k_recovery_in, k_recovery_out, Read{.read = read_recovery, .touches = touches}};

inline constexpr Field k_restore_in[] = {
    k_project,
    k_instance,
    {.name = "from", .type = k_text, .help = "the instance whose backup it is"},
    k_backup_id,
};
inline constexpr Field k_restore_over_in[] = {k_project, k_instance, k_backup_id};
inline constexpr Field k_restore_out[] = {
    {.name = "instance", .type = k_text, .help = "the instance that has the data now"},
    {.name = "backup", .type = k_text, .help = "the backup's number"},
    {.name = "ended", .type = k_timestamp, .required = false, .help = "when that backup was whole: what came later is not in it"},
};
inline constexpr Action k_restore{"restore", "Restores a backup into another instance, made for it: what that held is lost", k_restore_in, k_restore_out,
                                  Change{.effect = Effect::changes, .repeat = Repeat::once, .observe = observe_restore, .prepare = prepare_restore, .perform = send, .judge = judge_restore,
                                         .touches = touches_restore}};
inline constexpr Action k_restore_over{"restore-over", "Restores a backup over the instance that it is of: everything since is lost", k_restore_over_in, k_restore_out,
                                       Change{.effect = Effect::destroys, .repeat = Repeat::once, .observe = observe_restore_over, .prepare = prepare_restore_over, .perform = send,
                                              .judge = judge_restore, .touches = touches}};

inline constexpr Field k_clone_in[] = {
    k_project,
    k_instance,
    {.name = "to", .type = k_text, .help = "the name of the new instance"},
    {.name = "at", .type = k_timestamp, .required = false, .help = "as it was at this time; without it, as it is now"},
};
inline constexpr Field k_clone_out[] = {{.name = "instance", .type = k_text, .help = "the new instance"}, {.name = "at", .type = k_timestamp, .required = false, .help = "the time it was cloned to"}};
inline constexpr Action k_clone{"clone", "Makes a new instance out of another, as that was at a time", k_clone_in, k_clone_out,
                                Change{.effect = Effect::adds, .repeat = Repeat::conditional, .observe = observe_clone, .prepare = prepare_clone, .perform = send, .judge = judge_clone,
                                       .touches = touches_clone}};

} // namespace belay::modules::cloud_sql
