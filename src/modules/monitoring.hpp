#pragma once
#include "clients/gcp/proto_json.hpp"
#include "clients/gcp/rest.hpp"
#include "modules/probing.hpp"

/// What the actions of module `monitoring` share.
namespace belay::modules::monitoring {

std::vector<std::string> touches(const Value& in);
Outcome read_series(const Call&, const Reads&);
Outcome read_counts(const Call&, const Reads&);

Expected<Value> observe_policy(const Call&, const Value& handle, const Reads&);
Intent prepare_policy(const Value& in, const Value& seen, const Identity&);
Outcome answer_policy(const Intent&, const Expected<Answer>&);
Outcome judge_policy(const Intent&, const Value& seen, const Value& now);
std::vector<std::string> touches_policy(const Value& in);

} // namespace belay::modules::monitoring
