#pragma once
#include "fakes/engine_rig.hpp"

/// The same run is killed at every write of its journal and around every act, resumed, and killed again while it is resumed; the
/// server's own ledger of effects says what happened.
namespace belay::fakes {

struct CrashCase {
  std::string name, body;
  std::vector<std::string> effects; ///< of a run that nothing disturbs
  Exit exit = Exit::done;
  bool once = false; ///< holds a step that a person may have to settle
};
/// Every repeat class, forward and back.
std::vector<CrashCase> crash_cases();

struct History {
  std::vector<std::string> effects;
  Exit exit = Exit::done;
  int points = 0; ///< at which it could have been killed
};

/// A belay with a defect, to prove that the harness finds it: what lies between it and the store in each life of the process, and other actions.
struct Planted {
  std::function<std::unique_ptr<Store>(Store&)> store;
  Catalog catalog = test_catalog();
};

/// Runs to an end through crashes at these points (from 1, ascending). A person who finds a step's outcome unknown looks at the ledger
/// and decides. Throws what a broken belay throws.
History play(const CrashCase&, std::vector<int> crashes, const Planted& = {});

/// What a person did by hand has no place in the order.
std::vector<std::string> in_order(const CrashCase&, std::vector<std::string> effects);
bool right(const CrashCase&, const History&);

} // namespace belay::fakes
