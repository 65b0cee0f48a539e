#pragma once
#include "cli/context.hpp"

namespace belay::cli {

struct ProjectCommit {
  std::string id; ///< empty: under no version control, or git cannot tell
  bool dirty = false; ///< files of the project differ from it, or are not in it
};

/// Which version of the project's files is at work, as the journal keeps it. Asks git, within 3 s.
ProjectCommit project_commit(Context&);

} // namespace belay::cli
