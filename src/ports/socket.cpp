#include "ports/socket.hpp"
#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fmt/core.h>
#include <mutex>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/un.h>
#include <thread>

namespace belay {
namespace {

constexpr Duration k_forever = Duration::max();

int milliseconds(Duration left) {
  if (left >= std::chrono::hours(1)) return 3'600'000;
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
}

Failure connect_failure(const std::string& where, int error) {
  std::string hint;
  if (error == ECONNREFUSED) hint = "nothing listens there: is it running, and is the address right?";
  if (error == ENOENT) hint = "there is no such socket: is the server running, and is the path right?";
  if (error == EACCES) hint = "this user may not open that socket";
  return {error == ENOENT ? Cause::missing : Cause::transport, Reached::no, fmt::format("cannot connect to {}: {}", where, std::strerror(error)), hint};
}

/// Connects a fresh non-blocking socket; the errno of the failure, or 0.
Expected<int> finish_connect(int fd, const sockaddr* address, socklen_t length, const std::string& where, const Stop& stop, Duration limit) {
  if (::connect(fd, address, length) == 0) return 0;
  if (errno == EAGAIN) return EAGAIN; // of a unix socket: its backlog is full
  if (errno != EINPROGRESS) return errno;
  const Waited waited = wait_ready(fd, POLLOUT, stop, limit);
  if (waited == Waited::stopped || (waited == Waited::late && stop)) return Unexpected(stop_failure(stop, Reached::no, "connecting to " + where));
  if (waited == Waited::late) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

/// What the resolver's thread and its caller share; the last of them frees it.
struct Lookup {
  std::string host, service;
  std::mutex lock;
  int error = 0;
  std::vector<Endpoint> found;
  Fd done{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

int look_up(const std::string& host, const std::string& service, int flags, std::vector<Endpoint>& into) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(host.c_str(), service.c_str(), &wanted, &list);
  if (error != 0) return error;
  for (const addrinfo* one = list; one; one = one->ai_next) {
    Endpoint endpoint;
    std::memcpy(&endpoint.address, one->ai_addr, one->ai_addrlen);
    endpoint.length = one->ai_addrlen;
    into.push_back(endpoint);
  }
  ::freeaddrinfo(list);
  return 0;
}

} // namespace

Waited wait_ready(int fd, short events, const Stop& stop, Duration limit) {
  pollfd fds[] = {{stop.fd(), POLLIN, 0}, {fd, events, 0}};
  for (Duration waited{};;) {
    if (stop.why() == Stop::Why::deadline) return Waited::late;
    if (stop) return Waited::stopped;
    const Duration slice = std::min({stop.left(), limit == k_forever ? k_forever : limit - waited, Duration(std::chrono::hours(1))});
    const auto begun = std::chrono::steady_clock::now();
    const int ready = ::poll(fds, 2, milliseconds(slice));
    waited += std::chrono::steady_clock::now() - begun;
    if (ready < 0 && errno != EINTR) return Waited::late;
    if (ready > 0 && (fds[0].revents & POLLIN) && stop) return Waited::stopped;
    if (ready > 0 && fds[1].revents) return Waited::ready;
    if (limit != k_forever && waited >= limit) return Waited::late;
  }
}

Failure stop_failure(const Stop& stop, Reached reached, const std::string& doing) {
  const auto why = stop.why();
  if (why == Stop::Why::fenced) return {Cause::fenced, reached, "stopped while " + doing + ": the claim was taken by another run", ""};
  if (why == Stop::Why::interrupted || why == Stop::Why::killed) return {Cause::stopped, reached, "stopped while " + doing, ""};
  return {Cause::timeout, reached, "the time ran out while " + doing, "give it a longer `timeout`, or look at why the other side is slow"};
}

std::string Endpoint::number() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof text);
  if (address.ss_family == AF_INET6) ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text, sizeof text);
  return text;
}

Expected<std::vector<Endpoint>> resolve(const std::string& host, int port, const Stop& stop) {
  std::vector<Endpoint> found;
  if (look_up(host, std::to_string(port), AI_NUMERICHOST, found) == 0) return found;
  auto lookup = std::make_shared<Lookup>();
  lookup->host = host;
  lookup->service = std::to_string(port);
  std::thread([lookup] {
    std::vector<Endpoint> list;
    const int error = look_up(lookup->host, lookup->service, 0, list);
    std::lock_guard guard(lookup->lock);
    lookup->error = error;
    lookup->found = std::move(list);
    ::eventfd_write(lookup->done.get(), 1);
  }).detach();
  if (wait_ready(lookup->done.get(), POLLIN, stop) != Waited::ready) return Unexpected(stop_failure(stop, Reached::no, "looking up the address of " + host));
  std::lock_guard guard(lookup->lock);
  if (lookup->error == 0) return lookup->found;
  const bool absent = lookup->error == EAI_NONAME;
  return Unexpected(Failure{absent ? Cause::missing : Cause::transport, Reached::no, fmt::format("cannot find the address of '{}': {}", host, ::gai_strerror(lookup->error)),
                            absent ? "is the name right, and does it resolve from here?" : "the resolver of this host did not answer; try again"});
}

Expected<Fd> connect_tcp(const std::string& host, int port, const Stop& stop, Duration limit) {
  const std::string where = fmt::format("{}:{}", host, port);
  auto endpoints = resolve(host, port, stop);
  if (!endpoints) return Unexpected(endpoints.error());
  int last = EADDRNOTAVAIL;
  for (const Endpoint& endpoint : *endpoints) {
    Fd fd(::socket(endpoint.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) {
      last = errno;
      continue;
    }
    const auto error = finish_connect(fd.get(), reinterpret_cast<const sockaddr*>(&endpoint.address), endpoint.length, where, stop, limit);
    if (!error) return Unexpected(error.error());
    if (*error == 0) {
      const int on = 1;
      ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return fd;
    }
    last = *error;
  }
  return Unexpected(connect_failure(where, last));
}

Expected<Fd> connect_unix(const std::string& path, const Stop& stop) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Unexpected(Failure{Cause::refused, Reached::no, "the path of the socket is longer than the system allows: " + path, ""});
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return Unexpected(connect_failure(path, errno));
  const auto error = finish_connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address, path, stop, std::chrono::seconds(10));
  if (!error) return Unexpected(error.error());
  if (*error != 0) return Unexpected(connect_failure(path, *error));
  return fd;
}

bool is_loopback(const std::string& host) {
  if (host.empty() || host.front() == '/' || host.front() == '@' || host == "localhost") return true;
  in_addr four{};
  if (::inet_pton(AF_INET, host.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
  in6_addr six{};
  return ::inet_pton(AF_INET6, host.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

} // namespace belay
