#pragma once
#include "belay/error.hpp"
#include <string>

/// The state file as a file: its rights, its links, and its coming into being.
namespace belay::sqlite_files {

/// The path with the links of its folder resolved. `missing`: no such file (or folder); `refused`: it or one of its logs is a link or no plain
/// file, another user's, or in a folder that others may write. A file that others may read is made private.
Expected<std::string> check(const std::string& path);

struct Draft {
  std::string temporary, path;
};
/// Makes the folder (0700, parents included) and an empty private file beside the wanted one.
Expected<Draft> begin_draft(const std::string& path, const std::string& random);
/// Gives the finished draft its name, unless another process was first; durable when it returns.
Expected<void> publish_draft(const Draft& draft);
void discard_draft(const Draft& draft);

} // namespace belay::sqlite_files
