#pragma once
#include "engine/claim_keeper.hpp"
#include "engine/definition.hpp"
#include "engine/journal.hpp"
#include "engine/scope.hpp"
#include <map>
#include <mutex>

namespace belay::engine {

/// Why nothing more is begun.
enum class Halt { none, stopped, waiting, unknown, changed, refused };

/// A change that was made, or may have been: what an undo works from.
struct Completed {
  const Step* step = nullptr;
  const Action* action = nullptr;
  std::string path, title;
  Effect effect = Effect::changes;
  Identity id;
  Value in, seen, outputs, undo;
  Value through; ///< `in`, by way of the holds as they are open now
  State state = State::done;
  std::uint64_t order = 0; ///< the number of the record that settled it
  Value bindings;          ///< for `undo: {with}` and the reason of `irreversible`, as they were when it was done
  const Runbook* runbook = nullptr;

  const Change& change() const { return std::get<Change>(action->does); }
};

/// What the parts of one life of a run share.
struct Session {
  World& world;
  const Options options;
  Library library;
  fact::RunStarted header;
  Value base; ///< service, env, params, secrets, run
  bool is_protected = false;
  Stop hard, soft; ///< soft is nested in hard: see ClaimKeeper
  Stop run;        ///< the run's own limit, for acts
  Stop run_soft;   ///< the same, for what a first signal ends
  Journal journal;
  ClaimKeeper keeper;
  const RunView before; ///< of earlier lives; empty at a start
  const bool resumed;

  Session(World&, const Options&, Library, fact::RunStarted, const RunView& before, bool resumed, Duration limit);

  void complete(Completed);
  std::vector<Completed> completed() const;  ///< in order of completion
  void fail(const std::string& path, const Failure&); ///< the first one is kept
  void halt(Halt, const std::string& path, const std::string& why);
  Halt halted() const;
  std::string halted_at() const, halted_why() const;
  /// Goes on after a stop that was asked for, to take back or to end: only a second signal stops now.
  void unlimited(); ///< the run's own time limit ends nothing any more
  void go_on();
  std::optional<Failure> failure() const;
  std::string failed_at() const;
  void forgive(const std::string& part); ///< a failure there was taken back, and another round begins
  void found(const std::string& path, const std::vector<Finding>&);
  std::vector<Finding> findings() const;
  /// Whether this part of the run was turned back, now or in an earlier life.
  bool turned(const std::string& path) const;
  void turn(const std::string& path, const std::string& because);
  /// A step that changes was begun in this or an earlier life.
  bool acted() const;
  void note(const std::string& path, const std::string& text) { journal.show(sign::Note{path, text}); }
  Identity identity(const std::string& path, int attempt) const;

  std::mutex confirm_lock; ///< one question at a time
  bool confirmed = false;  ///< the protected environment's name was given
  std::map<std::string, std::string> typed; ///< path → digest of the act for which a name was typed in this life; under confirm_lock

private:
  mutable std::mutex m_lock;
  std::vector<Completed> m_completed;
  std::vector<std::string> m_turned;
  std::vector<Finding> m_findings;
  Halt m_halt = Halt::none;
  std::string m_halted_at, m_halted_why, m_failed_at;
  std::optional<Failure> m_failure;
};

/// A runbook's parameters from what was given: defaults filled in, required ones there, no other name.
Expected<Value> parameters_of(const Runbook&, const Value& given, const Value& bindings);
/// `a` is `b` or lies in it, or the other way round, compared at `/`.
bool overlaps(const std::string& a, const std::string& b);
/// Whether a path belongs to the part of a run named by `part` (empty: all of it).
bool within(const std::string& path, const std::string& part);

} // namespace belay::engine
