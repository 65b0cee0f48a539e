#pragma once
#include "belay/secret.hpp"
#include "engine/engine.hpp"
#include "state/run_view.hpp"
#include "state/stream.hpp"
#include <mutex>
#include <optional>

namespace belay::engine {

/// The journal cannot be written: thrown through the engine, caught where the run began. Nothing more may be done.
struct JournalLost {
  Failure failure;
};

/// The only one who appends to a run's stream. Facts are cleaned of secrets, made durable, folded, and then told. Safe to use
/// from several threads.
class Journal {
public:
  Journal(const World&, const std::string& run);

  /// Goes on with a stream that is there; its facts become the view. `missing`: no such run; `malformed`: damaged.
  Expected<std::vector<Event>> open();
  /// Facts are told as they come and kept until `flush`: a run of reads.
  void defer() { m_deferred = true; }
  void flush();
  /// Gives the number of the record; throws JournalLost.
  std::uint64_t append(Fact, Durable = Durable::now);
  void show(Sign);
  /// Notes in the ledger where the journal ends, as this process leaves it.
  void close();
  void hold(const Grant&); ///< every append from now on is fenced by it
  RunView view() const;    ///< a copy
  const std::string& stream() const { return m_stream; }
  Redactor& redactor() { return m_redactor; }

private:
  const World& m_world;
  std::string m_stream;
  std::optional<StreamWriter> m_writer;
  std::optional<Grant> m_grant;
  Redactor m_redactor;
  RunView m_view;
  std::vector<Record> m_kept;
  bool m_deferred = false;
  mutable std::mutex m_lock;

  void write(std::vector<Record>, Durable);
  void tell(const Event&);
};

/// A fact with every text and value cleaned.
Fact cleaned(const Fact&, const Redactor&);

} // namespace belay::engine
