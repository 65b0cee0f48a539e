#include "ports/curl_thread.hpp"

namespace belay {
namespace {
constexpr long k_kept_connections = 320;
constexpr std::size_t k_kept_handles = 320;
} // namespace

CurlThread::~CurlThread() {
  if (!m_thread.joinable()) return;
  {
    std::lock_guard guard(m_lock);
    m_stopping = true;
  }
  curl().curl_multi_wakeup(m_multi);
  m_thread.join();
  for (auto& [easy, transfer] : m_running) {
    curl().curl_multi_remove_handle(m_multi, easy);
    curl().curl_easy_cleanup(easy);
  }
  for (CURL* easy : m_idle) curl().curl_easy_cleanup(easy);
  curl().curl_multi_cleanup(m_multi);
}

void CurlThread::start(std::shared_ptr<Transfer> transfer) { give({Order::What::start, std::move(transfer)}); }
void CurlThread::resume(std::shared_ptr<Transfer> transfer) { give({Order::What::resume, std::move(transfer)}); }
void CurlThread::cancel(std::shared_ptr<Transfer> transfer) {
  transfer->cancelled = true;
  give({Order::What::cancel, std::move(transfer)});
}

void CurlThread::give(Order order) {
  bool wake = false;
  {
    std::lock_guard guard(m_lock);
    if (!m_thread.joinable()) {
      m_multi = curl().curl_multi_init();
      curl().curl_multi_setopt(m_multi, CURLMOPT_MAXCONNECTS, k_kept_connections);
      m_thread = std::thread([this] { work(); });
    }
    wake = m_orders.empty();
    m_orders.push_back(std::move(order));
  }
  if (wake) curl().curl_multi_wakeup(m_multi);
}

void CurlThread::work() {
  for (;;) {
    std::deque<Order> orders;
    {
      std::lock_guard guard(m_lock);
      if (m_stopping) return;
      orders.swap(m_orders);
    }
    for (Order& order : orders) obey(order);
    int running = 0;
    curl().curl_multi_perform(m_multi, &running);
    int left = 0;
    bool ended = false;
    while (const CURLMsg* message = curl().curl_multi_info_read(m_multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      end(message->easy_handle, message->data.result);
      ended = true;
    }
    if (!ended) curl().curl_multi_poll(m_multi, nullptr, 0, 1000, nullptr);
  }
}

void CurlThread::obey(Order& order) {
  if (order.what == Order::What::start) return begin(std::move(order.transfer));
  CURL* easy = order.transfer->easy;
  if (!easy || !m_running.contains(easy)) return; // it ended in the meantime
  if (order.what == Order::What::cancel) return end(easy, CURLE_ABORTED_BY_CALLBACK);
  curl().curl_easy_pause(easy, CURLPAUSE_CONT);
}

void CurlThread::begin(std::shared_ptr<Transfer> transfer) {
  if (m_idle.empty()) m_idle.push_back(curl().curl_easy_init());
  CURL* easy = m_idle.back();
  m_idle.pop_back();
  transfer->easy = easy;
  transfer->began = std::chrono::steady_clock::now();
  transfer->apply();
  m_running.emplace(easy, std::move(transfer));
  if (curl().curl_multi_add_handle(m_multi, easy) != CURLM_OK) end(easy, CURLE_FAILED_INIT);
}

void CurlThread::end(CURL* easy, CURLcode code) {
  const auto found = m_running.find(easy);
  if (found == m_running.end()) return;
  std::shared_ptr<Transfer> transfer = found->second;
  curl().curl_multi_remove_handle(m_multi, easy);
  if (transfer->follow(code) && curl().curl_multi_add_handle(m_multi, easy) == CURLM_OK) return;
  transfer->finish(code);
  transfer->easy = nullptr;
  m_running.erase(found);
  if (m_idle.size() < k_kept_handles) {
    curl().curl_easy_reset(easy);
    m_idle.push_back(easy);
  } else {
    curl().curl_easy_cleanup(easy);
  }
  transfer->mailbox->put(transfer);
}

} // namespace belay
