#pragma once
#include "engine/flow.hpp"
#include "engine/scope.hpp"

namespace belay::engine {

/// What is done at the steps. There are two: one predicts, one runs; the walk is the same.
struct Executor {
  virtual ~Executor() = default;
  /// Whether another step may be begun; `failed` while this part of the run goes back.
  virtual Flow ready(const std::string& path) = 0;
  /// Why a step is passed over though its condition holds (`--only`, `runs skip`); nothing: it is not.
  virtual std::optional<std::string> passed_over(const Step&, const std::string& path) = 0;
  virtual void skipped(const Step&, const std::string& path, const std::string& reason) = 0;
  /// A step that was skipped or done in an earlier life of the run needs no look at its condition.
  virtual std::optional<bool> decided(const std::string& path) = 0;
  /// A condition, a list or an argument that cannot be evaluated.
  virtual Flow broken(const Step&, const std::string& path, Failure) = 0;
  /// The condition or the list is known only later. True: go in as what may run.
  virtual bool unknown(const Step&, const std::string& path, const Value& what) = 0;
  /// Makes the keys of a loop durable; those of an earlier life where there are any. Refused where one may not be seen by everyone.
  virtual Expected<std::vector<std::string>> expanded(const std::string& path, std::vector<std::string> keys) = 0;
  virtual Flow leaf(const Step&, const Action&, Frame&, const std::string& path, Value& outputs) = 0;
  /// A round of a group failed and `again` tells whether another follows: takes the round back, waits.
  virtual Flow round_failed(const Step&, const std::string& path, int round, bool again) = 0;
  /// Closes what is held for the steps of a group.
  virtual void left(const std::string& prefix) = 0;
  virtual const Action* find(const std::string& name) = 0;
  virtual const Runbook* runbook(const std::string& name) = 0;
  /// The outer names of a called runbook: its own parameters with the caller's service.
  virtual Expected<Value> call_base(const Runbook&, const Value& with, const Frame& caller) = 0;
  virtual bool parallel() const = 0;
};

/// Walks steps: conditions, groups, rounds, loops, parallel branches, called runbooks. Paths as in `fact`.
class Walker {
public:
  explicit Walker(Executor& executor) : m_executor(executor) {}
  Flow steps(const std::vector<Step>&, Frame&, const std::string& prefix);
  Flow step(const Step&, Frame&, const std::string& path);

private:
  Executor& m_executor;

  Flow one(const Step&, Frame&, const std::string& path, Value& outputs);
  Flow group(const Step&, Frame&, const std::string& path, Value& outputs);
  Flow branches(const Step&, Frame&, const std::string& path);
  Flow loop(const Step&, Frame&, const std::string& path);
  Flow call(const Step&, Frame&, const std::string& path, Value& outputs);
};

} // namespace belay::engine
