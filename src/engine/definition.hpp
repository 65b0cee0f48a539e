#pragma once
#include "engine/engine.hpp"
#include <deque>
#include <set>

namespace belay::engine {

/// The runbooks of a run: the one that was asked for and those that it calls, as they were when it began.
class Library {
public:
  /// From the project as it is now. Throws Error (usage) for a call of a runbook that is not there.
  Library(const Runbook& main, const Project&);
  /// From what a run pinned; `refused` where a text cannot be had back.
  static Expected<Library> pinned(const std::string& definition, const World&);

  const Runbook& main() const { return m_runbooks.front(); }
  const Runbook* find(const std::string& name) const;
  /// Names and texts as one text, to be pinned.
  std::string definition() const;
  /// Whether a step of it changes anything (a wait does not).
  bool changes(Catalog) const;
  /// Every name that an expression in it refers to: `secrets.token`, `env.databases.main`.
  std::set<std::string> references() const;

private:
  Library() = default;
  std::deque<Runbook> m_runbooks; // a deque: steps are pointed to
  void add(const Runbook&, const Project&);
};

/// Names that runbook.call uses in these steps, where they stand there as they are.
void called(const std::vector<Step>&, std::set<std::string>&);

} // namespace belay::engine
