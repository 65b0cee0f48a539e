#include "clients/backup_contents.hpp"
#include "clients/backup_folder.hpp"
#include "codec/sha256.hpp"
#include "codec/zstd.hpp"
#include "catch.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/memory_files.hpp"

using namespace belay;
using namespace belay::fakes;

namespace {

struct Bench {
  MemoryFiles files;
  ManualClock clock;
  Stop stop{clock};
  SilentTell tell;

  static std::string contents(const std::string& of) {
    MemorySink end;
    auto sink = zstd_sink(end, 1, 0);
    REQUIRE(sink->write(bytes_of(of)));
    REQUIRE(sink->finish());
    return end.bytes;
  }
  /// A good backup taken `day` days after the first, with its path.
  std::string add(int day, const std::string& of = "some rows\n", bool verified = false) {
    Manifest m;
    m.started = m.taken = m.finished = {1795300680 + day * 86400, 0};
    m.id = backup_id(m.started, "run", "dump");
    m.service = "shop", m.environment = "local", m.run = "run", m.step = "dump";
    m.database = Value::object({{"name", "shop"}});
    const std::string file = contents(of), path = "/b/shop/local/" + m.id;
    m.size = file.size(), m.raw_size = of.size(), m.sha256 = hex(sha256(file));
    files.files[path + "/dump.zst"] = file;
    files.files[path + "/manifest.json"] = write_manifest(m);
    if (verified) files.files[path + "/verified.json"] = backup_folder::text_of({"run", m.taken, false}, m);
    return path;
  }
  std::vector<std::string> problems(const std::string& path) {
    const auto checked = backup_folder::check(files, path, tell, stop);
    REQUIRE(checked);
    return checked->problems;
  }
};

} // namespace

TEST_CASE("a listing is newest first, and holds no backup without a manifest", "[clients]") {
  Bench bench;
  CHECK(backup_folder::list(bench.files, "/b/shop/local")->backups.empty());
  bench.add(1);
  const std::string last = bench.add(3, "x", true);
  const std::string unfinished = bench.add(2);
  bench.files.files.erase(unfinished + "/manifest.json");
  const std::string forged = bench.add(4);
  bench.files.files[forged + "/manifest.json"][20] ^= 1;
  bench.files.files["/b/shop/local/restoring-1f0c9a3e"] = "rest of a restore";
  bench.files.files["/b/shop/local/notes.txt"] = "not ours";
  const auto listing = backup_folder::list(bench.files, "/b/shop/local");
  REQUIRE(listing);
  REQUIRE(listing->backups.size() == 2);
  CHECK(listing->backups[0].path == last);
  CHECK(listing->backups[0].verified.has_value());
  CHECK_FALSE(listing->backups[1].verified.has_value());
  CHECK(listing->unfinished == std::vector<std::string>{backup_folder::last_part(unfinished), "restoring-1f0c9a3e"});
  REQUIRE(listing->unreadable.size() == 1);
  CHECK(listing->unreadable[0].first == backup_folder::last_part(forged));
}

TEST_CASE("a backup whose contents are gone, cut, or no plain file is not listed as good", "[clients]") {
  Bench bench;
  const std::string path = bench.add(1, "some rows\n", true);
  std::string why;
  SECTION("gone") { bench.files.files.erase(path + "/dump.zst"), why = "missing"; }
  SECTION("cut") { bench.files.files[path + "/dump.zst"].pop_back(), why = "bytes"; }
  SECTION("a link") { bench.files.links.insert(path + "/dump.zst"), why = "no plain file"; }
  const auto listing = backup_folder::list(bench.files, "/b/shop/local");
  REQUIRE(listing);
  CHECK(listing->backups.empty());
  REQUIRE(listing->unreadable.size() == 1);
  CHECK(listing->unreadable[0].second.find(why) != std::string::npos);
}

TEST_CASE("a proof of another backup, or a damaged one, proves nothing", "[clients]") {
  Bench bench;
  const std::string one = bench.add(1, "one", true), two = bench.add(2, "two");
  bench.files.files[two + "/verified.json"] = bench.files.files[one + "/verified.json"];
  bench.files.files[one + "/verified.json"].resize(30);
  const auto listing = backup_folder::list(bench.files, "/b/shop/local");
  REQUIRE(listing);
  for (const auto& entry : listing->backups) CHECK_FALSE(entry.verified.has_value());
}

TEST_CASE("a full check finds every truncation and every changed byte of either file", "[clients]") {
  Bench bench;
  const std::string path = bench.add(1, std::string(5000, 'r') + "end");
  CHECK(bench.problems(path).empty());
  for (const char* name : {"/dump.zst", "/manifest.json"}) {
    const std::string whole = bench.files.files[path + name];
    for (std::size_t at = 0; at < whole.size(); ++at) {
      INFO(name << " byte " << at);
      bench.files.files[path + name] = whole.substr(0, at);
      CHECK_FALSE(bench.problems(path).empty());
      bench.files.files[path + name] = whole;
      bench.files.files[path + name][at] ^= static_cast<char>(1 << (at % 8));
      CHECK_FALSE(bench.problems(path).empty());
    }
    bench.files.files[path + name] = whole + "x";
    CHECK_FALSE(bench.problems(path).empty());
    bench.files.files[path + name] = whole;
  }
  CHECK(bench.problems(path).empty());
}

TEST_CASE("a missing, extra, swapped or old file is found", "[clients]") {
  Bench bench;
  const std::string one = bench.add(1, "one"), two = bench.add(2, "two");
  SECTION("missing contents") { bench.files.files.erase(one + "/dump.zst"); }
  SECTION("missing manifest") { bench.files.files.erase(one + "/manifest.json"); }
  SECTION("all of it missing") { bench.files.files.erase(one + "/manifest.json"), bench.files.files.erase(one + "/dump.zst"); }
  SECTION("an extra file") { bench.files.files[one + "/dump2.zst"] = "x"; }
  SECTION("contents of another backup") { bench.files.files[one + "/dump.zst"] = bench.files.files[two + "/dump.zst"]; }
  SECTION("manifest of another backup") { bench.files.files[one + "/manifest.json"] = bench.files.files[two + "/manifest.json"]; }
  SECTION("both files of another backup") {
    bench.files.files[one + "/dump.zst"] = bench.files.files[two + "/dump.zst"];
    bench.files.files[one + "/manifest.json"] = bench.files.files[two + "/manifest.json"];
  }
  SECTION("a link instead of the contents") { bench.files.links.insert(one + "/dump.zst"); }
  CHECK_FALSE(bench.problems(one).empty());
  CHECK(bench.problems(two).empty());
}

TEST_CASE("a note that a crash left half-written does not make a good backup a bad one", "[clients]") {
  Bench bench;
  const std::string path = bench.add(1);
  bench.files.files[path + "/.verified.json.belay-00ff"] = "{";
  CHECK(bench.problems(path).empty());
}

TEST_CASE("contents end only when every byte was what the manifest says", "[clients]") {
  Bench bench;
  const std::string path = bench.add(1, std::string(200'000, 'r'));
  const Manifest manifest = *backup_folder::manifest_at(bench.files, path);
  auto whole = [&](const Manifest& by) -> Expected<std::size_t> {
    auto contents = BackupContents::open(bench.files, path, by, bench.tell);
    REQUIRE(contents);
    std::vector<std::byte> buffer(50'000);
    for (std::size_t all = 0;;) {
      const auto got = (*contents)->read(buffer);
      if (!got) return tl::unexpected(got.error());
      if (*got == 0) return all;
      all += *got;
    }
  };
  REQUIRE(whole(manifest));
  CHECK(*whole(manifest) == 200'000);
  Manifest other = manifest;
  other.raw_size -= 1;
  CHECK_FALSE(whole(other));
  other = manifest, other.raw_size += 1;
  CHECK_FALSE(whole(other));
  other = manifest, other.size += 1;
  CHECK_FALSE(whole(other));
  other = manifest, other.sha256[5] = other.sha256[5] == '0' ? '1' : '0';
  const auto bad = whole(other);
  REQUIRE_FALSE(bad);
  CHECK(bad.error().cause == Cause::malformed);
}
