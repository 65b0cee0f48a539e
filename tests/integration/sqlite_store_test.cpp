#include "catch.hpp"
#include "integration/scratch_folder.hpp"
#include "integration/store_conformance.hpp"
#include "ports/sqlite_store.hpp"
#include <fcntl.h>
#include <fstream>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace belay;
using namespace belay::conformance;
using belay::integration::ScratchFolder;

namespace {

struct Scratch {
  ScratchFolder folder;
  const fakes::ManualClock clock;
  fakes::CountingEntropy entropy;
  std::string path = folder.path + "/state/belay.db";
  std::unique_ptr<Store> open() { return open_sqlite_store(path, clock, entropy); }
  void fill(int records) {
    auto store = open();
    StreamWriter writer = StreamWriter::open(*store, "run/a").value();
    for (int i = 1; i <= records; ++i) REQUIRE(writer.append({record("record " + std::to_string(i))}, row("run", "shop", "running", 1)));
  }
  /// Changes the file as somebody with an editor would, behind the store's back.
  void edit(const std::string& sql) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
    const int code = sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr);
    INFO(sqlite3_errmsg(database));
    REQUIRE(code == SQLITE_OK);
    sqlite3_close(database);
  }
};

Make sqlite_handles(ScratchFolder& folder) {
  return [&folder](const Time& time, Entropy& entropy) {
    const std::string path = folder.path + "/state/belay.db";
    return Handles{open_sqlite_store(path, time, entropy), open_sqlite_store(path, time, entropy)};
  };
}

/// Runs `work` in a child; gives its exit status.
template <class Work> int in_child(Work work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

unsigned mode_of(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

} // namespace

TEST_CASE("the SQLite store keeps streams as every store does", "[integration][state]") {
  ScratchFolder folder;
  check_streams(sqlite_handles(folder));
}
TEST_CASE("the SQLite store lists as every store does", "[integration][state]") {
  ScratchFolder folder;
  check_lists(sqlite_handles(folder));
}
TEST_CASE("the SQLite store keeps claims as every store does", "[integration][state]") {
  ScratchFolder folder;
  check_claims(sqlite_handles(folder));
}
TEST_CASE("the SQLite store keeps posts as every store does", "[integration][state]") {
  ScratchFolder folder;
  check_posts(sqlite_handles(folder));
}

TEST_CASE("reading where there is no state makes no file", "[integration][state]") {
  Scratch scratch;
  auto store = scratch.open();
  CHECK(store->list({}).value().empty());
  CHECK(store->read("run/a", 1, 1).value().empty());
  CHECK(store->claims().value().empty());
  CHECK(mode_of(scratch.folder.path + "/state") == 0);
}

TEST_CASE("the first write makes private files in a private folder, and nothing beside them", "[integration][state]") {
  Scratch scratch;
  const auto before = ::umask(0);
  scratch.fill(1);
  ::umask(before);
  CHECK(mode_of(scratch.folder.path + "/state") == 0700);
  CHECK(mode_of(scratch.path) == 0600);
  CHECK(mode_of(scratch.path + "-wal") == 0600);
  CHECK(scratch.folder.names("state") == std::vector<std::string>{"belay.db", "belay.db-shm", "belay.db-wal"});
}

TEST_CASE("a state file that others may read is made private when it is opened", "[integration][state]") {
  Scratch scratch;
  scratch.fill(1);
  REQUIRE(::chmod(scratch.path.c_str(), 0644) == 0);
  CHECK(scratch.open()->list({}).value().size() == 1);
  CHECK(mode_of(scratch.path) == 0600);
}

TEST_CASE("a link in place of the state or its log is refused, its target untouched", "[integration][state]") {
  Scratch scratch;
  scratch.fill(1);
  const std::string suffix = GENERATE("", "-wal", "-shm");
  const std::string target = scratch.folder.path + "/elsewhere";
  std::ofstream(target) << "mine";
  ::unlink((scratch.path + suffix).c_str());
  REQUIRE(::symlink(target.c_str(), (scratch.path + suffix).c_str()) == 0);
  auto store = scratch.open();
  const auto result = store->append("run/b", {}, {}, row("run", "shop", "x", 1), {}, Durable::now);
  REQUIRE_FALSE(result);
  CHECK(result.error().cause == Cause::refused);
  CHECK(result.error().message.find("link") != std::string::npos);
  std::ifstream in(target);
  CHECK(std::string(std::istreambuf_iterator<char>(in), {}) == "mine");
}

TEST_CASE("a folder that others may write is refused", "[integration][state]") {
  Scratch scratch;
  scratch.fill(1);
  REQUIRE(::chmod((scratch.folder.path + "/state").c_str(), 0777) == 0);
  const auto result = scratch.open()->list({});
  REQUIRE_FALSE(result);
  CHECK(result.error().cause == Cause::refused);
  CHECK(result.error().hint.find("chmod") != std::string::npos);
}

TEST_CASE("what is no state database is named and left as it is", "[integration][state]") {
  Scratch scratch;
  REQUIRE(::mkdir((scratch.folder.path + "/state").c_str(), 0700) == 0);
  SECTION("text") {
    std::ofstream(scratch.path) << std::string(5000, 't');
    const auto result = scratch.open()->append("run/a", {}, {}, row("run", "shop", "x", 1), {}, Durable::now);
    REQUIRE_FALSE(result);
    CHECK(result.error().cause == Cause::malformed);
    CHECK(result.error().message.find("not a database") != std::string::npos);
    std::ifstream in(scratch.path);
    CHECK(std::string(std::istreambuf_iterator<char>(in), {}) == std::string(5000, 't'));
  }
  SECTION("a database of another program") {
    scratch.edit("CREATE TABLE theirs(x)");
    const auto result = scratch.open()->append("run/a", {}, {}, row("run", "shop", "x", 1), {}, Durable::now);
    REQUIRE_FALSE(result);
    CHECK(result.error().cause == Cause::refused);
    CHECK(result.error().message.find("another program") != std::string::npos);
  }
  SECTION("an empty file") {
    std::ofstream(scratch.path).flush();
    const auto result = scratch.open()->append("run/a", {}, {}, row("run", "shop", "x", 1), {}, Durable::now);
    REQUIRE_FALSE(result);
    CHECK(result.error().cause == Cause::refused);
  }
}

TEST_CASE("a newer schema is refused only when it says that this belay cannot use it", "[integration][state]") {
  Scratch scratch;
  scratch.fill(1);
  scratch.edit("INSERT INTO migrations VALUES(98, 1, 'later')");
  CHECK(scratch.open()->list({}).value().size() == 1);
  scratch.edit("INSERT INTO migrations VALUES(99, 99, 'much later')");
  const auto result = scratch.open()->list({});
  REQUIRE_FALSE(result);
  CHECK(result.error().cause == Cause::refused);
  CHECK(result.error().message.find("newer belay (schema 99") != std::string::npos);
}

TEST_CASE("a folder without the right to write is told plainly, and reads or refuses but never misleads", "[integration][state]") {
  Scratch scratch;
  REQUIRE(::chmod(scratch.folder.path.c_str(), 0755) == 0);
  REQUIRE(::mkdir((scratch.folder.path + "/state").c_str(), 0555) == 0);
  const int status = in_child([&] {
    if (::geteuid() == 0 && ::setuid(65534) != 0) return 50;
    const auto result = scratch.open()->append("run/a", {}, {}, row("run", "shop", "x", 1), {}, Durable::now);
    if (result) return 51;
    return result.error().cause == Cause::refused && result.error().reached == Reached::no && result.error().message.find("state") != std::string::npos ? 0 : 52;
  });
  CHECK(status == 0);
}

TEST_CASE("a full disk is told as such, and what stood before stands", "[integration][state]") {
  Scratch scratch;
  const std::string disk = scratch.folder.path + "/disk";
  REQUIRE(::mkdir(disk.c_str(), 0700) == 0);
  if (::mount("none", disk.c_str(), "tmpfs", 0, "size=1m,mode=0700") != 0) {
    WARN("needs the right to mount a small file system: not run");
    return;
  }
  scratch.path = disk + "/belay.db";
  std::optional<Failure> failure;
  int written = 0;
  {
    auto store = scratch.open();
    StreamWriter writer = StreamWriter::open(*store, "run/a").value();
    for (; written < 1000 && !failure; ++written)
      if (const auto result = writer.append({record(std::string(10'000, 'x'))}, row("run", "shop", "running", 1)); !result) failure = result.error();
    --written;
    CHECK(read_verified(*store, "run/a").value().size() == static_cast<std::size_t>(written));
  }
  auto again = scratch.open();
  const auto after = read_verified(*again, "run/a");
  again.reset();
  ::umount(disk.c_str());
  REQUIRE(failure);
  CHECK(failure->cause == Cause::full);
  CHECK(failure->message.find("no space") != std::string::npos);
  REQUIRE(after);
  CHECK(after->size() == static_cast<std::size_t>(written));
  CHECK(written > 10);
}

TEST_CASE("every way to tamper with a stream in the file is found, at its place", "[integration][state]") {
  Scratch scratch;
  scratch.fill(6);
  const auto broken_at = [&] {
    auto store = scratch.open();
    const auto verified = verify_stream(*store, "run/a").value();
    CHECK(verified.broken.has_value() == !read_verified(*store, "run/a").has_value());
    return verified.broken ? verified.broken->seq : 0;
  };
  REQUIRE(broken_at() == 0);
  SECTION("edited") {
    scratch.edit("UPDATE records SET body = CAST('other' AS BLOB) WHERE seq = 4");
    CHECK(broken_at() == 4);
  }
  SECTION("kind edited") {
    scratch.edit("UPDATE records SET kind = 'done' WHERE seq = 2");
    CHECK(broken_at() == 2);
  }
  SECTION("time edited") {
    scratch.edit("UPDATE records SET at_n = at_n + 1 WHERE seq = 2");
    CHECK(broken_at() == 2);
  }
  SECTION("removed from the middle") {
    scratch.edit("DELETE FROM records WHERE seq = 3");
    CHECK(broken_at() == 3);
  }
  SECTION("removed from the middle and closed up") {
    scratch.edit("DELETE FROM records WHERE seq = 3; UPDATE records SET seq = seq - 1 WHERE seq > 3");
    CHECK(broken_at() == 3);
  }
  SECTION("the tail cut") {
    scratch.edit("DELETE FROM records WHERE seq >= 5");
    CHECK(broken_at() == 5);
  }
  SECTION("all records removed") {
    scratch.edit("DELETE FROM records");
    CHECK(broken_at() == 1);
  }
  SECTION("two exchanged") {
    scratch.edit("UPDATE records SET seq = 100 WHERE seq = 2; UPDATE records SET seq = 2 WHERE seq = 3; UPDATE records SET seq = 3 WHERE seq = 100");
    CHECK(broken_at() == 2);
  }
  SECTION("one added") {
    scratch.edit("INSERT INTO records SELECT stream, 7, kind, body, at_s, at_n, hash FROM records WHERE seq = 6");
    CHECK(broken_at() == 7);
  }
  SECTION("a hash shortened") {
    scratch.edit("UPDATE records SET hash = substr(hash, 1, 31) WHERE seq = 5");
    CHECK(broken_at() == 5);
  }
}

TEST_CASE("a list over many runs looks at an index, whatever it asks for", "[integration][state]") {
  Scratch scratch;
  scratch.fill(1);
  scratch.edit("WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) "
               "INSERT INTO streams(name, seq, hash, kind, service, environment, status, label, started_s, started_n, changed_s, changed_n) "
               "SELECT 'run/' || i, 1, zeroblob(32), 'run', 'service-' || (i % 50), 'production', CASE WHEN i % 1000 = 0 THEN 'stuck' ELSE 'done' END, '', i, 0, i, 0 FROM n");
  auto store = scratch.open();
  for (const Query& query : {Query{}, Query{.kind = "run"}, Query{.kind = "run", .service = "service-7"}, Query{.kind = "run", .status = "stuck"}, Query{.service = "service-7"}, Query{.kind = "run", .service = "nobody"}}) {
    const auto begun = std::chrono::steady_clock::now();
    const auto rows = store->list(query).value();
    const auto took = std::chrono::steady_clock::now() - begun;
    CHECK(rows.size() == (query.service == "nobody" ? 0U : 50U));
    CHECK(took < std::chrono::milliseconds(20)); // a scan of all takes several times that even without sanitizers
  }
}
