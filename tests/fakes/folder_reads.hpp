#pragma once
#include "belay/ports.hpp"
#include <map>
#include <set>
#include <stdexcept>

/// Files in memory, for reading only: whoever opens a stream or asks for space has left what this fake knows.
struct FolderReads : belay::FileReads {
  struct File {
    std::string text;
    unsigned mode = 0644, owner = 1000, group = 1000;
    std::string link; ///< the target, of a link
  };
  std::map<std::string, File> files;
  std::map<std::string, unsigned> folder_modes; ///< 0755 where absent

  void put(const std::string& path, std::string text) { files[path].text = std::move(text); }

  static belay::Unexpected missing(const std::string& path) { return belay::Unexpected(belay::Failure{belay::Cause::missing, belay::Reached::no, path + " is not there", {}}); }
  belay::Expected<std::unique_ptr<belay::Source>> open(const std::string&) override { throw std::logic_error("no stream was expected to be opened"); }
  belay::Expected<std::uint64_t> space(const std::string&) override { throw std::logic_error("nobody was expected to ask for space"); }
  belay::Expected<std::string> text(const std::string& path, std::uint64_t at_most) override {
    const auto found = files.find(path);
    if (found == files.end()) return missing(path);
    if (!found->second.link.empty()) return text(found->second.link, at_most);
    if (found->second.text.size() > at_most) return belay::Unexpected(belay::Failure{belay::Cause::full, belay::Reached::no, "too large", {}});
    return found->second.text;
  }
  belay::Expected<belay::FileStatus> status(const std::string& path) override {
    belay::FileStatus status;
    if (const auto found = files.find(path); found != files.end()) {
      const File& file = found->second;
      status.sort = file.link.empty() ? belay::FileStatus::Sort::file : belay::FileStatus::Sort::link;
      status.size = file.text.size();
      status.mode = file.link.empty() ? file.mode : 0777;
      status.owner = file.owner;
      status.group = file.group;
      status.target = file.link;
      return status;
    }
    const auto next = files.lower_bound(path + "/");
    if (next == files.end() || !next->first.starts_with(path + "/")) return missing(path);
    status.sort = belay::FileStatus::Sort::folder;
    status.mode = folder_modes.contains(path) ? folder_modes[path] : 0755;
    status.owner = status.group = 1000;
    return status;
  }
  belay::Expected<std::vector<std::string>> list(const std::string& folder) override {
    std::set<std::string> names;
    for (const auto& [path, file] : files)
      if (path.starts_with(folder + "/")) names.insert(path.substr(folder.size() + 1, path.find('/', folder.size() + 1) - folder.size() - 1));
    if (names.empty()) return missing(folder);
    return std::vector<std::string>(names.begin(), names.end());
  }
};
