#pragma once
#include <cstddef>
#include <string>

namespace belay {

/// `count` octets that nobody can foresee, from the system's source (/dev/urandom).
std::string random_octets(std::size_t count);

} // namespace belay
