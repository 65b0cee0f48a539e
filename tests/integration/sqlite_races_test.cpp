#include "catch.hpp"
#include "integration/scratch_folder.hpp"
#include "integration/store_conformance.hpp"
#include "ports/sqlite_store.hpp"
#include <atomic>
#include <csignal>
#include <cstdio>
#include <pthread.h>
#include <random>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace belay;
using namespace belay::conformance;
using belay::integration::ScratchFolder;

namespace {

struct BootClock final : Time {
  Timestamp wall() const override { return {1'800'000'000, 0}; }
  Duration steady() const override {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  }
  bool sleep(Duration, const Stop&) const override { return true; }
};
struct RandomEntropy final : Entropy {
  std::random_device device;
  void fill(std::span<std::byte> bytes) override {
    for (auto& byte : bytes) byte = static_cast<std::byte>(device());
  }
};

/// Memory that the test shares with its children.
template <class T> struct Shared {
  T* of = nullptr;
  Shared() {
    void* memory = ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    of = new (memory) T{};
  }
  ~Shared() { ::munmap(of, sizeof(T)); }
  Shared(const Shared&) = delete;
  T* operator->() const { return of; }
};

std::uint32_t printed_seed() {
  const std::uint32_t seed = std::random_device()();
  std::printf("seed %u\n", seed);
  return seed;
}

constexpr int k_rounds = 10'000, k_processes = 2;
struct Race {
  pthread_barrier_t together;
  std::atomic<int> winners[k_rounds], errors;
  std::uint64_t epochs[k_rounds];
};

void take_many_times(Race& race, const std::string& path, int me) {
  BootClock clock;
  RandomEntropy entropy;
  const auto store = open_sqlite_store(path, clock, entropy);
  fakes::NamedMachine machine("here", "boot", 100 + me);
  machine.lives = {{100, Machine::Life::alive}, {101, Machine::Life::alive}};
  for (int round = 0; round < k_rounds; ++round) {
    ::pthread_barrier_wait(&race.together);
    const auto result = store->take("shop/production", {"run-" + std::to_string(me), "ana", "", machine.self()}, std::chrono::seconds(60), is_dead, machine);
    if (!result) ++race.errors;
    const auto* grant = result ? std::get_if<Grant>(&*result) : nullptr;
    if (grant) {
      ++race.winners[round];
      race.epochs[round] = grant->epoch;
    }
    ::pthread_barrier_wait(&race.together); // kept until all have tried, so that a second winner would be seen
    if (grant && !store->release(*grant, false)) ++race.errors;
  }
}

} // namespace

TEST_CASE("of two processes that take a claim at once exactly one gets it, ten thousand times", "[integration][state]") {
  ScratchFolder folder;
  const Shared<Race> race;
  pthread_barrierattr_t shared_between_processes;
  ::pthread_barrierattr_init(&shared_between_processes);
  ::pthread_barrierattr_setpshared(&shared_between_processes, PTHREAD_PROCESS_SHARED);
  ::pthread_barrier_init(&race->together, &shared_between_processes, k_processes);
  std::vector<pid_t> children;
  for (int me = 0; me < k_processes; ++me) {
    children.push_back(::fork());
    if (children.back() == 0) {
      take_many_times(*race.of, folder.path + "/state/belay.db", me);
      ::_exit(0);
    }
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  CHECK(race->errors == 0);
  int wrong = 0;
  for (int round = 0; round < k_rounds; ++round)
    if (race->winners[round] != 1 || race->epochs[round] != static_cast<std::uint64_t>(round) + 1) ++wrong;
  CHECK(wrong == 0);
}

TEST_CASE("of several processes that make the state at once all succeed and none loses a record", "[integration][state]") {
  for (int trial = 0; trial < 10; ++trial) {
    ScratchFolder folder;
    const std::string path = folder.path + "/state/belay.db";
    std::vector<pid_t> children;
    for (int me = 0; me < 6; ++me) {
      children.push_back(::fork());
      if (children.back() != 0) continue;
      BootClock clock;
      RandomEntropy entropy;
      const auto store = open_sqlite_store(path, clock, entropy);
      for (int i = 0; i < 5; ++i) {
        const auto done = append_after_reading(*store, "ledger", [&](const auto&) -> Expected<Addition> { return Addition{{record(std::to_string(me))}, row("ledger", "", "", 1)}; });
        if (!done) {
          std::fprintf(stderr, "%s\n", done.error().message.c_str());
          ::_exit(1);
        }
      }
      ::_exit(0);
    }
    for (const pid_t child : children) {
      int status = 0;
      ::waitpid(child, &status, 0);
      CHECK(status == 0);
    }
    const fakes::ManualClock clock;
    fakes::CountingEntropy entropy;
    CHECK(read_verified(*open_sqlite_store(path, clock, entropy), "ledger").value().size() == 30);
    CHECK(folder.names("state").size() == 3);
  }
}

TEST_CASE("a writer killed at any moment leaves a chain that verifies and every record it was told is durable", "[integration][state]") {
  std::mt19937 random(printed_seed());
  ScratchFolder folder;
  const std::string path = folder.path + "/state/belay.db";
  const Shared<std::atomic<std::uint64_t>> told;
  for (int trial = 0; trial < 100; ++trial) {
    const pid_t child = ::fork();
    if (child == 0) {
      BootClock clock;
      RandomEntropy entropy;
      const auto store = open_sqlite_store(path, clock, entropy);
      auto writer = StreamWriter::open(*store, "run/a");
      if (!writer) ::_exit(1);
      for (int i = 0;; ++i) {
        const auto done = writer->append({record(std::string(static_cast<std::size_t>(i % 7) * 997, 'x')), record("second")}, row("run", "shop", "running", 1), i % 3 == 0 ? Durable::with_next : Durable::now);
        if (!done) ::_exit(2);
        told->store(done->seq);
      }
    }
    // Every other one is let come to its first append, however slow the disk is; the rest may die while opening.
    const std::uint64_t before = told->load();
    if (trial % 2 == 0)
      while (told->load() == before && ::kill(child, 0) == 0) ::usleep(200);
    ::usleep(std::uniform_int_distribution<useconds_t>(500, 25'000)(random));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status));
    const fakes::ManualClock clock;
    fakes::CountingEntropy entropy;
    const auto store = open_sqlite_store(path, clock, entropy);
    const auto verified = verify_stream(*store, "run/a").value();
    CHECK_FALSE(verified.broken);
    CHECK(verified.head.seq >= told->load());
    CHECK(verified.head.seq % 2 == 0);
  }
  CHECK(told->load() >= 100);
}
