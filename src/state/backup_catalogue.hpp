#pragma once
#include "belay/state.hpp"
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What is known of a service's backups: a fold of the stream `backup/SERVICE`.
namespace belay::backups {

/// A complete backup. `taken`: the moment whose data it holds, its recovery point. Sizes in bytes: as stored, and before compression.
struct Created {
  static constexpr std::string_view k_kind = "created";
  std::string id, kind, path, database, environment, run, sha256, server, tool, name; ///< kind: dump, snapshot …; name: of one that a person asked for by name
  std::int64_t stored_bytes = 0, plain_bytes = 0;
  Value counts; ///< table → rows, where they were taken
  Timestamp taken, started, finished, at;
};
struct Verified {
  static constexpr std::string_view k_kind = "verified";
  std::string id, run, details;
  bool ok = false;
  Duration took{};
  Timestamp at;
};
/// A whole recovery tried out: restored, the service started on it, its health asked.
struct Drilled {
  static constexpr std::string_view k_kind = "drilled";
  std::string id, run, details;
  bool ok = false;
  Duration took{};
  Timestamp at;
};
struct Restored {
  static constexpr std::string_view k_kind = "restored";
  std::string id, run, into, kept; ///< kept: the name under which the old database stands
  Timestamp at;
};
struct Pruned {
  static constexpr std::string_view k_kind = "pruned";
  std::string id, run, why;
  Timestamp at;
};
using Fact = std::variant<Created, Verified, Drilled, Restored, Pruned>;

struct Backup {
  Created created;
  std::optional<Verified> verified; ///< the newest
  std::optional<Drilled> drilled;   ///< the newest
  std::optional<Restored> restored; ///< the newest
  std::optional<Pruned> pruned;
  bool exists() const { return !pruned; }
  bool is_good() const { return exists() && verified && verified->ok; } ///< its newest verification passed
};
struct Catalogue {
  std::vector<Backup> backups; ///< oldest recovery point first, pruned ones included
  const Backup* find(const std::string& id) const;
};

/// A fact about a backup that was never created is left out.
Catalogue fold(const std::vector<Fact>& facts);

Expected<Catalogue> read(Store& store, const std::string& service);
/// Adds a fact, durably. The same fact of the same run again (a resumed step) is not added twice.
Expected<void> note(Store& store, const std::string& service, const Fact& fact);

} // namespace belay::backups
