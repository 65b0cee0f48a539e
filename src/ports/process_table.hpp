#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace belay {

/// One row of /proc/PID/stat. `started`: clock ticks since boot; with the pid it names a process for ever (proc(5), fields 1, 3, 4, 5, 22).
struct ProcessRow {
  pid_t pid = 0, parent = 0, group = 0;
  char state = '?';
  std::uint64_t started = 0;
};

std::optional<ProcessRow> parse_process_row(const std::string& stat_line);
std::optional<ProcessRow> process_row(pid_t pid); ///< nothing when there is no such process
std::vector<ProcessRow> process_rows();           ///< all that can be seen
std::string boot_id();                            ///< empty where the kernel tells none

} // namespace belay
