#pragma once
#include "belay/account.hpp"
#include "belay/action.hpp"
#include "belay/host.hpp"
#include "belay/secret.hpp"
#include "belay/state.hpp"
#include "engine/engine.hpp"
#include "runbook/model.hpp"
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace belay::cli {

/// Everything real, built in main and faked in tests.
struct Outside {
  Ports& ports;
  const Machine& machine;
  Terminal& terminal;
  Entropy& entropy;
  Signals& signals;
  Secrets& secrets;
  Catalog catalog;
  std::function<std::unique_ptr<Store>(const std::string& folder)> open_store;
  std::istream& in;  ///< read only where a value is said to come from it
  std::ostream& out; ///< data
  std::ostream& err; ///< everything else
  Account* google = nullptr; ///< whose token signs requests to Google
};

/// The options that every command takes.
struct Globals {
  std::string project, dry_run, output = "text", confirm, wait, from, only, color = "auto", state, break_glass, reason, preempt;
  bool yes = false, quiet = false, verbose = false;
};

/// One invocation: what is outside, the global options, and the project and store, each loaded when first needed.
struct Context {
  Outside& outside;
  Globals& globals;

  Context(Outside&, Globals&);
  ~Context();
  /// With settings and folders that are sound; of its services and runbooks, what could be loaded. Throws Error (usage).
  const Project& project();
  /// For what stands in the journal: never refused for what is wrong in a file.
  const Project& project_as_it_is();
  /// Files that were left out without anyone having said so; empty where the project was not looked at.
  std::vector<std::string> left_out() const;
  Store& store();
  /// The store, looked into once. Throws Error (unchanged) where it cannot be read.
  Store& readable_store();
  Store* opened_store() { return m_store.get(); } ///< nullptr: no one needed it
  Service service(const std::string& name, const std::string& environment);
  engine::Options options() const; ///< of the global options
  engine::World world(std::vector<Observer*> observers);
  engine::World world(std::vector<Observer*> observers, Terminal& terminal);
  bool json() const { return globals.output == "json"; }
  bool ndjson() const { return globals.output == "ndjson"; }
  bool colored() const; ///< for standard error

private:
  std::optional<Project> m_project;
  std::unique_ptr<Store> m_store;
  std::string m_folder; ///< of the state
};

} // namespace belay::cli
