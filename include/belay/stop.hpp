#pragma once
#include "belay/value.hpp"
#include <memory>

namespace belay {

struct Time;

/// A deadline and a request to stop, nested run > step > attempt > connect: a child stops when a parent does.
/// Every blocking call of a port takes one and returns within 100 ms of its firing. `fd` becomes readable when a stop is
/// requested (not at the deadline), so a port polls it beside its own for at most `left()`.
class Stop {
public:
  enum class Why : std::uint8_t { no, deadline, interrupted, killed, fenced };
  explicit Stop(const Time& time);   ///< the root: no deadline
  Stop nested(Duration limit) const; ///< zero: no limit of its own
  Why why() const;                   ///< the nearest reason; a request before a deadline
  explicit operator bool() const { return why() != Why::no; }
  Duration left() const; ///< until the earliest deadline of the chain; Duration::max() without one, zero when past
  int fd() const;
  void request(Why) const; ///< for this and all nested in it, from any thread

private:
  struct State;
  explicit Stop(std::shared_ptr<State>);
  std::shared_ptr<State> m_state;
};

} // namespace belay
