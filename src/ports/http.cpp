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
    auto mailbox = std::make_shared<Mailbox>();
    std::vector<std::shared_ptr<Transfer>> running;
    std::size_t next = 0;
    bool stopping = false;
    const auto more = [&] {
      while (!stopping && next < requests.size() && running.size() < std::max(1U, at_once)) {
        const std::size_t index = next++;
        auto transfer = Transfer::make(requests[index], false, false, false, m_ca_file, stop);
        if (!transfer) {
          each(index, Unexpected(transfer.error()));
          continue;
        }
        (*transfer)->index = index;
        (*transfer)->mailbox = mailbox;
        running.push_back(*transfer);
        m_thread.start(*transfer);
      }
    };
    for (more(); !running.empty(); more()) {
      if (!stopping && wait_ready(mailbox->event.get(), POLLIN, stop) != Waited::ready) {
        stopping = true;
        for (const auto& transfer : running) m_thread.cancel(transfer);
      } else if (stopping) {
        wait_event(*mailbox);
      }
      for (const auto& transfer : mailbox->take()) {
        std::erase(running, transfer);
        each(transfer->index, result_of(*transfer, stop));
      }
    }
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

  std::string m_ca_file;
  CurlThread m_thread;
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
