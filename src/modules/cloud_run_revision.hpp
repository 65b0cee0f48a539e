#pragma once
#include "modules/cloud_run_template.hpp"

/// Changes that make a new revision. Its name is told before it is made; the traffic that it gets is always written, never inherited.
namespace belay::modules::cloud_run {

Intent prepare_deploy(const Value& in, const Value& seen, const Identity&);  ///< from the service's own template
Intent prepare_update(const Value& in, const Value& seen, const Identity&);  ///< from the revision that serves: after a rollback the template is the bad one's
Intent prepare_restart(const Value& in, const Value& seen, const Identity&); ///< the same again
Outcome answer_revision(const Intent&, const Expected<Answer>&);
Outcome judge_revision(const Intent&, const Value& seen, const Value& now);
/// As left while the new revision is the service's latest and the traffic as it was asked for.
Standing standing_revision(const Intent&, const Value& seen, const Value& outputs, const Value& now);
/// The traffic as it was, to revisions by name, the new one marked as bad. A service that was created stays.
Value undo_revision(const Intent&, const Value& seen, const Value& outputs);

} // namespace belay::modules::cloud_run
