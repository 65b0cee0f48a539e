#include "ports/kept_output.hpp"
#include <algorithm>

namespace belay {
namespace {

constexpr std::size_t k_half = 512 * 1024;
constexpr std::size_t k_longest_line = 64 * 1024;

} // namespace

void KeptOutput::take(std::string_view text) {
  m_total += text.size();
  if (m_tell) {
    m_line.append(text);
    auto whole = m_line.rfind('\n');
    if (whole == std::string::npos && m_line.size() > k_longest_line) whole = m_line.size() - 1;
    if (whole != std::string::npos) {
      m_tell->output(std::string_view(m_line).substr(0, whole + 1));
      m_line.erase(0, whole + 1);
    }
  }
  const std::size_t to_first = std::min(k_half - m_first.size(), text.size());
  m_first.append(text.substr(0, to_first));
  text.remove_prefix(to_first);
  if (text.size() > k_half) text.remove_prefix(text.size() - k_half);
  m_last.append(text);
  if (m_last.size() > 2 * k_half) m_last.erase(0, m_last.size() - k_half);
}

void KeptOutput::end() {
  if (m_tell && !m_line.empty()) m_tell->output(m_line);
  m_line.clear();
}

bool KeptOutput::cut() const { return m_total > 2 * k_half; }

std::string KeptOutput::text() const {
  if (!cut()) return m_first + m_last;
  const std::string_view last = std::string_view(m_last).substr(m_last.size() - k_half);
  return m_first + "\n[" + std::to_string(m_total - 2 * k_half) + " bytes left out]\n" + std::string(last);
}

} // namespace belay
