#include "catch.hpp"
#include "integration/temporary_folder.hpp"
#include "ports/real_ports.hpp"
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace belay;
namespace fs = std::filesystem;

namespace {

std::span<const std::byte> bytes(const std::string& text) { return std::as_bytes(std::span(text)); }
void put(const std::string& path, const std::string& text) { std::ofstream(path) << text; }
std::string read(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}
std::size_t open_files() { return static_cast<std::size_t>(std::distance(fs::directory_iterator("/proc/self/fd"), {})); }

struct Fixture {
  std::unique_ptr<FileSystem> files = make_files();
  TemporaryFolder folder;
  Expected<void> change(const std::string& operation, const Value& path, const Value& to = {}, unsigned mode = 0) { return files->change({operation, path, to, mode}); }
};

} // namespace

TEST_CASE_METHOD(Fixture, "a finished file is there whole with mode 0600", "[integration][files]") {
  const std::string text(700'000, 'x');
  {
    auto sink = files->create(folder / "new");
    REQUIRE(sink);
    for (int i = 0; i < 3; ++i) REQUIRE((*sink)->write(bytes(text)));
    REQUIRE((*sink)->write(bytes("end")));
    REQUIRE((*sink)->finish().value() == 2'100'003);
    CHECK_FALSE((*sink)->write(bytes("more")));
  }
  CHECK(fs::file_size(folder / "new") == 2'100'003);
  CHECK(files->status(folder / "new")->mode == 0600);
}

TEST_CASE_METHOD(Fixture, "an unfinished file is gone with its sink", "[integration][files]") {
  {
    auto sink = files->create(folder / "part");
    REQUIRE(sink);
    REQUIRE((*sink)->write(bytes("half")));
    CHECK(fs::exists(folder / "part"));
  }
  CHECK_FALSE(fs::exists(folder / "part"));
}

TEST_CASE_METHOD(Fixture, "a scratch file is read while its sink lives, and is gone with it", "[integration][files]") {
  {
    auto sink = files->create_scratch(folder / "scratch");
    REQUIRE(sink);
    CHECK_FALSE(files->create_scratch(folder / "scratch"));
    REQUIRE((*sink)->write(bytes(std::string(700'000, 'x'))));
    REQUIRE((*sink)->finish().value() == 700'000);
    CHECK(read(folder / "scratch") == std::string(700'000, 'x'));
    CHECK(files->status(folder / "scratch")->mode == 0600);
    CHECK((*sink)->finish().value() == 700'000);
  }
  CHECK(fs::is_empty(folder.path));
}

TEST_CASE_METHOD(Fixture, "an unfinished sink does not remove a file that another put in its place", "[integration][files]") {
  {
    auto sink = files->create(folder / "part");
    REQUIRE(sink);
    fs::remove(folder / "part");
    put(folder / "part", "another's");
  }
  CHECK(read(folder / "part") == "another's");
}

TEST_CASE_METHOD(Fixture, "create refuses a name that exists, a link included", "[integration][files]") {
  put(folder / "old", "kept");
  fs::create_symlink(folder / "elsewhere", folder / "link");
  for (const auto* name : {"old", "link"}) {
    const auto sink = files->create(folder / name);
    REQUIRE_FALSE(sink);
    CHECK(sink.error().cause == Cause::conflict);
    CHECK(sink.error().message.find(folder / name) != std::string::npos);
  }
  CHECK(read(folder / "old") == "kept");
  CHECK_FALSE(fs::exists(folder / "elsewhere"));
}

TEST_CASE_METHOD(Fixture, "text is read whole up to its limit and links are followed", "[integration][files]") {
  put(folder / "file", "12345");
  fs::create_symlink("file", folder / "link");
  CHECK(files->text(folder / "link", 5).value() == "12345");
  CHECK(files->text(folder / "file", 4).error().cause == Cause::full);
  CHECK(files->text(folder / "none", 4).error().cause == Cause::missing);
  CHECK(files->text(folder.path, 4).error().cause == Cause::refused);
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(files->text(folder / "pipe", 4).error().cause == Cause::refused);
}

TEST_CASE_METHOD(Fixture, "status tells of a link itself and a list is sorted", "[integration][files]") {
  put(folder / "b", "12");
  put(folder / "a", "");
  fs::create_symlink("b", folder / "c");
  CHECK(files->list(folder.path).value() == std::vector<std::string>{"a", "b", "c"});
  const auto link = files->status(folder / "c").value();
  CHECK(link.sort == FileStatus::Sort::link);
  CHECK(link.target == "b");
  CHECK(files->status(folder / "b")->size == 2);
  CHECK(files->status(folder.path)->sort == FileStatus::Sort::folder);
  CHECK(files->status(folder / "d").error().cause == Cause::missing);
  CHECK(files->space(folder.path).value() > 0);
}

TEST_CASE_METHOD(Fixture, "write replaces a file whole and leaves nothing beside it", "[integration][files]") {
  put(folder / "file", "old");
  REQUIRE(change("write", folder / "file", "new"));
  CHECK(read(folder / "file") == "new");
  CHECK(files->status(folder / "file")->mode == 0600);
  REQUIRE(change("write", folder / "file", Value::bytes(std::string("\0\1", 2)), 0644));
  CHECK(read(folder / "file") == std::string("\0\1", 2));
  CHECK(files->status(folder / "file")->mode == 0644);
  REQUIRE(change("write", folder / "file", Value::object({{"b", 1}, {"a", "x"}})));
  CHECK(read(folder / "file") == R"({"a":"x","b":1})");
  REQUIRE(change("write", folder / "secret", Value("s3cret").as_secret()));
  CHECK(read(folder / "secret") == "s3cret");
  CHECK(files->list(folder.path)->size() == 2);
}

TEST_CASE_METHOD(Fixture, "write to a link replaces the link and not what it leads to", "[integration][files]") {
  put(folder / "victim", "kept");
  fs::create_symlink("victim", folder / "link");
  REQUIRE(change("write", folder / "link", "new"));
  CHECK(read(folder / "victim") == "kept");
  CHECK_FALSE(fs::is_symlink(folder / "link"));
}

TEST_CASE_METHOD(Fixture, "link replaces a link at once and refuses to replace a folder", "[integration][files]") {
  REQUIRE(change("link", folder / "current", "releases/1"));
  REQUIRE(change("link", folder / "current", "releases/2"));
  CHECK(fs::read_symlink(folder / "current") == "releases/2");
  fs::create_directory(folder / "real");
  CHECK_FALSE(change("link", folder / "real", "x"));
  CHECK(files->list(folder.path).value() == std::vector<std::string>{"current", "real"});
}

TEST_CASE_METHOD(Fixture, "a folder is made with those above it, and again without harm", "[integration][files]") {
  REQUIRE(change("make_folder", folder / "a/b/c", {}, 0750));
  REQUIRE(change("make_folder", folder / "a/b/c", {}, 0750));
  CHECK(files->status(folder / "a/b/c")->mode == 0750);
  CHECK(files->status(folder / "a/b")->mode == 0700);
  put(folder / "file", "");
  CHECK(change("make_folder", folder / "file").error().cause == Cause::conflict);
}

TEST_CASE_METHOD(Fixture, "rename moves between folders and never replaces", "[integration][files]") {
  put(folder / "one", "1");
  put(folder / "two", "2");
  CHECK(change("rename", folder / "one", folder / "two").error().cause == Cause::conflict);
  CHECK(read(folder / "two") == "2");
  fs::create_directory(folder / "in");
  REQUIRE(change("rename", folder / "one", folder / "in/one"));
  CHECK(read(folder / "in/one") == "1");
  CHECK(change("rename", folder / "none", folder / "x").error().cause == Cause::missing);
}

TEST_CASE_METHOD(Fixture, "remove takes files, links and empty folders, and what is not there", "[integration][files]") {
  put(folder / "file", "1");
  fs::create_symlink("file", folder / "link");
  fs::create_directory(folder / "empty");
  fs::create_directories(folder / "full/inner");
  REQUIRE(change("remove", folder / "link"));
  CHECK(fs::exists(folder / "file"));
  REQUIRE(change("remove", folder / "file"));
  REQUIRE(change("remove", folder / "empty"));
  REQUIRE(change("remove", folder / "none"));
  CHECK(change("remove", folder / "full").error().cause == Cause::conflict);
  CHECK(files->list(folder.path).value() == std::vector<std::string>{"full"});
}

TEST_CASE_METHOD(Fixture, "remove_tree follows no link out of the tree", "[integration][files]") {
  fs::create_directories(folder / "outside/deep");
  put(folder / "outside/deep/file", "kept");
  fs::create_directories(folder / "tree/a/b");
  put(folder / "tree/a/b/file", "1");
  fs::create_directory_symlink(folder / "outside", folder / "tree/a/link");
  REQUIRE(change("remove_tree", folder / "tree"));
  CHECK_FALSE(fs::exists(folder / "tree"));
  CHECK(read(folder / "outside/deep/file") == "kept");
  fs::create_directory_symlink(folder / "outside", folder / "link");
  REQUIRE(change("remove_tree", folder / "link"));
  CHECK(read(folder / "outside/deep/file") == "kept");
  CHECK_FALSE(fs::is_symlink(folder / "link"));
  REQUIRE(change("remove_tree", folder / "none"));
}

TEST_CASE_METHOD(Fixture, "copy_tree copies modes and links as they are, whole or not at all", "[integration][files]") {
  fs::create_directories(folder / "tree/bin");
  put(folder / "tree/bin/run", "#!/bin/sh\n");
  ::chmod((folder / "tree/bin/run").c_str(), 0755);
  fs::create_symlink("/etc/passwd", folder / "tree/link");
  REQUIRE(change("copy_tree", folder / "tree", folder / "copy"));
  CHECK(read(folder / "copy/bin/run") == "#!/bin/sh\n");
  CHECK(files->status(folder / "copy/bin/run")->mode == 0755);
  CHECK(fs::read_symlink(folder / "copy/link") == "/etc/passwd");
  CHECK(change("copy_tree", folder / "tree", folder / "copy").error().cause == Cause::conflict);

  REQUIRE(::mkfifo((folder / "tree/pipe").c_str(), 0600) == 0);
  const auto refused = change("copy_tree", folder / "tree", folder / "other");
  CHECK(refused.error().message.find("tree/pipe") != std::string::npos);
  CHECK(refused.error().reached == Reached::no);
  CHECK(files->list(folder.path).value() == std::vector<std::string>{"copy", "tree"});
}

TEST_CASE_METHOD(Fixture, "a copy that a killed belay left half done is begun again, one that is being made is left alone", "[integration][files]") {
  fs::create_directories(folder / "tree");
  put(folder / "tree/file", "1");
  fs::create_directories(folder / ".copy.belay-copy/old");
  put(folder / ".copy.belay-copy/old/file", "half");
  const int lock = ::open((folder / ".copy.belay-copy").c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(::flock(lock, LOCK_EX) == 0);
  const auto busy = change("copy_tree", folder / "tree", folder / "copy");
  CHECK(busy.error().cause == Cause::conflict);
  CHECK(read(folder / ".copy.belay-copy/old/file") == "half");
  ::close(lock);
  REQUIRE(change("copy_tree", folder / "tree", folder / "copy"));
  CHECK(files->list(folder / "copy").value() == std::vector<std::string>{"file"});
  CHECK(files->list(folder.path).value() == std::vector<std::string>{"copy", "tree"});
}

TEST_CASE_METHOD(Fixture, "changes are refused when their path is unknown, empty or no text", "[integration][files]") {
  CHECK(change("write", Value::unknown({"shift"}), "x").error().cause == Cause::rejected);
  CHECK(change("write", "", "x").error().cause == Cause::rejected);
  CHECK(change("write", 5, "x").error().cause == Cause::rejected);
  CHECK(change("write", std::string("a\0b", 3), "x").error().cause == Cause::rejected);
  CHECK(change("write", folder / "x", Value::unknown({"shift"})).error().cause == Cause::rejected);
  CHECK(change("shred", folder / "x").error().message.find("shred") != std::string::npos);
  CHECK(files->list(folder.path)->empty());
}

TEST_CASE_METHOD(Fixture, "nothing stays open after files were read, written, copied and removed", "[integration][files]") {
  const auto before = open_files();
  for (int i = 0; i < 5; ++i) {
    REQUIRE(change("write", folder / "tree/file", "x").error().cause == Cause::missing);
    REQUIRE(change("make_folder", folder / "tree"));
    REQUIRE(change("write", folder / "tree/file", "x"));
    REQUIRE(change("copy_tree", folder / "tree", folder / "copy"));
    REQUIRE_FALSE(change("copy_tree", folder / "tree", folder / "copy"));
    REQUIRE(files->text(folder / "copy/file", 10));
    REQUIRE(files->list(folder / "copy"));
    REQUIRE(files->open(folder / "copy/file"));
    REQUIRE(change("remove_tree", folder / "copy"));
    REQUIRE(change("remove_tree", folder / "tree"));
  }
  CHECK(open_files() == before);
}

TEST_CASE_METHOD(Fixture, "a full disk is told by its name and leaves what was there", "[integration][files]") {
  const std::string disk = folder / "disk";
  fs::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1m") != 0) {
    WARN("skipped: a file system of 1 MiB cannot be mounted here (needs root)");
    return;
  }
  const std::string large(2 << 20, 'x');
  put(disk + "/file", "old");
  const auto written = change("write", disk + "/file", large);
  Expected<std::uint64_t> finished = 0;
  {
    auto sink = files->create(disk + "/dump");
    REQUIRE(sink);
    const auto put_in = (*sink)->write(bytes(large));
    finished = put_in ? (*sink)->finish() : Unexpected(put_in.error());
  }
  const std::string kept = read(disk + "/file");
  const auto names = files->list(disk);
  REQUIRE(::umount(disk.c_str()) == 0);
  REQUIRE_FALSE(written);
  CHECK(written.error().cause == Cause::full);
  CHECK(written.error().reached == Reached::no);
  REQUIRE_FALSE(finished);
  CHECK(finished.error().cause == Cause::full);
  CHECK(finished.error().message.find(disk + "/dump") != std::string::npos);
  CHECK(kept == "old");
  CHECK(names.value() == std::vector<std::string>{"file"});
}

TEST_CASE_METHOD(Fixture, "a read-only file system refuses", "[integration][files]") {
  const std::string disk = folder / "disk";
  fs::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", MS_RDONLY, "size=1m") != 0) {
    WARN("skipped: a file system cannot be mounted here (needs root)");
    return;
  }
  const auto written = change("write", disk + "/file", "x");
  REQUIRE(::umount(disk.c_str()) == 0);
  REQUIRE_FALSE(written);
  CHECK(written.error().cause == Cause::refused);
  CHECK(written.error().hint.find("read-only") != std::string::npos);
}
