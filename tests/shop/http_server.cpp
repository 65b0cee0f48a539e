#include "http_server.hpp"
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <strings.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace shop {
namespace {

constexpr std::size_t k_largest = 1 << 20;

/// The next whole request at the front of `buffer`, taken out of it; nothing when more bytes are needed. `bad` where it is none.
bool take_request(std::string& buffer, Request& request, bool& close_after, bool& bad) {
  const auto end = buffer.find("\r\n\r\n");
  if (end == std::string::npos) {
    bad = buffer.size() > k_largest;
    return false;
  }
  const auto first_end = buffer.find("\r\n");
  const auto first = buffer.substr(0, first_end);
  const auto a = first.find(' ');
  const auto b = first.find(' ', a == std::string::npos ? a : a + 1);
  if (a == std::string::npos || b == std::string::npos) return bad = true, false;
  std::size_t length = 0;
  close_after = first.substr(b + 1) == "HTTP/1.0";
  for (auto at = first_end + 2; at < end;) {
    const auto line_end = buffer.find("\r\n", at);
    const auto line = buffer.substr(at, line_end - at);
    const auto colon = line.find(':');
    if (colon != std::string::npos) {
      const auto name = line.substr(0, colon);
      const auto value = line.substr(std::min(line.size(), line.find_first_not_of(' ', colon + 1)));
      if (strcasecmp(name.c_str(), "content-length") == 0) length = std::strtoull(value.c_str(), nullptr, 10);
      if (strcasecmp(name.c_str(), "connection") == 0 && strcasecmp(value.c_str(), "close") == 0) close_after = true;
    }
    at = line_end + 2;
  }
  if (length > k_largest) return bad = true, false;
  if (buffer.size() < end + 4 + length) return false;
  request = {first.substr(0, a), first.substr(a + 1, b - a - 1), buffer.substr(end + 4, length)};
  buffer.erase(0, end + 4 + length);
  return true;
}

bool send_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const auto n = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    data.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

} // namespace

HttpServer::HttpServer(int port, std::string version, Handler handler) : m_version(std::move(version)), m_handler(std::move(handler)) {
  m_listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(m_listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(m_listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(m_listener, 512) != 0)
    throw std::runtime_error(fmt::format("cannot listen on 127.0.0.1:{}: {}", port, std::strerror(errno)));
  if (::pipe(m_wake) != 0) throw std::runtime_error("cannot make a pipe");
}

HttpServer::~HttpServer() {
  for (const int fd : {m_listener, m_wake[0], m_wake[1]})
    if (fd >= 0) ::close(fd);
}

void HttpServer::serve(int stop_fd) {
  while (true) {
    std::array<pollfd, 2> waiting{{{m_listener, POLLIN, 0}, {stop_fd, POLLIN, 0}}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) break;
    if (waiting[1].revents != 0) break;
    if ((waiting[0].revents & POLLIN) == 0) continue;
    const int fd = ::accept4(m_listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++m_open;
    std::thread([this, fd] { connection(fd), --m_open; }).detach();
  }
  m_stopping = true;
  ::close(std::exchange(m_listener, -1));
  if (::write(m_wake[1], "x", 1) < 0) std::perror("shop");
  while (m_open > 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

void HttpServer::connection(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  std::string buffer;
  bool close_after = false, bad = false;
  while (!close_after && !bad) {
    Request request;
    if (take_request(buffer, request, close_after, bad)) {
      close_after = close_after || m_stopping;
      if (!answer(fd, request, close_after)) break;
      continue;
    }
    std::array<pollfd, 2> waiting{{{fd, POLLIN, 0}, {m_wake[0], POLLIN, 0}}};
    if (::poll(waiting.data(), waiting.size(), 60'000) == 0) break;
    // A request that has begun to arrive is still read to its end and answered.
    if ((waiting[0].revents & POLLIN) == 0 && waiting[1].revents != 0 && buffer.empty()) break;
    if (waiting[0].revents == 0) continue;
    std::array<char, 16384> piece{};
    const auto n = ::recv(fd, piece.data(), piece.size(), 0);
    if (n <= 0) break;
    buffer.append(piece.data(), static_cast<std::size_t>(n));
  }
  ::shutdown(fd, SHUT_WR);
  ::close(fd);
}

bool HttpServer::answer(int fd, const Request& request, bool close_after) {
  const auto response = m_handler(request);
  const char* reason = response.status < 300 ? "OK" : response.status < 500 ? "Refused" : "Failed";
  return send_all(fd, fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nX-Version: {}\r\n{}\r\n{}", response.status, reason, response.type,
                                  response.body.size(), m_version, close_after ? "Connection: close\r\n" : "", request.method == "HEAD" ? std::string() : response.body));
}

} // namespace shop
