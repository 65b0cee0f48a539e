#include "belay/stop.hpp"
#include "catch.hpp"
#include "ports/process_table.hpp"
#include "ports/real_ports.hpp"
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <poll.h>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace belay;
using namespace std::chrono_literals;

TEST_CASE("the steady clock goes forward and sleep ends at a stop", "[integration][host]") {
  const auto clock = make_clock();
  const Stop stop(*clock);
  const Duration begin = clock->steady();
  CHECK(clock->sleep(20ms, stop));
  CHECK(clock->steady() - begin >= 20ms);
  CHECK(clock->wall().seconds > 1'700'000'000);

  CHECK_FALSE(clock->sleep(10s, stop.nested(30ms)));
  CHECK(clock->steady() - begin < 5s);

  std::thread later([&] {
    std::this_thread::sleep_for(30ms);
    stop.request(Stop::Why::interrupted);
  });
  const Duration before = clock->steady();
  CHECK_FALSE(clock->sleep(10s, stop));
  CHECK(clock->steady() - before < 1s);
  later.join();
}

TEST_CASE("entropy differs each time", "[integration][host]") {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    std::string bytes(16, '\0');
    make_entropy()->fill(std::as_writable_bytes(std::span(bytes)));
    seen.insert(bytes);
  }
  CHECK(seen.size() == 100);
}

TEST_CASE("a process is alive, dead when it ended or its pid was taken again, and unknown on another host", "[integration][host]") {
  const auto machine = make_machine();
  const ProcessMark self = machine->self();
  CHECK(self.pid == ::getpid());
  CHECK(self.started > 0);
  CHECK_FALSE(self.boot.empty());
  CHECK(machine->life(self) == Machine::Life::alive);

  ProcessMark other = self;
  other.started += 1;
  CHECK(machine->life(other) == Machine::Life::dead);
  other = self;
  other.boot = "before";
  CHECK(machine->life(other) == Machine::Life::dead);
  other = self;
  other.host = "another";
  CHECK(machine->life(other) == Machine::Life::unknown);

  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) ::_exit(0);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) == 0);
  ProcessMark child = self;
  child.pid = pid;
  child.started = process_row(pid)->started;
  CHECK(machine->life(child) == Machine::Life::dead); // a zombie does nothing any more
  REQUIRE(::waitpid(pid, nullptr, 0) == pid);
  CHECK(machine->life(child) == Machine::Life::dead);
}

TEST_CASE("a row of the process table is read past a name of spaces and parentheses", "[integration][host]") {
  const auto row = parse_process_row("42 (a) b (c)) S 7 42 42 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 1\n");
  REQUIRE(row);
  CHECK(row->pid == 42);
  CHECK(row->parent == 7);
  CHECK(row->group == 42);
  CHECK(row->state == 'S');
  CHECK(row->started == 987654);
  CHECK_FALSE(parse_process_row("42 (cut) S 7"));
  CHECK_FALSE(parse_process_row(""));
}

TEST_CASE("variables are found by name and by prefix", "[integration][host]") {
  ::setenv("BELAY_TEST_B", "2", 1);
  ::setenv("BELAY_TEST_A", "1", 1);
  const auto machine = make_machine();
  CHECK(machine->variable("BELAY_TEST_A").value() == "1");
  CHECK_FALSE(machine->variable("BELAY_TEST_C"));
  CHECK(machine->variables("BELAY_TEST_") == std::vector<std::string>{"BELAY_TEST_A", "BELAY_TEST_B"});
  CHECK_FALSE(machine->host().empty());
  CHECK_FALSE(machine->user().empty());
  CHECK(machine->folder().starts_with('/'));
  ::unsetenv("BELAY_TEST_A");
  ::unsetenv("BELAY_TEST_B");
}

TEST_CASE("interrupts are counted and their descriptor wakes; a hang-up changes nothing", "[integration][host]") {
  const auto signals = make_signals();
  CHECK(signals->received() == 0);
  REQUIRE(::raise(SIGINT) == 0);
  REQUIRE(::raise(SIGHUP) == 0);
  REQUIRE(::raise(SIGTERM) == 0);
  CHECK(signals->received() == 2);
  pollfd ready{signals->fd(), POLLIN, 0};
  CHECK(::poll(&ready, 1, 0) == 1);
}
