#pragma once
#include "belay/event.hpp"
#include "belay/host.hpp"
#include "report/step_board.hpp"
#include "report/style.hpp"
#include <condition_variable>
#include <iosfwd>
#include <mutex>
#include <thread>

namespace belay::report {

/// The steps of a run as a tree that is redrawn in place, for a terminal: what is done scrolls up and stays, what runs shows its
/// time, its progress, and its last line with the age of it.
class TreeView : public Observer {
public:
  TreeView(std::ostream& to, const Time& time, const Terminal& terminal, Style style);
  ~TreeView() override; ///< draws once more and leaves the screen as it is
  void on(const Event&) override;
  void on(const Sign&) override;
  /// Stops redrawing while a person is asked something.
  void pause(bool paused);

private:
  void draw(bool last);
  std::string text_of(const BoardLine&, Duration now, std::size_t width) const;
  std::ostream& m_to;
  const Time& m_time;
  const Terminal& m_terminal;
  Style m_style;
  StepBoard m_board;
  std::vector<std::string> m_notes; ///< lines to print once above the running ones
  std::size_t m_printed = 0;        ///< how many lines of the board have scrolled up
  std::size_t m_drawn = 0;          ///< rows to go up before the next drawing
  bool m_ending = false, m_dirty = false, m_heading_done = false, m_paused = false;
  std::mutex m_lock;
  std::condition_variable m_wake;
  std::thread m_drawer;
};

} // namespace belay::report
