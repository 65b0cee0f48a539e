#include "state/words.hpp"
#include <array>
#include <cstddef>

namespace belay {
namespace {

// In the order of the enumerations.
constexpr std::array<std::string_view, 13> k_states{"planned", "waiting",   "intent", "pending", "not_seen", "done",       "no_effect",
                                                    "partial", "failed", "unknown", "undone",  "undo_failed", "skipped"};
constexpr std::array<std::string_view, 5> k_effects{"reads", "adds", "tells", "changes", "destroys"};
constexpr std::array<std::string_view, 4> k_repeats{"conditional", "keyed", "same_state", "once"};
constexpr std::array<std::string_view, 4> k_verdicts{"going", "pass", "fail", "inconclusive"};
constexpr std::array<std::string_view, 11> k_causes{"refused",  "missing",   "conflict",  "throttled", "timeout", "stopped",
                                                    "transport", "rejected", "malformed", "fenced",    "full"};
constexpr std::array<std::string_view, 3> k_reached{"no", "perhaps", "yes"};
constexpr std::array<std::string_view, 10> k_exits{"done", "changed", "usage", "unchanged", "finding", "claimed", "refused", "unknown", "stopped", "waiting"};

template <class E, std::size_t N> std::optional<E> find(const std::array<std::string_view, N>& words, std::string_view word) {
  for (std::size_t i = 0; i < N; ++i)
    if (words[i] == word) return static_cast<E>(i);
  return {};
}

} // namespace

std::string_view word(State s) { return k_states.at(static_cast<std::size_t>(s)); }
std::string_view word(Effect e) { return k_effects.at(static_cast<std::size_t>(e)); }
std::string_view word(Repeat r) { return k_repeats.at(static_cast<std::size_t>(r)); }
std::string_view word(Verdict v) { return k_verdicts.at(static_cast<std::size_t>(v)); }
std::string_view word(Cause c) { return k_causes.at(static_cast<std::size_t>(c)); }
std::string_view word(Reached r) { return k_reached.at(static_cast<std::size_t>(r)); }
std::string_view word(Exit e) { return k_exits.at(static_cast<std::size_t>(e)); }

template <> std::optional<State> from_word<State>(std::string_view w) { return find<State>(k_states, w); }
template <> std::optional<Effect> from_word<Effect>(std::string_view w) { return find<Effect>(k_effects, w); }
template <> std::optional<Repeat> from_word<Repeat>(std::string_view w) { return find<Repeat>(k_repeats, w); }
template <> std::optional<Verdict> from_word<Verdict>(std::string_view w) { return find<Verdict>(k_verdicts, w); }
template <> std::optional<Cause> from_word<Cause>(std::string_view w) { return find<Cause>(k_causes, w); }
template <> std::optional<Reached> from_word<Reached>(std::string_view w) { return find<Reached>(k_reached, w); }
template <> std::optional<Exit> from_word<Exit>(std::string_view w) { return find<Exit>(k_exits, w); }

} // namespace belay
