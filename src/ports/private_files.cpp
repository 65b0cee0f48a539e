#include "ports/private_files.hpp"
#include "ports/durable.hpp"
#include "ports/system_failure.hpp"
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace belay {
namespace {

/// XDG_RUNTIME_DIR is in memory and this user's alone, where it is what it promises to be.
std::string folder_for_temporaries() {
  struct stat status {};
  if (const char* runtime = std::getenv("XDG_RUNTIME_DIR"))
    if (*runtime == '/' && ::stat(runtime, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::geteuid() && (status.st_mode & 077) == 0) return runtime;
  const char* temporary = std::getenv("TMPDIR");
  return temporary && *temporary == '/' ? temporary : "/tmp";
}

} // namespace

Expected<PrivateFiles> PrivateFiles::create(const std::vector<std::pair<std::string, std::string>>& files) {
  PrivateFiles made;
  if (files.empty()) return made;
  std::string folder = folder_for_temporaries() + "/belay-private-XXXXXX";
  if (!::mkdtemp(folder.data())) return Unexpected(system_failure("cannot make a private folder for a child's secrets (" + folder + ")", errno));
  made.m_paths.push_back(folder);
  for (const auto& [name, contents] : files) {
    const std::string path = folder + "/" + name;
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) return Unexpected(system_failure("cannot make the private file " + path, errno));
    made.m_paths.insert(made.m_paths.end() - 1, path);
    if (auto done = write_all(fd.get(), contents, path); !done) return Unexpected(done.error());
  }
  return made;
}

PrivateFiles::~PrivateFiles() {
  for (const auto& path : m_paths)
    if (::unlink(path.c_str()) != 0) ::rmdir(path.c_str());
}

} // namespace belay
