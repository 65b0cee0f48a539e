#pragma once
#include "state/incident.hpp"

/// Incidents in a store.
namespace belay::incidents {

/// Opens it under the next free id of its day; `opened.id` is ignored. Two that open at once get two ids.
Expected<Incident> open(Store& store, Opened opened);
/// `missing` with the nearest ids.
Expected<Incident> read(Store& store, const std::string& id);
/// Adds a fact, unless `refusal` speaks against it as things stand at that moment. Gives the incident with it.
Expected<Incident> add(Store& store, const std::string& id, const Fact& fact);
/// Those that are going on, newest first; an empty service or environment means any.
Expected<std::vector<Incident>> going_on(Store& store, const std::string& service, const std::string& environment);

/// Where a run added itself.
struct Attached {
  std::vector<std::string> ids; ///< empty: nothing is open
  std::string note;             ///< one sentence for a person where there are several; else empty
};
/// Adds a run to what is open for its service and environment: to each, where there are several, since none can be ruled out.
Expected<Attached> attach_run(Store& store, const std::string& service, const std::string& environment, const RunAttached& run);

} // namespace belay::incidents
