#include "engine/standing.hpp"

namespace belay::engine {

Standing standing_of(const Change& change, const Intent& intent, const Value& seen, const Value& outputs, const Value& now) {
  if (!change.observe) return Standing::unclear;
  if (change.standing) return change.standing(intent, seen, outputs, now);
  if (now == seen) return Standing::as_before;
  if (!change.judge) return Standing::unclear;
  switch (change.judge(intent, seen, now).state) {
    case State::done: return Standing::as_left;
    case State::no_effect:
    case State::not_seen: return Standing::otherwise; // neither what it left, nor what was there before
    default: return Standing::unclear;
  }
}

bool overtaken(const Doing& doing, const Value& now) {
  const Change& change = *doing.change;
  if (!change.standing) return false;
  if (!doing.of) return change.standing(doing.intent, doing.seen, {}, now) == Standing::otherwise;
  const Intent made = change.prepare(doing.of->in, doing.of->seen, doing.of->id);
  return change.standing(made, doing.of->seen, doing.of->outputs, now) == Standing::otherwise;
}

std::string left_text(std::string_view why, const Value& now) {
  constexpr std::size_t k_most = 200;
  const std::string is = show(now);
  return std::string(why) + ": it is left as it is" + (is.size() > k_most ? "" : ", " + is);
}

} // namespace belay::engine
