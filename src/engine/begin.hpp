#pragma once
#include "engine/session.hpp"

namespace belay::engine {

/// A new run's name: the time and five letters and digits that tell two of one second apart.
std::string new_run_id(const World&);

/// The outer names of expressions, and the versions of the secrets in them (`name` → version).
struct Names {
  Value base, versions;
};
/// Resolves the secrets that are used; teaches them to the redactor. `offline`: they are unknown instead. `params` are final.
Expected<Names> names_of(const World&, const std::optional<Service>&, const Value& params, const std::set<std::string>& references, const Value& run, bool offline, const Stop&, Redactor*,
                         const Value& pinned = {});

/// What a run pins of its service, and back.
Value pinned_settings(const std::optional<Service>&);
std::optional<Service> service_of(const fact::RunStarted&);

/// Takes the claim, or says who has it and what to do (exit 5); nothing: taken, or none is wanted.
std::optional<Finished> claimed(Session&, Duration wait, const std::string& preempt);

/// Steps that `--from` and `--only` leave out though others need them, and names that are no step. Empty: fine.
std::string wrong_choice(const Runbook&, const std::string& from, const std::string& only, Catalog);

} // namespace belay::engine
