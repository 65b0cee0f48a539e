#include "ports/real_ports.hpp"
#include "ports/system_failure.hpp"
#include <cerrno>
#include <sys/random.h>

namespace belay {
namespace {

struct KernelEntropy final : Entropy {
  void fill(std::span<std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
      if (got > 0)
        bytes = bytes.subspan(static_cast<std::size_t>(got));
      else if (got < 0 && errno != EINTR)
        throw Error(Exit::unchanged, "the kernel gives no random bytes: " + errno_text(errno));
    }
  }
};

} // namespace

std::unique_ptr<Entropy> make_entropy() { return std::make_unique<KernelEntropy>(); }

} // namespace belay
