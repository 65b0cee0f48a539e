#pragma once
#include "engine/definition.hpp"
#include "engine/engine.hpp"
#include "engine/walker.hpp"

namespace belay::engine {

/// Says what the steps would do: reads, observes, prepares and shows; it has no port that acts.
class PredictExecutor final : public Executor {
public:
  PredictExecutor(const World&, const Reads&, const Library&, const Invocation&, const std::string& run, Stop);

  Flow ready(const std::string& path) override;
  std::optional<std::string> passed_over(const Step&, const std::string& path) override;
  void skipped(const Step&, const std::string& path, const std::string& reason) override;
  std::optional<bool> decided(const std::string&) override { return {}; }
  Flow broken(const Step&, const std::string& path, Failure) override;
  bool unknown(const Step&, const std::string& path, const Value& what) override;
  Expected<std::vector<std::string>> expanded(const std::string&, std::vector<std::string> keys) override { return keys; }
  Flow leaf(const Step&, const Action&, Frame&, const std::string& path, Value& outputs) override;
  Flow round_failed(const Step&, const std::string&, int, bool) override { return Flow::halted; }
  void left(const std::string&) override {}
  const Action* find(const std::string& name) override { return find_action(m_world.catalog, name); }
  const Runbook* runbook(const std::string& name) override { return m_library.find(name); }
  Expected<Value> call_base(const Runbook&, const Value& with, const Frame& caller) override;
  bool parallel() const override { return false; }

  /// What is always done comes after an end that only the run will know.
  void last_steps() { m_last = true; }
  Plan plan();

private:
  struct Touched {
    std::string path;
    std::vector<std::string> resources;
    bool everything = false;
  };
  const World& m_world;
  Reads m_reads;
  const Library& m_library;
  const Invocation& m_invocation;
  const std::string m_run;
  const Stop m_stop;
  Plan m_plan;
  std::vector<Touched> m_touched;
  std::vector<std::string> m_undo; ///< what a failure here would take back, newest last
  bool m_from_reached = false, m_last = false;

  PlannedStep planned(const Step&, Frame&, const std::string& path, Effect);
  void add(PlannedStep);
  /// Paths of earlier predicted changes that overlap these resources (null: everything).
  std::vector<std::string> overlapped(const std::optional<std::vector<std::string>>& resources) const;
  void read(const Step&, const Action&, const Read&, Frame&, PlannedStep&, Value& outputs);
  void change(const Step&, const Action&, const Change&, Frame&, PlannedStep&, Value& outputs);
  void finish(const Step&, Frame&, PlannedStep&, Value& outputs);
  void fails(PlannedStep&, const Failure&);
  void guarded(PlannedStep&, Frame&);
  bool may_read(const Step&, const Value& in) const;
};

/// The plan of an invocation: every step with its predicted act; a plan's digest is over its steps without secrets.
Plan predict(const Invocation&, const Library&, const World&);

} // namespace belay::engine
