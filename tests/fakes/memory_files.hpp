#pragma once
#include "fakes/memory_streams.hpp"
#include <map>
#include <set>

namespace belay::fakes {

/// Files kept in memory, by their absolute paths; folders are those that something stands in, or that were made.
struct MemoryFiles : FileSystem {
  std::map<std::string, std::string> files;
  std::set<std::string> folders, links;

  static Failure missing(const std::string& path) { return {Cause::missing, Reached::no, path + " is not there", {}}; }

  Expected<std::unique_ptr<Source>> open(const std::string& path) override {
    if (!files.contains(path)) return Unexpected(missing(path));
    return std::make_unique<MemorySource>(files.at(path), 1000);
  }
  Expected<std::string> text(const std::string& path, std::uint64_t at_most) override {
    if (!files.contains(path)) return Unexpected(missing(path));
    if (files.at(path).size() > at_most) return Unexpected({Cause::full, Reached::no, path + " is larger", {}});
    return files.at(path);
  }
  Expected<FileStatus> status(const std::string& path) override {
    FileStatus status;
    if (links.contains(path)) status.sort = FileStatus::Sort::link;
    else if (files.contains(path)) status.size = files.at(path).size();
    else if (folders.contains(path)) status.sort = FileStatus::Sort::folder;
    else return Unexpected(missing(path));
    return status;
  }
  Expected<std::vector<std::string>> list(const std::string& folder) override {
    std::set<std::string> names;
    const std::string prefix = folder + "/";
    auto look = [&](const std::string& path) {
      if (path.starts_with(prefix)) names.insert(path.substr(prefix.size(), path.find('/', prefix.size()) - prefix.size()));
    };
    for (const auto& [path, contents] : files) look(path);
    for (const auto& path : folders) look(path);
    if (names.empty() && !folders.contains(folder)) return Unexpected(missing(folder));
    return std::vector<std::string>(names.begin(), names.end());
  }
  Expected<std::uint64_t> space(const std::string&) override { return 1u << 30; }
  Expected<std::unique_ptr<Sink>> create(const std::string& path) override { return Unexpected({Cause::refused, Reached::no, "no file is created here: " + path, {}}); }
  Expected<std::unique_ptr<Sink>> create_scratch(const std::string& path) override { return Unexpected({Cause::refused, Reached::no, "no file is created here: " + path, {}}); }
  Expected<void> change(const FileChange& change) override { return Unexpected({Cause::refused, Reached::no, "nothing is changed here: " + change.operation, {}}); }
};

struct SilentTell : Tell {
  void output(std::string_view) override {}
  void progress(std::int64_t, std::int64_t, std::string_view) override {}
};

} // namespace belay::fakes
