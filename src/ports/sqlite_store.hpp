#pragma once
#include "belay/state.hpp"
#include <memory>
#include <string>

namespace belay {

/// The store of one machine: a SQLite file (WAL; an append that is `now` is synced before it returns). Nothing is touched before the first call; reading
/// where there is no file gives nothing and makes nothing; the first write makes file (0600) and folder (0700). Safe to use from several threads.
///
/// Leases never look at the wall clock, which may jump. A taker of the same boot compares CLOCK_BOOTTIME, which all processes share. A taker of
/// another boot cannot compare: it notes, on its own clock, when it first saw the grant as it is, and takes it once it has seen no renewal for
/// a whole lease. So its first attempt never succeeds while the lease may hold, and a later one does.
std::unique_ptr<Store> open_sqlite_store(std::string path, const Time& time, Entropy& entropy);

} // namespace belay
