#pragma once
#include "engine/session.hpp"

namespace belay::engine {

/// How a life of a run came to its end.
struct Ending {
  Halt halt = Halt::none;
  bool failed = false;   ///< a step failed, or it was aborted
  bool changed = false;  ///< something was changed, taken back or not
  bool stands = false;   ///< something that was changed stays so
  bool findings = false; ///< a check found something, or what is always done failed
  bool misnamed = false; ///< it failed because what it was told to use is not there, without anybody having been asked to act
};
struct Decision {
  Exit exit = Exit::done;
  std::string state;
  bool park = false; ///< the claim stays taken, without a process
};

/// Exit code and state of the run. Where two exits hold, the first of 7, 9, 6, 8, 1, 2, 3, 4 does.
Decision decide(const Ending&);

} // namespace belay::engine
