#pragma once
#include "belay/error.hpp"
#include "state/outbox.hpp"
#include <string>

namespace belay::notify {

/// A way to reach people, by the name that `to` uses.
struct Notifier {
  virtual ~Notifier() = default;
  virtual std::string name() const = 0;
  /// Delivers one message, perhaps for a second time: where it went, in a few words. A failure is tried again later.
  virtual Expected<std::string> deliver(const outbox::Queued&) = 0;
};

} // namespace belay::notify
