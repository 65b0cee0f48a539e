#include "ports/lines.hpp"
#include "belay/reveal.hpp"
#include "ports/socket.hpp"
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fmt/core.h>
#include <poll.h>

namespace belay {
namespace {

/// First words of commands that only read: HAProxy's, Redis's and ClamAV's.
constexpr std::array k_reading_lines = {std::string_view("show"), std::string_view("ping"),   std::string_view("info"), std::string_view("llen"),   std::string_view("get"),
                                        std::string_view("hello"), std::string_view("zping"), std::string_view("version"), std::string_view("nping"), std::string_view("nversion")};
constexpr std::size_t k_keep = 16U << 20;

std::string lower(std::string_view text) {
  std::string copy(text);
  std::transform(copy.begin(), copy.end(), copy.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return copy;
}

/// Each command of a line (HAProxy takes several, with `;`) must begin with a reading word. HAProxy's `@` prefixes a process.
bool reads(std::string_view line) {
  for (;;) {
    const auto end = line.find(';');
    std::string_view one = line.substr(0, end);
    one.remove_prefix(std::min(one.find_first_not_of(" \t"), one.size()));
    const std::string word = lower(one.substr(0, one.find_first_of(" \t")));
    if (std::find(k_reading_lines.begin(), k_reading_lines.end(), word) == k_reading_lines.end()) return false;
    if (end == std::string_view::npos) return true;
    line.remove_prefix(end + 1);
  }
}

Expected<Fd> open_address(const std::string& address, const Stop& stop) {
  if (address.starts_with("unix:")) return connect_unix(address.substr(5), stop);
  const auto colon = address.rfind(':');
  int port = 0;
  const bool fits = address.starts_with("tcp:") && colon > 4 && std::from_chars(address.data() + colon + 1, address.data() + address.size(), port).ptr == address.data() + address.size();
  if (!fits || port < 1 || port > 65535)
    return Unexpected(Failure{Cause::refused, Reached::no, fmt::format("'{}' is no address of a socket", address), "write unix:/path or tcp:host:port"});
  std::string host = address.substr(4, colon - 4);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return connect_tcp(host, port, stop);
}

class SocketLines : public Lines {
public:
  Expected<std::string> ask(const Exchange& exchange, const Stop& stop) override {
    for (const Value& line : exchange.lines)
      if (!line.known() || !reads(Reveal::text(line)))
        return Unexpected(Failure{Cause::refused, Reached::no, fmt::format("'{}' may change something, and this is a read", show(line)), "commands that read begin with show, ping, info, llen or get"});
    return exchange_lines(exchange, stop);
  }
  Expected<std::string> tell(const Exchange& exchange, const Stop& stop) override { return exchange_lines(exchange, stop); }

private:
  static Expected<std::string> exchange_lines(const Exchange& exchange, const Stop& stop) {
    std::string text;
    for (const Value& line : exchange.lines) {
      const std::string& plain = Reveal::text(line);
      if (plain.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
        return Unexpected(Failure{Cause::refused, Reached::no, "a line to send holds a line feed or a null byte", "one command a line: data must not add another"});
      text += plain + "\n";
    }
    const std::string& address = Reveal::text(exchange.address);
    auto fd = open_address(address, stop);
    if (!fd) return Unexpected(fd.error());
    if (auto sent = send_all(fd->get(), text, address, stop); !sent) return Unexpected(sent.error());
    ::shutdown(fd->get(), SHUT_WR); // a server that keeps connections open answers what it has read, then closes
    return read_answer(fd->get(), address, stop);
  }

  static Expected<void> send_all(int fd, std::string_view rest, const std::string& address, const Stop& stop) {
    Reached reached = Reached::no;
    while (!rest.empty()) {
      const ssize_t sent = ::send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        rest.remove_prefix(static_cast<std::size_t>(sent));
        reached = Reached::perhaps;
      } else if (errno == EAGAIN) {
        if (wait_ready(fd, POLLOUT, stop) != Waited::ready) return Unexpected(stop_failure(stop, reached, "sending to " + address));
      } else if (errno != EINTR) {
        return Unexpected(Failure{Cause::transport, reached, fmt::format("cannot send to {}: {}", address, std::strerror(errno)), ""});
      }
    }
    return {};
  }

  static Expected<std::string> read_answer(int fd, const std::string& address, const Stop& stop) {
    std::string answer;
    std::array<char, 65536> buffer;
    for (;;) {
      if (wait_ready(fd, POLLIN, stop) != Waited::ready) return Unexpected(stop_failure(stop, Reached::perhaps, "reading the answer of " + address));
      const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
      if (got == 0) break;
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (got < 0) return Unexpected(Failure{Cause::transport, Reached::perhaps, fmt::format("the connection to {} broke: {}", address, std::strerror(errno)), ""});
      if (answer.size() + static_cast<std::size_t>(got) > k_keep) return Unexpected(Failure{Cause::full, Reached::yes, fmt::format("{} answered more than 16 MiB", address), ""});
      answer.append(buffer.data(), static_cast<std::size_t>(got));
    }
    while (answer.ends_with('\n') || answer.ends_with('\r')) answer.pop_back();
    return answer;
  }
};

} // namespace

std::unique_ptr<Lines> make_lines() { return std::make_unique<SocketLines>(); }

} // namespace belay
