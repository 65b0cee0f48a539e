#include "integration/support/http_server.hpp"
#include <algorithm>
#include <arpa/inet.h>
#include <chrono>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sstream>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace support {
namespace {

/// Reads until `buffer` holds `size` bytes; false at the end of the connection.
bool fill(int fd, std::string& buffer, std::size_t size) {
  char piece[65536];
  while (buffer.size() < size) {
    const ssize_t got = ::recv(fd, piece, sizeof piece, 0);
    if (got <= 0) return false;
    buffer.append(piece, static_cast<std::size_t>(got));
  }
  return true;
}

bool read_chunks(int fd, std::string& buffer, std::string& body) {
  for (;;) {
    std::size_t end;
    while ((end = buffer.find("\r\n")) == std::string::npos)
      if (!fill(fd, buffer, buffer.size() + 1)) return false;
    const std::size_t size = std::stoul(buffer.substr(0, end), nullptr, 16);
    buffer.erase(0, end + 2);
    if (!fill(fd, buffer, size + 2)) return false;
    body.append(buffer, 0, size);
    buffer.erase(0, size + 2);
    if (size == 0) return true;
  }
}

bool read_request(int fd, std::string& buffer, HttpRequest& request) {
  std::size_t end;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos)
    if (!fill(fd, buffer, buffer.size() + 1)) return false;
  request.text = buffer.substr(0, end + 2);
  buffer.erase(0, end + 4);
  std::istringstream lines(request.text);
  lines >> request.method >> request.path;
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::string name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto begin = line.find_first_not_of(' ', colon + 1);
    request.headers[name] = begin == std::string::npos ? "" : line.substr(begin, line.find_last_not_of("\r") - begin + 1);
  }
  if (request.headers.count("transfer-encoding")) return read_chunks(fd, buffer, request.body);
  const std::size_t length = request.headers.count("content-length") ? std::stoul(request.headers["content-length"]) : 0;
  if (!fill(fd, buffer, length)) return false;
  request.body = buffer.substr(0, length);
  buffer.erase(0, length);
  return true;
}

bool send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

} // namespace

HttpServer::HttpServer(std::function<HttpReply(const HttpRequest&)> answer) : m_answer(std::move(answer)) {
  m_listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(m_listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(m_listener, 1024) != 0 || ::getsockname(m_listener, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no port for a server");
  m_port = ntohs(address.sin_port);
  m_acceptor = std::thread([this] { accept_all(); });
}

HttpServer::~HttpServer() {
  m_stopping = true;
  ::shutdown(m_listener, SHUT_RDWR);
  m_acceptor.join();
  {
    std::lock_guard guard(m_lock);
    for (const int fd : m_open) ::shutdown(fd, SHUT_RDWR);
  }
  for (auto& thread : m_threads) thread.join();
  for (const int fd : m_open) ::close(fd);
  ::close(m_listener);
}

std::string HttpServer::url(const std::string& path) const { return fmt::format("http://127.0.0.1:{}{}", m_port, path); }

std::vector<HttpRequest> HttpServer::seen() {
  std::lock_guard guard(m_lock);
  return m_seen;
}

void HttpServer::accept_all() {
  while (!m_stopping) {
    const int fd = ::accept4(m_listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ++m_connections;
    std::lock_guard guard(m_lock);
    m_open.push_back(fd);
    m_threads.emplace_back([this, fd] {
      serve(fd);
      ::shutdown(fd, SHUT_RDWR);
    });
  }
}

void HttpServer::serve(int fd) {
  std::string buffer;
  for (;;) {
    HttpRequest request;
    if (!read_request(fd, buffer, request)) return;
    {
      std::lock_guard guard(m_lock);
      m_seen.push_back(request);
    }
    const HttpReply reply = m_answer(request);
    for (int waited = 0; waited < reply.after_ms && !m_stopping; waited += 5) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (reply.drop) return;
    std::string head = fmt::format("HTTP/1.1 {} Something\r\nContent-Length: {}\r\n", reply.status, reply.body.size());
    for (const auto& [name, value] : reply.headers) head += name + ": " + value + "\r\n";
    if (reply.close) head += "Connection: close\r\n";
    std::string_view body = reply.body;
    if (reply.cut) body = body.substr(0, reply.cut);
    if (!send_all(fd, head + "\r\n") || (request.method != "HEAD" && !send_all(fd, body)) || reply.close || reply.cut) return;
  }
}

} // namespace support
