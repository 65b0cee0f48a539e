#pragma once
#include "belay/action.hpp"

/// What the actions of module `compute` do.
namespace belay::modules::compute_parts {

Outcome read_connector(const Call&, const Reads&);
std::vector<std::string> touches_connector(const Value& in);
Expected<Value> observe_connector(const Call&, const Value& handle, const Reads&);
Intent prepare_connector(const Value& in, const Value& seen, const Identity&);
Outcome judge_connector(const Intent&, const Value& seen, const Value& now);
Value undo_connector(const Intent&, const Value& seen, const Value& outputs);
Standing standing_connector(const Intent&, const Value& seen, const Value& outputs, const Value& now);

Outcome read_firewalls(const Call&, const Reads&);
std::vector<std::string> touches_firewalls(const Value& in);
Expected<Value> observe_firewall(const Call&, const Value& handle, const Reads&);
Intent prepare_firewall(const Value& in, const Value& seen, const Identity&);
Outcome judge_firewall(const Intent&, const Value& seen, const Value& now);
Value undo_firewall(const Intent&, const Value& seen, const Value& outputs);
Standing standing_firewall(const Intent&, const Value& seen, const Value& outputs, const Value& now);

} // namespace belay::modules::compute_parts
