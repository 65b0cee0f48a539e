#pragma once
#include "belay/event.hpp"
#include "belay/host.hpp"
#include "belay/state.hpp"
#include "notify/notifier.hpp"
#include <mutex>
#include <span>

/// Messages leave belay here: each `notify.send` that settled is queued in the outbox, durably, before anything is sent; what waits there is
/// delivered at the end of this command, or of a later one where this one dies. A message reaches its notifier at least once.
namespace belay::notify {

/// Queues the messages of the runs that it observes. Its failures are kept, for an observer must not stop a run.
class Queueing : public Observer {
public:
  Queueing(Store& store, const Time& time) : m_store(store), m_time(time) {}
  void on(const Event&) override;
  void on(const Sign&) override {}
  const std::vector<std::string>& failures() const { return m_failures; } ///< once the runs are over

private:
  void begin(const std::string& stream);
  void again(const std::string& stream); ///< what a run that is resumed told in its earlier lives

  Store& m_store;
  const Time& m_time;
  std::mutex m_lock; ///< steps may settle on several threads
  std::string m_stream, m_about; ///< whose run it is: "shop in production"
  std::vector<std::string> m_failures;
};

/// The messages of one settled `notify.send`, one for each notifier; none of any other fact. `about`: whose run it is, for the subject.
std::vector<outbox::Queued> messages_of(const std::string& stream, const fact::Settled&, const std::string& about, Timestamp now);

struct Delivery {
  unsigned delivered = 0, waiting = 0; ///< waiting: failed now, to be tried by a later command
  std::vector<std::string> problems;
};
/// Delivers what waits: a message whose last attempt failed rests 10 s · 2ⁿ first, and is given up after ten attempts. One for a notifier
/// that is not configured is given up at once.
Delivery deliver_waiting(Store&, const Time&, std::span<Notifier* const>);

} // namespace belay::notify
