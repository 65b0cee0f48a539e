#pragma once
#include "belay/ports.hpp"

namespace belay {

/// Makes one change and makes it durable.
Expected<void> change_file(const FileChange&);

} // namespace belay
