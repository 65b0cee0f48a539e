#pragma once
#include "notify/notifier.hpp"
#include <iosfwd>

namespace belay::notify {

/// `console`: the message on a stream, the title first, each further line indented below it; control characters are shown, not sent.
class Console : public Notifier {
public:
  explicit Console(std::ostream& out) : m_out(out) {}
  std::string name() const override { return "console"; }
  Expected<std::string> deliver(const outbox::Queued&) override;

private:
  std::ostream& m_out;
};

} // namespace belay::notify
