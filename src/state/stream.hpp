#pragma once
#include "belay/state.hpp"
#include "state/chain.hpp"
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace belay {

/// Every record of a stream, verified: `malformed` when the chain is broken or its tail was cut off.
Expected<std::vector<Record>> read_verified(Store& store, const std::string& stream);

/// How a stream stands against its chain; `broken` is nothing where all is well. Failures: only of reading.
struct Verified {
  Head head;
  std::optional<chain::Broken> broken;
};
Expected<Verified> verify_stream(Store& store, const std::string& stream);

/// Appends to one stream and keeps its head. One writer is used by one thread at a time.
class StreamWriter {
public:
  /// Begins at the stream's head, without reading the records before it.
  static Expected<StreamWriter> open(Store& store, std::string stream, std::optional<Grant> grant = {});
  /// Begins a stream that must be empty: `conflict` at the first append otherwise.
  static StreamWriter fresh(Store& store, std::string stream, std::optional<Grant> grant = {});

  /// Chains and appends. `conflict`: another writer came between (see `reopen`); `fenced`: the claim went to another.
  /// An append whose answer was lost is looked up before it is called failed.
  Expected<Head> append(std::vector<Record> records, const Row& row, Durable durable = Durable::now);
  /// Goes to where the stream ends now.
  Expected<void> reopen();

  const Head& head() const { return m_head; }
  const std::string& stream() const { return m_stream; }
  void grant(std::optional<Grant> grant) { m_grant = std::move(grant); }

private:
  StreamWriter(Store& store, std::string stream, std::optional<Grant> grant, Head head);
  Store* m_store;
  std::string m_stream;
  std::optional<Grant> m_grant;
  Head m_head;
};

/// Appends what `make` gives for the records that stand, again after each conflict (another process was first), at most `k_conflicts_borne`
/// times. `make` sees all verified records and gives what to add; a failure of it ends the attempt and is returned.
inline constexpr int k_conflicts_borne = 100;
struct Addition {
  std::vector<Record> records; ///< empty: nothing to add
  Row row;
};
Expected<Head> append_after_reading(Store& store, const std::string& stream, const std::function<Expected<Addition>(const std::vector<Record>&)>& make);

} // namespace belay
