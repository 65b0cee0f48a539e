#include "runbook/project_files.hpp"
#include "runbook/load_project.hpp"
#include <fmt/format.h>

namespace belay {

namespace {

constexpr unsigned k_others_write = 0002, k_group_writes = 0020, k_sticky = 01000;
constexpr int k_most_links = 8, k_deepest = 3; ///< platform/group/procedure.yaml lies in a folder of depth 2
constexpr std::string_view k_ending = ".yaml";

std::string parent(const std::string& path) { return path.substr(0, path.rfind('/')); }

class FolderReader {
public:
  FolderReader(std::string folder, FileReads& files, std::vector<Problem>& problems) : m_folder(std::move(folder)), m_files(files), m_problems(problems) {}

  std::vector<ProjectText> read() {
    if (!safe_status("")) return {};
    take("belay.yaml");
    for (const auto& name : list("")) {
      if (name.starts_with('.')) continue;
      const auto status = follow(m_folder + "/" + name);
      if (status && status->sort == FileStatus::Sort::folder) read_inner(name, 1);
    }
    return std::move(m_texts);
  }

private:
  void read_inner(const std::string& inner, int depth) {
    bool is_ours = inner == "services";
    std::vector<ProjectText> texts;
    std::vector<std::string> too_large;
    for (const auto& name : list(inner)) {
      const std::string path = inner + "/" + name;
      if (name.starts_with('.')) continue;
      const auto status = depth < k_deepest && inner != "services" ? follow(m_folder + "/" + path) : Expected<FileStatus>(FileStatus{});
      if (status && status->sort == FileStatus::Sort::folder) {
        read_inner(path, depth + 1);
        continue;
      }
      if (inner == "services" && name.ends_with(".yml")) say(path, "this file is not read", "name it with the ending .yaml");
      if (!name.ends_with(k_ending)) continue;
      auto text = m_files.text(m_folder + "/" + path, yaml::k_largest_file);
      if (!text) {
        if (text.error().cause != Cause::full) say(path, "cannot be read: " + text.error().message, text.error().hint);
        else too_large.push_back(path);
        continue;
      }
      texts.push_back({path, std::move(*text)});
      is_ours = is_ours || says_runbook(texts.back().text);
    }
    // Folders of other people's YAML may stand beside ours: one without any runbook is left alone.
    if (!is_ours || !safe_status(inner)) return;
    for (const auto& path : too_large) say(path, "larger than 1 MiB", "split it: no runbook or service needs as much");
    for (auto& text : texts) {
      if (inner != "services" && !says_runbook(text.text)) {
        say(text.path, "a file without 'runbook:' among runbooks", "begin it with runbook: platform/procedure, or move it elsewhere");
        continue;
      }
      if (safe_status(text.path)) m_texts.push_back(std::move(text));
    }
  }

  void take(const std::string& path) {
    auto text = m_files.text(m_folder + "/" + path, yaml::k_largest_file);
    if (!text) return say(path, text.error().cause == Cause::full ? "larger than 1 MiB" : "cannot be read: " + text.error().message, text.error().hint);
    if (safe_status(path)) m_texts.push_back({path, std::move(*text)});
  }

  std::vector<std::string> list(const std::string& inner) {
    auto names = m_files.list(inner.empty() ? m_folder : m_folder + "/" + inner);
    if (names) return std::move(*names);
    say(inner.empty() ? m_folder : inner, "cannot be listed: " + names.error().message, names.error().hint);
    return {};
  }

  Expected<FileStatus> follow(std::string path) {
    auto status = m_files.status(path);
    for (int i = 0; i < k_most_links && status && status->sort == FileStatus::Sort::link; ++i) {
      path = absolute_path(status->target, parent(path));
      status = m_files.status(path);
    }
    return status;
  }

  /// Who can write a runbook decides what belay does: only its owner may.
  bool safe_status(const std::string& path) {
    const auto status = follow(path.empty() ? m_folder : m_folder + "/" + path);
    const std::string shown = path.empty() ? m_folder : path;
    if (!status) {
      say(shown, "cannot be looked at: " + status.error().message, status.error().hint);
      return false;
    }
    const bool is_folder = status->sort == FileStatus::Sort::folder;
    const bool others = (status->mode & k_others_write) != 0 && !(is_folder && (status->mode & k_sticky) != 0);
    const bool group = (status->mode & k_group_writes) != 0 && status->group != status->owner;
    if (!others && !group) return true;
    say(shown, fmt::format("{} can write to this {}", others ? "everybody" : "its group", is_folder ? "folder" : "file"),
        fmt::format("whoever writes a project decides what belay runs: chmod {} {}", others ? "go-w" : "g-w", path.empty() ? m_folder : m_folder + "/" + path));
    return false;
  }

  void say(const std::string& path, std::string message, std::string hint) { m_problems.push_back({{path, 0, 0}, std::move(message), std::move(hint)}); }

  std::string m_folder;
  FileReads& m_files;
  std::vector<Problem>& m_problems;
  std::vector<ProjectText> m_texts;
};

} // namespace

bool says_runbook(const std::string& text) {
  constexpr std::string_view k_key = "runbook:";
  return text.starts_with(k_key) || text.find("\nrunbook:") != std::string::npos;
}

std::vector<ProjectText> read_project_folder(const std::string& folder, FileReads& files, std::vector<Problem>& problems) { return FolderReader(folder, files, problems).read(); }

} // namespace belay
