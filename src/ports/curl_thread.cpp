#include "ports/curl_thread.hpp"

namespace belay {

CurlThread::~CurlThread() {
  if (!m_thread.joinable()) return;
  {
    std::lock_guard guard(m_lock);
    m_stopping = true;
  }
  m_loop->wake();
  m_thread.join();
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
      m_loop.emplace();
      m_thread = std::thread([this] { work(); });
    }
    wake = m_orders.empty();
    m_orders.push_back(std::move(order));
  }
  if (wake) m_loop->wake();
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
    const auto ended = m_loop->perform();
    for (const auto& transfer : ended) transfer->mailbox->put(transfer);
    if (ended.empty()) m_loop->wait(1000);
  }
}

void CurlThread::obey(Order& order) {
  switch (order.what) {
    case Order::What::start: return m_loop->begin(std::move(order.transfer));
    case Order::What::resume: return m_loop->resume(*order.transfer);
    case Order::What::cancel: return m_loop->cancel(*order.transfer);
  }
}

} // namespace belay
