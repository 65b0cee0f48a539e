#pragma once
#include "belay/ports.hpp"
#include "ports/guard.hpp"
#include "ports/kept_output.hpp"
#include <atomic>
#include <chrono>
#include <optional>
#include <string>

namespace belay {

/// What is wanted of a child beside its request.
struct ChildWishes {
  std::string name;    ///< for messages
  std::string input;   ///< written to its standard input, unless `source` is there
  Source* source = nullptr;
  Sink* sink = nullptr; ///< takes standard output; it is not finished here, since only the caller can judge the status
  Tell* tell = nullptr;
  Duration idle{}; ///< zero: never
};

/// A child from its start until nothing of it is left: feeds, drains, watches the time, ends it.
class ChildRun {
public:
  static Expected<std::unique_ptr<ChildRun>> start(std::shared_ptr<Guard>, const SpawnRequest&, ChildWishes);

  /// Blocks until the child and its group are gone; a stop, an idle child or a failing stream ends them first (TERM, then KILL after the grace).
  Expected<Ended> finish(const Stop&);
  Ended how_it_ended() const; ///< after `finish`, also of one that was stopped
  pid_t pid() const { return m_child.pid; }
  bool exited() const { return m_exited.load(); }
  void set_grace(Duration grace) { m_grace = grace; } ///< of a stop that comes after this

private:
  using Clock = std::chrono::steady_clock;
  explicit ChildRun(std::shared_ptr<Guard> guard) : m_guard(std::move(guard)) {}
  Duration time_left(const Stop&) const;
  bool gathers() const { return m_gathers_until > Clock::now(); }
  void watch(const Stop&);
  void end_because(Failure why, Duration grace);
  void order_end(Duration grace);
  void feed();
  std::size_t drain(Fd& from, bool output, std::size_t at_most);
  void drain_what_is_there();
  void take_reports();
  void lose_guard();
  Failure ended_failure(const Stop&) const;

  std::shared_ptr<Guard> m_guard; ///< lives while a child of it does
  ChildWishes m_wishes;
  Guard::Started m_child;
  Fd m_input, m_output, m_errors;
  std::string_view m_to_write;
  std::string m_piece; ///< of the source
  KeptOutput m_kept_output{nullptr}, m_kept_errors{nullptr};
  std::vector<char> m_buffer;
  Clock::time_point m_last_sign = Clock::now(), m_gathers_until{};
  std::string m_reports;
  std::optional<Failure> m_why;
  bool m_ending = false, m_killed = false, m_gone = false;
  std::atomic<bool> m_exited = false;
  std::atomic<Duration> m_grace{std::chrono::seconds(2)};
  int m_wait_status = 0, m_left_behind = 0;
};

} // namespace belay
