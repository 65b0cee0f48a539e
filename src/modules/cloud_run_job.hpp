#pragma once
#include "modules/cloud_run_service.hpp"

/// Jobs: what runs to its end, such as a migration. `seen`: {job, executions: [names], execution: the one that is followed}.
namespace belay::modules::cloud_run {

std::vector<std::string> touches_job(const Value& in);
Expected<Value> observe_job(const Call&, const Value& handle, const Reads&);

Intent prepare_job_image(const Value& in, const Value& seen, const Identity&);
Outcome answer_job_image(const Intent&, const Expected<Answer>&);
Outcome judge_job_image(const Intent&, const Value& seen, const Value& now);
Standing standing_job_image(const Intent&, const Value& seen, const Value& outputs, const Value& now);
Value undo_job_image(const Intent&, const Value& seen, const Value& outputs);

/// The execution's name is the handle that it is followed by. A lost answer is told by the one execution that was not there before.
Intent prepare_job_run(const Value& in, const Value& seen, const Identity&);
Outcome answer_job_run(const Intent&, const Expected<Answer>&);
Outcome judge_job_run(const Intent&, const Value& seen, const Value& now);

} // namespace belay::modules::cloud_run
