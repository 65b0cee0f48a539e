#pragma once
#include "cli/context.hpp"
#include <iosfwd>

namespace belay::notify {
class Queueing;
}

namespace belay::cli {

/// The observers of a run: the views that the global options and the terminal ask for, which write until they are destroyed, and
/// the one that queues its messages.
class Views {
public:
  explicit Views(Context&);
  ~Views();
  std::vector<Observer*> observers() const;
  /// For as long as a question is put to a person.
  Terminal& terminal();

private:
  struct Asking;
  std::ostream& m_err;
  notify::Queueing* m_queueing = nullptr; ///< one of the views
  std::vector<std::unique_ptr<Observer>> m_views;
  std::unique_ptr<Asking> m_asking;
};

} // namespace belay::cli
