#pragma once
#include "belay/value.hpp"

namespace belay {

/// The plain contents of any known value. Only src/ports, src/expr and src/value may include this file (checked by a test):
/// a secret's text leaves belay through a port that sends it, and no other way.
struct Reveal {
  static const std::string& text(const Value&);
  static Value plain(const Value&);      ///< the same value without the secret mark, all the way down
  static std::string json(const Value&); ///< canonical JSON, secrets in the clear: bytes to send
};

} // namespace belay
