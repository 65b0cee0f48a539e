#include "notify/console.hpp"
#include "belay/secret.hpp"
#include <ostream>
#include <sstream>

namespace belay::notify {

Expected<std::string> Console::deliver(const outbox::Queued& message) {
  const Value severity = message.data["severity"];
  m_out << (severity.kind() == Kind::text && severity.text() != "info" ? severity.text() : "message") << ": " << printable(message.subject) << "\n";
  std::istringstream lines(printable(message.text));
  for (std::string line; std::getline(lines, line);) m_out << "  " << line << "\n";
  m_out.flush();
  if (!m_out) return Unexpected(Failure{Cause::transport, Reached::perhaps, "the console takes no more text", ""});
  return "console";
}

} // namespace belay::notify
