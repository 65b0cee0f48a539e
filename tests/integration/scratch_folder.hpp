#pragma once
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace belay::integration {

/// A folder of the test's own (0700), removed with all that is in it.
struct ScratchFolder {
  std::string path;
  ScratchFolder() : ScratchFolder(std::filesystem::temp_directory_path().string()) {}
  /// In memory where there is a place for it: for tests that make many folders and whose disk is imagined.
  static ScratchFolder in_memory() { return ScratchFolder(std::filesystem::exists("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path().string()); }
  explicit ScratchFolder(const std::string& below) {
    std::string wanted = below + "/belay-test-XXXXXX";
    if (!::mkdtemp(wanted.data())) throw std::runtime_error("no temporary folder can be made");
    path = wanted;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  std::vector<std::string> names(const std::string& below) const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(path + "/" + below)) found.push_back(entry.path().filename().string());
    std::sort(found.begin(), found.end());
    return found;
  }
};

} // namespace belay::integration
