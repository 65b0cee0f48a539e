#pragma once
#include "cli/flags.hpp"
#include <span>
#include <string_view>

namespace belay::cli {

/// A row of the table of commands: `add` declares the options and what runs.
struct Command {
  std::string_view name, group, summary;
  void (*add)(Flags&);
};

/// Every command, in the order of the help. A new one is a file, its test, and a row here.
std::span<const Command> commands();

void add_deploy(Flags&);
void add_rollback(Flags&);
void add_backup(Flags&);
void add_restore(Flags&);
void add_health(Flags&);
void add_diagnose(Flags&);
void add_run(Flags&);
void add_runbook(Flags&);
void add_runs(Flags&);
void add_service(Flags&);
void add_incident(Flags&);
void add_expr(Flags&);
void add_doctor(Flags&);
void add_help(Flags&);
void add_completion(Flags&);
void add_complete(Flags&);

} // namespace belay::cli
