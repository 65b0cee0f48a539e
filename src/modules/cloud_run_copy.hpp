#pragma once
#include "modules/cloud_run_template.hpp"

/// A service beside another, to try something on: made like the one that serves, and taken away again. It bears a label that says whose copy it is.
namespace belay::modules::cloud_run {

std::vector<std::string> touches_copy(const Value& in);
std::vector<std::string> touches_deleted_copy(const Value& in);

/// {copy: the service of that name (null: there is none), template: of the revision that serves `service`, ingress}
Expected<Value> observe_copy(const Call&, const Value& handle, const Reads&);
Intent prepare_copy(const Value& in, const Value& seen, const Identity&);
Outcome judge_copy(const Intent&, const Value& seen, const Value& now);

/// {copy: the service, null where there is none}
Expected<Value> observe_delete_copy(const Call&, const Value& handle, const Reads&);
Intent prepare_delete_copy(const Value& in, const Value& seen, const Identity&);
Outcome judge_delete_copy(const Intent&, const Value& seen, const Value& now);

/// Both answer with an operation, which is followed.
Outcome answer_copy(const Intent&, const Expected<Answer>&);

} // namespace belay::modules::cloud_run
