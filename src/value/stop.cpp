#include "belay/stop.hpp"
#include "belay/host.hpp"
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <sys/eventfd.h>
#include <unistd.h>
#include <vector>

namespace belay {

struct Stop::State {
  const Time& time;
  std::shared_ptr<State> parent;
  Duration deadline; ///< of Time::steady, the earliest of the chain
  std::atomic<Why> requested{Why::no};
  mutable std::mutex lock;
  mutable int event = -1; ///< made when first asked for: most stops are never polled
  std::vector<std::weak_ptr<State>> nested;

  State(const Time& t, std::shared_ptr<State> p, Duration d) : time(t), parent(std::move(p)), deadline(d) {}
  ~State() {
    if (event >= 0) ::close(event);
  }
  void fire(Why why) {
    Why none = Why::no;
    // killed outranks a first, gentler request.
    if (!requested.compare_exchange_strong(none, why) && why == Why::killed) requested = why;
    std::vector<std::shared_ptr<State>> below;
    {
      std::lock_guard guard(lock);
      if (event >= 0) {
        const std::uint64_t one = 1;
        [[maybe_unused]] auto n = ::write(event, &one, sizeof one);
      }
      for (auto& child : nested)
        if (auto c = child.lock()) below.push_back(std::move(c));
    }
    for (auto& child : below) child->fire(why);
  }
};

Stop::Stop(const Time& time) : m_state(std::make_shared<State>(time, nullptr, Duration::max())) {}
Stop::Stop(std::shared_ptr<State> state) : m_state(std::move(state)) {}

Stop Stop::nested(Duration limit) const {
  Duration deadline = m_state->deadline;
  if (limit > Duration::zero()) {
    const Duration now = m_state->time.steady();
    if (limit < Duration::max() - now) deadline = std::min(deadline, now + limit);
  }
  auto child = std::make_shared<State>(m_state->time, m_state, deadline);
  std::lock_guard guard(m_state->lock);
  std::erase_if(m_state->nested, [](const auto& c) { return c.expired(); });
  m_state->nested.push_back(child);
  child->requested = m_state->requested.load();
  return Stop(std::move(child));
}

Stop::Why Stop::why() const {
  if (Why why = m_state->requested.load(); why != Why::no) return why;
  return m_state->deadline != Duration::max() && m_state->time.steady() >= m_state->deadline ? Why::deadline : Why::no;
}

Duration Stop::left() const {
  if (m_state->deadline == Duration::max()) return Duration::max();
  return std::max(Duration::zero(), m_state->deadline - m_state->time.steady());
}

int Stop::fd() const {
  std::lock_guard guard(m_state->lock);
  if (m_state->event < 0) m_state->event = ::eventfd(m_state->requested.load() == Why::no ? 0 : 1, EFD_CLOEXEC | EFD_NONBLOCK);
  return m_state->event;
}

void Stop::request(Why why) const { m_state->fire(why); }

} // namespace belay
