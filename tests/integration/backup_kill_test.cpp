#include "catch.hpp"
#include "clients/backup_folder.hpp"
#include "integration/support/action_bench.hpp"
#include "integration/support/postgres_server.hpp"
#include "modules/postgres_backup.hpp"
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <random>
#include <thread>

using namespace belay;
using namespace belay::modules;
using support::ActionBench;
namespace fs = std::filesystem;

namespace {

constexpr Identity k_dump_id{"run-1", "dump", "key", 1, {1795300680, 0}};

Value dump_inputs(const Value& target, const std::string& folder) {
  return ActionBench::complete(postgres_backup::k_dump, {{"target", target}, {"service", "shop"}, {"environment", "local"}, {"folder", folder}, {"share", 0}}); // two pg_dumps
}
Value swap_inputs(const Value& target, const std::string& from, const std::string& keep_as) {
  return ActionBench::complete(postgres_backup::k_swap, {{"target", target}, {"from", from}, {"keep_as", keep_as}});
}

support::Program another_part(std::vector<std::string> arguments, const std::string& log) {
  arguments.insert(arguments.begin(), {fs::read_symlink("/proc/self/exe").string(), "--backup-part"});
  return support::Program(std::move(arguments), log);
}

bool dump_runs(const std::string& database) {
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    FILE* file = std::fopen((entry.path() / "cmdline").c_str(), "r");
    if (file == nullptr) continue;
    std::string line(4096, '\0');
    line.resize(std::fread(line.data(), 1, line.size(), file));
    std::fclose(file);
    if (line.find("pg_dump") != std::string::npos && line.find("dbname=" + database) != std::string::npos) return true;
  }
  return false;
}

} // namespace

std::optional<int> backup_part(int argc, char** argv);

/// A dump or a swap in a process of its own, so that it can be killed: --backup-part dump URI FOLDER, --backup-part swap URI FROM KEEP_AS READY.
std::optional<int> backup_part(int argc, char** argv) {
  if (argc < 3 || std::strcmp(argv[1], "--backup-part") != 0) return std::nullopt;
  ActionBench bench;
  bench.id = k_dump_id;
  const std::string what = argv[2], target = argv[3];
  if (what == "dump") return bench.change(postgres_backup::k_dump, dump_inputs(target, argv[4])).outcome.state == State::done ? 0 : 1;
  support::write_file(argv[6], "ready");
  return bench.change(postgres_backup::k_swap, swap_inputs(target, argv[4], argv[5])).outcome.state == State::done ? 0 : 1;
}

TEST_CASE("belay killed at any moment of a backup leaves no half one, and the same step finishes it", "[integration][backup]") {
  auto& server = support::PostgresServer::shared();
  const std::string database = server.create_database("killed");
  server.sql("CREATE TABLE bulk AS SELECT i, md5(i::text) || md5((i * 7)::text) AS text FROM generate_series(1, 100000) i; CREATE TABLE more AS SELECT * FROM bulk WHERE i % 3 <> 0", database);
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 8; ++round) {
    support::Folder folder;
    const std::string place = folder / "shop/local";
    ActionBench bench;
    bench.id = k_dump_id;
    {
      support::Program part = another_part({"dump", server.uri(database), folder.path()}, folder / "log");
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 1200));
      ::kill(part.pid(), SIGKILL);
      CHECK(support::eventually([&] { return !dump_runs(database); }, 2000));
      CHECK(support::eventually([&] { return server.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = '" + database + "' AND application_name LIKE 'belay%'").starts_with("0"); }, 3000));
    }
    const auto listing = backup_folder::list(*bench.files, place);
    REQUIRE(listing);
    CHECK(listing->unreadable.empty());
    for (const auto& entry : listing->backups) {
      const auto checked = backup_folder::check(*bench.files, entry.path, bench.tell, bench.stop);
      REQUIRE(checked);
      CHECK(checked->problems.empty());
    }
    const auto made = bench.change(postgres_backup::k_dump, dump_inputs(server.target(database), folder.path()));
    if (made.outcome.failure) FAIL(made.outcome.failure->message);
    CHECK(made.outcome.state == State::done);
    const auto after = backup_folder::list(*bench.files, place);
    REQUIRE(after);
    CHECK(after->backups.size() == 1);
    CHECK(after->unfinished.empty());
  }
}

TEST_CASE("belay killed at any moment of a swap leaves the old database or the new, never neither", "[integration][backup]") {
  auto& server = support::PostgresServer::shared();
  const std::string database = server.create_database("swapped"), copy = database + "_restore_00000001", kept = database + "_before_20261121_223800";
  server.sql("CREATE DATABASE " + copy);
  server.sql("CREATE TABLE old ()", database);
  server.sql("CREATE TABLE new ()", copy);
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  std::string from = copy, to = kept, there = "old", other = "new";
  int swapped = 0;
  for (int round = 0; round < 15; ++round) {
    support::Folder folder;
    ActionBench bench;
    bench.id = k_dump_id;
    const auto& does = std::get<Change>(postgres_backup::k_swap.does);
    const Value in = swap_inputs(server.target(database), from, to);
    const Call call{in, bench.id, bench.stop, bench.tell};
    const auto before = does.observe(call, {}, bench.ports().reads());
    REQUIRE(before);
    {
      support::Program part = another_part({"swap", server.uri(database), from, to, folder / "ready"}, folder / "log");
      REQUIRE(support::eventually([&] { return fs::exists(folder / "ready"); }));
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 150'000));
      ::kill(part.pid(), SIGKILL);
    }
    // What was on its way may still land; afterwards it is one or the other, and takes connections.
    CHECK(support::eventually([&] { return server.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'belay swap'").starts_with("0"); }, 10000));
    const std::string found = server.sql("SELECT relname FROM pg_class WHERE relname IN ('old', 'new')", database);
    CHECK((found.starts_with(there) || found.starts_with(other)));
    const auto now = does.observe(call, {}, bench.ports().reads());
    REQUIRE(now);
    const State judged = does.judge(does.prepare(in, *before, bench.id), *before, *now).state;
    CHECK(judged == (found.starts_with(there) ? State::no_effect : State::done));
    if (judged == State::done) {
      ++swapped;
      std::swap(from, to);
      std::swap(there, other);
    }
  }
  INFO(swapped << " of 15 were swapped");
}
