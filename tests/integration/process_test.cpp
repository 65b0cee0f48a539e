#include "catch.hpp"
#include "integration/temporary_folder.hpp"
#include "ports/fd.hpp"
#include "ports/process_table.hpp"
#include "ports/real_ports.hpp"
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <random>
#include <spawn.h>
#include <sstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace belay;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

std::string text_of(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}
std::size_t open_files() { return static_cast<std::size_t>(std::distance(fs::directory_iterator("/proc/self/fd"), {})); }
bool alive(pid_t pid) {
  const auto row = process_row(pid);
  return row && row->state != 'Z';
}
Command shell(const std::string& script) { return {{"sh", "-c", script}}; }

struct CountingSink final : Sink {
  std::uint64_t bytes = 0, fail_after = UINT64_MAX;
  Duration slow{};
  bool finished = false;
  Expected<void> write(std::span<const std::byte> part) override {
    if (slow > Duration::zero()) std::this_thread::sleep_for(slow);
    bytes += part.size();
    if (bytes > fail_after) return Unexpected(Failure{Cause::full, Reached::no, "the sink is full", {}});
    return {};
  }
  Expected<std::uint64_t> finish() override {
    finished = true;
    return bytes;
  }
};
struct CountedSource final : Source {
  std::uint64_t left = 0, fail_at = 0;
  Expected<std::size_t> read(std::span<std::byte> into) override {
    if (fail_at != 0 && left <= fail_at) return Unexpected(Failure{Cause::transport, Reached::no, "the source broke", {}});
    const auto size = std::min<std::uint64_t>(left, into.size());
    std::fill_n(into.begin(), size, std::byte{'s'});
    left -= size;
    return size;
  }
};
struct Lines final : Tell {
  std::vector<std::string> lines;
  void output(std::string_view text) override { lines.emplace_back(text); }
  void progress(std::int64_t, std::int64_t, std::string_view) override {}
};

struct Fixture {
  std::unique_ptr<Time> clock = make_clock();
  std::unique_ptr<HidingProcess> process = make_process({"BELAY_TEST_PASSWORD"});
  Stop stop{*clock};
  TemporaryFolder folder;

  Expected<Ended> run(const Command& command, Source* in = nullptr, Sink* out = nullptr, Tell* tell = nullptr) { return process->run(command, in, out, tell, stop); }
  Duration since(Duration begin) const { return clock->steady() - begin; }
  /// Waits for a child to have written its pid.
  pid_t pid_in(const std::string& name) {
    const Duration begin = clock->steady();
    while (since(begin) < 10s) {
      const std::string text = text_of(folder / name);
      if (text.ends_with('\n')) return std::stoi(text);
      std::this_thread::sleep_for(5ms);
    }
    FAIL("no pid was written to " << name);
    return 0;
  }
  bool gone_within(pid_t pid, Duration time) {
    const Duration begin = clock->steady();
    while (alive(pid)) {
      if (since(begin) > time) return false;
      std::this_thread::sleep_for(5ms);
    }
    return true;
  }
};

} // namespace

TEST_CASE_METHOD(Fixture, "status, signal and both outputs of a child are told", "[integration][process]") {
  const auto done = run(shell("echo out; echo err >&2; exit 3")).value();
  CHECK(done.status == 3);
  CHECK(done.signal == 0);
  CHECK(done.out == "out\n");
  CHECK(done.err == "err\n");
  CHECK_FALSE(done.cut);
  const auto killed = run(shell("kill -9 $$")).value();
  CHECK(killed.signal == SIGKILL);
  CHECK(killed.status == 137);
  CHECK(run({{"true"}})->status == 0);
}

TEST_CASE_METHOD(Fixture, "arguments reach the child as they are, without a shell", "[integration][process]") {
  const auto done = run({{"printf", "%s|", "$(id)", "`id`", "a b", "line\nfeed", "back\\", 42, true, "*"}}).value();
  CHECK(done.out == "$(id)|`id`|a b|line\nfeed|back\\|42|true|*|");
}

TEST_CASE_METHOD(Fixture, "secrets, unknowns and NUL in the arguments are refused before anything starts", "[integration][process]") {
  const auto secret = run({{"echo", Value("hunter2").as_secret()}});
  REQUIRE_FALSE(secret);
  CHECK(secret.error().cause == Cause::rejected);
  CHECK(secret.error().reached == Reached::no);
  CHECK(secret.error().message.find("hunter2") == std::string::npos);
  CHECK(secret.error().message.find("argument 1 of echo") != std::string::npos);
  CHECK(run({{"echo", join({"--password=", Value("hunter2").as_secret()})}}).error().cause == Cause::rejected);
  CHECK(run({{"echo", Value::unknown({"shift"})}}).error().message.find("known after shift") != std::string::npos);
  CHECK(run({{"echo", std::string("a\0b", 3)}}).error().cause == Cause::rejected);
  CHECK(run({{"echo", Value()}}).error().cause == Cause::rejected);
  CHECK(run({{"echo", Value(Value::List{1})}}).error().cause == Cause::rejected);
  CHECK(run({}).error().cause == Cause::rejected);
}

TEST_CASE_METHOD(Fixture, "a program, an interpreter or a folder that is missing is named", "[integration][process]") {
  const auto missing = run({{"no-such-program-x"}});
  CHECK(missing.error().cause == Cause::missing);
  CHECK(missing.error().reached == Reached::no);
  CHECK(missing.error().message.find("no-such-program-x") != std::string::npos);
  Command nowhere{{"true"}};
  nowhere.folder = folder / "none";
  CHECK(run(nowhere).error().message.find(folder / "none") != std::string::npos);
  std::ofstream(folder / "plain") << "echo";
  CHECK(run({{folder / "plain"}}).error().hint.find("chmod") != std::string::npos);
  std::ofstream(folder / "script") << "#!/no/such/interpreter\n";
  fs::permissions(folder / "script", fs::perms::owner_all);
  const auto interpreter = run({{folder / "script"}});
  CHECK(interpreter.error().cause == Cause::missing);
  CHECK(interpreter.error().reached == Reached::no);
  CHECK(process->find("sh").value().starts_with('/'));
  CHECK_FALSE(process->find("no-such-program-x"));
}

TEST_CASE_METHOD(Fixture, "a relative program and the working directory belong to the named folder", "[integration][process]") {
  std::ofstream(folder / "script") << "#!/bin/sh\npwd\n";
  fs::permissions(folder / "script", fs::perms::owner_all);
  Command command{{"./script"}};
  command.folder = folder.path;
  CHECK(run(command)->out == fs::canonical(folder.path).string() + "\n");
}

TEST_CASE_METHOD(Fixture, "the environment is belay's without its secrets, with what is named", "[integration][process]") {
  ::setenv("BELAY_TEST_PASSWORD", "hunter2", 1);
  ::setenv("BELAY_TEST_TOKEN", "hunter3", 1);
  ::setenv("BELAY_TEST_PLAIN", "inherited", 1);
  process->hide("BELAY_TEST_TOKEN");
  Command command{{"env"}};
  command.environment = {{"NAMED", "one"}, {"BELAY_TEST_NUMBER", 5}, {"PGPASSWORD", Value("own").as_secret()}};
  const std::string out = run(command)->out;
  CHECK(out.find("hunter") == std::string::npos);
  CHECK(out.find("BELAY_TEST_PLAIN=inherited\n") != std::string::npos);
  CHECK(out.find("NAMED=one\n") != std::string::npos);
  CHECK(out.find("BELAY_TEST_NUMBER=5\n") != std::string::npos);
  CHECK(out.find("PGPASSWORD=own\n") != std::string::npos);
  command.environment = {{"A=B", "x"}};
  CHECK(run(command).error().cause == Cause::rejected);
  for (const auto* name : {"BELAY_TEST_PASSWORD", "BELAY_TEST_TOKEN", "BELAY_TEST_PLAIN"}) ::unsetenv(name);
}

TEST_CASE_METHOD(Fixture, "a private file holds its secret for the child alone and is gone afterwards", "[integration][process]") {
  Command command = shell("echo $PGPASSFILE; stat -c %a $PGPASSFILE $(dirname $PGPASSFILE); cat $PGPASSFILE; tr '\\0' '\\n' < /proc/$$/environ; tr '\\0' ' ' < /proc/$$/cmdline");
  command.private_files = {{"PGPASSFILE", Value("canary-7391").as_secret()}};
  const std::string out = run(command)->out;
  const std::string path = out.substr(0, out.find('\n'));
  CHECK(out.find("\n600\n700\ncanary-7391") != std::string::npos);
  CHECK(out.find("canary-7391", out.find("canary-7391") + 1) == std::string::npos);
  CHECK_FALSE(fs::exists(path));
  CHECK_FALSE(fs::exists(fs::path(path).parent_path()));
}

TEST_CASE_METHOD(Fixture, "standard input is a value, a source or empty", "[integration][process]") {
  CHECK(run({{"cat"}})->out.empty());
  Command command{{"cat"}};
  command.input = Value("s3cret").as_secret();
  CHECK(run(command)->out == "s3cret");
  command.input = Value::bytes(std::string("\0\n", 2));
  CHECK(run(command)->out == std::string("\0\n", 2));
  Command count{{"wc", "-c"}};
  count.input = std::string(3'000'000, 'x');
  CHECK(run(count)->out == "3000000\n");
  CountedSource source;
  source.left = 20'000'000;
  CHECK(run({{"wc", "-c"}}, &source)->out == "20000000\n");
}

TEST_CASE_METHOD(Fixture, "a child that reads only the beginning of its input is no failure", "[integration][process]") {
  CountedSource source;
  source.left = 50'000'000;
  const auto done = run({{"head", "-c", "3"}}, &source);
  CHECK(done->status == 0);
  CHECK(done->out == "sss");
  CHECK(source.left > 0);
}

TEST_CASE_METHOD(Fixture, "a hundred megabytes pass through a child to a slow sink without being kept", "[integration][process]") {
  CountedSource source;
  source.left = 100'000'000;
  CountingSink sink;
  sink.slow = 100us;
  const auto done = run({{"cat"}}, &source, &sink);
  REQUIRE(done);
  CHECK(done->status == 0);
  CHECK(sink.bytes == 100'000'000);
  CHECK_FALSE(sink.finished);
  CHECK(done->out.empty());
}

TEST_CASE_METHOD(Fixture, "a sink that fails ends the child, and so does a source", "[integration][process]") {
  CountingSink sink;
  sink.fail_after = 1'000'000;
  const Duration begin = clock->steady();
  const auto full = run(shell("echo $$ > " + folder / "pid" + "; exec cat /dev/zero"), nullptr, &sink);
  REQUIRE_FALSE(full);
  CHECK(full.error().cause == Cause::full);
  CHECK_FALSE(alive(pid_in("pid")));
  CountedSource source;
  source.left = 10'000'000;
  source.fail_at = 5'000'000;
  const auto broken = run({{"cat"}}, &source, nullptr);
  REQUIRE_FALSE(broken);
  CHECK(broken.error().message == "the source broke");
  CHECK(since(begin) < 3s);
}

TEST_CASE_METHOD(Fixture, "long output keeps its first and last parts and says so", "[integration][process]") {
  const auto done = run(shell("echo first; head -c 5000000 /dev/zero | tr '\\0' x; echo last")).value();
  CHECK(done.cut);
  CHECK(done.out.starts_with("first\n"));
  CHECK(done.out.ends_with("xlast\n"));
  CHECK(done.out.size() < (1 << 20) + 100);
  CHECK(done.out.find("[3951435 bytes left out]") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "output is told in whole lines as it comes", "[integration][process]") {
  Lines lines;
  REQUIRE(run(shell("printf 'one\\ntw'; sleep 0.05; printf 'o\\nrest'"), nullptr, nullptr, &lines));
  CHECK(lines.lines == std::vector<std::string>{"one\n", "two\n", "rest"});
}

TEST_CASE_METHOD(Fixture, "an idle child is ended, one that writes is not", "[integration][process]") {
  Command idle = shell("echo before >&2; sleep 1000");
  idle.idle = 150ms;
  const Duration begin = clock->steady();
  const auto ended = run(idle);
  REQUIRE_FALSE(ended);
  CHECK(ended.error().cause == Cause::timeout);
  CHECK(ended.error().message.find("wrote nothing for 0.15 s") != std::string::npos);
  CHECK(ended.error().hint.find("before") != std::string::npos);
  CHECK(since(begin) < 2s);
  Command busy = shell("for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.05; done");
  busy.idle = 200ms;
  CHECK(run(busy)->status == 0);
}

TEST_CASE_METHOD(Fixture, "a stop reaches the child and its end reaches belay within a tenth of a second", "[integration][process]") {
  // The best of a few: the machine may be busy with something else.
  for (const bool by_deadline : {true, false}) {
    Duration best = 1h;
    for (int attempt = 0; attempt < 5 && best > 100ms; ++attempt) {
      fs::remove(folder / "pid");
      const Stop limit = stop.nested(by_deadline ? Duration(300ms) : Duration(0));
      const Duration begin = clock->steady();
      std::atomic<Duration> fired = begin + 300ms;
      std::thread later([&] {
        if (by_deadline) return;
        pid_in("pid");
        fired = clock->steady();
        limit.request(Stop::Why::interrupted);
      });
      const auto ended = process->run(shell("echo $$ > " + folder / "pid" + "; exec sleep 1000"), nullptr, nullptr, nullptr, limit);
      later.join();
      best = std::min(best, since(fired.load()));
      REQUIRE_FALSE(ended);
      CHECK(ended.error().cause == (by_deadline ? Cause::timeout : Cause::stopped));
      CHECK(ended.error().reached == Reached::perhaps);
      CHECK_FALSE(alive(pid_in("pid")));
    }
    CHECK(best < 100ms);
  }
}

TEST_CASE_METHOD(Fixture, "a child deaf to TERM is killed after the grace, at once at the second stop", "[integration][process]") {
  for (const bool twice : {false, true}) {
    fs::remove(folder / "pid");
    const Stop mine = stop.nested(0s);
    std::thread later([&] {
      pid_in("pid");
      mine.request(Stop::Why::interrupted);
      if (!twice) return;
      std::this_thread::sleep_for(50ms);
      mine.request(Stop::Why::killed);
    });
    const auto ended = process->run(shell("trap '' TERM; echo $$ > " + folder / "pid" + "; while :; do sleep 0.01; done"), nullptr, nullptr, nullptr, mine);
    later.join();
    CHECK_FALSE(ended);
    CHECK_FALSE(alive(pid_in("pid")));
  }
}

TEST_CASE_METHOD(Fixture, "what left the group of a child is ended with it", "[integration][process]") {
  const Stop limit = stop.nested(400ms);
  const auto ended = process->run(shell("timeout 1000 sleep 1000 & setsid sleep 1000 & echo $! > " + folder / "pid" + "; wait"), nullptr, nullptr, nullptr, limit);
  CHECK_FALSE(ended);
  CHECK_FALSE(alive(pid_in("pid")));
}

TEST_CASE_METHOD(Fixture, "a grandchild that holds the output does not hold belay, and is ended and named", "[integration][process]") {
  const Duration begin = clock->steady();
  const auto done = run(shell("sleep 1000 & echo $! > " + folder / "pid" + "; echo out"));
  REQUIRE(done);
  CHECK(done->status == 0);
  CHECK(done->out == "out\n");
  CHECK(done->err.find("left 1 of its processes behind") != std::string::npos);
  CHECK(since(begin) < 4s);
  CHECK_FALSE(alive(pid_in("pid")));
}

TEST_CASE_METHOD(Fixture, "a grandchild that ends soon after its parent is heard to its end", "[integration][process]") {
  const auto done = run(shell("(sleep 0.3; echo late) & echo early")).value();
  CHECK(done.out == "early\nlate\n");
  CHECK(done.err.empty());
}

TEST_CASE_METHOD(Fixture, "a daemon that slipped away ends with the guard at the latest", "[integration][process]") {
  REQUIRE(run(shell("(setsid sh -c 'echo $$ > " + folder / "pid" + "; exec sleep 1000' >/dev/null 2>&1 &)")));
  const pid_t pid = pid_in("pid");
  CHECK(alive(pid));
  process.reset();
  CHECK_FALSE(alive(pid));
}

TEST_CASE_METHOD(Fixture, "a started child runs beside until it is ended", "[integration][process]") {
  auto child = process->start(shell("echo up; trap 'echo bye; exit 5' TERM; while :; do sleep 0.01; done"), stop);
  REQUIRE(child);
  CHECK((*child)->running());
  CHECK(alive(static_cast<pid_t>((*child)->pid())));
  std::this_thread::sleep_for(100ms);
  const auto ended = (*child)->end(2s);
  REQUIRE(ended);
  CHECK(ended->status == 5);
  CHECK(ended->out == "up\nbye\n");
  CHECK_FALSE((*child)->running());

  auto forgotten = process->start({{"sleep", "1000"}}, stop);
  REQUIRE(forgotten);
  const auto pid = static_cast<pid_t>((*forgotten)->pid());
  forgotten->reset();
  CHECK_FALSE(alive(pid));
  CHECK(process->start({{"no-such-program-x"}}, stop).error().cause == Cause::missing);
}

TEST_CASE_METHOD(Fixture, "a child outlives the port that started it until it is let go", "[integration][process]") {
  auto child = process->start({{"sleep", "1000"}}, stop);
  REQUIRE(child);
  process.reset();
  const auto pid = static_cast<pid_t>((*child)->pid());
  CHECK((*child)->running());
  child->reset();
  CHECK_FALSE(alive(pid));
}

TEST_CASE_METHOD(Fixture, "a child that fails in the middle of its stream is told by its status, and its sink is left unfinished", "[integration][process]") {
  CountingSink sink;
  const auto failed = run(shell("head -c 1000000 /dev/zero; exit 3"), nullptr, &sink);
  REQUIRE(failed);
  CHECK(failed->status == 3);
  CHECK(sink.bytes == 1'000'000);
  CHECK_FALSE(sink.finished);
  const auto killed = run(shell("head -c 1000000 /dev/zero; kill -9 $$"), nullptr, &sink);
  REQUIRE(killed);
  CHECK(killed->status == 137);
}

TEST_CASE_METHOD(Fixture, "twenty children from several threads each get their own answer", "[integration][process]") {
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int thread = 0; thread < 20; ++thread)
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 5; ++i) {
        Command command = shell("read line; echo $line; exit " + std::to_string(thread));
        command.input = std::to_string(thread * 100 + i) + "\n";
        const auto done = run(command);
        if (done && done->status == thread && done->out == std::to_string(thread * 100 + i) + "\n") ++right;
      }
    });
  for (auto& each : threads) each.join();
  CHECK(right == 100);
}

TEST_CASE_METHOD(Fixture, "nothing stays open after children ended in every way", "[integration][process]") {
  REQUIRE(run({{"true"}}));
  const auto before = open_files();
  for (int i = 0; i < 3; ++i) {
    REQUIRE(run(shell("cat; exit 1")));
    REQUIRE_FALSE(run({{"no-such-program-x"}}));
    CountingSink sink;
    sink.fail_after = 10;
    REQUIRE_FALSE(run({{"cat", "/dev/zero"}}, nullptr, &sink));
    REQUIRE(process->start({{"sleep", "1000"}}, stop));
    REQUIRE_FALSE(process->run({{"sleep", "1000"}}, nullptr, nullptr, nullptr, stop.nested(20ms)));
  }
  CHECK(open_files() == before);
}

TEST_CASE_METHOD(Fixture, "a child has no other descriptor than its three and starts with no signal ignored or blocked", "[integration][process]") {
  const auto done = run(shell("ls /proc/self/fd; grep -E 'SigBlk|SigIgn' /proc/self/status | cut -c 17-")).value();
  // 3 is the folder that ls itself reads. Of the signals, the last 31 are looked at: 32 and 33 are the C library's own.
  CHECK(done.out.starts_with("0\n1\n2\n3\n"));
  std::istringstream masks(done.out.substr(8));
  masks >> std::hex;
  for (std::uint64_t mask = 0; masks >> mask;) CHECK((mask & 0x7fffffff) == 0);
}

TEST_CASE_METHOD(Fixture, "arguments and input larger than any socket's buffer arrive whole", "[integration][process]") {
  Command command{{"sh", "-c", "cat | wc -c; printf %s \"$1\" | wc -c; printf %s \"$LARGE\" | wc -c", "sh", std::string(120'000, 'a')}};
  command.environment = {{"LARGE", std::string(120'000, 'b')}, {"MORE", std::string(120'000, 'c')}, {"EVEN", std::string(120'000, 'd')}};
  command.input = std::string(1'000'000, 'x');
  CHECK(run(command)->out == "1000000\n120000\n120000\n");
  Command too_large{{"true", std::string(3'000'000, 'a')}};
  const auto refused = run(too_large);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reached == Reached::no);
}

TEST_CASE_METHOD(Fixture, "a guard that somebody killed is told of and started again", "[integration][process]") {
  const auto guard_of = [&](pid_t child) { return process_row(child)->parent; };
  std::optional<pid_t> guard, orphan;
  std::thread killer([&] {
    orphan = pid_in("pid");
    guard = guard_of(*orphan);
    ::kill(*guard, SIGKILL);
  });
  const auto lost = run(shell("echo $$ > " + folder / "pid" + "; exec sleep 1000"));
  killer.join();
  REQUIRE_FALSE(lost);
  CHECK(lost.error().reached == Reached::perhaps);
  CHECK(lost.error().message.find("guard") != std::string::npos);
  CHECK(gone_within(*orphan, 2s));
  CHECK(run({{"true"}})->status == 0);
}

TEST_CASE_METHOD(Fixture, "a stop that came before starts nothing", "[integration][process]") {
  const Stop fired = stop.nested(0s);
  fired.request(Stop::Why::interrupted);
  const auto refused = process->run(shell("touch " + folder / "started"), nullptr, nullptr, nullptr, fired);
  CHECK(refused.error().reached == Reached::no);
  CHECK_FALSE(fs::exists(folder / "started"));
}

TEST_CASE_METHOD(Fixture, "a killed belay leaves no child, no grandchild and no private file", "[integration][process]") {
  ::setenv("XDG_RUNTIME_DIR", folder.path.c_str(), 1);
  auto parent = process->start({{"/proc/" + std::to_string(::getpid()) + "/exe", "--parent-to-be-killed", folder.path}}, stop);
  ::unsetenv("XDG_RUNTIME_DIR");
  REQUIRE(parent);
  const Duration begin = clock->steady();
  while (!fs::exists(folder / "ready")) {
    if (since(begin) > 20s) FAIL("the children did not come up: " << (*parent)->end(0s)->err);
    std::this_thread::sleep_for(10ms);
  }
  std::vector<pid_t> pids;
  std::ifstream in(folder / "pids");
  for (pid_t pid = 0; in >> pid;) pids.push_back(pid);
  REQUIRE(pids.size() == 5);
  for (const pid_t pid : pids) CHECK(alive(pid));
  REQUIRE(::kill(static_cast<pid_t>((*parent)->pid()), SIGKILL) == 0);
  const Duration killed = clock->steady();
  for (const pid_t pid : pids) CHECK(gone_within(pid, 2s));
  CHECK(since(killed) < 2s);
  bool private_left = true;
  for (int i = 0; i < 200 && private_left; ++i) {
    private_left = false;
    for (const auto& entry : fs::directory_iterator(folder.path)) private_left = private_left || entry.path().filename().string().starts_with("belay-private");
    std::this_thread::sleep_for(5ms);
  }
  CHECK_FALSE(private_left);
}

TEST_CASE("belay killed at any moment while it starts children leaves none", "[integration][process]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const auto running = [](const std::string& tag) {
    std::size_t count = 0;
    for (const auto& row : process_rows()) {
      char line[64] = {};
      const Fd fd(::open(("/proc/" + std::to_string(row.pid) + "/cmdline").c_str(), O_RDONLY | O_CLOEXEC));
      const ssize_t size = fd ? ::read(fd.get(), line, sizeof line) : 0; // it may have ended meanwhile
      const std::string_view words(line, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
      if (words.starts_with("sleep") && words.find(tag) != std::string_view::npos) ++count;
    }
    return count;
  };
  for (int round = 0; round < 8; ++round) {
    INFO("round " << round);
    std::string tag = "30." + std::to_string(::getpid()) + std::to_string(round);
    std::string name = "belay-tests", part = "--parent-of-many";
    char* argv[] = {name.data(), part.data(), tag.data(), nullptr};
    pid_t pid = 0;
    REQUIRE(::posix_spawn(&pid, "/proc/self/exe", nullptr, nullptr, argv, environ) == 0);
    for (int i = 0; i < 1500 && running(tag) == 0; ++i) std::this_thread::sleep_for(5ms);
    const bool came_up = running(tag) > 0;
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 60'000));
    REQUIRE(::kill(pid, SIGKILL) == 0);
    REQUIRE(::waitpid(pid, nullptr, 0) == pid);
    CHECK(came_up);
    for (int i = 0; i < 400 && running(tag) > 0; ++i) std::this_thread::sleep_for(5ms);
    CHECK(running(tag) == 0);
  }
}

TEST_CASE_METHOD(Fixture, "a program of PostgreSQL verifies a server off this host, as a session does", "[integration][process]") {
  const auto mode = [this](const std::string& keywords) {
    Command command = shell("echo \"$PGSSLMODE\"");
    command.private_files = {{"PGSERVICEFILE", Value("[belay]\n" + keywords)}};
    return run(command)->out;
  };
  CHECK(mode("host=db.example.org\nuser=shop\n") == "verify-full\n");
  CHECK(mode("host=127.0.0.1,db.example.org\n") == "verify-full\n");
  CHECK(mode("host=127.0.0.1\n") == "\n");
  CHECK(mode("host=/run/postgresql\n") == "\n");
  CHECK(mode("host=db.example.org\nsslmode=require\n") == "\n"); // libpq takes the file's own
}
