#include "catch.hpp"
#include "integration/support/program.hpp"
#include "ports/lines.hpp"
#include "ports/real_ports.hpp"
#include <fmt/core.h>
#include <thread>

using namespace belay;

namespace {
struct Bench {
  std::unique_ptr<Time> time = make_clock();
  Stop stop = Stop(*time).nested(std::chrono::seconds(20));
  std::unique_ptr<Lines> lines = make_lines();
};

/// HAProxy with one backend of one server, its admin socket in the folder and on a port.
struct Haproxy {
  support::Folder folder;
  int port = support::free_port();
  std::unique_ptr<support::Program> program;
  Haproxy() {
    support::write_file(folder / "haproxy.cfg", fmt::format("global\n  stats socket {0}/admin.sock mode 600 level admin\n  stats socket ipv4@127.0.0.1:{1} level admin\n"
                                                           "defaults\n  mode http\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\n"
                                                           "backend shop\n  server blue 127.0.0.1:1 weight 100\n", folder.path(), port));
    program = std::make_unique<support::Program>(std::vector<std::string>{"haproxy", "-f", folder / "haproxy.cfg", "-db"}, folder / "log");
    Bench bench;
    if (!support::eventually([&] { return bench.lines->ask({Value("unix:" + folder.path() + "/admin.sock"), {Value("show version")}}, bench.stop).has_value(); }))
      throw std::runtime_error("HAProxy did not start");
  }
  Value address() const { return Value("unix:" + folder.path() + "/admin.sock"); }
};
} // namespace

TEST_CASE("HAProxy is asked and told through its socket, and its errors are text", "[integration][lines]") {
  Bench bench;
  Haproxy haproxy;
  for (const Value& address : {haproxy.address(), Value(fmt::format("tcp:127.0.0.1:{}", haproxy.port))}) {
    const auto stat = bench.lines->ask({address, {Value("show stat")}}, bench.stop);
    if (!stat) FAIL(stat.error().message);
    CHECK(stat->find("shop,blue,") != std::string::npos);
  }
  CHECK(bench.lines->tell({haproxy.address(), {Value("set server shop/blue state drain; set server shop/blue weight 50")}}, bench.stop)->empty());
  CHECK(bench.lines->ask({haproxy.address(), {Value("show servers state shop; show info")}}, bench.stop)->find("Uptime") != std::string::npos);
  CHECK(bench.lines->tell({haproxy.address(), {Value("set server shop/green weight 1")}}, bench.stop)->find("No such server.") != std::string::npos);
}

TEST_CASE("a long answer arrives whole", "[integration][lines]") {
  Bench bench;
  Haproxy haproxy;
  std::string many = "show stat";
  for (int i = 0; i < 60; ++i) many += "; show stat";
  const auto one = bench.lines->ask({haproxy.address(), {Value("show stat")}}, bench.stop), all = bench.lines->ask({haproxy.address(), {Value(many)}}, bench.stop);
  REQUIRE(all);
  CHECK(all->size() >= 61 * one->size());
}

TEST_CASE("a question that may change something is refused before a connection is made", "[integration][lines]") {
  Bench bench;
  for (const char* line : {"set server shop/blue state maint", "show stat; set weight shop/blue 0", "disable server x/y", "", " ", "flushall", ";show stat", "show stat;", "@1 set x", "clear counters"}) {
    INFO(line);
    const auto answer = bench.lines->ask({Value("unix:/nowhere"), {Value(line)}}, bench.stop);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().cause == Cause::refused);
  }
  CHECK(bench.lines->tell({Value("unix:/nowhere"), {Value("show stat\nset x")}}, bench.stop).error().cause == Cause::refused);
  CHECK(bench.lines->tell({Value("nowhere"), {Value("x")}}, bench.stop).error().cause == Cause::refused);
}

TEST_CASE("a socket that is not there and a server that is silent are told apart", "[integration][lines]") {
  Bench bench;
  CHECK(bench.lines->ask({Value("unix:/nowhere/admin.sock"), {Value("show stat")}}, bench.stop).error().cause == Cause::missing);
  CHECK(bench.lines->ask({Value(fmt::format("tcp:127.0.0.1:{}", support::free_port())), {Value("ping")}}, bench.stop).error().reached == Reached::no);
  Haproxy haproxy;
  haproxy.program->signal(19); // STOP
  const auto begun = std::chrono::steady_clock::now();
  const auto late = bench.lines->tell({haproxy.address(), {Value("set server shop/blue weight 1")}}, bench.stop.nested(std::chrono::milliseconds(200)));
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::milliseconds(350));
  haproxy.program->signal(18); // CONT
  REQUIRE_FALSE(late);
  CHECK(late.error().cause == Cause::timeout);
  CHECK(late.error().reached == Reached::perhaps);
}
