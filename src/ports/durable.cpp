#include "ports/durable.hpp"
#include "ports/system_failure.hpp"
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/random.h>

namespace belay {
namespace {

std::string without_last_slashes(const std::string& path) {
  const auto end = path.find_last_not_of('/');
  return end == std::string::npos ? path.substr(0, path.empty() ? 0 : 1) : path.substr(0, end + 1);
}

} // namespace

std::string folder_of(const std::string& given) {
  const std::string path = without_last_slashes(given);
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& given) {
  const std::string path = without_last_slashes(given);
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

Expected<Fd> open_folder(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return Unexpected(system_failure("cannot open the folder " + path, errno));
  return fd;
}

Expected<void> sync_folder(const std::string& folder) {
  // A link may lead to the folder (`current`): what was changed stands in the real one.
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return Unexpected(system_failure("cannot open the folder " + folder + " to make it durable", errno, Reached::yes));
  if (::fsync(fd.get()) != 0) return Unexpected(system_failure("cannot make the folder " + folder + " durable", errno, Reached::yes));
  return {};
}

std::string temporary_beside(const std::string& path) {
  std::array<unsigned char, 8> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size()))
    throw Error(Exit::unchanged, "the kernel gives no random bytes: " + errno_text(errno));
  static constexpr char k_digits[] = "0123456789abcdef";
  std::string suffix;
  for (const unsigned char byte : random) suffix += {k_digits[byte >> 4], k_digits[byte & 15]};
  return folder_of(path) + "/." + name_of(path).substr(0, 200) + ".belay-" + suffix;
}

Expected<void> write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Unexpected(system_failure("cannot write " + path, errno, Reached::no));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

} // namespace belay
