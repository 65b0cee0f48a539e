#pragma once
#include "modules/cloud_run_service.hpp"

namespace belay::modules::cloud_run {

Outcome read_describe(const Call&, const Reads&);
Outcome read_revisions(const Call&, const Reads&);
Outcome read_last_good(const Call&, const Reads&);
Outcome read_domain_mappings(const Call&, const Reads&); ///< v1: v2 has none

/// Which revision a rollback goes to, by what was seen. `before`: the one that is left (empty: the one with most traffic); `wanted`: named by a person.
/// Without a name: the last that served by belay's record, else the newest that is older; never one that is not ready or was left as bad.
struct Choice {
  std::string revision, why;
  std::optional<Failure> none;
};
Choice choose_last_good(const Value& seen, std::string before, const std::string& wanted);

} // namespace belay::modules::cloud_run
