#include "catch.hpp"
#include "integration/scratch_folder.hpp"
#include "integration/sqlite_disk.hpp"
#include "integration/store_conformance.hpp"
#include "ports/sqlite_store.hpp"
#include <cstdio>
#include <fstream>
#include <random>
#include <set>

using namespace belay;
using namespace belay::conformance;
using belay::integration::ScratchFolder;
using belay::integration::WatchedDisk;

namespace {

constexpr int k_appends = 300; // enough for several checkpoints
using Sort = WatchedDisk::Operation::Sort;

/// What the writer was told of an append, and how many operations the disk had seen by then.
struct Told {
  std::size_t operations = 0;
  std::uint64_t durable = 0; ///< the newest record that is promised to survive a power cut
};

/// Appends of many sizes, one in three without a sync; ends at the first failure.
std::vector<Told> write_many(const std::string& path, int appends, const WatchedDisk& disk) {
  const fakes::ManualClock clock;
  fakes::CountingEntropy entropy;
  const auto store = open_sqlite_store(path, clock, entropy);
  std::vector<Told> told{{disk.operations.size(), 0}};
  auto writer = StreamWriter::open(*store, "run/a");
  if (!writer) return told;
  for (int i = 0; i < appends; ++i) {
    const auto durable = i % 3 == 1 ? Durable::with_next : Durable::now;
    const auto done = writer->append({record(std::to_string(i) + std::string(static_cast<std::size_t>(i % 5) * 7000, 'x'))}, row("run", "shop", "running", i), durable);
    if (!done) return told;
    told.push_back({disk.operations.size(), durable == Durable::now ? done->seq : told.back().durable});
  }
  return told;
}

Verified verify(const std::string& path) {
  const fakes::ManualClock clock;
  fakes::CountingEntropy entropy;
  const auto store = open_sqlite_store(path, clock, entropy);
  const auto result = verify_stream(*store, "run/a");
  INFO((result ? std::string() : result.error().message));
  REQUIRE(result);
  return *result;
}

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

void apply(std::map<std::string, std::string>& files, const WatchedDisk::Operation& operation) {
  std::string& file = files[operation.file];
  const auto at = static_cast<std::size_t>(operation.at);
  if (operation.sort == Sort::truncate) file.resize(at);
  if (operation.sort != Sort::write) return;
  if (file.size() < at + operation.bytes.size()) file.resize(at + operation.bytes.size());
  file.replace(at, operation.bytes.size(), operation.bytes);
}

} // namespace

TEST_CASE("a power cut after any write loses nothing that was promised, whichever unsynced writes reached the disk", "[integration][state]") {
  const std::uint32_t seed = std::random_device()();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  const ScratchFolder folder = ScratchFolder::in_memory();
  const std::string path = folder.path + "/state/belay.db";
  {
    const WatchedDisk disk;
    REQUIRE(write_many(path, 0, disk).size() == 1);
    const fakes::ManualClock clock;
    fakes::CountingEntropy entropy;
    REQUIRE(open_sqlite_store(path, clock, entropy)->post({0, "r", "stop", "ana", "", {}})); // makes the files
  }
  std::map<std::string, std::string> synced{{path, contents(path)}, {path + "-wal", contents(path + "-wal")}};
  std::vector<WatchedDisk::Operation> operations;
  std::vector<Told> told;
  {
    const WatchedDisk disk;
    told = write_many(path, k_appends, disk);
    operations = disk.operations;
  }
  REQUIRE(told.size() == k_appends + 1);
  REQUIRE(operations.size() > 1000);

  std::map<std::string, std::vector<const WatchedDisk::Operation*>> unsynced;
  std::size_t promise = 0, checked = 0;
  for (std::size_t cut = 1; cut <= operations.size(); ++cut) {
    const auto& operation = operations[cut - 1];
    if (operation.sort == Sort::sync) {
      for (const auto* each : unsynced[operation.file]) apply(synced, *each);
      unsynced[operation.file].clear();
    } else {
      unsynced[operation.file].push_back(&operation);
    }
    while (promise + 1 < told.size() && told[promise + 1].operations <= cut) ++promise;
    if (cut % 17 != 0 && operation.sort != Sort::sync) continue;
    auto files = synced;
    for (const auto& [name, writes] : unsynced)
      for (const auto* each : writes)
        if (random() % 2 == 0) apply(files, *each);
    const ScratchFolder after = ScratchFolder::in_memory();
    for (const auto& [name, bytes] : files) std::ofstream(after.path + name.substr(name.rfind('/')), std::ios::binary) << bytes;
    const Verified found = verify(after.path + "/belay.db");
    CHECK_FALSE(found.broken);
    CHECK(found.head.seq >= told[promise].durable);
    ++checked;
  }
  CHECK(checked > 200);
}

TEST_CASE("each write, truncation and sync of the disk may fail once: the failure is told, and what was told stands", "[integration][state]") {
  std::size_t total = 0;
  {
    const ScratchFolder folder = ScratchFolder::in_memory();
    const WatchedDisk disk;
    REQUIRE(write_many(folder.path + "/state/belay.db", 12, disk).size() == 13);
    total = disk.operations.size();
  }
  const int error = GENERATE(SQLITE_IOERR_WRITE, SQLITE_FULL);
  for (std::size_t nth = 1; nth <= total; ++nth) {
    const ScratchFolder folder = ScratchFolder::in_memory();
    const std::string path = folder.path + "/state/belay.db";
    std::vector<Told> told;
    bool happened = false;
    {
      WatchedDisk disk;
      disk.refused_one = nth;
      disk.error = error;
      told = write_many(path, 12, disk);
      happened = disk.operations.size() >= nth;
    }
    CHECK(happened);
    const Verified found = verify(path);
    CHECK_FALSE(found.broken);
    CHECK(found.head.seq + 1 >= told.size());
    CHECK(found.head.seq <= told.size()); // one more may stand, whose answer was a failure
    // The store works again once the disk does.
    const WatchedDisk sound;
    CHECK(write_many(path, 3, sound).size() == 4);
    CHECK(verify(path).head.seq == found.head.seq + 3);
  }
}
