#pragma once
#include "belay/action.hpp"
#include "belay/error.hpp"
#include <optional>
#include <string_view>

/// The words of the journal, of JSON output and of the screen for what the contracts enumerate.
namespace belay {

std::string_view word(State);
std::string_view word(Effect);
std::string_view word(Repeat);
std::string_view word(Verdict);
std::string_view word(Cause);
std::string_view word(Reached);
std::string_view word(Exit);

/// The value of a word; nothing when this version does not know it.
template <class E> std::optional<E> from_word(std::string_view);
template <> std::optional<State> from_word<State>(std::string_view);
template <> std::optional<Effect> from_word<Effect>(std::string_view);
template <> std::optional<Repeat> from_word<Repeat>(std::string_view);
template <> std::optional<Verdict> from_word<Verdict>(std::string_view);
template <> std::optional<Cause> from_word<Cause>(std::string_view);
template <> std::optional<Reached> from_word<Reached>(std::string_view);
template <> std::optional<Exit> from_word<Exit>(std::string_view);

} // namespace belay
