#include "ports/file_change.hpp"
#include "belay/reveal.hpp"
#include "ports/durable.hpp"
#include "ports/file_tree.hpp"
#include "ports/system_failure.hpp"
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>

namespace belay {
namespace {

tl::unexpected<Failure> failed(const std::string& doing) { return Unexpected(system_failure(doing, errno)); }

Expected<std::string> path_in(const Value& value, const FileChange& change, const char* what) {
  const auto refuse = [&](const std::string& why) { return Unexpected(Failure{Cause::rejected, Reached::no, "cannot " + change.operation + ": its " + what + " " + why, {}}); };
  if (!value.known()) return refuse("is not known yet (" + show(value) + ")");
  if (value.kind() != Kind::text) return refuse("is no text");
  const std::string& path = Reveal::text(value);
  if (path.empty()) return refuse("is empty");
  if (path.find('\0') != std::string::npos) return refuse("holds a NUL byte");
  return path;
}

Expected<std::string> contents(const FileChange& change) {
  const Value& value = change.to;
  if (!value.known()) return Unexpected(Failure{Cause::rejected, Reached::no, "cannot write " + show(change.path) + ": its contents are not known yet (" + show(value) + ")", {}});
  if (value.kind() == Kind::null) return std::string{};
  if (value.kind() == Kind::text) return Reveal::text(value);
  if (value.kind() == Kind::bytes) return Reveal::plain(value).octets();
  return Reveal::json(value);
}

Expected<void> make_folder(const std::string& path, unsigned mode) {
  if (::mkdir(path.c_str(), 0700) == 0) {
    if (mode != 0 && ::chmod(path.c_str(), mode) != 0) return failed("cannot set the mode of the folder " + path);
    return sync_folder(folder_of(path));
  }
  if (errno == EEXIST) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return failed("cannot read " + path);
    if (!S_ISDIR(status.st_mode)) return Unexpected(Failure{Cause::conflict, Reached::no, "cannot make the folder " + path + ": a file of that name exists already", {}});
    if (mode != 0 && (status.st_mode & 07777) != mode && ::chmod(path.c_str(), mode) != 0) return failed("cannot set the mode of the folder " + path);
    return {};
  }
  const std::string above = folder_of(path);
  if (errno != ENOENT || above == path || above == ".") return failed("cannot make the folder " + path);
  if (auto done = make_folder(above, 0); !done) return done;
  return make_folder(path, mode);
}

Expected<void> write_whole(const std::string& path, const std::string& text, unsigned mode) {
  const std::string temporary = temporary_beside(path);
  Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return failed("cannot write " + path);
  const auto fill = [&]() -> Expected<void> {
    if (auto done = write_all(fd.get(), text, path); !done) return done;
    if (mode != 0 && ::fchmod(fd.get(), mode) != 0) return failed("cannot set the mode of " + path);
    if (::fsync(fd.get()) != 0) return failed("cannot make " + path + " durable");
    if (::close(fd.release()) != 0) return failed("cannot close " + path);
    if (::rename(temporary.c_str(), path.c_str()) != 0) return failed("cannot put " + path + " in place");
    return {};
  };
  if (auto done = fill(); !done) {
    ::unlink(temporary.c_str());
    return done;
  }
  return sync_folder(folder_of(path));
}

Expected<void> link(const std::string& path, const std::string& target) {
  const std::string temporary = temporary_beside(path);
  if (::symlink(target.c_str(), temporary.c_str()) != 0) return failed("cannot make the link " + path);
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return Unexpected(system_failure("cannot put the link " + path + " in place", error));
  }
  return sync_folder(folder_of(path));
}

Expected<void> rename(const std::string& from, const std::string& to) {
  if (auto done = rename_to_free_name(from, to); !done) return done;
  // The new name first: a crash in between must never leave neither.
  if (auto done = sync_folder(folder_of(to)); !done) return done;
  return folder_of(from) == folder_of(to) ? Expected<void>{} : sync_folder(folder_of(from));
}

Expected<void> remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0) {
    if (errno == ENOENT) return {};
    if (errno != EISDIR || ::rmdir(path.c_str()) != 0) return failed("cannot remove " + path);
  }
  return sync_folder(folder_of(path));
}

Expected<void> remove_whole(const std::string& path) {
  if (auto done = belay::remove_tree(path); !done) return done;
  auto synced = sync_folder(folder_of(path));
  if (!synced && synced.error().cause == Cause::missing) return {}; // not even its folder was there
  return synced;
}

} // namespace

Expected<void> change_file(const FileChange& change) {
  const auto path = path_in(change.path, change, "path");
  if (!path) return Unexpected(path.error());
  const std::string& operation = change.operation;
  if (operation == "make_folder") return make_folder(*path, change.mode);
  if (operation == "remove") return remove(*path);
  if (operation == "remove_tree") return remove_whole(*path);
  if (operation == "write") {
    const auto text = contents(change);
    return text ? write_whole(*path, *text, change.mode) : Unexpected(text.error());
  }
  if (operation == "link" || operation == "rename" || operation == "copy_tree") {
    const auto to = path_in(change.to, change, "target");
    if (!to) return Unexpected(to.error());
    if (operation == "link") return link(*path, *to);
    if (operation == "rename") return rename(*path, *to);
    if (auto done = copy_tree(*path, *to); !done) return done;
    if (change.mode != 0 && ::chmod(to->c_str(), change.mode) != 0) return failed("cannot set the mode of " + *to);
    return {};
  }
  return Unexpected(Failure{Cause::rejected, Reached::no, "there is no file operation '" + operation + "'", {}});
}

} // namespace belay
