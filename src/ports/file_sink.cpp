#include "ports/file_sink.hpp"
#include "ports/durable.hpp"
#include "ports/system_failure.hpp"
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

namespace belay {
namespace {

constexpr std::size_t k_buffer = 256 * 1024;
constexpr std::uint64_t k_write_behind = 8 * 1024 * 1024;

// Another may have taken the name meanwhile; only our own file is removed.
void remove_own(int file, const std::string& path) {
  struct stat mine {}, named {};
  if (::fstat(file, &mine) == 0 && ::lstat(path.c_str(), &named) == 0 && mine.st_ino == named.st_ino && mine.st_dev == named.st_dev) ::unlink(path.c_str());
}

class FileSink final : public Sink {
public:
  FileSink(Fd fd, std::string path) : m_fd(std::move(fd)), m_path(std::move(path)) { m_buffer.reserve(k_buffer); }
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;
  ~FileSink() override {
    if (!m_finished) remove_own(m_fd.get(), m_path);
  }
  Expected<void> write(std::span<const std::byte> bytes) override {
    if (m_failed || m_finished) return Unexpected(Failure{Cause::rejected, Reached::no, "cannot write " + m_path + ": it failed or was finished before", {}});
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (m_buffer.size() + text.size() > k_buffer)
      if (auto done = flush(); !done) return done;
    if (text.size() >= k_buffer) return put(text);
    m_buffer.append(text);
    return {};
  }
  Expected<std::uint64_t> finish() override {
    if (m_failed || m_finished) return Unexpected(Failure{Cause::rejected, Reached::no, "cannot finish " + m_path + ": it failed or was finished before", {}});
    if (auto done = flush(); !done) return Unexpected(done.error());
    if (::fsync(m_fd.get()) != 0) return failed("make durable");
    if (auto done = sync_folder(folder_of(m_path)); !done) {
      m_failed = true;
      return Unexpected(done.error());
    }
    m_finished = true;
    if (::close(m_fd.release()) != 0) return failed("close");
    return m_written;
  }

private:
  Expected<void> flush() {
    auto done = put(m_buffer);
    m_buffer.clear();
    return done;
  }
  Expected<void> put(std::string_view text) {
    auto done = write_all(m_fd.get(), text, m_path);
    if (!done) {
      m_failed = true;
      return done;
    }
    m_written += text.size();
    // The disk begins while more is produced, so that the fsync at the end finds little left to do.
    if (m_written - m_started_until >= k_write_behind) {
      ::sync_file_range(m_fd.get(), static_cast<off64_t>(m_started_until), static_cast<off64_t>(m_written - m_started_until), SYNC_FILE_RANGE_WRITE);
      m_started_until = m_written;
    }
    return done;
  }
  tl::unexpected<Failure> failed(const std::string& doing) {
    m_failed = true;
    return Unexpected(system_failure("cannot " + doing + " " + m_path, errno, Reached::no));
  }

  Fd m_fd;
  std::string m_path, m_buffer;
  std::uint64_t m_written = 0, m_started_until = 0;
  bool m_failed = false, m_finished = false;
};

class ScratchSink final : public Sink {
public:
  ScratchSink(Fd fd, std::string path) : m_fd(std::move(fd)), m_path(std::move(path)) {}
  ScratchSink(const ScratchSink&) = delete;
  ScratchSink& operator=(const ScratchSink&) = delete;
  ~ScratchSink() override { remove_own(m_fd.get(), m_path); }
  Expected<void> write(std::span<const std::byte> bytes) override {
    auto done = write_all(m_fd.get(), {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, m_path);
    if (done) m_written += bytes.size();
    return done;
  }
  Expected<std::uint64_t> finish() override {
    // Starts no write; waits for those under way and tells of every one that failed since the file was opened.
    if (::sync_file_range(m_fd.get(), 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE) != 0) return Unexpected(system_failure("cannot keep " + m_path, errno, Reached::no));
    return m_written;
  }

private:
  Fd m_fd;
  std::string m_path;
  std::uint64_t m_written = 0;
};

Expected<Fd> opened(const std::string& path) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) {
    Failure failure = system_failure("cannot create " + path, errno);
    if (errno == EEXIST) failure.hint = "nothing is overwritten: remove it if it is not needed, or choose another name";
    return Unexpected(std::move(failure));
  }
  return fd;
}

} // namespace

Expected<std::unique_ptr<Sink>> create_file_sink(const std::string& path) {
  auto fd = opened(path);
  if (!fd) return Unexpected(fd.error());
  return std::make_unique<FileSink>(std::move(*fd), path);
}

Expected<std::unique_ptr<Sink>> create_scratch_sink(const std::string& path) {
  auto fd = opened(path);
  if (!fd) return Unexpected(fd.error());
  return std::make_unique<ScratchSink>(std::move(*fd), path);
}

} // namespace belay
