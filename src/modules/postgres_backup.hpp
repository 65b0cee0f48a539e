#pragma once
#include "belay/action.hpp"
#include "modules/inputs.hpp"

/// The actions of module `postgres` that back a database up and bring it back. A backup is dumped in one snapshot with its own
/// counts; a restore goes beside the database and takes its place by renaming; what was there before is kept until it is pruned.
namespace belay::modules::postgres_backup {

Expected<Value> observe_dump(const Call&, const Value& handle, const Reads&);
Intent prepare_dump(const Value& in, const Value& seen, const Identity&);
Outcome perform_dump(const Intent&, const Call&, Ports&);
Outcome judge_dump(const Intent&, const Value& seen, const Value& now);
std::vector<std::string> touches_dump(const Value& in);

Outcome read_verify(const Call&, const Reads&);
std::vector<std::string> touches_database(const Value& in);

Expected<Value> observe_restore(const Call&, const Value& handle, const Reads&);
Intent prepare_restore(const Value& in, const Value& seen, const Identity&);
Outcome perform_restore(const Intent&, const Call&, Ports&);
Outcome judge_restore(const Intent&, const Value& seen, const Value& now);
Value undo_restore(const Intent&, const Value& seen, const Value& outputs);
Standing standing_restore(const Intent&, const Value& seen, const Value& outputs, const Value& now);
std::vector<std::string> touches_restore(const Value& in);

Expected<Value> observe_swap(const Call&, const Value& handle, const Reads&);
Intent prepare_swap(const Value& in, const Value& seen, const Identity&);
Outcome perform_swap(const Intent&, const Call&, Ports&);
Outcome judge_swap(const Intent&, const Value& seen, const Value& now);
Value undo_swap(const Intent&, const Value& seen, const Value& outputs);
Standing standing_swap(const Intent&, const Value& seen, const Value& outputs, const Value& now);
std::vector<std::string> touches_swap(const Value& in);

Expected<Value> observe_in_place(const Call&, const Value& handle, const Reads&);
Intent prepare_in_place(const Value& in, const Value& seen, const Identity&);
Outcome perform_in_place(const Intent&, const Call&, Ports&);

Expected<Value> observe_fill(const Call&, const Value& handle, const Reads&);
Intent prepare_fill(const Value& in, const Value& seen, const Identity&);
Outcome judge_fill(const Intent&, const Value& seen, const Value& now);

Expected<Value> observe_drop_copy(const Call&, const Value& handle, const Reads&);
Intent prepare_drop_copy(const Value& in, const Value& seen, const Identity&);
Outcome perform_drop_copy(const Intent&, const Call&, Ports&);
Outcome judge_drop_copy(const Intent&, const Value& seen, const Value& now);

Expected<Value> observe_prune_old(const Call&, const Value& handle, const Reads&);
Intent prepare_prune_old(const Value& in, const Value& seen, const Identity&);
Outcome perform_prune_old(const Intent&, const Call&, Ports&);
Outcome judge_prune_old(const Intent&, const Value& seen, const Value& now);
std::vector<std::string> touches_prune_old(const Value& in);

inline constexpr Field k_target{"target", k_any, true, true, {}, "the database's address: a URI, a conninfo string or a map of libpq's keywords"};
inline constexpr Field k_database{"database", k_text, false, false, {}, "its name; without it, the one that `target` names"};
inline constexpr Field k_backup{"backup", k_text, true, false, {}, "the folder of the backup"};
inline constexpr Field k_tools{"tools", k_text, false, false, {}, "folder of PostgreSQL's programs; without it, the lowest sufficient version that is installed"};
inline constexpr Field k_took{"took", k_duration, false, false, {}, "how long it took"};
inline constexpr Field k_warnings{"warnings", k_texts, false, false, {}, "what should be known, but does not hinder"};

inline constexpr Field k_dump_inputs[] = {
    k_target,
    k_database,
    {"service", k_text, true, false, {}, "whose backup it is"},
    {"environment", k_text, true, false, {}, "where"},
    {"folder", k_text, true, false, {}, "the folder of all backups"},
    {"hashes", k_boolean, false, false, "false", "also record a hash of every table's contents"},
    {"level", k_integer, false, false, "1", "of compression, 1 to 19"},
    {"threads", k_integer, false, false, "2", "that compress"},
    {"lock_wait", k_duration, false, false, "60s", "how long to wait for a table that another session has locked"},
    {"share", k_integer, false, false, "67108864", "from how many bytes of tables on a second pg_dump reads beside the first; below zero: never"},
    k_tools,
};
inline constexpr Field k_dump_outputs[] = {
    {"id", k_text, true, false, {}, "of the backup"}, {"path", k_text, true, false, {}, "its folder"}, {"size", k_integer, false, false, {}, "bytes"}, {"raw_size", k_integer, false, false, {}, "bytes when decompressed"}, {"sha256", k_text, false, false, {}, "of the compressed file"}, {"tables", k_integer, false, false, {}, "how many"},
    {"rows", k_integer, false, false, {}, "of all tables"}, {"taken", k_timestamp, false, false, {}, "the recovery point"}, {"lsn", k_text, false, false, {}, "position in the write-ahead log"}, {"server", k_text, false, false, {}, "the version of the server"}, {"tool", k_text, false, false, {}, "the version of pg_dump"}, k_took, k_warnings,
};
inline constexpr Action k_dump{"dump", "Back a database up: pg_dump in one snapshot, compressed and hashed on the way, with the rows of every table counted in that snapshot",
                               k_dump_inputs, k_dump_outputs,
                               Change{.effect = Effect::adds, .repeat = Repeat::conditional, .observe = observe_dump, .prepare = prepare_dump, .perform = perform_dump,
                                      .judge = judge_dump, .touches = touches_dump}};

inline constexpr Field k_verify_inputs[] = {
    k_target, k_database, k_backup,
    {"sessions", k_integer, false, false, "2", "that count at a time"},
};
inline constexpr Field k_verify_outputs[] = {
    {"matches", k_boolean, true, false, {}, "whether nothing differs"}, {"differences", k_texts, true, false, {}, "one sentence each"}, {"tables", k_integer, true, false, {}, "how many"}, {"rows", k_integer, true, false, {}, "of all tables"}, {"objects", k_map, true, false, {}, "kind: number"}, k_took,
};
inline constexpr Action k_verify{"verify", "Compare a database with what a backup recorded: the rows of every table, its hash where one was recorded, constraints, indexes and extensions",
                                 k_verify_inputs, k_verify_outputs, Read{.read = read_verify, .touches = touches_database}};

inline constexpr Field k_restore_inputs[] = {
    k_target, k_database, k_backup,
    {"as", k_text, false, false, {}, "the name of the new database; without it, DATABASE_restore_ and eight digits of this step"},
    {"kind", k_text, false, false, "restore", "`restore` or `scratch`: the middle part of that name"},
    {"state", k_text, false, false, "present", "`absent` takes it away again"},
    {"jobs", k_integer, false, false, "2", "tables and indexes restored at a time"},
    {"workspace", k_text, false, false, {}, "folder for the decompressed copy; without it, the one that the backup stands in"},
    k_tools,
};
inline constexpr Field k_restore_outputs[] = {
    {"database", k_text, true, false, {}, "its name"}, {"backup", k_text, false, false, {}, "the id of the backup"}, {"bytes", k_integer, false, false, {}, "restored, uncompressed"}, {"taken", k_timestamp, false, false, {}, "the recovery point"}, k_took, k_warnings,
};
inline constexpr Action k_restore{"restore", "Restore a backup into a new database beside the one it is of; a damaged backup is refused before anything is made",
                                  k_restore_inputs, k_restore_outputs,
                                  Change{.effect = Effect::adds, .repeat = Repeat::same_state, .observe = observe_restore, .prepare = prepare_restore, .perform = perform_restore,
                                         .judge = judge_restore, .undo = undo_restore, .standing = standing_restore, .touches = touches_restore, .lateness = std::chrono::seconds(2)}};

inline constexpr Field k_swap_inputs[] = {
    k_target, k_database,
    {"from", k_text, true, false, {}, "the database that takes its place; empty: none"},
    {"keep_as", k_text, false, false, {}, "the name under which the present one is kept; without it, DATABASE_before_YYYYMMDD_HHMMSS"},
    {"remark", k_text, false, false, {}, "the comment that the present one gets as it is put aside: the mark of a copy that goes back to what it was"},
};
inline constexpr Field k_swap_outputs[] = {{"database", k_text, true, false, {}, "its name"}, {"kept", k_text, true, false, {}, "ids"}, {"from", k_text, true, false, {}, "the name that it had"}, {"ended", k_integer, false, false, {}, "connections that were ended"}};
inline constexpr Action k_swap{"swap", "Put another database in this one's place: both are renamed in one transaction, connections are ended, the former is kept and takes no connections",
                               k_swap_inputs, k_swap_outputs,
                               Change{.effect = Effect::changes, .repeat = Repeat::conditional, .observe = observe_swap, .prepare = prepare_swap, .perform = perform_swap,
                                      .judge = judge_swap, .undo = undo_swap, .standing = standing_swap, .touches = touches_swap}};

inline constexpr Field k_in_place_inputs[] = {k_target, k_database, k_backup, k_tools};
inline constexpr Field k_in_place_outputs[] = {{"database", k_text, true, false, {}, "its name"}, {"backup", k_text, true, false, {}, "the id of the backup"}, k_took, k_warnings};
inline constexpr Action k_in_place{"restore-in-place", "Overwrite a database with a backup in one transaction: all of it or nothing; tables that are newer than the backup stay",
                                   k_in_place_inputs, k_in_place_outputs,
                                   Change{.effect = Effect::destroys, .repeat = Repeat::once, .observe = observe_in_place, .prepare = prepare_in_place, .perform = perform_in_place,
                                          .touches = touches_database}};

inline constexpr Action k_fill{"fill", "Restore a backup into a database that is empty, in one transaction; what is restored belongs to who restores it", k_in_place_inputs, k_in_place_outputs,
                               Change{.effect = Effect::adds, .repeat = Repeat::same_state, .observe = observe_fill, .prepare = prepare_fill, .perform = perform_in_place, .judge = judge_fill,
                                      .touches = touches_database, .lateness = std::chrono::seconds(5)}};

inline constexpr Field k_drop_copy_inputs[] = {k_target, {"database", k_text, true, false, {}, "a copy that postgres.restore made: NAME_scratch_… or NAME_restore_…"}};
inline constexpr Field k_drop_copy_outputs[] = {{"database", k_text, true, false, {}, "its name"}, {"dropped", k_boolean, false, false, {}, "what was dropped"}};
/// It takes away only what a run of belay made beside the database, so nothing of the user's changes.
inline constexpr Action k_drop_copy{"drop-copy", "Drop a copy that postgres.restore made; any other database is refused", k_drop_copy_inputs, k_drop_copy_outputs,
                                    Change{.effect = Effect::adds, .repeat = Repeat::same_state, .observe = observe_drop_copy, .prepare = prepare_drop_copy,
                                           .perform = perform_drop_copy, .judge = judge_drop_copy, .touches = touches_database, .lateness = std::chrono::seconds(2)}};

inline constexpr Field k_prune_old_inputs[] = {
    k_target, k_database,
    {"older_than", k_duration, false, false, "168h", "how long a database that a restore replaced is kept"},
    {"folder", k_text, false, false, {}, "the folder of this service's backups in this environment: what dumps and restores that died left there is removed too"},
};
inline constexpr Field k_prune_old_outputs[] = {{"dropped", k_texts, true, false, {}, "what was dropped"}, {"removed", k_texts, true, false, {}, "ids"}, {"kept", k_texts, true, false, {}, "ids"}};
inline constexpr Action k_prune_old{"prune-old", "Drop databases that a restore replaced long ago, and what restores and dumps that died left behind", k_prune_old_inputs,
                                    k_prune_old_outputs,
                                    Change{.effect = Effect::destroys, .repeat = Repeat::same_state, .observe = observe_prune_old, .prepare = prepare_prune_old,
                                           .perform = perform_prune_old, .judge = judge_prune_old, .touches = touches_prune_old, .lateness = std::chrono::seconds(2)}};

} // namespace belay::modules::postgres_backup
