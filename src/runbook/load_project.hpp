#pragma once
#include "belay/host.hpp"
#include "belay/ports.hpp"
#include "runbook/model.hpp"

namespace belay {

/// The project that `named` says (a folder, or `builtin`), else BELAY_PROJECT, else the nearest folder upwards that has a belay.yaml,
/// else the compiled-in one. The compiled-in runbooks are the base, a project's own replace them file by file. Throws Error (usage)
/// with every problem of every file.
Project load_project(const std::string& named, FileReads& files, const Machine& machine);

/// The runbook of that name; throws Error (usage) with the nearest names.
const Runbook& find_runbook(const Project&, const std::string& name);

/// The folder's path with `.` and `..` taken out and a relative one put behind `base`.
std::string absolute_path(const std::string& path, const std::string& base);

} // namespace belay
