#pragma once
#include "modules/cloud_sql_parts.hpp"

/// Instances that a run makes beside another to look into a backup, and takes away again.
namespace belay::modules::cloud_sql {

Expected<Value> observe_delete_copy(const Call&, const Value& handle, const Reads&);
Intent prepare_delete_copy(const Value& in, const Value& seen, const Identity&);
Outcome judge_delete_copy(const Intent&, const Value& seen, const Value& now);

inline constexpr Field k_delete_copy_in[] = {
    k_project,
    k_instance,
    {.name = "of", .type = k_text, .help = "the instance beside which this run made it; its name has to be that one's, a dash and the last part of this run's id"},
};
inline constexpr Field k_delete_copy_out[] = {{.name = "instance", .type = k_text, .help = "its name"}};
/// It takes away only what this run made, so nothing of the user's changes.
inline constexpr Action k_delete_copy{"delete-copy", "Deletes an instance that this run made beside another; any other is refused", k_delete_copy_in, k_delete_copy_out,
                                      Change{.effect = Effect::adds, .repeat = Repeat::same_state, .observe = observe_delete_copy, .prepare = prepare_delete_copy, .perform = send,
                                             .judge = judge_delete_copy, .touches = touches, .lateness = std::chrono::seconds(60)}};

} // namespace belay::modules::cloud_sql
