#pragma once
#include "belay/ports.hpp"
#include "clients/backup_manifest.hpp"
#include "codec/hashing.hpp"
#include <memory>

namespace belay {

/// What a backup holds, decompressed as it is read. Its end is only given when every byte was there: the file's SHA-256 and both
/// sizes are compared with the manifest first, and a difference is `malformed`.
class BackupContents final : public Source {
public:
  static Expected<std::unique_ptr<BackupContents>> open(FileReads&, const std::string& path, const Manifest&, Tell&);
  Expected<std::size_t> read(std::span<std::byte>) override;

private:
  BackupContents(std::unique_ptr<Source> file, const Manifest&, Tell&);
  Expected<void> proved();

  std::unique_ptr<Source> m_file;
  HashingSource m_hashing;
  std::unique_ptr<Source> m_expanding;
  const Manifest& m_manifest;
  Tell& m_tell;
  std::uint64_t m_bytes = 0, m_told = 0;
  bool m_proved = false;
};

/// Writes the whole contents to the new scratch file `to`, which is there as long as what is returned.
Expected<std::unique_ptr<Sink>> expand_backup(FileSystem&, const std::string& path, const Manifest&, const std::string& to, Tell&, const Stop&);

} // namespace belay
