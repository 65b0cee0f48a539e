#pragma once
#include "clients/gcp/proto_json.hpp"
#include "clients/gcp/rest.hpp"
#include "modules/inputs.hpp"

/// What the actions of module `secret-manager` share. Inputs name {project, secret}.
namespace belay::modules::secret_manager {

/// `https://secretmanager.googleapis.com/v1/projects/PROJECT/secrets` + `path`.
Value secrets_url(const Value& in, const std::vector<Value>& path = {});
Value secret_url(const Value& in, const std::vector<Value>& path = {});
std::vector<std::string> touches(const Value& in);
/// Of a version as the API describes it: {version, state, created}.
Value version_shown(const Value& version);
/// All versions of a secret, newest first; a secret that is not there fails with the nearest names.
Expected<Value> read_versions(const Call&, const Reads&);

Outcome read_list(const Call&, const Reads&);
Outcome read_versions_list(const Call&, const Reads&);
Outcome read_access(const Call&, const Reads&);

Expected<Value> observe_create(const Call&, const Value& handle, const Reads&);
Intent prepare_create(const Value& in, const Value& seen, const Identity&);
Outcome judge_create(const Intent&, const Value& seen, const Value& now);

Expected<Value> observe_add(const Call&, const Value& handle, const Reads&);
Intent prepare_add(const Value& in, const Value& seen, const Identity&);
/// The gcloud command that adds what it reads as a version of `in`'s secret.
std::string add_command(const Value& in);
Outcome answer_add(const Intent&, const Expected<Answer>&);
Outcome judge_add(const Intent&, const Value& seen, const Value& now);

Intent prepare_mint(const Value& in, const Value& seen, const Identity&);
Outcome perform_mint(const Intent&, const Call&, Ports&);

Expected<Value> observe_version(const Call&, const Value& handle, const Reads&);
Intent prepare_version(const Value& in, const Value& seen, const Identity&);
Outcome answer_version(const Intent&, const Expected<Answer>&);
Outcome judge_version(const Intent&, const Value& seen, const Value& now);
Value undo_version(const Intent&, const Value& seen, const Value& outputs);
Standing standing_version(const Intent&, const Value& seen, const Value& outputs, const Value& now);

} // namespace belay::modules::secret_manager
