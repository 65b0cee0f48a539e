#pragma once
#include "belay/error.hpp"
#include "belay/host.hpp"
#include "belay/value.hpp"
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>

namespace belay {

using Hash = std::array<std::uint8_t, 32>;
/// Encoded and chained by src/state, the same bytes in every store.
struct Record {
  std::string kind, body;
  Timestamp at;
  Hash hash{};
};
struct Head {
  std::uint64_t seq = 0; ///< of the last record; the first is 1; 0: an empty stream
  Hash hash{};
};
/// For lists: a fold of the stream, kept beside it.
struct Row {
  std::string stream, kind, service, environment, status, label;
  Timestamp started{}, changed{};
};
struct Query {
  std::string kind, service, environment, status; ///< empty: any
  Timestamp since{};
  unsigned limit = 50;
};
struct Holder {
  std::string run, who, reason;
  ProcessMark process;
};
struct Grant {
  std::string claim, id;
  std::uint64_t epoch = 0;
};
struct Taken {
  Holder by;
  std::string claim, id;
  Timestamp since{}, renewed{};
  std::uint64_t epoch = 0;
  bool parked = false;
};
/// with_next: may be lost by a power cut until a later append is `now`; never out of order.
enum class Durable : std::uint8_t { now, with_next };

/// A message to whoever holds a run: a request to stop, an answer. A row of its own, not in the run's stream.
struct Post {
  std::uint64_t id = 0;
  std::string run, kind, who, body; ///< kind: `stop`, `preempt`
  Timestamp at{};
};

/// A store of streams (`run/ID`, `incident/ID`, `backup/SERVICE`, `outbox`, `ledger`), of claims and of posts. Several processes may use one at a
/// time. Failures: `conflict` (the head moved), `fenced` (the epoch moved on), `full`, `refused` (read only), `transport`.
struct Store {
  virtual ~Store() = default;
  /// One transaction: refused as `conflict` unless the stream's head is `at`, as `fenced` unless the grant's epoch is the claim's.
  virtual Expected<Head> append(const std::string& stream, const Head& at, std::span<const Record>, const Row&, const std::optional<Grant>&, Durable) = 0;
  virtual Expected<std::vector<Record>> read(const std::string& stream, std::uint64_t from, unsigned limit) = 0; ///< from: the first seq, from 1
  /// Where the store says that the stream ends: kept apart from the records, so that a tail that was cut off is found.
  virtual Expected<Head> head(const std::string& stream) = 0;
  virtual Expected<std::vector<Row>> list(const Query&) = 0; ///< newest first by `started`
  /// Grants with a grown epoch when it is free, parked by this same run, or its holder's lease has run out or is known dead by `dead`; `dead` is asked of a holder of this host.
  virtual Expected<std::variant<Grant, Taken>> take(const std::string& claim, const Holder&, Duration lease, bool (*dead)(const Machine&, const ProcessMark&), const Machine&) = 0;
  virtual Expected<Grant> renew(const Grant&, Duration lease) = 0;
  virtual Expected<void> release(const Grant&, bool park) = 0;
  virtual Expected<void> unlock(const std::string& claim, const std::string& id) = 0; ///< by a person, who names the grant's id
  virtual Expected<std::vector<Taken>> claims() = 0;
  virtual Expected<void> post(const Post&) = 0;
  virtual Expected<std::vector<Post>> posts(const std::string& run, std::uint64_t after) = 0;
};

} // namespace belay
