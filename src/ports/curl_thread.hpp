#pragma once
#include "ports/transfer.hpp"
#include <deque>
#include <thread>
#include <unordered_map>

namespace belay {

/// The one thread that drives every transfer; started with the first of them, ended with this object. Handles and connections are kept for the next.
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
  void begin(std::shared_ptr<Transfer>);
  void end(CURL* easy, CURLcode code);

  std::mutex m_lock;
  std::deque<Order> m_orders;
  bool m_stopping = false;
  CURLM* m_multi = nullptr;
  std::thread m_thread;
  // Of the thread alone:
  std::unordered_map<CURL*, std::shared_ptr<Transfer>> m_running;
  std::vector<CURL*> m_idle;
};

} // namespace belay
