#include "catch.hpp"
#include "fakes/engine_rig.hpp"

using namespace belay;
using namespace belay::fakes;
using Strings = std::vector<std::string>;

namespace {

/// A server that never answers in time, and notes how long each request was given, in whole seconds.
struct Slow final : Http {
  SharedClock& clock;
  std::vector<std::int64_t> given;
  explicit Slow(SharedClock& c) : clock(c) {}
  Expected<Answer> read(const Request&, const Stop& stop, Sink*) override {
    const Duration left = stop.left();
    given.push_back(left == Duration::max() ? -1 : std::chrono::duration_cast<std::chrono::seconds>(left).count());
    clock.sleep(left, Stop(clock));
    return Unexpected(Failure{Cause::timeout, Reached::no, "no answer in time", ""});
  }
  void read_all(std::span<const Request>, unsigned, const std::function<void(std::size_t, Expected<Answer>)>&, const Stop&) override { throw std::logic_error("read_all was not expected"); }
  Expected<Certificate> certificate(const std::string&, int, const std::string&, const Stop&) override { throw std::logic_error("certificate was not expected"); }
  Expected<Answer> send(const Request&, Source*, const Stop&) override { throw std::logic_error("nothing was to be sent"); }
};

/// Programs that may only be looked at.
struct Looking final : Process {
  std::vector<std::string> read_argv;
  Expected<Ended> read(const Command& command, const Stop&) override {
    read_argv.push_back(command.argv.front().text());
    return Ended{0, 0, "clean\n", "", false};
  }
  std::optional<std::string> find(const std::string&) override { return {}; }
  Expected<Ended> run(const Command&, Source*, Sink*, Tell*, const Stop&) override { throw std::logic_error("no program was to be run"); }
  Expected<std::unique_ptr<Child>> start(const Command&, const Stop&) override { throw std::logic_error("no child was to be started"); }
};

} // namespace

TEST_CASE("an attempt ends within its step, and a step within its run", "[engine]") {
  EngineRig rig;
  Slow slow(rig.clock);
  Ports ports{slow, rig.process, rig.sql, rig.lines, rig.files, rig.clock};
  engine::World world{ports, rig.store, rig.secrets, rig.clock, rig.machine, rig.terminal, rig.entropy, rig.signals, test_catalog(), rig.project, {}, ""};
  auto given = [&](const std::string& body) {
    slow.given.clear();
    const auto done = engine::start({rig.runbook(body, "limits"), {}, Value::object({}), {}}, world);
    CHECK(done.exit == Exit::unchanged);
    rig.project.runbooks.clear();
    return slow.given;
  };
  const std::string retry = "retry: {attempts: 9, delay: 0s}, with: {name: a}}\n";
  CHECK(given("steps:\n  - {id: now, use: test.read, timeout: {attempt: 5s, step: 12s}, " + retry) == std::vector<std::int64_t>{5, 5, 2});
  CHECK(given("timeout: 8s\nsteps:\n  - {id: now, use: test.read, timeout: {attempt: 5s, step: 12s}, " + retry) == std::vector<std::int64_t>{5, 3});
  CHECK(given("timeout: 8s\nsteps:\n  - {id: now, use: test.read, timeout: 20s, " + retry) == std::vector<std::int64_t>{8});
}

TEST_CASE("a dry run runs a command only where the project says that it reads", "[engine]") {
  EngineRig rig;
  Looking programs;
  Ports ports{rig.server, programs, rig.sql, rig.lines, rig.files, rig.clock};
  engine::World world{ports, rig.store, rig.secrets, rig.clock, rig.machine, rig.terminal, rig.entropy, rig.signals, test_catalog(), rig.project, {}, ""};
  rig.project.read_commands = {{"git", "status"}};
  engine::Options options;
  options.mode = engine::Mode::reads;
  const Runbook& runbook = rig.runbook("steps:\n  - {id: listed, use: core.read, with: {argv: [git, status, -s]}}\n  - {id: other, use: core.read, with: {argv: [git, push]}}\n  - {id: short, use: core.read, with: {argv: [git]}}\n");
  const auto done = engine::start({runbook, {}, Value::object({}), options}, world);
  REQUIRE(done.plan);
  CHECK(programs.read_argv == Strings{"git"});
  CHECK(done.plan->steps[0].exact);
  CHECK_FALSE(done.plan->steps[1].exact);
  CHECK_THAT(done.plan->steps[1].because, Catch::Contains("read_commands"));
  CHECK_FALSE(done.plan->steps[2].exact);
  CHECK(engine::start({runbook, {}, Value::object({}), {}}, world).exit == Exit::done);
  CHECK(programs.read_argv.size() == 4);
}

TEST_CASE("a rebased run goes on by the runbook as it is now, and that is kept in its journal", "[engine]") {
  const std::string one = "claim: shop\nsteps:\n  - {id: one, use: test.set, with: {name: a, value: x}}\n";
  for (const bool rebase : {false, true}) {
    INFO(rebase);
    EngineRig rig;
    rig.server.before = [&](int) -> std::optional<Failure> {
      rig.signals.count = 1;
      return {};
    };
    const auto stopped = rig.start(rig.runbook(one + "  - {id: two, use: test.set, with: {name: b, value: wrong}}\n"));
    REQUIRE(stopped.exit == Exit::stopped);
    rig.next_process();
    rig.server.before = nullptr;
    rig.project.runbooks.clear();
    rig.runbook(one + "  - {id: two, use: test.set, with: {name: b, value: right}}\n");
    engine::ResumeOptions options;
    options.rebase = rebase;
    CHECK(engine::resume(stopped.run, options, rig.world).exit == Exit::done);
    CHECK(rig.server.ledger == Strings{"a=x", rebase ? "b=right" : "b=wrong"});
    const RunView view = rig.view(stopped.run);
    CHECK(std::any_of(view.decided.begin(), view.decided.end(), [](const fact::Decided& d) { return d.what == "rebase"; }) == rebase);
  }
}
