#include "report/tree_view.hpp"
#include "report/line_view.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <ostream>

namespace belay::report {

using namespace std::chrono_literals;

TreeView::TreeView(std::ostream& to, const Time& time, const Terminal& terminal, Style style) : m_to(to), m_time(time), m_terminal(terminal), m_style(style) {
  m_drawer = std::thread([this] {
    std::unique_lock guard(m_lock);
    while (!m_ending) {
      m_wake.wait_for(guard, 200ms);
      if (!m_ending && !m_paused) draw(false);
    }
  });
}

TreeView::~TreeView() {
  {
    std::lock_guard guard(m_lock);
    m_ending = true;
  }
  m_wake.notify_all();
  m_drawer.join();
  draw(true);
}

void TreeView::pause(bool paused) {
  std::lock_guard guard(m_lock);
  if (paused) draw(false);
  m_paused = paused;
  m_drawn = 0;
}

void TreeView::on(const Event& event) {
  std::lock_guard guard(m_lock);
  m_board.on(event, m_time.steady());
  if (auto* turned = std::get_if<fact::Turned>(&event.fact)) m_notes.push_back(m_style.warn("going back") + ": " + turned->because);
  if (auto* found = std::get_if<fact::Found>(&event.fact)) m_notes.push_back(m_style.warn("finding") + "  " + found->finding.subject + ": " + found->finding.message);
  if (auto* parked = std::get_if<fact::Parked>(&event.fact)) m_notes.push_back(m_style.warn("waiting") + "  " + parked->question.text);
  if (auto* undone = std::get_if<fact::Undone>(&event.fact)) {
    const BoardLine* known = m_board.find(undone->path);
    const bool fine = undone->outcome.state == State::done || undone->outcome.state == State::undone;
    m_notes.push_back((fine ? m_style.warn("undone") : m_style.bad(left_standing(undone->outcome.state) ? "stands" : "undo failed")) + "  " + (known && !known->title.empty() ? known->title : undone->path) +
                      (undone->outcome.failure ? ": " + undone->outcome.failure->message : ""));
  }
}

void TreeView::on(const Sign& sign) {
  std::lock_guard guard(m_lock);
  m_board.on(sign, m_time.steady());
  if (auto* note = std::get_if<sign::Note>(&sign)) m_notes.push_back(m_style.dim("note") + "  " + note->text);
}

std::string TreeView::text_of(const BoardLine& line, Duration now, std::size_t width) const {
  const auto depth = static_cast<std::size_t>(std::count(line.path.begin(), line.path.end(), '/'));
  const std::string word(line.running ? (line.undoing ? "undoing" : "…") : state_word(line.state));
  const bool fine = line.state == State::done || line.state == State::undone;
  std::string mark = pad(word, 9);
  if (!line.running) mark = fine ? m_style.good(mark) : line.state == State::skipped || line.state == State::planned ? m_style.dim(mark) : m_style.bad(mark);
  const std::string title = line.title.empty() ? line.path : line.title;
  const Duration took = line.running ? now - line.began : line.took;
  std::string tail = took >= 100ms ? "  " + short_duration(took) : "";
  if (line.running && line.progress > 0) tail += "  " + progress_text(line.progress, line.progress_of, line.unit, took);
  if (!line.note.empty()) tail += "  " + line.note;
  if (line.running && !line.last_output.empty()) tail += fmt::format("  | {} ({} ago)", line.last_output, short_duration(now - line.heard));
  const std::size_t room = width > 12 + depth * 2 ? width - 12 - depth * 2 : 20;
  return "  " + mark + " " + std::string(depth * 2, ' ') + cut(title + tail, room);
}

void TreeView::draw(bool last) {
  const Duration now = m_time.steady();
  const auto width = static_cast<std::size_t>(std::max(20, m_terminal.width() - 1));
  std::string out;
  if (m_drawn > 0) out += fmt::format("\x1b[{}A", m_drawn);
  out += "\r\x1b[J";
  m_drawn = 0;
  if (!m_heading_done && !m_board.heading().empty()) {
    out += m_style.strong(m_board.heading()) + "\n";
    m_heading_done = true;
  }
  const auto& lines = m_board.lines();
  // What is settled in order scrolls up for good, so a long run never redraws more than what is under way.
  while (m_printed < lines.size() && !lines[m_printed].running && (lines[m_printed].state != State::planned || last) && lines[m_printed].state != State::intent)
    out += text_of(lines[m_printed++], now, width) + "\n";
  for (const std::string& note : m_notes) out += "  " + note + "\n";
  m_notes.clear();
  for (std::size_t i = m_printed; i < lines.size(); ++i) {
    if (!last && m_drawn >= 20) break;
    out += text_of(lines[i], now, width) + "\n";
    ++m_drawn;
  }
  if (last) m_drawn = 0;
  m_to << out << std::flush;
}

} // namespace belay::report
