#include "ports/real_ports.hpp"
#include <algorithm>
#include <cerrno>
#include <ctime>
#include <poll.h>

namespace belay {
namespace {

timespec now(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return t;
}

struct Clock final : Time {
  Timestamp wall() const override {
    const timespec t = now(CLOCK_REALTIME);
    return {t.tv_sec, static_cast<std::int32_t>(t.tv_nsec)};
  }
  Duration steady() const override {
    const timespec t = now(CLOCK_BOOTTIME);
    return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
  }
  bool sleep(Duration time, const Stop& stop) const override {
    const Duration end = steady() + std::max(time, Duration::zero());
    while (!stop) {
      const Duration rest = end - steady();
      if (rest <= Duration::zero()) return true;
      // poll counts no suspend, so a long sleep is taken in pieces that look at the clock again.
      const Duration piece = std::min({rest, stop.left(), Duration(std::chrono::seconds(1))});
      pollfd wake{stop.fd(), POLLIN, 0};
      const timespec wait{static_cast<time_t>(piece.count() / 1'000'000'000), static_cast<long>(piece.count() % 1'000'000'000)};
      ::ppoll(&wake, 1, &wait, nullptr);
    }
    return false;
  }
};

} // namespace

std::unique_ptr<Time> make_clock() { return std::make_unique<Clock>(); }

} // namespace belay
