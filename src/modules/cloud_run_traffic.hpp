#pragma once
#include "modules/cloud_run_service.hpp"

/// A service's traffic: who gets which share, and which revision has an address of its own.
namespace belay::modules::cloud_run {

inline constexpr std::string_view k_latest = "LATEST"; ///< of a split: whatever revision is the latest that is ready, from then on too

using Split = std::vector<std::pair<std::string, std::int64_t>>; ///< revision (or LATEST) → percent
using Tags = std::vector<std::pair<std::string, std::string>>;   ///< tag → revision (or LATEST)

Tags wanted_tags(const Value& service); ///< as the service asks for them, LATEST kept
Split asked_split(const Value& service); ///< as the service asks for it, LATEST kept
bool asks_for(const Value& service, Split, Tags); ///< whether the service asks for this, whatever is in effect yet
/// The API's list: shares first, then each tag without one.
Value traffic_entries(const Split&, const Tags&);
/// Whether the traffic in effect is this.
bool holds(const Value& service, const Split&, const Tags&);
/// `{revision: percent}`.
Value split_value(const Split&);

Intent prepare_traffic(const Value& in, const Value& seen, const Identity&);
Outcome answer_traffic(const Intent&, const Expected<Answer>&);
Outcome judge_traffic(const Intent&, const Value& seen, const Value& now);
/// Of the traffic alone: other settings that somebody changed are not written over by an undo.
Standing standing_traffic(const Intent&, const Value& seen, const Value& outputs, const Value& now);
Value undo_traffic(const Intent&, const Value& seen, const Value& outputs);

} // namespace belay::modules::cloud_run
