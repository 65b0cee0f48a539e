#pragma once
#include "cli/context.hpp"
#include "runbook/parameters.hpp"
#include <string>
#include <utility>
#include <vector>

namespace belay::cli {

/// `--max-instances 3`, `--max-instances=3` and, for a boolean, `--force` → pairs of parameter and text, by the runbook's own
/// parameters. Throws Error(usage) with the nearest name; a word that begins with a dash is never taken for a value.
std::vector<Given> parameters_of(const Runbook&, const std::vector<std::string>& options);
/// `NAME=VALUE`, `NAME=@FILE`, `NAME=-` (standard input, a secret).
std::vector<Given> parameters_of_pairs(const std::vector<std::string>& pairs, Context&);

/// The runbook of a procedure (`deploy`, `backup/create`) for a service: by its own override, else by its platform. Throws Error(usage).
const Runbook& procedure_of(const Service&, const std::string& procedure, Context&);

/// Runs or predicts one runbook, shows it, writes its result, and adds the run to the open incident of its service.
Exit invoke(const Runbook&, const std::optional<Service>&, const std::vector<Given>&, const engine::Options&, Context&);

/// For each service in the order given, until one fails; the worst exit.
Exit invoke_for_each(const std::vector<std::string>& services, const std::string& environment, const std::string& procedure, const std::vector<std::string>& options, const std::vector<Given>& more, Context&);


/// Writes what became of a run: the last lines for a person, or the document that --output asks for.
void show_finished(const std::string& what, const engine::Finished&, Duration took, Context&);

/// The invocation of a runbook with its parameters bound; throws Error(usage).
engine::Invocation invocation_of(const Runbook&, const std::optional<Service>&, const std::vector<Given>&, const engine::Options&);
/// The environments of belay.yaml, for a hint.
std::string known_environments(const Project&);

/// Beside the exits of procedures: only the watching of something ended, which itself goes on. A shell takes it as its own ^C.
constexpr Exit k_interrupted{130};

/// Of several verdicts the one that a script must hear: 7, 9, 8, 1, 3, then 6, 5, 4, 2, 0.
Exit worst(Exit a, Exit b);

} // namespace belay::cli
