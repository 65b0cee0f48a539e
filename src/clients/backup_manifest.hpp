#pragma once
#include "belay/error.hpp"
#include "belay/value.hpp"
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace belay {

/// Rows of one table, in the dump's own snapshot. `hash`: where asked for, a sum over its rows' MD5 that does not depend on their order.
struct TableCount {
  std::string schema, name;
  std::int64_t rows = 0;
  std::string hash;
  friend bool operator==(const TableCount&, const TableCount&) = default;
};
/// What a database holds, as far as a restore must bring it back: tables in the order of their names; `objects`: kind → number.
struct Census {
  std::vector<TableCount> tables;
  std::vector<std::pair<std::string, std::int64_t>> objects;
  std::vector<std::pair<std::string, std::string>> extensions; ///< name, version
};

/// Everything known of one backup of a PostgreSQL database. It is the last thing a backup writes: without it there is none.
struct Manifest {
  std::string id, service, environment, run, step;
  Timestamp started, taken, finished; ///< taken: the moment of the snapshot, which is the recovery point
  std::string lsn;
  int server = 0;                     ///< server_version_num
  std::string server_text, tool;      ///< as they call themselves: `15.20`
  Value database;                     ///< name, owner, encoding, collate, ctype, provider, locale, limit, settings, grants
  std::uint64_t size = 0, raw_size = 0; ///< bytes of the file, and of what it holds decompressed
  std::string sha256;                 ///< of the file, hexadecimal
  Census census;
};

/// The manifest as a file: canonical JSON whose member `digest` is the SHA-256 of the rest, and a line feed.
std::string write_manifest(const Manifest&);

/// A manifest's text → manifest. `malformed`: not byte for byte what `write_manifest` makes, or of a format this belay does not know.
Expected<Manifest> read_manifest(std::string_view text);

/// `20261121T223800Z-1f0c9a3e`: sorts by time, and differs for every step of every run; the same again for the same step.
std::string backup_id(Timestamp run_started, std::string_view run, std::string_view path);
bool is_backup_id(std::string_view);
/// When a backup of that id was begun.
std::optional<Timestamp> backup_time(std::string_view id);

/// How what is there differs from what was recorded, one sentence each; empty: it does not. Hashes are compared where both have them.
std::vector<std::string> differences(const Census& recorded, const Census& found);

} // namespace belay
