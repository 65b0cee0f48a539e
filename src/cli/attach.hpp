#pragma once
#include "cli/context.hpp"

namespace belay::cli {

/// Adds a run to the open incident of its service; says so when there are two. Never fails the command.
void attach_to_incident(const std::string& service, const std::string& environment, const engine::Finished&, const std::string& what, Context&);
inline void attach_to_incident(const Service& service, const engine::Finished& finished, const std::string& what, Context& c) { attach_to_incident(service.name, service.environment, finished, what, c); }

} // namespace belay::cli
