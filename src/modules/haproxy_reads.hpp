#pragma once
#include "belay/action.hpp"
#include "modules/haproxy_text.hpp"

/// What HAProxy is asked, for its actions.
namespace belay::modules::haproxy_reads {

/// `socket`: a path, or `unix:/path`, or `tcp:host:port`.
Value address(const Value& socket);
/// The backend's servers; a failure names the socket, and an unknown backend the ones that there are.
Expected<std::vector<haproxy_text::Server>> servers(const Value& socket, const std::string& backend, const Call&, const Reads&);
Expected<std::vector<haproxy_text::Row>> rows(const Value& socket, const Call&, const Reads&);

Outcome read_servers(const Call&, const Reads&);
Outcome read_counters(const Call&, const Reads&);

} // namespace belay::modules::haproxy_reads
