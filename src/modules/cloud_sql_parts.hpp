#pragma once
#include "clients/gcp/operation.hpp"
#include "clients/gcp/proto_json.hpp"
#include "modules/inputs.hpp"

/// What the actions of module `cloud-sql` share. Inputs name {project, instance}. An instance does one thing at a time: what is refused because
/// something else is under way waits for that to end, and is sent again.
namespace belay::modules::cloud_sql {

/// `https://sqladmin.googleapis.com/v1/projects/PROJECT` + `path`.
Value project_url(const Value& in, const std::vector<Value>& path);
Value instance_url(const Value& in, const std::vector<Value>& path = {});
std::vector<std::string> touches(const Value& in);

/// The instance; one that is not there fails with the nearest names.
Expected<Value> read_instance(const Call&, const Reads&);
/// The newest operations of the instance: [{name, type, status, uri, backup}].
Expected<Value> read_operations(const Call&, const Reads&);

/// {instance, operations}; with a handle {operation, age}.
Expected<Value> observe(const Call&, const Value& handle, const Reads&);
/// The same without the instance.
Expected<Value> observe_operations(const Call&, const Value& handle, const Reads&);

/// Sends the intent's request; while the instance refuses it because of another operation, waits for that one.
Outcome send(const Intent&, const Call&, Ports&);
/// Of an operation that is followed: its end. Of a lost answer: an operation of `extra.type` (and to `extra.uri`) that was not there before is ours.
Outcome judge(const Intent&, const Value& seen, const Value& now);
/// Of a lost answer only.
Outcome judge_lost(const Intent&, const Value& seen, const Value& now);

/// The intent of a request at the instance that starts an operation of `type`.
Intent intent_of(const Value& in, std::string method, Value url, Value body, std::string_view type);

inline constexpr Field k_project{.name = "project", .type = k_text, .help = "the Google Cloud project"};
inline constexpr Field k_instance{.name = "instance", .type = k_text, .help = "the instance's name"};

} // namespace belay::modules::cloud_sql
