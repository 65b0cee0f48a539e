#pragma once
#include "belay/host.hpp"
#include "belay/ports.hpp"
#include "runbook/model.hpp"

namespace belay {

/// The project that `named` says (a folder, or `builtin`), else BELAY_PROJECT, else the nearest folder upwards that has a belay.yaml,
/// else the compiled-in one. The compiled-in runbooks are the base, a project's own replace them file by file. Throws Error (usage)
/// with every problem of every file.
Project load_project(const std::string& named, FileReads& files, const Machine& machine);

/// The same, but what cannot be loaded is left out and told in `broken`: what stands in the journal can be read with it. A broken file of
/// a project's own hides the compiled-in one of its name all the same.
Project load_what_is_sound(const std::string& named, FileReads& files, const Machine& machine);

/// Every problem of every file, none twice.
std::vector<Problem> problems_of(const Project&);

/// Throws Error (usage) with the problems of belay.yaml, and of folders that were not read: they concern all.
void need_settings(const Project&);

/// Throws Error (usage) with its problems when the file of that name (`host/deploy`, `services/shop`) is broken.
void need_sound(const Project&, const std::string& name);

/// The runbook of that name; throws Error (usage) with the nearest names.
const Runbook& find_runbook(const Project&, const std::string& name);

/// The folder's path with `.` and `..` taken out and a relative one put behind `base`.
std::string absolute_path(const std::string& path, const std::string& base);

} // namespace belay
