#pragma once
#include "cli/context.hpp"
#include "notify/delivery.hpp"

namespace belay::cli {

/// The messages of one command: those of its runs are queued as they settle; all that wait, of earlier commands too, are delivered at its end.
class Messages {
public:
  explicit Messages(Context&);
  std::vector<Observer*> beside(std::vector<Observer*> views);
  /// Delivers; what did not work is said on standard error and changes no exit code.
  void deliver();

private:
  Context& m_context;
  notify::Queueing m_queueing;
};

} // namespace belay::cli
