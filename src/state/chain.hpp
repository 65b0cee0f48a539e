#pragma once
#include "belay/state.hpp"
#include <optional>
#include <span>
#include <string>

/// The hash chain of a stream. A record's hash is SHA-256 over the hash before it, its number, its stream, kind, time and body, each
/// number 8 bytes big-endian and each text preceded by its length, so that no two records have the same bytes.
namespace belay::chain {

/// The hash of the record numbered `seq` after one whose hash is `before` (all zeros for the first).
Hash hash_of(const Hash& before, std::uint64_t seq, const std::string& stream, const Record& record);

/// Fills in the hashes of records that are to follow `after`; gives the head they make.
Head link(const Head& after, const std::string& stream, std::span<Record> records);

/// Where a chain is wrong: the first record that is not what was written there.
struct Broken {
  std::uint64_t seq = 0;
  std::string why;
};
/// Checks records that follow `after`, in order. Finds any that were edited, removed, added or moved; a missing tail is
/// found by `ends`.
std::optional<Broken> verify(const Head& after, const std::string& stream, std::span<const Record> records);

/// Checks that the chain reaches `anchor`, a head noted elsewhere: `reached` is the head that the records give.
std::optional<Broken> ends(const Head& reached, const Head& anchor);

} // namespace belay::chain
