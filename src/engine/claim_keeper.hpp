#pragma once
#include "belay/stop.hpp"
#include "engine/journal.hpp"
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace belay::engine {

inline constexpr Duration k_heartbeat = std::chrono::seconds(10), k_lease = std::chrono::seconds(60), k_own_end = std::chrono::seconds(40);

/// Watches what comes from outside while a run is under way: signals, posts, the claim's lease. Turns them into stops: `soft`
/// (nothing new is begun, reads and waits end) and `hard` (the act under way is left too). `pulse` does what is due; a thread
/// calls it beside acts that take long, the engine before each act and while it waits.
class ClaimKeeper {
public:
  ClaimKeeper(const World&, std::string run, Stop hard, Stop soft);
  ~ClaimKeeper();

  /// Takes the claim, waiting for it at most `wait`. Nothing: taken. Otherwise who holds it; failures are the store's. `may`: whether it may be taken
  /// from a holder that is not parked, should its lease be over.
  Expected<std::optional<Taken>> take(const std::string& claim, const std::string& reason, Duration wait, const std::function<Expected<bool>(const Taken&)>& may);
  const std::optional<Grant>& grant() const { return m_grant; }
  void pulse();
  /// Ends the watch and gives the claim back; parked, it stays taken by this run without a process. Tried three times; after a failure the claim stands
  /// as of a process that is gone, which nobody walks over while the run has not come to its end.
  Expected<void> release(bool park);
  /// What asked for the stop, for a person; empty: nothing did.
  std::string why() const;
  bool preempted() const { return m_preempted; }
  /// Waits in pieces of a second at most, with a pulse at each; false when the stop fired first.
  bool wait(Duration, const Stop&);

private:
  const World& m_world;
  const std::string m_run;
  const Stop m_hard, m_soft;
  std::optional<Grant> m_grant;
  Duration m_renewed{}, m_tried{}, m_looked{};
  std::uint64_t m_last_post = 0;
  std::string m_why;
  std::atomic<bool> m_preempted{false};
  bool m_ended = false;
  mutable std::mutex m_lock;
  std::mutex m_end_lock;
  std::condition_variable m_end;
  std::thread m_thread;

  void look_at_signals();
  void look_at_posts(Duration now);
  void renew(Duration now);
  void end_thread();
};

/// Whether a holder of this host is known to be gone.
bool holder_is_dead(const Machine&, const ProcessMark&);

} // namespace belay::engine
