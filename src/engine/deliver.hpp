#pragma once
#include "engine/session.hpp"

namespace belay::engine {

/// One act, forward or back, from what was seen before it to what became of it.
struct Doing {
  const Action* action = nullptr;
  const Change* change = nullptr;
  Identity id;
  std::string path; ///< of the step; an undo's id.path differs
  Value in, seen, handle;
  Intent intent;
  Effect effect = Effect::changes;
  bool back = false;
  const Completed* of = nullptr; ///< of `back`: what is taken back
  bool abandoned = false; ///< of an earlier life, in a part of the run that goes back: followed until it cannot land any more, never sent again
};

struct Resolution {
  Outcome outcome;
  bool open = false; ///< nothing was settled: the run stops here, and a resume looks again
  std::string why;   ///< of open
};

/// Observes the world for a change; null where it looks at nothing.
Expected<Value> observe(Session&, const Doing&, const Stop&, Tell&);

/// Sends what was prepared, once: the raw outcome. `unknown` where the other side may have seen it and did not say.
Outcome send(Session&, const Doing&, const Stop&, Tell&);

/// Follows an outcome that is none yet until the world tells: looks, judges, waits, sends again what its repeat class allows.
Resolution resolve(Session&, Doing&, Outcome, const Timeout&, Tell&);

/// What becomes of the world when judged now: `unknown` where that cannot be told. A failed look is a failure.
Expected<Outcome> look(Session&, const Doing&, const Stop&, Tell&);

} // namespace belay::engine
