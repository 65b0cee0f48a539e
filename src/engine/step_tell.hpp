#pragma once
#include "engine/session.hpp"

namespace belay::engine {

/// What a step says while it works: cleaned of secrets, shown at once, kept whole in a file and its last 4 KiB in the result.
class StepTell final : public Tell {
public:
  StepTell(Session&, std::string path);
  ~StepTell() override;
  void output(std::string_view text) override;
  void progress(std::int64_t done, std::int64_t of, std::string_view unit) override;
  /// Ends the file. Where it is (empty: nothing was said, or it is not kept), and the last 4 KiB.
  std::string artifact();
  std::string tail();

private:
  Session& m_session;
  const std::string m_path;
  std::mutex m_lock;
  Redactor::Stream m_stream;
  std::unique_ptr<Sink> m_sink;
  std::string m_file, m_tail;
  bool m_tried = false, m_ended = false;

  void keep(const std::string& text);
  void open();
  void end();
};

/// A path as the name of a file: letters, digits, `-` and `_` stay, `/` becomes `.`, all else `%` and two hex digits.
std::string file_name(std::string_view path);

} // namespace belay::engine
