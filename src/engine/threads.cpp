#include "engine/threads.hpp"
#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace belay::engine {

Flow at_once(std::size_t count, std::size_t at_once, const std::function<Flow(std::size_t)>& work) {
  std::mutex lock;
  std::size_t next = 0;
  Flow worst = Flow::go;
  std::exception_ptr thrown;
  auto loop = [&] {
    while (true) {
      std::size_t mine = 0;
      {
        std::lock_guard guard(lock);
        if (next == count || worst != Flow::go || thrown) return;
        mine = next++;
      }
      try {
        const Flow flow = work(mine);
        std::lock_guard guard(lock);
        worst = std::max(worst, flow);
      } catch (...) {
        std::lock_guard guard(lock);
        if (!thrown) thrown = std::current_exception();
      }
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < std::min(count, at_once); ++i) threads.emplace_back(loop);
  loop();
  for (std::thread& t : threads) t.join();
  if (thrown) std::rethrow_exception(thrown);
  return worst;
}

} // namespace belay::engine
