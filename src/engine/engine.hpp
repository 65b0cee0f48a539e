#pragma once
#include "belay/account.hpp"
#include "belay/event.hpp"
#include "belay/host.hpp"
#include "belay/secret.hpp"
#include "belay/state.hpp"
#include "runbook/model.hpp"
#include <map>

/// Walks a runbook: predicts it, runs it, takes it back, goes on with it. The one place where a dry run and a run part ways.
namespace belay::engine {

/// Everything outside the engine, handed in.
struct World {
  Ports& ports;
  Store& store;
  Secrets& secrets;
  const Time& time;
  const Machine& machine;
  Terminal& terminal;
  Entropy& entropy;
  Signals& signals;
  Catalog catalog;
  const Project& project;
  std::vector<Observer*> observers;
  std::string artifacts; ///< the folder for whole outputs of steps; empty: not kept
  std::string commit = {}; ///< of the project; with `dirty`, journaled
  bool dirty = false;
  Account* google = nullptr; ///< nullptr: there is none
};

enum class Mode : std::uint8_t { run, reads, offline };

struct Options {
  Mode mode = Mode::run;
  bool yes = false;
  std::string confirm;        ///< the name typed in advance
  std::optional<Duration> wait; ///< for the claim
  std::string from, only;     ///< a step's path
  std::string break_glass, reason, preempt;
};

struct Invocation {
  const Runbook& runbook;
  std::optional<Service> service;
  Value parameters; ///< a map, checked against the runbook's parameters
  Options options;
};

/// A predicted step of a dry run, in the order in which it would run.
struct PlannedStep {
  std::string path, title, action, effect;
  enum class When : std::uint8_t { runs, may_run, skipped, assumed } when = When::runs;
  bool exact = true; ///< false: something of it is known only later
  std::string because;    ///< why skipped, why not exact
  std::vector<std::string> waits_for; ///< paths of the changing steps it waits for
  std::string act, equivalent, digest; ///< shown form of the act; the command a person could paste
  Value inputs, outputs;  ///< masked
  std::vector<std::string> guards; ///< what must be true right before it, and what is
  std::string on_failure; ///< what would be undone; of a gate: what its FAIL does
};
struct Plan {
  std::string runbook, service, environment, digest;
  std::vector<PlannedStep> steps;
  std::vector<std::string> unknowns;
  std::vector<std::string> refused_now; ///< why a run that began now would be refused, though the plan holds
  std::optional<Failure> failure; ///< a read that failed, an act that would be refused: the run would end here
};

struct Finished {
  std::string run; ///< empty: nothing was journaled
  Exit exit = Exit::done;
  std::string state; ///< done, undone, stopped, waiting, stuck, failed, accepted, refused
  std::optional<Failure> failure;
  std::vector<Finding> findings;
  std::vector<std::string> changed, undone, stands, next; ///< for the last lines
  std::vector<std::string> overridden; ///< what --break-glass was needed for
  Value outputs;
  std::optional<Plan> plan; ///< of a dry run
};

Finished start(const Invocation&, World&);

struct ResumeOptions {
  bool yes = false;
  std::string confirm;
  std::optional<Duration> wait;
  bool rebase = false;
  std::string break_glass;
  Value parameters = {}; ///< secret ones, given again: no journal keeps them
};
Finished resume(const std::string& run, const ResumeOptions&, World&);
/// Answers a parked question and goes on.
Finished answer(const std::string& run, const std::string& step, const std::string& said, World&);
/// Stops a live run through its mailbox (and waits for it to hand over), or undoes a stopped one.
Finished abort(const std::string& run, const std::string& reason, World&, const Value& parameters = {});
Expected<void> accept(const std::string& run, const std::string& reason, World&);
Expected<void> skip(const std::string& run, const std::string& step, const std::string& reason, World&);
Expected<void> unlock(const std::string& claim, const std::string& id, World&);

} // namespace belay::engine
