#pragma once
#include "ports/transfer.hpp"
#include <unordered_map>

namespace belay {

/// Transfers over one multi handle of libcurl, moved on by the thread that calls it. Handles and connections are kept for the next ones.
class CurlLoop {
public:
  CurlLoop();
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  void begin(std::shared_ptr<Transfer>);
  void resume(const Transfer&); ///< after its pause; nothing where it ended in the meantime
  void cancel(const Transfer&); ///< it then ends with the next `perform`, with or without an answer; nothing where it ended already
  void cancel_all();
  std::vector<std::shared_ptr<Transfer>> perform(); ///< goes as far as it can without waiting; gives those that ended
  void wait(int milliseconds, int also = -1);       ///< until something moves, or `also` can be read, or this long, or `wake`
  void wake();                                      ///< from any thread

private:
  void end(CURL* easy, CURLcode code);

  CURLM* m_multi;
  std::unordered_map<CURL*, std::shared_ptr<Transfer>> m_running;
  std::vector<std::shared_ptr<Transfer>> m_ended;
  std::vector<CURL*> m_idle;
};

} // namespace belay
