#include "report/step_board.hpp"
#include <fmt/format.h>

namespace belay::report {

std::string measures_text(const Tick& tick) {
  std::string out;
  for (const Measure& m : tick.measures) {
    if (!out.empty()) out += "; ";
    out += fmt::format("{} {:.4g} (limit {:.4g})", m.name, m.value, m.threshold);
    if (!m.evidence.empty()) out += ": " + m.evidence;
  }
  if (!tick.why.empty()) out += (out.empty() ? "" : " — ") + tick.why;
  return out;
}

std::string_view state_word(State state) {
  switch (state) {
    case State::planned: return "planned";
    case State::waiting: return "waiting";
    case State::intent: return "acting";
    case State::pending: return "pending";
    case State::not_seen: return "not seen";
    case State::done: return "done";
    case State::no_effect: return "no effect";
    case State::partial: return "partial";
    case State::failed: return "failed";
    case State::unknown: return "unknown";
    case State::undone: return "undone";
    case State::undo_failed: return "undo failed";
    case State::skipped: return "skipped";
  }
  return "";
}

bool left_standing(State undo) { return undo == State::skipped || undo == State::no_effect; }

BoardLine& StepBoard::at(const std::string& path) {
  auto [found, is_new] = m_index.try_emplace(path, m_lines.size());
  if (is_new) {
    m_lines.emplace_back();
    m_lines.back().path = path;
  }
  return m_lines[found->second];
}

BoardLine* StepBoard::find(const std::string& path) {
  auto found = m_index.find(path);
  return found == m_index.end() ? nullptr : &m_lines[found->second];
}

void StepBoard::settle(BoardLine& line, const Outcome& outcome, Duration took) {
  line.state = outcome.state;
  line.running = false;
  line.took = took;
  line.note = outcome.failure ? outcome.failure->message : "";
}

void StepBoard::on(const Event& event, Duration now) {
  if (auto* f = std::get_if<fact::RunStarted>(&event.fact)) {
    m_heading = fmt::format("{}{}{}{}  run {}", f->runbook, f->service.empty() ? "" : " " + f->service, f->environment.empty() ? "" : " in " + f->environment, "", f->run);
  } else if (auto* settled = std::get_if<fact::Settled>(&event.fact)) {
    BoardLine& line = at(settled->path);
    if (!settled->title.empty()) line.title = settled->title;
    if (!settled->action.empty()) line.action = settled->action;
    line.effect = settled->effect;
    settle(line, settled->outcome, settled->took);
  } else if (auto* skipped = std::get_if<fact::Skipped>(&event.fact)) {
    BoardLine& line = at(skipped->path);
    line.state = State::skipped;
    line.note = skipped->reason;
  } else if (auto* intended = std::get_if<fact::Intended>(&event.fact)) {
    BoardLine& line = at(intended->id.path);
    line.title = intended->title;
    line.action = intended->action;
    line.state = State::intent;
  } else if (auto* ticked = std::get_if<fact::Ticked>(&event.fact)) {
    at(ticked->path).note = measures_text(ticked->tick);
  } else if (auto* undone = std::get_if<fact::Undone>(&event.fact)) {
    if (undone->outcome.state == State::skipped) return; // it stands as it settled
    BoardLine& line = at(undone->path);
    line.undoing = true;
    settle(line, undone->outcome, undone->took);
    if (undone->outcome.state == State::done) line.state = State::undone;
  } else if (auto* undoing = std::get_if<fact::Undoing>(&event.fact)) {
    BoardLine& line = at(undoing->path);
    line.undoing = line.running = true;
    line.began = now;
  } else if (auto* parked = std::get_if<fact::Parked>(&event.fact)) {
    BoardLine& line = at(parked->path);
    line.state = State::waiting;
    line.note = parked->question.text;
  }
}

void StepBoard::on(const Sign& sign, Duration now) {
  if (auto* began = std::get_if<sign::Began>(&sign)) {
    BoardLine& line = at(began->path);
    line.title = began->title;
    line.action = began->action;
    line.group = began->action.empty();
    line.attempt = began->attempt;
    line.running = true;
    line.undoing = began->undo;
    line.effect = began->effect;
    line.began = line.heard = now;
  } else if (auto* output = std::get_if<sign::Output>(&sign)) {
    BoardLine& line = at(output->path);
    std::string_view text = output->text;
    while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    if (auto from = text.rfind('\n'); from != std::string_view::npos) text.remove_prefix(from + 1);
    if (!text.empty()) line.last_output = text;
    line.heard = now;
  } else if (auto* progress = std::get_if<sign::Progress>(&sign)) {
    BoardLine& line = at(progress->path);
    line.progress = progress->done;
    line.progress_of = progress->of;
    line.unit = progress->unit;
    line.heard = now;
  } else if (auto* retrying = std::get_if<sign::Retrying>(&sign)) {
    at(retrying->path).note = fmt::format("attempt {} of {} failed: {}", retrying->attempt, retrying->of, retrying->because);
  }
}

} // namespace belay::report
