#pragma once
#include "clients/gcp/proto_json.hpp"
#include "clients/gcp/rest.hpp"
#include "modules/inputs.hpp"

/// A Cloud Run service as the v2 API tells of it. `seen` is what `observe` gave: {service (null: there is none), revisions: [newest first],
/// log: [lines of a revision that did not become ready]}.
namespace belay::modules::cloud_run {

/// Inputs {project, region, service} as part of an address, and as what an action touches.
Value service_path(const Value& in);
Value service_url(const Value& in);
std::vector<std::string> touches(const Value& in);

/// With a handle (an operation) its end is waited for first, some seconds at most; then the service is looked at, not the operation: what is in
/// effect decides.
Expected<Value> observe(const Call&, const Value& handle, const Reads&);
/// As `observe`; a service that is not there fails with the nearest names.
Expected<Value> observe_existing(const Call&, const Value& handle, const Reads&);
Expected<Value> read_service(const Call&, const Reads&);

std::string short_name(const Value& resource); ///< the last part of a resource's name; empty of null
/// Revision → percent of the traffic in effect, largest first; those with none are left out.
std::vector<std::pair<std::string, std::int64_t>> serving(const Value& service);
/// Tag → the revision that it stands for in effect.
std::vector<std::pair<std::string, std::string>> tags(const Value& service);
std::string tag_url(const Value& service, std::string_view tag);
const Value* find_revision(const Value& revisions, std::string_view name); ///< nullptr: there is none
bool is_ready(const Value& revision);
/// What a service's or revision's conditions complain of; empty where they do not.
std::string complaint(const Value& resource);
std::vector<std::string> names_of(const Value& revisions);
std::string shown_split(const std::vector<std::pair<std::string, std::int64_t>>&); ///< `a 90 %, b 10 %`

/// What belay keeps of a service's past, in its annotations: revisions that served (newest last) and those that were left as bad.
struct Record {
  std::vector<std::string> served, left;
};
Record record_of(const Value& service);
/// The service's annotations with what serves now written down, and `left` as bad; a revision that is given traffic on purpose is no longer bad.
Value recorded(const Value& service, const std::vector<std::string>& left, const std::vector<std::string>& chosen);

} // namespace belay::modules::cloud_run
