#pragma once
#include "belay/ports.hpp"
#include "clients/backup_manifest.hpp"

namespace belay {

/// What a census looks at. `snapshot`: an exported snapshot's name, empty for the database as it is now; `name`: what its
/// sessions call themselves; `sessions`: how many count at a time, largest tables first.
struct CensusOrder {
  std::string snapshot, name;
  bool hashes = false;
  unsigned sessions = 1;
  int server = 0; ///< server_version_num
};

/// Counts the rows of every table that a dump holds data of, and the constraints, indexes and other objects beside them. Row
/// security is off: where the role may not see all rows this fails rather than count fewer.
Expected<Census> take_census(SqlReads&, const Value& target, const CensusOrder&, const Stop&);

/// Rows of all tables together.
std::int64_t total_rows(const Census&);

} // namespace belay
