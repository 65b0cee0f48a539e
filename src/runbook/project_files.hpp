#pragma once
#include "belay/ports.hpp"
#include "runbook/yaml.hpp"
#include <deque>
#include <string>
#include <vector>

namespace belay {

/// The texts and trees of a project's settings; nodes point into `sources`, which never move.
struct ProjectFiles {
  std::deque<yaml::Source> sources;
  yaml::Node project; ///< belay.yaml
  std::vector<std::pair<std::string, yaml::Node>> services;
};

/// A file of a project: `path` relative to its folder (`host/deploy.yaml`).
struct ProjectText {
  std::string path, text;
};

/// belay.yaml, services/*.yaml and the runbooks of other folders (three deep) below `folder`. A file or folder that others can write to, or that cannot be read, is a problem.
std::vector<ProjectText> read_project_folder(const std::string& folder, FileReads&, std::vector<Problem>&);

/// Whether a text says that it is a runbook: a line begins with `runbook:`.
bool says_runbook(const std::string& text);

} // namespace belay
