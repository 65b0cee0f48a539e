#pragma once
#include "belay/error.hpp"
#include <string>

namespace belay {

/// The system's own words for an errno value.
std::string errno_text(int error);

/// A failed system call: `doing` names the operation and its object ("cannot write /srv/x"); the cause follows from errno.
Failure system_failure(const std::string& doing, int error, Reached reached = Reached::no);

} // namespace belay
