#include "cli/commands.hpp"

namespace belay::cli {

std::span<const Command> commands() {
  static constexpr Command k_commands[] = {
      {"deploy", "Procedures", "Put a version of a service into an environment", add_deploy},
      {"rollback", "Procedures", "Go back to a release that served and was healthy", add_rollback},
      {"backup", "Procedures", "Make, prove, list and prune backups", add_backup},
      {"restore", "Procedures", "Bring a database back from a backup", add_restore},
      {"health", "Procedures", "Ask every endpoint and judge the answers", add_health},
      {"diagnose", "Procedures", "Gather what bears on a symptom, and say what to do next", add_diagnose},
      {"run", "Procedures", "Run any runbook", add_run},
      {"incident", "Record", "Keep the record of an incident", add_incident},
      {"runs", "Record", "Look at runs, answer, resume and settle them", add_runs},
      {"runbook", "Look up", "List, show and check runbooks", add_runbook},
      {"service", "Look up", "List, show and check services, and what serves", add_service},
      {"expr", "Look up", "Evaluate one expression, to try a condition", add_expr},
      {"doctor", "Look up", "Say what this machine has and lacks", add_doctor},
      {"help", "Look up", "Explain a topic: exit-codes, files, language, errors …", add_help},
      {"completion", "Look up", "Print the completion script of a shell", add_completion},
      {"__complete", "", "", add_complete},
  };
  return k_commands;
}

} // namespace belay::cli
