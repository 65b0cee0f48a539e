#pragma once
#include "belay/state.hpp"
#include <string>
#include <vector>

/// The stream `ledger` names every run, with the hash of its first record, so that a run whose journal was deleted or begun anew is found; and where each
/// journal ended, so that a tail that was cut off is found even when the store's own note of the end was edited with it.
namespace belay::ledger {

inline constexpr const char* k_stream = "ledger";

/// To be called once the run's first record is appended (it may be `with_next`: this append makes both durable) and before its first act.
Expected<void> note_start(Store& store, const std::string& run, const Hash& first, Timestamp at);
/// The head of a run's journal when a process leaves it: done, stopped, waiting or stuck.
Expected<void> note_end(Store& store, const std::string& run, const Head& head, Timestamp at);

struct Wrong {
  std::string run; ///< empty: the ledger itself
  std::string why;
};
/// Compares the ledger with the journals, looking only at the records it names. Empty: nothing is missing.
Expected<std::vector<Wrong>> check(Store& store);

} // namespace belay::ledger
