#include "cli/messages.hpp"
#include "notify/console.hpp"
#include <ostream>

namespace belay::cli {

Messages::Messages(Context& c) : m_context(c), m_queueing(c.store(), c.outside.ports.time) {}

std::vector<Observer*> Messages::beside(std::vector<Observer*> views) {
  views.push_back(&m_queueing);
  return views;
}

void Messages::deliver() {
  notify::Console console(m_context.outside.err);
  notify::Notifier* notifiers[] = {&console};
  const notify::Delivery delivery = notify::deliver_waiting(m_context.store(), m_context.outside.ports.time, notifiers);
  for (const std::string& failure : m_queueing.failures()) m_context.outside.err << "belay: " << failure << '\n';
  for (const std::string& problem : delivery.problems) m_context.outside.err << "belay: " << problem << '\n';
}

} // namespace belay::cli
