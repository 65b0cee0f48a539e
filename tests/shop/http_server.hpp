#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <string>

namespace shop {

struct Request {
  std::string method, path, body;
};
struct Response {
  int status = 200;
  std::string type = "application/json", body;
};

/// HTTP/1.1 on one loopback port, a thread a connection, kept alive. `stop_fd` becoming readable closes the listener; requests in
/// flight are answered (with `Connection: close`), idle connections are closed, then `serve` returns.
class HttpServer {
public:
  using Handler = std::function<Response(const Request&)>;
  HttpServer(int port, std::string version, Handler handler);
  ~HttpServer();
  void serve(int stop_fd);

private:
  void connection(int fd);
  bool answer(int fd, const Request&, bool close_after);

  std::string m_version;
  Handler m_handler;
  int m_listener = -1;
  int m_wake[2] = {-1, -1}; ///< its read end is readable once the server stops
  std::atomic<bool> m_stopping = false;
  std::atomic<int> m_open = 0;
};

} // namespace shop
