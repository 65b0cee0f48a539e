#pragma once
#include "cli/context.hpp"

namespace belay::cli {

/// The views of a run that the global options and the terminal ask for; they write until they are destroyed.
class Views {
public:
  explicit Views(Context&);
  ~Views();
  std::vector<Observer*> observers() const;
  /// For as long as a question is put to a person.
  Terminal& terminal();

private:
  struct Asking;
  std::vector<std::unique_ptr<Observer>> m_views;
  std::unique_ptr<Asking> m_asking;
};

} // namespace belay::cli
