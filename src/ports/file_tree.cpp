#include "ports/file_tree.hpp"
#include "ports/durable.hpp"
#include "ports/system_failure.hpp"
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/file.h>
#include <sys/stat.h>
#include <vector>

namespace belay {
namespace {

constexpr int k_depth = 200; // an open descriptor a level

tl::unexpected<Failure> failed(const std::string& doing, Reached reached = Reached::perhaps) { return Unexpected(system_failure(doing, errno, reached)); }

Expected<Fd> open_inner(int folder, const char* name, const std::string& path) {
  Fd fd(::openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return failed("cannot open the folder " + path);
  return fd;
}

Expected<std::vector<std::string>> names_in(int folder, const std::string& path) {
  const int copy = ::fcntl(folder, F_DUPFD_CLOEXEC, 0); // closedir closes what it was given
  const std::unique_ptr<DIR, int (*)(DIR*)> open(copy < 0 ? nullptr : ::fdopendir(copy), ::closedir);
  if (!open) return failed("cannot list the folder " + path);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(open.get()))
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0) names.emplace_back(entry->d_name);
  if (errno != 0) return failed("cannot list the folder " + path);
  return names;
}

Expected<void> remove_at(int folder, const char* name, const std::string& path, int depth) {
  if (::unlinkat(folder, name, 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return failed("cannot remove " + path);
  const int first_error = errno;
  if (depth == 0) return Unexpected(Failure{Cause::refused, Reached::perhaps, "cannot remove " + path + ": folders stand more than 200 deep in it", {}});
  auto inner = open_inner(folder, name, path);
  if (!inner) return first_error == EPERM ? Expected<void>(Unexpected(system_failure("cannot remove " + path, EPERM, Reached::perhaps))) : Unexpected(inner.error());
  auto names = names_in(inner->get(), path);
  if (!names) return Unexpected(names.error());
  for (const auto& each : *names)
    if (auto done = remove_at(inner->get(), each.c_str(), path + "/" + each, depth - 1); !done) return done;
  if (::unlinkat(folder, name, AT_REMOVEDIR) != 0 && errno != ENOENT) return failed("cannot remove the folder " + path);
  return {};
}

Expected<void> copy_bytes(int from, int to, const std::string& path) {
  bool by_kernel = true;
  std::vector<char> buffer;
  for (;;) {
    ssize_t moved = -1;
    if (by_kernel) {
      moved = ::copy_file_range(from, nullptr, to, nullptr, std::size_t{1} << 30, 0);
      if (moved < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)) by_kernel = false;
    }
    if (!by_kernel) {
      buffer.resize(256 * 1024);
      moved = ::read(from, buffer.data(), buffer.size());
      if (moved > 0)
        if (auto done = write_all(to, {buffer.data(), static_cast<std::size_t>(moved)}, path); !done) return done;
    }
    if (moved == 0) return {};
    if (moved < 0 && errno != EINTR) return failed("cannot copy " + path);
  }
}

Expected<void> copy_file_at(int from, int to, const char* name, const std::string& path) {
  const Fd in(::openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!in || ::fstat(in.get(), &status) != 0) return failed("cannot read " + path);
  if (!S_ISREG(status.st_mode)) return Unexpected(Failure{Cause::refused, Reached::no, "cannot copy " + path + ": it is no regular file any more", {}});
  const Fd out(::openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!out) return failed("cannot create the copy of " + path);
  if (auto done = copy_bytes(in.get(), out.get(), path); !done) return done;
  if (::fchmod(out.get(), status.st_mode & 07777) != 0 || ::fsync(out.get()) != 0) return failed("cannot make the copy of " + path + " durable");
  return {};
}

Expected<void> copy_link_at(int from, int to, const char* name, const std::string& path) {
  std::vector<char> target(65536);
  const ssize_t length = ::readlinkat(from, name, target.data(), target.size() - 1);
  if (length < 0) return failed("cannot read the link " + path);
  target[static_cast<std::size_t>(length)] = '\0';
  if (::symlinkat(target.data(), to, name) != 0) return failed("cannot create the copy of the link " + path);
  return {};
}

Expected<void> copy_inside(int from, int to, const std::string& path, int depth) {
  if (depth == 0) return Unexpected(Failure{Cause::refused, Reached::no, "cannot copy " + path + ": folders stand more than 200 deep in it", {}});
  auto names = names_in(from, path);
  if (!names) return Unexpected(names.error());
  for (const auto& each : *names) {
    const char* name = each.c_str();
    const std::string inner_path = path + "/" + each;
    struct stat status {};
    if (::fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return failed("cannot read " + inner_path);
    Expected<void> done;
    if (S_ISREG(status.st_mode)) {
      done = copy_file_at(from, to, name, inner_path);
    } else if (S_ISLNK(status.st_mode)) {
      done = copy_link_at(from, to, name, inner_path);
    } else if (S_ISDIR(status.st_mode)) {
      if (::mkdirat(to, name, 0700) != 0) return failed("cannot create the copy of the folder " + inner_path);
      auto in = open_inner(from, name, inner_path), out = open_inner(to, name, inner_path);
      if (!in || !out) return Unexpected(in ? out.error() : in.error());
      done = copy_inside(in->get(), out->get(), inner_path, depth - 1);
      if (done && ::fchmod(out->get(), status.st_mode & 07777) != 0) return failed("cannot set the mode of the copy of " + inner_path);
    } else {
      return Unexpected(Failure{Cause::refused, Reached::no, "cannot copy " + inner_path + ": it is neither a file nor a folder nor a link", {}});
    }
    if (!done) return done;
  }
  if (::fsync(to) != 0) return failed("cannot make the copy of " + path + " durable");
  return {};
}

/// An empty folder, locked while it is filled. What a belay that was killed left of the same copy goes first; a living one keeps its own.
Expected<Fd> open_part_folder(const std::string& path) {
  const auto open_locked = [&]() -> Expected<Fd> {
    auto fd = open_folder(path);
    if (fd && ::flock(fd->get(), LOCK_EX | LOCK_NB) != 0)
      return Unexpected(Failure{Cause::conflict, Reached::no, "another belay is filling " + path + " at this moment", "wait until it has ended"});
    return fd;
  };
  if (::mkdir(path.c_str(), 0700) != 0) {
    if (errno != EEXIST) return failed("cannot create the folder " + path, Reached::no);
    auto old = open_locked();
    if (!old) return old;
    if (auto done = remove_tree(path); !done) return Unexpected(done.error());
    if (::mkdir(path.c_str(), 0700) != 0) return failed("cannot create the folder " + path, Reached::no);
  }
  auto fresh = open_locked();
  if (!fresh) return fresh;
  // Between making and locking another may have taken it for a dead one's: then the lock is on a folder without a name.
  struct stat mine {}, named {};
  if (::fstat(fresh->get(), &mine) != 0 || ::lstat(path.c_str(), &named) != 0 || mine.st_ino != named.st_ino || mine.st_dev != named.st_dev)
    return Unexpected(Failure{Cause::conflict, Reached::no, "another belay is filling " + path + " at this moment", "wait until it has ended"});
  return fresh;
}

} // namespace

Expected<void> remove_tree(const std::string& path) { return remove_at(AT_FDCWD, path.c_str(), path, k_depth); }

Expected<void> copy_tree(const std::string& from, const std::string& to) {
  struct stat there {};
  if (::lstat(to.c_str(), &there) == 0)
    return Unexpected(Failure{Cause::conflict, Reached::no, "cannot copy " + from + " to " + to + ": something of that name exists already", "nothing is overwritten: remove it first if it is not needed"});
  auto in = open_folder(from);
  if (!in) return Unexpected(in.error());
  struct stat status {};
  if (::fstat(in->get(), &status) != 0) return failed("cannot read the folder " + from, Reached::no);
  const std::string temporary = folder_of(to) + "/." + name_of(to) + ".belay-copy";
  auto out = open_part_folder(temporary);
  if (!out) return Unexpected(out.error());
  const auto copy = [&]() -> Expected<void> {
    if (auto done = copy_inside(in->get(), out->get(), from, k_depth); !done) return done;
    if (::fchmod(out->get(), status.st_mode & 07777) != 0 || ::fsync(out->get()) != 0) return failed("cannot make the folder " + temporary + " durable");
    return rename_to_free_name(temporary, to);
  };
  if (auto done = copy(); !done) {
    done.error().reached = Reached::no; // only a name of belay's own was written, and it goes again
    if (auto removed = remove_tree(temporary); !removed) done.error().hint = "a part of the copy is left in " + temporary + ": remove it";
    return done;
  }
  return sync_folder(folder_of(to));
}

Expected<void> rename_to_free_name(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
  const std::string doing = "cannot rename " + from + " to " + to;
  if (errno == EINVAL || errno == ENOSYS) { // a file system without the flag
    struct stat there {};
    if (::lstat(to.c_str(), &there) == 0)
      errno = EEXIST;
    else if (::rename(from.c_str(), to.c_str()) == 0)
      return {};
  }
  return failed(doing, Reached::no);
}

} // namespace belay
