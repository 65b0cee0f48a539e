#pragma once
#include "clients/gcp/proto_json.hpp"
#include "clients/gcp/rest.hpp"
#include "modules/inputs.hpp"

/// What the actions of module `storage` share. Inputs name {bucket, object}.
namespace belay::modules::storage_parts {

/// `https://storage.googleapis.com/storage/v1/b/BUCKET` + `path`.
Value bucket_url(const Value& in, const std::vector<Value>& path = {});
Value object_url(const Value& in, const std::vector<Value>& query = {});
/// Whether gcloud would take the object's name for a pattern, which may mean others too: it has no way to write such a name.
bool is_pattern(const Value& in);
std::vector<std::string> touches(const Value& in);
std::vector<std::string> touches_bucket(const Value& in);
std::vector<std::string> touches_put(const Value& in); ///< what it looks at: the object, and the file where there is one
/// {generation, size, crc32c, updated, type}; null where there is no such object.
Expected<Value> read_object(const Call&, const Reads&);

Outcome read_stat(const Call&, const Reads&);
Outcome read_list(const Call&, const Reads&);
Outcome read_get(const Call&, const Reads&);

Expected<Value> observe_put(const Call&, const Value& handle, const Reads&);
Intent prepare_put(const Value& in, const Value& seen, const Identity&);
Outcome perform_put(const Intent&, const Call&, Ports&);
Outcome judge_put(const Intent&, const Value& seen, const Value& now);

Expected<Value> observe_fetch(const Call&, const Value& handle, const Reads&);
Intent prepare_fetch(const Value& in, const Value& seen, const Identity&);
Outcome perform_fetch(const Intent&, const Call&, Ports&);
Outcome judge_fetch(const Intent&, const Value& seen, const Value& now);
std::vector<std::string> touches_fetch(const Value& in);

Expected<Value> observe_delete(const Call&, const Value& handle, const Reads&);
Intent prepare_delete(const Value& in, const Value& seen, const Identity&);
Outcome answer_delete(const Intent&, const Expected<Answer>&);
Outcome judge_delete(const Intent&, const Value& seen, const Value& now);

Expected<Value> observe_bucket(const Call&, const Value& handle, const Reads&);
Intent prepare_bucket(const Value& in, const Value& seen, const Identity&);
Outcome judge_bucket(const Intent&, const Value& seen, const Value& now);

} // namespace belay::modules::storage_parts
