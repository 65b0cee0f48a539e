#include "ports/ward.hpp"
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

namespace belay {
namespace {

using namespace std::chrono_literals;
constexpr auto k_linger = 2s;            ///< for what a child left in its group to end by itself
constexpr auto k_grace_left_behind = 2s; ///< between TERM and KILL for what did not
constexpr auto k_grace_given_up = 1s;    ///< the same when belay is gone
constexpr auto k_again = 50ms;           ///< KILL is repeated: something may have been forked meanwhile
constexpr auto k_unkillable = 10s;       ///< another user's, or stuck in the kernel: belay does not wait for ever
constexpr auto k_look = 10ms;

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (auto& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

} // namespace

void Ward::report(GuardReport::What what, int value) {
  const GuardReport one{what, value};
  if (!m_given_up) ::send(m_socket.get(), &one, sizeof one, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void Ward::hear() {
  for (;;) {
    char piece[65536];
    const ssize_t got = ::recv(m_socket.get(), piece, sizeof piece, MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (got <= 0) {
      m_given_up = true;
      if (m_pid == 0) m_finished = true;
      else end(k_grace_given_up);
      return;
    }
    m_arrived.append(piece, static_cast<std::size_t>(got));
    if (static_cast<std::size_t>(got) < sizeof piece) break;
  }
  if (m_pid == 0) {
    if (const auto request = take_request(m_arrived)) spawn(*request);
    return;
  }
  while (m_arrived.size() >= sizeof(GuardOrder)) {
    GuardOrder order;
    std::memcpy(&order, m_arrived.data(), sizeof order);
    m_arrived.erase(0, sizeof order);
    end(std::chrono::milliseconds(order.grace_milliseconds));
  }
}

void Ward::spawn(const SpawnRequest& request) {
  auto argv = request.argv, environment = request.environment;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  // Streams that were not sent stay the guard's own, which are /dev/null.
  auto fd = m_fds.begin();
  for (int stream = 0; stream < 3; ++stream)
    if ((m_streams >> stream & 1) != 0 && fd != m_fds.end()) ::posix_spawn_file_actions_adddup2(&actions, (fd++)->get(), stream);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  if (!request.folder.empty()) ::posix_spawn_file_actions_addchdir_np(&actions, request.folder.c_str());
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, request.program.c_str(), &actions, &attributes, pointers(argv).data(), pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  m_fds.clear();
  if (error != 0) {
    report(GuardReport::not_started, error);
    m_finished = true;
    return;
  }
  m_pid = pid;
  m_private_files = request.private_files;
  report(GuardReport::started, pid);
}

void Ward::end(std::chrono::milliseconds grace) {
  if (m_finished) return;
  const auto kill_at = Clock::now() + grace;
  if (m_kill_at) {
    m_kill_at = std::min(*m_kill_at, kill_at);
    return;
  }
  m_kill_at = kill_at;
  if (!m_family) m_family.emplace(m_pid);
  m_family->signal(SIGTERM);
  m_family->signal(SIGCONT); // a stopped process could not hear the first
}

void Ward::left(int wait_status) {
  m_exited = true;
  report(GuardReport::exited, wait_status);
  look(Clock::now());
}

void Ward::look_for_the_rest(Clock::time_point now) {
  const bool group_empty = ::kill(-m_pid, 0) != 0 && errno == ESRCH;
  const bool unkillable = m_killed_since && now - *m_killed_since > k_unkillable;
  if (unkillable || (group_empty && (!m_family || m_family->look().empty()))) {
    report(GuardReport::gone, m_left_behind);
    m_finished = true;
    if (m_given_up) remove_private_files();
    return;
  }
  if (m_kill_at) return;
  if (!m_linger_until) {
    m_linger_until = now + k_linger;
  } else if (now >= *m_linger_until) {
    m_family.emplace(m_pid);
    m_left_behind = static_cast<int>(m_family->look().size());
    end(k_grace_left_behind);
  }
}

void Ward::look(Clock::time_point now) {
  if (m_pid == 0 || m_finished) return;
  if (m_kill_at && now >= *m_kill_at) {
    if (!m_killed_since) m_killed_since = now;
    m_family->signal(SIGKILL);
    m_kill_at = now + k_again;
  }
  if (m_exited) look_for_the_rest(now);
}

std::optional<Ward::Clock::time_point> Ward::next_look() const {
  if (m_pid == 0 || m_finished) return {};
  if (m_exited) return Clock::now() + k_look;
  return m_kill_at;
}

void Ward::remove_private_files() const {
  for (const auto& path : m_private_files)
    if (::unlink(path.c_str()) != 0) ::rmdir(path.c_str());
}

} // namespace belay
