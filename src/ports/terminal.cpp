#include "ports/real_ports.hpp"
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <poll.h>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

namespace belay {
namespace {

struct RealTerminal final : Terminal {
  bool interactive() const override { return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1; }
  bool live() const override {
    const char* term = std::getenv("TERM");
    return ::isatty(STDERR_FILENO) == 1 && term && *term && std::string_view(term) != "dumb";
  }
  int width() const override {
    winsize size{};
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  }
  std::optional<std::string> ask(const std::string& prompt, const Stop& stop) override {
    if (!interactive()) return {};
    for (std::string_view rest = prompt; !rest.empty();) {
      const ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
      if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
      if (written < 0 && errno != EINTR) return {};
    }
    std::string line;
    while (!stop) {
      pollfd ready[] = {{STDIN_FILENO, POLLIN, 0}, {stop.fd(), POLLIN, 0}};
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(std::min(stop.left(), Duration(std::chrono::minutes(1))));
      if (::poll(ready, 2, static_cast<int>(left.count())) < 0 && errno != EINTR) return {};
      if (ready[0].revents == 0) continue;
      // A byte at a time: what is typed after the line belongs to whoever asks next.
      char byte = 0;
      const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return {};
      if (byte == '\n') return line;
      if (line.size() < 65536) line.push_back(byte);
    }
    return {};
  }
};

} // namespace

std::unique_ptr<Terminal> make_terminal() { return std::make_unique<RealTerminal>(); }

} // namespace belay
