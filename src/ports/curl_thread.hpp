#pragma once
#include "ports/curl_loop.hpp"
#include <deque>
#include <optional>
#include <thread>

namespace belay {

/// The one thread that drives the transfers of callers who wait for theirs alone; started with the first of them, ended with this object.
class CurlThread {
public:
  CurlThread() = default;
  ~CurlThread();
  void start(std::shared_ptr<Transfer>);
  void resume(std::shared_ptr<Transfer>); ///< after its pause
  void cancel(std::shared_ptr<Transfer>); ///< it then ends in its mailbox, with or without an answer

private:
  struct Order {
    enum class What : std::uint8_t { start, resume, cancel } what;
    std::shared_ptr<Transfer> transfer;
  };
  void give(Order);
  void work();
  void obey(Order&);

  std::mutex m_lock;
  std::deque<Order> m_orders;
  bool m_stopping = false;
  std::optional<CurlLoop> m_loop; ///< of the thread alone, but for waking it
  std::thread m_thread;
};

} // namespace belay
