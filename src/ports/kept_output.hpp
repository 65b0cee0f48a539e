#pragma once
#include "belay/ports.hpp"
#include <cstdint>
#include <string>
#include <string_view>

namespace belay {

/// What is kept of one stream: all of it up to 1 MiB, else its first and last halves of that. Whole lines are told as they come.
class KeptOutput {
public:
  explicit KeptOutput(Tell* tell) : m_tell(tell) {}
  void take(std::string_view text);
  void end(); ///< tells a last line that no line feed ended
  bool cut() const;
  std::string text() const; ///< where it is cut, a line says how much is left out

private:
  Tell* m_tell;
  std::string m_first, m_last, m_line;
  std::uint64_t m_total = 0;
};

} // namespace belay
