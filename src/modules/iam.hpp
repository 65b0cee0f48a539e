#pragma once
#include "clients/gcp/proto_json.hpp"
#include "clients/gcp/rest.hpp"
#include "modules/inputs.hpp"

/// What the actions of module `iam` do.
namespace belay::modules::iam_parts {

/// `NAME@PROJECT.iam.gserviceaccount.com` of an account that is named without its domain.
Value address(const Value& in);
std::vector<std::string> touches_account(const Value& in);
std::vector<std::string> touches_policy(const Value& in);

Expected<Value> observe_account(const Call&, const Value& handle, const Reads&);
Intent prepare_account(const Value& in, const Value& seen, const Identity&);
Outcome answer_done(const Intent&, const Expected<Answer>&);
Outcome judge_account(const Intent&, const Value& seen, const Value& now);

Outcome read_keys(const Call&, const Reads&);
Expected<Value> observe_keys(const Call&, const Value& handle, const Reads&);
Intent prepare_key_create(const Value& in, const Value& seen, const Identity&);
Outcome perform_key_create(const Intent&, const Call&, Ports&);
Outcome judge_key_create(const Intent&, const Value& seen, const Value& now);
Intent prepare_key(const Value& in, const Value& seen, const Identity&);
Outcome judge_key(const Intent&, const Value& seen, const Value& now);
Value undo_key(const Intent&, const Value& seen, const Value& outputs);
Standing standing_key(const Intent&, const Value& seen, const Value& outputs, const Value& now);
Intent prepare_key_delete(const Value& in, const Value& seen, const Identity&);
Outcome answer_key_delete(const Intent&, const Expected<Answer>&);
Outcome judge_key_delete(const Intent&, const Value& seen, const Value& now);

Outcome read_policy(const Call&, const Reads&);
Expected<Value> observe_policy(const Call&, const Value& handle, const Reads&);
Intent prepare_binding(const Value& in, const Value& seen, const Identity&);
Outcome judge_binding(const Intent&, const Value& seen, const Value& now);
Value undo_binding(const Intent&, const Value& seen, const Value& outputs);
Standing standing_binding(const Intent&, const Value& seen, const Value& outputs, const Value& now);

} // namespace belay::modules::iam_parts
