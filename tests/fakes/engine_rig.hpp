#pragma once
#include "engine/engine.hpp"
#include "fakes/effect_server.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/memory_store.hpp"
#include "state/run_view.hpp"
#include <atomic>
#include <deque>
#include <mutex>

namespace belay::fakes {

/// A clock for several threads: a sleep of any of them moves it at once.
struct SharedClock final : Time {
  Timestamp wall() const override;
  Duration steady() const override;
  bool sleep(Duration, const Stop&) const override;
  std::function<void()> at_sleep; ///< called before each sleep

private:
  mutable std::mutex m_lock;
  mutable ManualClock m_clock;
};

/// Everything that a run must not touch unless the test says so.
struct NoProcess final : Process {
  Expected<Ended> read(const Command&, const Stop&) override { throw std::logic_error("no program was to be read"); }
  std::optional<std::string> find(const std::string&) override { throw std::logic_error("no program was to be found"); }
  Expected<Ended> run(const Command&, Source*, Sink*, Tell* tell, const Stop&) override {
    if (says.empty()) throw std::logic_error("no program was to be run");
    if (tell) tell->output(says);
    return Ended{status, 0, says, "", false};
  }
  Expected<std::unique_ptr<Child>> start(const Command&, const Stop&) override { throw std::logic_error("no child was to be started"); }
  std::string says; ///< what every program prints; empty: none may be run
  int status = 0;
};
struct NoSql final : Sql {
  Expected<std::unique_ptr<Session>> open_read_only(const Value&, const Stop&) override { throw std::logic_error("no database was to be read"); }
  Expected<std::unique_ptr<Session>> open(const Value&, const Stop&) override { throw std::logic_error("no database was to be changed"); }
};
struct NoLines final : Lines {
  Expected<std::string> ask(const Exchange&, const Stop&) override { throw std::logic_error("no socket was to be asked"); }
  Expected<std::string> tell(const Exchange&, const Stop&) override { throw std::logic_error("no socket was to be told"); }
};
/// Files that are written once and kept.
struct KeptFiles final : FileSystem {
  std::map<std::string, std::string> files;
  std::vector<std::string> folders;
  Expected<std::unique_ptr<Source>> open(const std::string&) override { throw std::logic_error("no file was to be opened"); }
  Expected<std::string> text(const std::string&, std::uint64_t) override { throw std::logic_error("no file was to be read"); }
  Expected<FileStatus> status(const std::string& path) override;
  Expected<std::vector<std::string>> list(const std::string&) override { throw std::logic_error("no folder was to be listed"); }
  Expected<std::uint64_t> space(const std::string&) override { throw std::logic_error("no space was to be measured"); }
  Expected<std::unique_ptr<Sink>> create(const std::string& path) override;
  Expected<std::unique_ptr<Sink>> create_scratch(const std::string& path) override { return create(path); }
  Expected<void> change(const FileChange&) override;
};

/// A terminal that answers what the test has typed; asked more often, it fails the test.
struct TypedTerminal final : Terminal {
  std::deque<std::string> lines;
  std::vector<std::string> prompts;
  bool there = false;
  bool interactive() const override { return there; }
  bool live() const override { return false; }
  int width() const override { return 80; }
  std::optional<std::string> ask(const std::string& prompt, const Stop&) override;
};
struct CountedSignals final : Signals {
  std::atomic<unsigned> count{0};
  unsigned received() const override { return count; }
  int fd() const override { return -1; }
};
struct KnownSecrets final : Secrets {
  std::map<std::string, Resolved> known; ///< by the reference's text
  std::vector<std::string> asked;
  Expected<Resolved> resolve(const Value& reference, const Stop&) override;
};
struct Heard final : Observer {
  std::vector<Event> events;
  std::vector<Sign> signs;
  void on(const Event& e) override { events.push_back(e); }
  void on(const Sign& s) override { signs.push_back(s); }
};

/// What a crash is in a test: thrown through the engine, nothing after it is done.
struct Crash {};

/// One world that several processes' lives of a run share: `next_process` is a new belay after the old one died.
struct EngineRig {
  SharedClock clock;
  MemoryStore store{clock};
  EffectServer server;
  NoProcess process;
  NoSql sql;
  NoLines lines;
  KeptFiles files;
  TypedTerminal terminal;
  CountedSignals signals;
  KnownSecrets secrets;
  CountingEntropy entropy;
  Heard heard;
  Project project;
  NamedMachine machine{"here"};
  Ports ports{server, process, sql, lines, files, clock};
  engine::World world{ports, store, secrets, clock, machine, terminal, entropy, signals, test_catalog(), project, {&heard}, "/artifacts"};

  EngineRig();
  /// The runbook of a YAML text without its head; its name is `test/NAME`.
  const Runbook& runbook(const std::string& body, const std::string& name = "main");
  engine::Finished start(const Runbook&, engine::Options = {}, Value parameters = Value::object({}));
  engine::Finished resume(const std::string& run) { return engine::resume(run, {}, world); }
  void next_process();
  /// A service `shop` in `local`, with one secret.
  void with_service(bool is_protected = false);
  RunView view(const std::string& run);
  std::string last_run(); ///< of the newest in the store
  std::vector<std::string> kinds(const std::string& run); ///< of its records, in order

  std::optional<Service> service;
  std::deque<Runbook> runbooks;
};

} // namespace belay::fakes
