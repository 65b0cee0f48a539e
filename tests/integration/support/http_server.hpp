#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace support {

struct HttpRequest {
  std::string method, path, body, text; ///< text: the head as it came
  std::map<std::string, std::string> headers; ///< names in lower case
};
struct HttpReply {
  int status = 200;
  std::string body;
  std::map<std::string, std::string> headers;
  int after_ms = 0;      ///< before the answer
  bool drop = false;     ///< the connection ends without an answer
  bool close = false;    ///< the connection ends after the answer
  std::size_t cut = 0;   ///< of the body only so many bytes are sent, then the connection ends; 0: all
};

/// An HTTP/1.1 server on loopback with a thread for each connection; keeps what it was asked.
class HttpServer {
public:
  explicit HttpServer(std::function<HttpReply(const HttpRequest&)>);
  ~HttpServer();
  int port() const { return m_port; }
  std::string url(const std::string& path) const;
  std::vector<HttpRequest> seen();
  int connections() const { return m_connections; }

private:
  void accept_all();
  void serve(int fd);

  std::function<HttpReply(const HttpRequest&)> m_answer;
  int m_listener = -1, m_port = 0;
  std::atomic<int> m_connections{0};
  std::atomic<bool> m_stopping{false};
  std::mutex m_lock;
  std::vector<HttpRequest> m_seen;
  std::vector<int> m_open;
  std::vector<std::thread> m_threads;
  std::thread m_acceptor;
};

} // namespace support
