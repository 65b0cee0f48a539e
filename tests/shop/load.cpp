// Keeps a steady load on the shop, without retries. usage: shop-load PORT RATE [CONNECTIONS] — until TERM; then one line of JSON on standard output.
#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fmt/format.h>
#include <mutex>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <memory>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
std::string stamp() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  std::tm parts{};
  ::gmtime_r(&now.tv_sec, &parts);
  return fmt::format("{:02}:{:02}:{:02}.{:03}", parts.tm_hour, parts.tm_min, parts.tm_sec, now.tv_nsec / 1'000'000);
}

/// One keep-alive connection that sends a request each `every`; what the other side closed between two requests is opened anew, a request that
/// was sent and not answered has failed.
class Sender {
public:
  Sender(int port, Clock::duration every, std::atomic<bool>& stop) : m_port(port), m_every(every), m_stop(stop) {}
  ~Sender() { drop(); }
  void run(Clock::time_point first, bool writes) {
    auto next = first;
    for (int n = 0; !m_stop; ++n) {
      std::this_thread::sleep_until(next);
      next += m_every;
      if (next < Clock::now() - std::chrono::seconds(1)) next = Clock::now();
      request(writes && n % 10 == 0);
    }
  }
  std::uint64_t sent = 0, failed = 0;

private:
  void drop() {
    if (m_fd >= 0) ::close(m_fd);
    m_fd = -1;
  }
  bool connected() {
    char byte = 0;
    if (m_fd >= 0 && ::recv(m_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) drop();
    if (m_fd >= 0) return true;
    m_fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(m_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const timeval limit{10, 0};
    ::setsockopt(m_fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(m_port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::connect(m_fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  void request(bool write) {
    ++sent;
    const std::string text = write ? "POST /items HTTP/1.1\r\nHost: shop\r\nContent-Length: 18\r\n\r\n{\"name\":\"by load\"}" : "GET /items HTTP/1.1\r\nHost: shop\r\n\r\n";
    std::string answer;
    if (!connected() || ::send(m_fd, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()) || !read_answer(answer)) return fail("no answer");
    if (!answer.starts_with("HTTP/1.1 2")) fail(answer.substr(0, answer.find('\r')));
  }
  bool read_answer(std::string& answer) {
    std::array<char, 8192> piece{};
    std::size_t whole = 0;
    while (whole == 0 || answer.size() < whole) {
      const auto n = ::recv(m_fd, piece.data(), piece.size(), 0);
      if (n <= 0) return false;
      answer.append(piece.data(), static_cast<std::size_t>(n));
      const auto end = answer.find("\r\n\r\n");
      if (whole != 0 || end == std::string::npos) continue;
      std::string head = answer.substr(0, end);
      for (auto& c : head) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      const auto length = head.find("content-length: ");
      if (length == std::string::npos) return drop(), true;
      whole = end + 4 + std::strtoull(head.c_str() + length + 16, nullptr, 10);
      if (head.find("connection: close") != std::string::npos) m_close = true;
    }
    if (std::exchange(m_close, false)) drop();
    return true;
  }
  void fail(const std::string& why) {
    ++failed;
    fmt::print(stderr, "{} {}\n", stamp(), why);
    drop();
  }

  int m_port, m_fd = -1;
  bool m_close = false;
  Clock::duration m_every;
  std::atomic<bool>& m_stop;
};

} // namespace

int main(int argc, char** argv) {
  if (argc < 3) return fmt::print(stderr, "usage: shop-load PORT RATE [CONNECTIONS]\n"), 2;
  const int port = std::atoi(argv[1]), rate = std::atoi(argv[2]), connections = argc > 3 ? std::atoi(argv[3]) : 8;
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  std::atomic<bool> stop = false;
  std::vector<std::unique_ptr<Sender>> senders;
  std::vector<std::thread> threads;
  const auto every = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(double(connections) / rate));
  const auto started = Clock::now();
  for (int i = 0; i < connections; ++i) {
    senders.push_back(std::make_unique<Sender>(port, every, stop));
    threads.emplace_back([&, i] { senders[std::size_t(i)]->run(started + every * i / connections, i % 2 == 0); });
  }
  int signal = 0;
  sigwait(&ending, &signal);
  stop = true;
  std::uint64_t sent = 0, failed = 0;
  for (auto& thread : threads) thread.join();
  for (const auto& sender : senders) sent += sender->sent, failed += sender->failed;
  fmt::print("{{\"sent\": {}, \"failed\": {}, \"seconds\": {:.1f}}}\n", sent, failed, std::chrono::duration<double>(Clock::now() - started).count());
  return 0;
}
