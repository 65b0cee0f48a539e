#include "catch.hpp"
#include "integration/temporary_folder.hpp"
#include "ports/fd.hpp"
#include "ports/real_ports.hpp"
#include <array>
#include <chrono>
#include <poll.h>
#include <pty.h>
#include <string>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

using namespace belay;

namespace {

/// This binary again at a terminal of its own, where it asks (see other_parts.cpp).
struct AtTerminal {
  Fd keyboard;
  pid_t pid = 0;
  AtTerminal() {
    int fd = -1;
    winsize size{24, 132, 0, 0};
    std::array<char, 8> name{"--ask"};
    std::array<char, 16> self{"belay-tests"};
    std::array<char*, 3> argv{self.data(), name.data(), nullptr};
    std::array<char, 16> term{"TERM=xterm"};
    std::array<char*, 2> environment{term.data(), nullptr};
    pid = ::forkpty(&fd, nullptr, nullptr, &size);
    if (pid == 0) {
      ::execve("/proc/self/exe", argv.data(), environment.data());
      ::_exit(126);
    }
    keyboard = Fd(fd);
  }
  AtTerminal(const AtTerminal&) = delete;
  AtTerminal& operator=(const AtTerminal&) = delete;
  ~AtTerminal() {
    keyboard.reset();
    if (pid > 0) ::waitpid(pid, nullptr, 0);
  }
  void type(const std::string& text) const { REQUIRE(::write(keyboard.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size())); }
  /// Reads on until that text has been shown, after what was waited for before.
  void wait_for(const std::string& wanted) {
    for (;;) {
      if (const auto at = m_seen.find(wanted); at != std::string::npos) {
        m_seen.erase(0, at + wanted.size());
        return;
      }
      pollfd ready{keyboard.get(), POLLIN, 0};
      char piece[1024];
      const ssize_t got = ::poll(&ready, 1, 20'000) == 1 ? ::read(keyboard.get(), piece, sizeof piece) : -1;
      if (got <= 0) FAIL("'" << wanted << "' was not shown; what was: " << m_seen);
      m_seen.append(piece, static_cast<std::size_t>(got));
    }
  }

private:
  std::string m_seen;
};

} // namespace

TEST_CASE("a terminal shows the prompt and gives the line; its end and a stop give nothing", "[integration][terminal]") {
  AtTerminal terminal;
  terminal.wait_for("interactive 1 live 1 width 132");
  terminal.wait_for("name? ");
  terminal.type("production\nyes\n");
  terminal.wait_for("[production]");
  terminal.wait_for("[yes]");
  terminal.wait_for("end? ");
  terminal.type("\x04");
  terminal.wait_for("[nothing]");
  terminal.wait_for("[stopped]");
}
