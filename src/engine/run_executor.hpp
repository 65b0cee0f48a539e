#pragma once
#include "engine/deliver.hpp"
#include "engine/session.hpp"
#include "engine/step_tell.hpp"
#include "engine/walker.hpp"
#include <list>

namespace belay::engine {

/// Does what the steps say: the half of the engine that acts. What an earlier life of the run settled is taken from its journal.
class RunExecutor final : public Executor {
public:
  explicit RunExecutor(Session& session) : m_session(session) {}

  Flow ready(const std::string& path) override;
  std::optional<std::string> passed_over(const Step&, const std::string& path) override;
  void skipped(const Step&, const std::string& path, const std::string& reason) override;
  std::optional<bool> decided(const std::string& path) override;
  Flow broken(const Step&, const std::string& path, Failure) override;
  bool unknown(const Step&, const std::string&, const Value&) override { return false; }
  Expected<std::vector<std::string>> expanded(const std::string& path, std::vector<std::string> keys) override;
  Flow leaf(const Step&, const Action&, Frame&, const std::string& path, Value& outputs) override;
  Flow round_failed(const Step&, const std::string& path, int round, bool again) override;
  void left(const std::string& prefix) override;
  const Action* find(const std::string& name) override { return find_action(m_session.world.catalog, name); }
  const Runbook* runbook(const std::string& name) override { return m_session.library.find(name); }
  Expected<Value> call_base(const Runbook&, const Value& with, const Frame& caller) override;
  bool parallel() const override { return true; }

  /// Takes back what stands of a part of the run (empty: all), newest first; halted at the first that cannot be told or done.
  Flow undo(const std::string& part);
  /// From here on `--from` and `--only` no longer choose, a stop that was asked for is no reason to end, and a failure is not turned.
  void last_steps() { m_last = true; }

private:
  struct Leaf {
    const Step& step;
    const Action& action;
    Frame& frame;
    const std::string& path;
    std::string title;
    const StepView* before; ///< of an earlier life; null: none
    std::optional<Duration> until = {}; ///< of Time::steady: where the time of all attempts together ends
  };
  /// A hold that was walked past: opened when a step first needs it.
  struct Slot {
    const Step* step;
    const Action* action;
    std::string path;
    Value in, outputs;
    std::unique_ptr<Child> child;
    bool open = false, left = false;
  };
  struct Attempt {
    Outcome outcome;
    Flow halted = Flow::go; ///< halted: the run stops here
    bool counts = true;     ///< against the retries
    bool looked = true;     ///< false: refused before anything was seen, so trying again gives the same
  };

  Session& m_session;
  bool m_last = false;
  std::list<Slot> m_slots;
  std::mutex m_slot_lock;
  std::atomic<bool> m_from_reached{false};

  Flow read(Leaf&, const Read&, Value& outputs);
  Flow change(Leaf&, const Change&, Value& outputs);
  Timeout left(const Leaf&) const; ///< of the step's time limits; a step limit that has passed leaves a nanosecond
  Flow gate(Leaf&, const Gate&, Value& outputs);
  Flow ask(Leaf&, const Ask&, Value& outputs);
  Flow hold(Leaf&, const Hold&, Value& outputs);

  Attempt replay(Leaf&, const Change&, const AttemptView&);
  Attempt live(Leaf&, const Change&, int number, const AttemptView* past, Effect);
  Attempt settle(Leaf&, const Change&, Doing&, Outcome, Effect, Duration began, StepTell&);
  /// An intent of an earlier life that was not settled: judged before anything else.
  std::optional<Attempt> reopen(Leaf&, const Change&, const AttemptView& past, Doing&, StepTell&, Outcome&);
  /// Of the act, with what the holds it goes through made anew (a port) left out: those are other ones when the run is resumed.
  std::string digest(const Leaf&, const Change&, const Value& seen, const Identity&, const Intent&);
  std::string undo_digest(const Completed&, const Doing&);
  void remember(Leaf&, const Doing&, const Outcome&, const Value& undo, std::uint64_t order);
  /// The names that must be typed, the second person; `go`, or how the run ends here.
  Flow allowed(Leaf&, const std::string& shown);
  /// The environment's context guards, looked at right before an act that destroys.
  Flow guarded(const Leaf&, const Value& in, Effect);
  Flow park(const std::string& path, Question);
  bool open_needed(Leaf&);
  /// The hold that a step at this path means by the id: of those whose group it stands in, the innermost; null: none. m_slot_lock is held.
  Slot* slot_for(const std::string& path, const std::string& id);
  Expected<void> open(Slot&);
  /// Its outputs, each unknown until it is opened.
  static Value unopened(const Slot&);

  std::optional<Failure> unmet(const Leaf&, const Value& outputs);
  Expected<Value> saved(const Leaf&, const Value& outputs);
  Flow failed(const Leaf&, const Outcome&);
  Flow stopped(const std::string& path, const std::string& why);
  bool wait_before(const Leaf&, int attempt, int of, const Outcome&);

  Flow undo_one(Completed);
  Flow undo_steps(const Completed&);
  Flow undo_act(const Completed&, Value in);
  Flow undone(const Completed&, Outcome, Duration began);
  /// Refused, because others have changed what it left or that cannot be told.
  Flow left_alone(const Completed&, std::string why, Duration began);
  /// What takes a step back; nothing: `why_not`, or nothing is to be taken back. `done.through` becomes its inputs by way of the holds, which are opened again.
  /// `steady`: with what holds make anew left out.
  std::optional<Value> undo_inputs(Completed& done, std::string& why_not, bool steady = false);
  /// What became of what the step left. `now`: seen with the undo's inputs, null: not yet; it receives what was looked at.
  Expected<Standing> standing(const Completed&, Value& now, StepTell&);
};

/// Outputs with what was saved under names of its own beside them.
Value with_saved(const Value& outputs, const Value& saved);
/// `over`'s members in place of those of the same name; of what is no map, `over` itself unless it is null.
Value overlaid(const Value& base, const Value& over);

} // namespace belay::engine
