#include "report/line_view.hpp"
#include <fmt/format.h>
#include <ostream>

namespace belay::report {

using namespace std::chrono_literals;

std::string progress_text(std::int64_t done, std::int64_t of, std::string_view unit, Duration elapsed) {
  const bool bytes = unit == "bytes" || unit == "B";
  auto amount = [&](std::int64_t n) { return bytes ? byte_text(n) : std::to_string(n); };
  std::string out = amount(done) + (of > 0 ? " of " + amount(of) : "");
  if (!bytes && !unit.empty()) out += " " + std::string(unit);
  const double s = std::chrono::duration<double>(elapsed).count();
  if (s >= 1 && done > 0) out += ", " + amount(static_cast<std::int64_t>(static_cast<double>(done) / s)) + "/s";
  return out;
}

LineView::LineView(std::ostream& to, const Time& time, Style style, Detail detail) : m_to(to), m_time(time), m_style(style), m_detail(detail) {}

void LineView::line(const std::string& word, const std::string& path, const std::string& text, Duration took) {
  m_to << m_style.dim(clock_text(m_time.wall())) << "  " << word << std::string(word.size() < 10 ? 10 - word.size() : 1, ' ') << path;
  if (!text.empty() && text != path) m_to << (path.empty() ? "" : "  ") << text;
  if (took > 0ns) m_to << m_style.dim("  (" + short_duration(took) + ")");
  m_to << '\n' << std::flush;
}

void LineView::settled(const std::string& path, const std::string& title, const Outcome& outcome, Duration took, bool undo) {
  const bool fine = outcome.state == State::done || outcome.state == State::undone;
  if (fine && m_detail == Detail::quiet) return;
  const std::string word(undo && outcome.state == State::done ? "undone" : undo && left_standing(outcome.state) ? "stands" : undo && !fine ? "undo failed" : state_word(outcome.state));
  line(word, path, title, took);
  if (outcome.failure) {
    line("", path, outcome.failure->message);
    if (!outcome.failure->hint.empty()) line("", path, outcome.failure->hint);
  }
}

void LineView::on(const Event& event) {
  std::lock_guard guard(m_lock);
  m_board.on(event, m_time.steady());
  const bool quiet = m_detail == Detail::quiet;
  if (std::holds_alternative<fact::RunStarted>(event.fact)) {
    if (!quiet) line("run", "", m_board.heading());
  } else if (auto* f = std::get_if<fact::Settled>(&event.fact)) {
    if (f->outcome.state == State::pending) return;
    const BoardLine* known = m_board.find(f->path);
    settled(f->path, known ? known->title : f->title, f->outcome, f->took, false);
  } else if (auto* undone = std::get_if<fact::Undone>(&event.fact)) {
    const BoardLine* known = m_board.find(undone->path);
    settled(undone->path, known ? known->title : "", undone->outcome, undone->took, true);
  } else if (auto* skipped = std::get_if<fact::Skipped>(&event.fact)) {
    if (m_detail == Detail::verbose) line("skipped", skipped->path, skipped->reason);
  } else if (auto* ticked = std::get_if<fact::Ticked>(&event.fact)) {
    if (!quiet) line("gate", ticked->path, measures_text(ticked->tick));
  } else if (auto* turned = std::get_if<fact::Turned>(&event.fact)) {
    line("going back", turned->path, turned->because);
  } else if (auto* parked = std::get_if<fact::Parked>(&event.fact)) {
    line("waiting", parked->path, parked->question.text);
  } else if (auto* said = std::get_if<fact::Said>(&event.fact)) {
    if (!quiet) line("answered", said->path, said->who + ": " + show(said->answer));
  } else if (auto* found = std::get_if<fact::Found>(&event.fact)) {
    line("finding", found->path, found->finding.subject + ": " + found->finding.message);
  } else if (auto* stopped = std::get_if<fact::Stopped>(&event.fact)) {
    line("stopped", "", stopped->why);
  } else if (auto* resumed = std::get_if<fact::Resumed>(&event.fact)) {
    if (!quiet) line("resumed", "", "by " + resumed->who + " on " + resumed->host);
  } else if (auto* decided = std::get_if<fact::Decided>(&event.fact)) {
    line(decided->what, decided->path, "by " + decided->who + ": " + decided->reason);
  }
}

void LineView::on(const Sign& sign) {
  std::lock_guard guard(m_lock);
  const Duration now = m_time.steady();
  m_board.on(sign, now);
  if (m_detail == Detail::quiet) return;
  if (auto* began = std::get_if<sign::Began>(&sign)) {
    if (m_detail == Detail::verbose && !began->action.empty()) line(began->undo ? "undoing" : "begins", began->path, began->title);
  } else if (auto* output = std::get_if<sign::Output>(&sign)) {
    if (m_detail == Detail::verbose) m_to << output->text << (output->text.empty() || output->text.back() != '\n' ? "\n" : "") << std::flush;
  } else if (auto* progress = std::get_if<sign::Progress>(&sign)) {
    Duration& last = m_last_progress[progress->path];
    if (last != Duration{} && now - last < 10s) return;
    const BoardLine* known = m_board.find(progress->path);
    if (last != Duration{}) line("working", progress->path, progress_text(progress->done, progress->of, progress->unit, known ? now - known->began : 0s));
    last = now;
  } else if (auto* retrying = std::get_if<sign::Retrying>(&sign)) {
    line("retry", retrying->path, fmt::format("attempt {} of {} failed: {}; again in {}", retrying->attempt, retrying->of, retrying->because, short_duration(retrying->in)));
  } else if (auto* note = std::get_if<sign::Note>(&sign)) {
    line("note", note->path, note->text);
  }
}

} // namespace belay::report
