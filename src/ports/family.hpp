#pragma once
#include "ports/process_table.hpp"
#include <set>
#include <utility>
#include <vector>

namespace belay {

/// A child with all that descends from it, also what left its process group (job control, `timeout`, `setsid`) and was seen while its parents lived.
class Family {
public:
  explicit Family(pid_t leader) : m_leader(leader) {}
  /// Everything alive that belongs to it by group or descent, after another look at the process table.
  std::vector<pid_t> look();
  void signal(int signal); ///< to all of it, the group at once

private:
  pid_t m_leader;
  std::set<std::pair<pid_t, std::uint64_t>> m_known; ///< outlives the links to the parents
};

/// Everything that descends from a process, itself not included; zombies are left out.
std::vector<pid_t> descendants(pid_t of);

} // namespace belay
