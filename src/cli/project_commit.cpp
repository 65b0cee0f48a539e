#include "cli/project_commit.hpp"
#include <sstream>

namespace belay::cli {
namespace {

bool under_git(std::string folder, FileReads& files) {
  for (; folder.size() > 1; folder = folder.substr(0, folder.rfind('/')))
    if (files.status(folder + "/.git")) return true;
  return false;
}

} // namespace

ProjectCommit project_commit(Context& c) {
  const std::string& folder = c.project().folder;
  if (folder.empty() || !under_git(folder, c.outside.ports.files) || !c.outside.ports.process.find("git")) return {};
  belay::Command command;
  for (const char* word : {"git", "--no-optional-locks", "status", "--porcelain=v2", "--branch", "--untracked-files=normal", "--", "."}) command.argv.emplace_back(word);
  command.folder = folder;
  const Stop stop(c.outside.ports.time);
  const auto ended = c.outside.ports.process.read(command, stop.nested(std::chrono::seconds(3)));
  if (!ended || ended->status != 0) return {};
  constexpr std::string_view k_commit = "# branch.oid ";
  ProjectCommit out;
  std::istringstream lines(ended->out);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(k_commit, 0) == 0) out.id = line.substr(k_commit.size());
    else if (!line.empty() && line[0] != '#') out.dirty = true;
  }
  if (out.id == "(initial)") return {};
  return out;
}

} // namespace belay::cli
