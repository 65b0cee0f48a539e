#include "ports/durable.hpp"
#include "ports/file_change.hpp"
#include "ports/file_sink.hpp"
#include "ports/real_ports.hpp"
#include "ports/system_failure.hpp"
#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

namespace belay {
namespace {

tl::unexpected<Failure> failed(const std::string& doing) { return Unexpected(system_failure(doing, errno)); }

/// Links are followed (a release's `current`); pipes and devices are refused, since reading one may never end.
Expected<Fd> open_regular(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) return failed("cannot read " + path);
  if (S_ISDIR(status.st_mode)) return Unexpected(Failure{Cause::refused, Reached::no, "cannot read " + path + ": it is a folder", {}});
  if (!S_ISREG(status.st_mode)) return Unexpected(Failure{Cause::refused, Reached::no, "cannot read " + path + ": it is no regular file", {}});
  return fd;
}

class FileSource final : public Source {
public:
  FileSource(Fd fd, std::string path) : m_fd(std::move(fd)), m_path(std::move(path)) { ::posix_fadvise(m_fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL); }
  Expected<std::size_t> read(std::span<std::byte> into) override {
    for (;;) {
      const ssize_t got = ::read(m_fd.get(), into.data(), into.size());
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return failed("cannot read " + m_path);
    }
  }

private:
  Fd m_fd;
  std::string m_path;
};

FileStatus::Sort sort_of(mode_t mode) {
  if (S_ISREG(mode)) return FileStatus::Sort::file;
  if (S_ISDIR(mode)) return FileStatus::Sort::folder;
  return S_ISLNK(mode) ? FileStatus::Sort::link : FileStatus::Sort::other;
}

struct RealFiles final : FileSystem {
  Expected<std::unique_ptr<Source>> open(const std::string& path) override {
    auto fd = open_regular(path);
    if (!fd) return Unexpected(fd.error());
    return std::make_unique<FileSource>(std::move(*fd), path);
  }
  Expected<std::string> text(const std::string& path, std::uint64_t at_most) override {
    auto fd = open_regular(path);
    if (!fd) return Unexpected(fd.error());
    FileSource source(std::move(*fd), path);
    std::string whole;
    std::string piece(64 * 1024, '\0');
    for (;;) {
      const auto got = source.read(std::as_writable_bytes(std::span(piece)));
      if (!got) return Unexpected(got.error());
      if (*got == 0) return whole;
      if (whole.size() + *got > at_most)
        return Unexpected(Failure{Cause::full, Reached::no, "cannot read " + path + ": it is larger than the " + std::to_string(at_most) + " bytes that are taken", {}});
      whole.append(piece, 0, *got);
    }
  }
  Expected<FileStatus> status(const std::string& path) override {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0) return failed("cannot look at " + path);
    FileStatus status{sort_of(found.st_mode), static_cast<std::uint64_t>(found.st_size), found.st_mode & 07777, found.st_uid, found.st_gid, {found.st_mtim.tv_sec, static_cast<std::int32_t>(found.st_mtim.tv_nsec)}, {}};
    if (status.sort == FileStatus::Sort::link) {
      status.target.resize(65536);
      const ssize_t length = ::readlink(path.c_str(), status.target.data(), status.target.size());
      if (length < 0) return failed("cannot read the link " + path);
      status.target.resize(static_cast<std::size_t>(length));
    }
    return status;
  }
  Expected<std::vector<std::string>> list(const std::string& folder) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(folder.c_str()), ::closedir);
    if (!open) return failed("cannot list the folder " + folder);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(open.get())) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
      errno = 0;
    }
    if (errno != 0) return failed("cannot list the folder " + folder);
    std::sort(names.begin(), names.end());
    return names;
  }
  Expected<std::uint64_t> space(const std::string& folder) override {
    struct statvfs found {};
    if (::statvfs(folder.c_str(), &found) != 0) return failed("cannot ask for the free space of " + folder);
    return static_cast<std::uint64_t>(found.f_bavail) * found.f_frsize;
  }
  Expected<std::unique_ptr<Sink>> create(const std::string& path) override { return create_file_sink(path); }
  Expected<std::unique_ptr<Sink>> create_scratch(const std::string& path) override { return create_scratch_sink(path); }
  Expected<void> change(const FileChange& one) override { return change_file(one); }
};

} // namespace

std::unique_ptr<FileSystem> make_files() { return std::make_unique<RealFiles>(); }

} // namespace belay
