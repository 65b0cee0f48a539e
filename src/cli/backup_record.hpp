#pragma once
#include "cli/context.hpp"
#include "state/backup_catalogue.hpp"

namespace belay::cli {

/// Notes in `backup/SERVICE` what a run of a backup or restore procedure came to: created, verified, drilled, restored, failures of a proof
/// included. The folder of backups says what exists; this says what was ever shown of it. Never fails the command.
void record_backup(const Runbook&, const Service&, const engine::Finished&, Duration took, Context&);

/// The backups that were made and not removed by belay, newest first, as `backup list` has them; from the record alone, the folder is not looked at.
Value recorded_backups(const std::string& service, const std::string& environment, Context&);

/// What was noted of one backup, for `backup show`: {created, verified: {ok, at, run, seconds, details}, drilled: {…}, restored}; null where nothing was.
Value backup_history(const std::string& service, const std::string& id, Context&);

} // namespace belay::cli
