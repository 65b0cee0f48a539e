#include "ports/fd.hpp"
#include "ports/real_ports.hpp"
#include "ports/system_failure.hpp"
#include <atomic>
#include <cerrno>
#include <csignal>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace belay {
namespace {

// A handler has no argument: what it counts into must be static. Written by the handler and by make_signals alone.
static_assert(std::atomic<unsigned>::is_always_lock_free && std::atomic<int>::is_always_lock_free);
struct Interrupts {
  std::atomic<unsigned> count{0};
  std::atomic<int> fd{-1};
};
Interrupts& interrupts() {
  static constinit Interrupts state;
  return state;
}

void on_interrupt(int) {
  const int before = errno;
  Interrupts& state = interrupts();
  state.count.fetch_add(1);
  const std::uint64_t one = 1;
  if (const int fd = state.fd.load(); fd >= 0) [[maybe_unused]]
    const ssize_t written = ::write(fd, &one, sizeof one);
  errno = before;
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigaction(signal, &action, nullptr);
}

class RealSignals final : public Signals {
public:
  RealSignals() : m_fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!m_fd) throw Error(Exit::unchanged, "signals cannot be watched: " + errno_text(errno));
    interrupts().count = 0;
    interrupts().fd = m_fd.get();
    handle(SIGINT, on_interrupt);
    handle(SIGTERM, on_interrupt);
    handle(SIGHUP, SIG_IGN);
    handle(SIGPIPE, SIG_IGN);
  }
  ~RealSignals() override {
    handle(SIGINT, SIG_DFL);
    handle(SIGTERM, SIG_DFL);
    interrupts().fd = -1;
  }
  unsigned received() const override { return interrupts().count.load(); }
  int fd() const override { return m_fd.get(); }

private:
  Fd m_fd;
};

} // namespace

std::unique_ptr<Signals> make_signals() { return std::make_unique<RealSignals>(); }

void harden_process() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__ // the leak checker attaches to its own process, which needs it dumpable
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

} // namespace belay
