#include "ports/sqlite_files.hpp"
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

namespace belay::sqlite_files {
namespace {

Unexpected failed(const std::string& doing, const std::string& path, int error) {
  const Cause cause = error == ENOENT ? Cause::missing : error == ENOSPC || error == EDQUOT ? Cause::full : error == EIO ? Cause::transport : Cause::refused;
  const char* hint = cause == Cause::full ? "make room in its file system" : "check that the folder exists and is this user's (mode 0700), or name another with --state";
  return Unexpected(Failure{cause, Reached::no, fmt::format("cannot {} {}: {}", doing, path, std::strerror(error)), hint});
}

Unexpected refused(std::string message, std::string hint) { return Unexpected(Failure{Cause::refused, Reached::no, std::move(message), std::move(hint)}); }

struct Split {
  std::string folder, name;
};
Split split(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

/// The folder without links, checked: nobody else may put or swap files in it.
Expected<std::string> real_folder(const std::string& folder) {
  char* resolved = ::realpath(folder.c_str(), nullptr);
  if (!resolved) return failed("find the state folder", folder, errno);
  const std::string real = resolved;
  std::free(resolved);
  struct stat status{};
  if (::stat(real.c_str(), &status) != 0) return failed("look at the state folder", real, errno);
  if (!S_ISDIR(status.st_mode)) return refused(real + " is not a folder", "name another with --state");
  if (status.st_uid != ::geteuid() && status.st_uid != 0) return refused(fmt::format("the state folder {} belongs to another user (id {})", real, status.st_uid), "run as that user, or name another with --state");
  if (status.st_mode & 022) return refused(fmt::format("others may write in the state folder {} (mode {:04o})", real, status.st_mode & 07777), fmt::format("chmod go-w {}, or name another with --state", real));
  return real;
}

Expected<void> plain_file(const std::string& path, bool required) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT && !required) return {};
    return failed("look at", path, errno);
  }
  if (S_ISLNK(status.st_mode)) return refused(path + " is a symbolic link: links are not followed in the state folder", "put the file itself there, or name its real path with --state");
  if (!S_ISREG(status.st_mode)) return refused(path + " is not a plain file", "name another with --state");
  if (status.st_uid != ::geteuid() && ::geteuid() != 0) return refused(fmt::format("{} belongs to another user (id {})", path, status.st_uid), "run as that user, or name another with --state");
  if (status.st_mode & 077 && ::chmod(path.c_str(), 0600) != 0 && errno != EROFS) return failed("make private", path, errno);
  return {};
}

Expected<void> sync_folder(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failed("open the folder", folder, errno);
  const int synced = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  if (synced != 0) return failed("sync the folder", folder, error);
  return {};
}

Expected<void> make_folders(const std::string& folder) {
  for (std::size_t slash = folder.find('/', 1);; slash = folder.find('/', slash + 1)) {
    const std::string part = folder.substr(0, slash);
    if (::mkdir(part.c_str(), 0700) == 0) {
      if (auto done = sync_folder(split(part).folder); !done) return done;
    } else if (errno != EEXIST) {
      struct stat status{};
      const int error = errno;
      if (::stat(part.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return failed("make the state folder", part, error); // EROFS and EACCES hide an existing one
    }
    if (slash == std::string::npos) return {};
  }
}

} // namespace

Expected<std::string> check(const std::string& path) {
  const Split at = split(path);
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return failed("find the state database", path, errno);
  const auto folder = real_folder(at.folder);
  if (!folder) return Unexpected(folder.error());
  const std::string real = (*folder == "/" ? "" : *folder) + "/" + at.name;
  if (auto done = plain_file(real, true); !done) return Unexpected(done.error());
  for (const char* suffix : {"-wal", "-shm", "-journal"})
    if (auto done = plain_file(real + suffix, false); !done) return Unexpected(done.error());
  return real;
}

Expected<Draft> begin_draft(const std::string& path, const std::string& random) {
  const Split at = split(path);
  if (auto done = make_folders(at.folder); !done) return Unexpected(done.error());
  const auto folder = real_folder(at.folder);
  if (!folder) return Unexpected(folder.error());
  const std::string base = *folder == "/" ? "" : *folder;
  Draft draft{fmt::format("{}/.{}.{}", base, at.name, random), base + "/" + at.name};
  const int fd = ::open(draft.temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return failed("make a file in the state folder:", draft.temporary, errno);
  ::close(fd);
  return draft;
}

Expected<void> publish_draft(const Draft& draft) {
  const int fd = ::open(draft.temporary.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  int error = errno;
  if (fd >= 0) ::close(fd);
  bool named = false;
  if (synced) {
    named = ::renameat2(AT_FDCWD, draft.temporary.c_str(), AT_FDCWD, draft.path.c_str(), RENAME_NOREPLACE) == 0 || errno == EEXIST;
    if (!named && errno == EINVAL) named = ::link(draft.temporary.c_str(), draft.path.c_str()) == 0 || errno == EEXIST; // a file system without that flag
    error = errno;
  }
  discard_draft(draft);
  if (!named) return failed("make the state database", draft.path, error);
  return sync_folder(split(draft.path).folder);
}

void discard_draft(const Draft& draft) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) ::unlink((draft.temporary + suffix).c_str());
}

} // namespace belay::sqlite_files
