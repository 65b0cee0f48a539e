#pragma once
#include "belay/event.hpp"
#include <map>
#include <string>
#include <vector>

namespace belay::report {

/// What is known of one step while a run goes on.
struct BoardLine {
  std::string path, title, action, note; ///< note: a reason, a failure's message, a gate's measures
  State state = State::planned;
  bool group = false, running = false, undoing = false;
  int attempt = 1;
  Duration began{}, took{}, heard{}; ///< began, heard: of Time::steady; heard: when its last output came
  std::string last_output;
  std::int64_t progress = 0, progress_of = 0;
  std::string unit;
  Effect effect = Effect::reads;
};

/// The steps of a run in the order in which they were first heard of: a fold of events and signs, for live views.
class StepBoard {
public:
  void on(const Event&, Duration now);
  void on(const Sign&, Duration now);
  const std::vector<BoardLine>& lines() const { return m_lines; }
  const std::string& heading() const { return m_heading; }
  BoardLine* find(const std::string& path);

private:
  BoardLine& at(const std::string& path);
  void settle(BoardLine&, const Outcome&, Duration took);
  std::vector<BoardLine> m_lines;
  std::map<std::string, std::size_t> m_index;
  std::string m_heading;
};

/// `3.1 % of 5 % (12 of 412 requests)` for each measure of a tick, joined by `; `.
std::string measures_text(const Tick&);
/// The word for a state at a terminal: `done`, `failed`, `no effect`, `unknown` …
std::string_view state_word(State);
/// Of an undo's outcome: nothing was tried, because it cannot be taken back, or need not.
bool left_standing(State undo);

} // namespace belay::report
