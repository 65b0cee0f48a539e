#pragma once
#include "belay/ports.hpp"
#include <memory>

namespace belay {

/// Lines on a unix or TCP socket. The sending side is closed after the last line and the answer read until the server closes, so it is whole
/// or a failure. An answer over 16 MiB is `full`. What the server says of an error is text like any other.
std::unique_ptr<Lines> make_lines();

} // namespace belay
