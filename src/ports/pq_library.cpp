#include "ports/pq_library.hpp"
#include "ports/shared_library.hpp"

namespace belay {
namespace {

struct Opened {
  SharedLibrary file{"libpq.so.5", "libpq5"};
  PqLibrary functions;

  Opened() {
#define BELAY_FIND(name) file.find(#name, functions.name);
    BELAY_PQ_FUNCTIONS(BELAY_FIND)
#undef BELAY_FIND
  }
};

const Opened& opened() {
  static const Opened once;
  return once;
}

} // namespace

Expected<void> open_pq() {
  if (const auto& failure = opened().file.failure()) return Unexpected(*failure);
  return {};
}

const PqLibrary& pq() { return opened().functions; }

} // namespace belay
