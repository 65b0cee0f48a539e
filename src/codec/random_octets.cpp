#include "codec/random_octets.hpp"
#include <random>

namespace belay {

std::string random_octets(std::size_t count) {
  std::random_device source("/dev/urandom");
  std::string octets(count, '\0');
  for (char& c : octets) c = static_cast<char>(source() & 0xffU);
  return octets;
}

} // namespace belay
