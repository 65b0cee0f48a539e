#pragma once
#include "modules/cloud_run_service.hpp"

/// Who may call a service: its IAM policy, read, changed and written under its etag.
namespace belay::modules::cloud_run {

Expected<Value> observe_access(const Call&, const Value& handle, const Reads&);
Intent prepare_access(const Value& in, const Value& seen, const Identity&);
Outcome answer_access(const Intent&, const Expected<Answer>&);
Outcome judge_access(const Intent&, const Value& seen, const Value& now);
Standing standing_access(const Intent&, const Value& seen, const Value& outputs, const Value& now);
Value undo_access(const Intent&, const Value& seen, const Value& outputs);

} // namespace belay::modules::cloud_run
