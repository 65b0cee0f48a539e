#include "catch.hpp"
#include "integration/temporary_folder.hpp"
#include "ports/real_ports.hpp"
#include <filesystem>
#include <fstream>
#include <regex>
#include <unistd.h>

using namespace belay;
namespace fs = std::filesystem;

namespace {

/// The calls that make things durable or visible, in order, as one operation of the files makes them: paths relative to the folder, random parts as `*`.
std::vector<std::string> calls_of(const TemporaryFolder& folder, const std::vector<std::string>& operation) {
  const auto clock = make_clock();
  const auto process = make_process({});
  const Stop stop(*clock);
  const std::string log = folder / "log", inner = fs::canonical(folder / "inner").string();
  Command command{{"strace", "-f", "-y", "-o", log, "-e", "trace=fsync,rename,renameat,renameat2,unlink,unlinkat,symlink,symlinkat", "/proc/" + std::to_string(::getpid()) + "/exe", "--change-file"}};
  for (const auto& word : operation) command.argv.emplace_back(word);
  command.environment = {{"ASAN_OPTIONS", "detect_leaks=0"}}; // the leak checker cannot trace what is traced
  command.folder = inner;
  const auto done = process->run(command, nullptr, nullptr, nullptr, stop);
  INFO(done.value().err);
  REQUIRE(done->status == 0);
  std::vector<std::string> calls;
  std::ifstream in(log);
  const std::regex call(R"(^\d+ +(\w+)\((.*)\) += 0$)"), random_part(R"(\.belay-[0-9a-f]{16})"), quoted(R"re("([^"]*)")re"), described(R"(\d+<([^>]*)>)");
  for (std::string line; std::getline(in, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, call)) continue;
    std::string text = match[1].str();
    const std::string arguments = match[2].str();
    for (const auto& pattern : {described, quoted})
      for (std::sregex_iterator it(arguments.begin(), arguments.end(), pattern), end; it != end; ++it) {
        std::string path = std::regex_replace((*it)[1].str(), random_part, "*");
        if (path.starts_with(inner)) path = path == inner ? "." : path.substr(inner.size() + 1);
        text += " " + path;
      }
    calls.push_back(text);
  }
  return calls;
}

struct Fixture {
  TemporaryFolder folder;
  Fixture() { fs::create_directories(folder / "inner/sub"); }
  std::vector<std::string> calls(std::initializer_list<std::string> operation) const { return calls_of(folder, operation); }
  static bool traceable() {
    if (make_process({})->find("strace")) return true;
    WARN("skipped: strace is not installed");
    return false;
  }
};
using Calls = std::vector<std::string>;

} // namespace

TEST_CASE_METHOD(Fixture, "contents are durable before their name is, and the name before the change returns", "[integration][durability]") {
  if (!traceable()) return;
  CHECK(calls({"write", "file", "text"}) == Calls{"fsync .file*", "rename ./.file* file", "fsync ."});
  CHECK(calls({"create", "new", "text"}) == Calls{"fsync new", "fsync ."});
  CHECK(calls({"rename", "new", "sub/new"}) == Calls{"renameat2 new sub/new", "fsync sub", "fsync ."});
  CHECK(calls({"link", "current", "sub"}) == Calls{"symlink sub ./.current*", "rename ./.current* current", "fsync ."});
  CHECK(calls({"copy_tree", "sub", "copy"}) == Calls{"fsync .copy.belay-copy/new", "fsync .copy.belay-copy", "fsync .copy.belay-copy", "renameat2 ./.copy.belay-copy copy", "fsync ."});
  CHECK(calls({"remove", "current"}) == Calls{"unlink current", "fsync ."});
  CHECK(calls({"remove_tree", "copy"}) == Calls{"unlinkat copy new", "unlinkat copy", "fsync ."});
}
