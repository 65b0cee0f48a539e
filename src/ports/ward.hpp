#pragma once
#include "ports/family.hpp"
#include "ports/fd.hpp"
#include "ports/guard_wire.hpp"
#include <chrono>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace belay {

/// One child as its guard sees it: asked for, running, exited but with processes of its group left, gone.
class Ward {
public:
  using Clock = std::chrono::steady_clock;

  Ward(Fd socket, std::uint8_t streams, std::vector<Fd> fds) : m_socket(std::move(socket)), m_streams(streams), m_fds(std::move(fds)) {}

  int socket() const { return m_given_up ? -1 : m_socket.get(); }
  pid_t pid() const { return m_pid; }
  void hear();                   ///< reads what belay sent: the request, orders, or the end of its interest
  void left(int wait_status);    ///< its leader was reaped
  void look(Clock::time_point);  ///< ends what is due
  std::optional<Clock::time_point> next_look() const;
  bool finished() const { return m_finished; } ///< nothing of it is left and nobody waits for it
  void remove_private_files() const;

private:
  void spawn(const SpawnRequest&);
  void end(std::chrono::milliseconds grace);
  void look_for_the_rest(Clock::time_point);
  void report(GuardReport::What, int value);

  Fd m_socket;
  std::uint8_t m_streams;
  std::vector<Fd> m_fds;
  std::string m_arrived;
  std::vector<std::string> m_private_files;
  pid_t m_pid = 0;
  bool m_exited = false, m_given_up = false, m_finished = false;
  std::optional<Family> m_family; ///< looked up once there is something to end
  std::optional<Clock::time_point> m_linger_until, m_kill_at, m_killed_since;
  int m_left_behind = 0;
};

} // namespace belay
