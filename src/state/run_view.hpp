#pragma once
#include "belay/event.hpp"
#include "belay/state.hpp"
#include <map>
#include <optional>
#include <string>
#include <vector>

/// A run as its journal tells it: a pure fold of the facts, the same for every view and for a resume.
namespace belay {

struct AttemptView {
  int attempt = 1;
  std::optional<fact::Intended> intended;
  Value handle; ///< the last one answered; null: none
  std::optional<fact::Settled> settled;
  Timestamp began, ended;
};

struct StepView {
  std::string path, title, action;
  State state = State::planned; ///< undone, undo_failed once it was taken back
  Effect effect = Effect::reads;
  int attempt = 1;
  std::uint64_t settled_seq = 0; ///< the order of completion; 0: not settled
  std::vector<AttemptView> attempts; ///< of a change, and of anything that settled
  Value inputs, outputs, saved, undo;
  std::string shown, artifact, tail;
  std::string because; ///< why skipped, why failed
  std::vector<std::string> keys; ///< of a for_each
  bool expanded = false, open = false; ///< open: a hold that is held
  bool left = false; ///< a person decided that it is not taken back
  std::vector<Tick> ticks;
  std::optional<Question> question; ///< parked on it
  std::string asked; ///< the digest of what was asked last; stays once it is answered
  std::optional<fact::Said> said;
  std::optional<fact::Undoing> undoing; ///< being taken back; stays once undone
  std::optional<fact::Undone> undone;
  Timestamp began, ended;
  Duration took{};

  bool settled() const { return settled_seq != 0; }
  /// Whether the world may be otherwise by it than before: done, partial, pending or unknown, and not taken back.
  bool stands() const;
};

struct RunView {
  fact::RunStarted header;
  std::string state = "running"; ///< running, undoing, waiting, stopped, stuck; failed, refused, done, undone, accepted
  std::vector<StepView> steps;   ///< in the order in which they were first heard of
  std::vector<fact::Turned> turned;
  std::vector<fact::Decided> decided;
  std::vector<fact::Found> findings;
  std::vector<fact::Resumed> resumed;
  std::string parked; ///< the path of the step that waits for an answer; empty: none
  std::optional<fact::RunEnded> ended; ///< the last one; a stuck run may go on after it
  std::string why_stopped;
  std::string taken_over; ///< `by run X: WHY`, since it was last resumed; empty: its claim was not taken from it
  Timestamp last;
  std::uint64_t seq = 0;

  bool finished() const { return state == "done" || state == "undone" || state == "failed" || state == "accepted" || state == "refused"; }
  const StepView* find(const std::string& path) const;
  bool takes_back(const StepView&) const; ///< a step of another's `undo: {steps}`
  /// Whether a step takes another back, or is always done at the end: what it changes is not taken back in turn.
  bool beside(const StepView&) const;
  std::vector<const StepView*> standing() const; ///< changes and destroys that stand, in order of completion

  StepView& step(const std::string& path); ///< made when it is new
private:
  std::map<std::string, std::size_t, std::less<>> m_index;
};

void apply(RunView&, const Event&);
RunView fold(const std::vector<Event>&);

/// The row of a list: kind `run`, status the view's state, label the runbook.
Row row_of(const RunView&, const std::string& stream);

} // namespace belay
