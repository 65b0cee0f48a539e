#include "ports/http.hpp"
#include "ports/certificate.hpp"
#include "ports/curl_thread.hpp"
#include "ports/socket.hpp"
#include <algorithm>
#include <array>
#include <cstdlib>
#include <poll.h>

namespace belay {
namespace {

constexpr std::size_t k_piece = 256U << 10, k_ahead = 1U << 20;
constexpr std::size_t k_first_width = 16;
constexpr Duration k_widening = std::chrono::milliseconds(2), k_turn = std::chrono::seconds(1);

/// How many transfers may run at once after this time of having had nothing to do. All at the start would open a connection for each, where
/// a few that are used again answer sooner, and what was waited for here would be counted as the endpoints' time.
std::size_t width_after(Duration idle, unsigned at_once) {
  const auto doublings = std::min<std::int64_t>(idle / k_widening, 16);
  return std::min<std::size_t>(std::max(1U, at_once), k_first_width << doublings);
}

/// Answers of an ended transfer; one that was cancelled did not get to its own.
Expected<Answer> result_of(Transfer& transfer, const Stop& stop) {
  if (transfer.cancelled && !(transfer.result && *transfer.result)) return Unexpected(stop_failure(stop, transfer.sent ? Reached::perhaps : Reached::no, transfer.shown));
  return std::move(*transfer.result);
}

class CurlHttp : public Http {
public:
  explicit CurlHttp(std::string ca_file) : m_ca_file(std::move(ca_file)) {}

  Expected<Answer> read(const Request& request, const Stop& stop, Sink* into) override { return one(request, false, into, nullptr, stop); }
  Expected<Answer> send(const Request& request, Source* body, const Stop& stop) override { return one(request, true, nullptr, body, stop); }

  void read_all(std::span<const Request> requests, unsigned at_once, const std::function<void(std::size_t, Expected<Answer>)>& each, const Stop& stop) override {
    if (auto there = open_curl(); !there) {
      for (std::size_t i = 0; i < requests.size(); ++i) each(i, Unexpected(there.error()));
      return;
    }
    auto loop = borrow();
    std::size_t next = 0, running = 0;
    Duration idle{};
    for (bool stopping = false;;) {
      const std::size_t width = width_after(idle, at_once);
      while (!stopping && next < requests.size() && running < width) {
        const std::size_t index = next++;
        auto transfer = Transfer::make(requests[index], false, false, false, m_ca_file, stop);
        if (!transfer) {
          each(index, Unexpected(transfer.error()));
          continue;
        }
        (*transfer)->index = index;
        loop->begin(std::move(*transfer));
        ++running;
      }
      if (running == 0) break;
      const auto ended = loop->perform();
      for (const auto& transfer : ended) {
        --running;
        each(transfer->index, result_of(*transfer, stop));
      }
      if (stop && !stopping) {
        stopping = true;
        loop->cancel_all();
      } else if (ended.empty()) {
        const bool widens = next < requests.size() && width < at_once;
        const Duration left = std::min<Duration>(stop.left(), widens ? k_widening : k_turn);
        const auto begun = std::chrono::steady_clock::now();
        loop->wait(std::max(0, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count())), stop.fd());
        idle += std::chrono::steady_clock::now() - begun;
      }
    }
    give_back(std::move(loop));
    for (; next < requests.size(); ++next) each(next, Unexpected(stop_failure(stop, Reached::no, "waiting for its turn")));
  }

  Expected<Certificate> certificate(const std::string& host, int port, const std::string& server_name, const Stop& stop) override {
    return read_certificate(host, port, server_name, m_ca_file, stop);
  }

private:
  Expected<Answer> one(const Request& request, bool acts, Sink* into, Source* from, const Stop& stop) {
    if (stop) return Unexpected(stop_failure(stop, Reached::no, "about to send a request"));
    auto made = Transfer::make(request, acts, into != nullptr, from != nullptr, m_ca_file, stop);
    if (!made) return Unexpected(made.error());
    const std::shared_ptr<Transfer> transfer = *made;
    transfer->mailbox = std::make_shared<Mailbox>();
    std::optional<Failure> broken;
    if (from) broken = feed(*transfer, *from);
    if (broken) return Unexpected(*broken);
    m_thread.start(transfer);
    bool stopping = false;
    for (;;) {
      if (stopping) wait_event(*transfer->mailbox);
      else if (wait_ready(transfer->mailbox->event.get(), POLLIN, stop) != Waited::ready) {
        stopping = true;
        m_thread.cancel(transfer);
        continue;
      }
      const bool over = !transfer->mailbox->take().empty();
      if (!broken && !stopping && into) broken = drain(*transfer, *into);
      if (!broken && !stopping && !over && from) broken = feed(*transfer, *from);
      if (over) break;
      if (broken && !stopping) {
        stopping = true;
        m_thread.cancel(transfer);
      }
    }
    if (broken) {
      if (transfer->sent && acts) broken->reached = Reached::perhaps;
      return Unexpected(*broken);
    }
    return result_of(*transfer, stop);
  }

  /// What has arrived goes into the sink, which may block; meanwhile the transfer pauses when its window is full.
  std::optional<Failure> drain(Transfer& transfer, Sink& into) {
    for (;;) {
      std::string piece;
      {
        std::lock_guard guard(transfer.lock);
        piece.swap(transfer.incoming);
      }
      if (!piece.empty()) {
        if (auto written = into.write(std::as_bytes(std::span(piece))); !written) return written.error();
      }
      if (!go_on(transfer) && piece.empty()) return std::nullopt;
    }
  }

  std::optional<Failure> feed(Transfer& transfer, Source& from) {
    std::vector<std::byte> piece(k_piece);
    for (;;) {
      {
        std::lock_guard guard(transfer.lock);
        if (transfer.outgoing_ended || transfer.outgoing.size() >= k_ahead) break;
      }
      auto got = from.read(piece);
      if (!got) return got.error();
      std::lock_guard guard(transfer.lock);
      if (*got == 0) transfer.outgoing_ended = true;
      transfer.outgoing.append(reinterpret_cast<const char*>(piece.data()), *got);
    }
    go_on(transfer);
    return std::nullopt;
  }

  /// True where the transfer was paused and now is not.
  bool go_on(Transfer& transfer) {
    {
      std::lock_guard guard(transfer.lock);
      if (!transfer.paused) return false;
      transfer.paused = false;
    }
    m_thread.resume(transfer.shared_from_this());
    return true;
  }

  static void wait_event(Mailbox& mailbox) {
    pollfd fd{mailbox.event.get(), POLLIN, 0};
    while (::poll(&fd, 1, -1) < 0) {}
  }

  std::unique_ptr<CurlLoop> borrow() {
    std::lock_guard guard(m_lock);
    if (m_spare.empty()) return std::make_unique<CurlLoop>();
    auto loop = std::move(m_spare.back());
    m_spare.pop_back();
    return loop;
  }
  void give_back(std::unique_ptr<CurlLoop> loop) {
    std::lock_guard guard(m_lock);
    m_spare.push_back(std::move(loop));
  }

  std::string m_ca_file;
  CurlThread m_thread;
  std::mutex m_lock;
  std::vector<std::unique_ptr<CurlLoop>> m_spare; ///< of those who read many at once, with their connections
};

std::string variable(const char* name) {
  const char* text = std::getenv(name);
  return text ? text : "";
}

} // namespace

std::unique_ptr<Http> make_http(HttpSettings settings) {
  for (const char* name : {"CURL_CA_BUNDLE", "SSL_CERT_FILE"})
    if (settings.ca_file.empty()) settings.ca_file = variable(name);
  return std::make_unique<CurlHttp>(std::move(settings.ca_file));
}

} // namespace belay
