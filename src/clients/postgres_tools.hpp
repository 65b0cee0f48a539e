#pragma once
#include "belay/ports.hpp"

namespace belay {

/// A program of PostgreSQL. `version`: as server_version_num counts, 150020.
struct PostgresTool {
  std::string path;
  int version = 0;
};

/// The program `name` (`pg_dump`, `pg_restore`) of the lowest installed major version from `major` up, taken from `folder` where
/// one is given, else from where distributions put them, else from PATH. Wrappers that choose a version themselves are passed over.
Expected<PostgresTool> find_postgres_tool(const Reads&, const std::string& name, int major, const std::string& folder, const Stop&);

/// What `pg_dump --version` prints → 150020; 0 when it is something else.
int tool_version(std::string_view printed);
/// 150020 → `15.20`; 90624 → `9.6.24`.
std::string version_text(int version);

/// Why a dump should not be restored with a client of that version, empty where nothing is known: CVE-2025-8714 and 8715 let a dump
/// run code on the machine that restores it.
std::string client_warning(int version);

} // namespace belay
