#pragma once
#include "belay/event.hpp"
#include "belay/host.hpp"
#include "report/step_board.hpp"
#include "report/style.hpp"
#include <iosfwd>
#include <map>
#include <mutex>

namespace belay::report {

enum class Detail : std::uint8_t { quiet, normal, verbose };

/// One plain line for each thing that happened, for logs and for CI; safe to call from several threads.
class LineView : public Observer {
public:
  LineView(std::ostream& to, const Time& time, Style style, Detail detail);
  void on(const Event&) override;
  void on(const Sign&) override;

private:
  void line(const std::string& word, const std::string& path, const std::string& text, Duration took = {});
  void settled(const std::string& path, const std::string& title, const Outcome&, Duration took, bool undo);
  std::ostream& m_to;
  const Time& m_time;
  Style m_style;
  Detail m_detail;
  StepBoard m_board;
  std::map<std::string, Duration> m_last_progress;
  std::mutex m_lock;
};

/// `240 MB of 1.0 GB, 96 MB/s`, `120 of 300 endpoints`; the rate over `elapsed`.
std::string progress_text(std::int64_t done, std::int64_t of, std::string_view unit, Duration elapsed);

} // namespace belay::report
