#pragma once
#include "belay/error.hpp"
#include "belay/stop.hpp"
#include "ports/fd.hpp"
#include <string>
#include <sys/socket.h>
#include <vector>

/// Sockets that honour a Stop: what the line, SQL and certificate ports share.
namespace belay {

enum class Waited : std::uint8_t { ready, late, stopped };
/// Until `fd` (−1: none) is ready for `events` (poll's), the stop fires, or `limit` has passed.
Waited wait_ready(int fd, short events, const Stop&, Duration limit = Duration::max());

/// The failure of an operation that ended because of its Stop or a time limit: `doing` names it ("reading the answer of x").
Failure stop_failure(const Stop&, Reached, const std::string& doing);

struct Endpoint {
  sockaddr_storage address{};
  socklen_t length = 0;
  std::string number() const; ///< the numeric address, without its port
};
/// Every address of a host, in the resolver's order. The resolver cannot be interrupted, so it runs on a thread that is left behind when the stop fires.
Expected<std::vector<Endpoint>> resolve(const std::string& host, int port, const Stop&);

/// A connected, non-blocking socket. The addresses are tried in turn, each for at most `limit`.
Expected<Fd> connect_tcp(const std::string& host, int port, const Stop&, Duration limit = std::chrono::seconds(10));
Expected<Fd> connect_unix(const std::string& path, const Stop&);

/// localhost, 127.0.0.0/8, ::1, or a path of a unix socket.
bool is_loopback(const std::string& host);

} // namespace belay
