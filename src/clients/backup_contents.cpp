#include "clients/backup_contents.hpp"
#include "clients/backup_folder.hpp"
#include "codec/zstd.hpp"
#include <fmt/format.h>
#include <vector>

namespace belay {
namespace {
constexpr std::size_t k_chunk = 1u << 20;
constexpr std::uint64_t k_tell_every = 16u << 20;

Failure damaged(const Manifest& manifest, const std::string& why) {
  return {Cause::malformed, Reached::no, fmt::format("backup {} is damaged: {}", manifest.id, why), "nothing was restored from it; use another backup"};
}
} // namespace

BackupContents::BackupContents(std::unique_ptr<Source> file, const Manifest& manifest, Tell& tell)
    : m_file(std::move(file)), m_hashing(*m_file), m_expanding(zstd_source(m_hashing)), m_manifest(manifest), m_tell(tell) {}

Expected<std::unique_ptr<BackupContents>> BackupContents::open(FileReads& files, const std::string& path, const Manifest& manifest, Tell& tell) {
  auto file = files.open(backup_folder::joined(path, backup_folder::k_dump));
  if (!file) return tl::unexpected(file.error());
  return std::unique_ptr<BackupContents>(new BackupContents(std::move(*file), manifest, tell));
}

Expected<std::size_t> BackupContents::read(std::span<std::byte> into) {
  auto got = m_expanding->read(into);
  if (!got) return got.error().cause == Cause::malformed ? Unexpected(damaged(m_manifest, got.error().message)) : tl::unexpected(got.error());
  m_bytes += *got;
  if (m_bytes - m_told >= k_tell_every) {
    m_told = m_bytes;
    m_tell.progress(static_cast<std::int64_t>(m_bytes), static_cast<std::int64_t>(m_manifest.raw_size), "bytes");
  }
  if (m_bytes > m_manifest.raw_size) return Unexpected(damaged(m_manifest, "it holds more than its manifest says"));
  if (*got == 0 && !into.empty())
    if (auto whole = proved(); !whole) return tl::unexpected(whole.error());
  return got;
}

Expected<void> BackupContents::proved() {
  if (m_proved) return {};
  if (m_hashing.bytes() != m_manifest.size || m_bytes != m_manifest.raw_size) return Unexpected(damaged(m_manifest, "its size is not the one that its manifest says"));
  if (hex(m_hashing.hash()) != m_manifest.sha256) return Unexpected(damaged(m_manifest, "its SHA-256 is not the one that its manifest says"));
  m_proved = true;
  return {};
}

Expected<std::unique_ptr<Sink>> expand_backup(FileSystem& files, const std::string& path, const Manifest& manifest, const std::string& to, Tell& tell, const Stop& stop) {
  auto contents = BackupContents::open(files, path, manifest, tell);
  if (!contents) return tl::unexpected(contents.error());
  auto sink = files.create_scratch(to);
  if (!sink) return sink;
  std::vector<std::byte> buffer(k_chunk);
  for (;;) {
    if (stop) return Unexpected({Cause::stopped, Reached::no, fmt::format("stopped while decompressing backup {}", manifest.id), {}});
    const auto got = (*contents)->read(buffer);
    if (!got) return tl::unexpected(got.error());
    if (*got == 0) break;
    if (auto written = (*sink)->write(std::span(buffer).first(*got)); !written) return tl::unexpected(written.error());
  }
  if (const auto finished = (*sink)->finish(); !finished) return tl::unexpected(finished.error());
  return sink;
}

} // namespace belay
