#pragma once
#include "belay/secret.hpp"
#include "ports/real_ports.hpp"
#include <memory>

namespace belay {

/// References: the text `env:NAME` or `file:PATH`, or the map `{command: [program, argument…]}`. One line feed at the end of a file or of a command's output is no
/// part of the secret. A variable that was used is hidden from every child from then on. Failures (`missing`, `refused`, `rejected`) name the reference and
/// never a content: an empty secret, a file that others may read, a command that fails.
std::unique_ptr<Secrets> make_secrets(HidingProcess& process, FileReads& files, const Machine& machine);

} // namespace belay
