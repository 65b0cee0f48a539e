#pragma once
#include <cstdint>
#include <exception>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace belay {

/// The exit codes of the command line; their meaning is `belay help exit-codes`. Where two hold: unknown, waiting, stopped, changed, unchanged.
enum class Exit : std::uint8_t { done, changed, usage, unchanged, finding, claimed, refused, unknown, stopped, waiting };

struct Place {
  std::string file;
  int line = 0, column = 0; ///< from 1; 0 where there is none
};
struct Problem {
  Place where;
  std::string message, hint;
};

/// A failed invocation: thrown, caught once in run_cli. Loading throws one with every problem of every file.
struct Error : std::exception {
  Exit exit;
  std::vector<Problem> problems;
  Error(Exit e, std::vector<Problem> p) : exit(e), problems(std::move(p)) {}
  Error(Exit e, std::string message, std::string hint = {}) : exit(e), problems{{{}, std::move(message), std::move(hint)}} {}
  const char* what() const noexcept override { return problems.empty() ? "error" : problems.front().message.c_str(); }
};

/// Whether the other side can have seen the act. Every port fills it in; the engine derives `no_effect` and `unknown` from it.
enum class Reached : std::uint8_t { no, perhaps, yes };
/// missing: what was named is not there; conflict: a precondition failed; rejected: the other side understood and refused;
/// malformed: its answer made no sense; fenced: the claim's epoch has moved on; full: no space left.
enum class Cause : std::uint8_t { refused, missing, conflict, throttled, timeout, stopped, transport, rejected, malformed, fenced, full };

/// A failed operation: a value, journaled, retried, undone.
struct Failure {
  Cause cause = Cause::rejected;
  Reached reached = Reached::perhaps;
  std::string message, hint;
};
template <class T> using Expected = tl::expected<T, Failure>;
using Unexpected = tl::unexpected<Failure>;

} // namespace belay
