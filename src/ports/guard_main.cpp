#include "ports/real_ports.hpp"
#include "ports/ward.hpp"
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <list>
#include <poll.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

namespace belay {
namespace {

using namespace std::chrono_literals;
constexpr int k_socket = 3;
constexpr auto k_grace = 1s;     ///< between TERM and KILL for all that is left when belay is gone
constexpr auto k_give_up = 30s; ///< something that cannot be killed is left to the kernel

class GuardLoop {
public:
  explicit GuardLoop(Fd signals) : m_signals(std::move(signals)) {}

  void serve() {
    for (bool belay_lives = true; belay_lives;) {
      wait();
      if (m_polled[1].revents != 0) drain_signals();
      reap();
      const auto now = Ward::Clock::now();
      std::size_t at = 2;
      for (auto& ward : m_wards) {
        if (at < m_polled.size() && m_polled[at++].revents != 0) ward.hear();
        ward.look(now);
      }
      if (m_polled[0].revents != 0) belay_lives = take_children();
      m_wards.remove_if([](const Ward& ward) { return ward.finished(); });
    }
  }

  /// Everything that descends from the guard, whatever became of its parents: the guard adopts orphans.
  void end_all() {
    const auto begin = Ward::Clock::now();
    for (const pid_t pid : descendants(::getpid())) {
      ::kill(pid, SIGTERM);
      ::kill(pid, SIGCONT);
    }
    for (;;) {
      reap();
      const auto rest = descendants(::getpid());
      const auto waited = Ward::Clock::now() - begin;
      if (rest.empty() || waited > k_give_up) break;
      if (waited > k_grace)
        for (const pid_t pid : rest) ::kill(pid, SIGKILL);
      ::poll(nullptr, 0, 10);
    }
    for (const auto& ward : m_wards) ward.remove_private_files();
  }

private:
  void wait() {
    m_polled.assign({{k_socket, POLLIN, 0}, {m_signals.get(), POLLIN, 0}});
    std::optional<Ward::Clock::time_point> next;
    for (const auto& ward : m_wards) {
      m_polled.push_back({ward.socket(), POLLIN, 0});
      if (const auto look = ward.next_look(); look && (!next || *look < *next)) next = look;
    }
    int timeout = -1;
    if (next) timeout = static_cast<int>(std::clamp(std::chrono::ceil<std::chrono::milliseconds>(*next - Ward::Clock::now()), 0ms, 60'000ms).count());
    if (::poll(m_polled.data(), m_polled.size(), timeout) < 0)
      for (auto& each : m_polled) each.revents = 0;
  }

  void drain_signals() {
    signalfd_siginfo info{};
    while (::read(m_signals.get(), &info, sizeof info) > 0) {
    }
  }

  void reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;)
      for (auto& ward : m_wards)
        if (ward.pid() == pid) ward.left(status);
  }

  /// False when belay is gone.
  bool take_children() {
    for (;;) {
      std::uint8_t streams = 0;
      iovec data{&streams, 1};
      alignas(cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))];
      msghdr message{};
      message.msg_iov = &data;
      message.msg_iovlen = 1;
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      const ssize_t got = ::recvmsg(k_socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
      if (got == 0) return false;
      std::vector<Fd> fds;
      for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
          int fd = -1;
          std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
          fds.emplace_back(fd);
        }
      }
      // A stream that got lost on the way (too many open files) must not become /dev/null unnoticed: the child is refused by closing its socket.
      if (fds.empty() || (message.msg_flags & MSG_CTRUNC) != 0) continue;
      Fd socket = std::move(fds.front());
      fds.erase(fds.begin());
      m_wards.emplace_back(std::move(socket), streams, std::move(fds)).hear();
    }
  }

  Fd m_signals;
  std::list<Ward> m_wards;
  std::vector<pollfd> m_polled;
};

} // namespace

std::optional<int> guard_main(int argc, char** argv) {
  int type = 0;
  socklen_t size = sizeof type;
  if (argc != 2 || std::string_view(argv[0]) != "belay-guard" || ::getsockopt(k_socket, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET) return {};

  harden_process();
  ::prctl(PR_SET_NAME, "belay-guard");
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  // What belay ignores would be ignored by its children too. Nothing but the end of belay ends the guard, so all is blocked; children start with none blocked.
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t all, child_ended;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::sigemptyset(&child_ended);
  ::sigaddset(&child_ended, SIGCHLD);
  Fd signals(::signalfd(-1, &child_ended, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals || ::send(k_socket, "g", 1, MSG_NOSIGNAL) != 1) return 1;
  ::fcntl(k_socket, F_SETFD, FD_CLOEXEC);
  GuardLoop loop(std::move(signals));
  loop.serve();
  loop.end_all();
  return 0;
}

} // namespace belay
