#pragma once
#include "belay/action.hpp"
#include "clients/postgres_shares.hpp"

namespace belay::modules::postgres_backup {

/// How a database becomes one compressed file. `command`: pg_dump in the custom format to standard output, every value filled in;
/// `aside`: the tables whose rows a second pg_dump gives, empty for one alone; `file`: what is written, durable at the end;
/// `scratch`: where the second one's rows wait until the first has ended; `bytes`: about how many there will be, to tell of it.
struct StreamOrder {
  Command command;
  std::vector<TableSize> aside;
  std::string file, scratch;
  int level = 1, threads = 2;
  std::int64_t bytes = 0;
};
struct Streamed {
  std::uint64_t size = 0, raw_size = 0;
  std::string sha256; ///< of the file
};

/// Dumps, compresses, hashes and writes at the same time. The file is one archive, as if one pg_dump had written it.
Expected<Streamed> stream_dump(const StreamOrder&, const Call&, Ports&, Stop&);

} // namespace belay::modules::postgres_backup
