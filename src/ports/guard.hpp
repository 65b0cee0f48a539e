#pragma once
#include "belay/error.hpp"
#include "belay/stop.hpp"
#include "ports/fd.hpp"
#include "ports/guard_wire.hpp"
#include <mutex>
#include <sys/types.h>
#include <vector>

namespace belay {

/// One process per run that starts every child, knows all that descend from them, and ends them when belay is gone: also
/// when belay had no time to do anything (SIGKILL). It is this executable again, started with the first child.
/// Threads share one guard.
class Guard {
public:
  struct Started {
    Fd socket; ///< carries GuardReports and GuardOrders; closing it ends the child
    pid_t pid = 0;
    int guard = -1; ///< which guard: its socket
  };

  Guard() = default;
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard(); ///< waits until the guard has ended whatever is left

  /// That guard closed a child's socket without a word, so it is dead or dying; the next child gets another one.
  void lost(int guard);
  /// Streams of -1 are /dev/null for the child. Returns once the program runs.
  Expected<Started> start(const SpawnRequest&, int input, int output, int errors);

private:
  Expected<int> socket();
  Expected<void> start_guard();
  void wait_for_guard();

  std::mutex m_mutex;
  Fd m_socket;
  pid_t m_pid = 0;
  std::vector<Fd> m_old; ///< sockets of guards that died: a thread may still hold their number
};

} // namespace belay
