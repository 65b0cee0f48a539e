#pragma once
#include "belay/ports.hpp"
#include "clients/backup_manifest.hpp"

/// The folder of backups, which is the truth about them: FOLDER/SERVICE/ENVIRONMENT/ID/{dump.zst, manifest.json, verified.json}.
/// A file ending in `.partial` is being written, or was when its writer died; a folder without a manifest is no backup.
namespace belay::backup_folder {

inline constexpr std::string_view k_dump = "dump.zst", k_manifest = "manifest.json", k_verified = "verified.json", k_partial = ".partial";
/// Prefix of a decompressed copy that a restore works from, beside the backups.
inline constexpr std::string_view k_workspace = "restoring-";

/// A proof that a backup restores: who showed it and when. `drilled`: the service itself ran on the copy.
struct Verified {
  std::string run;
  Timestamp at;
  bool drilled = false;
};
struct Entry {
  Manifest manifest;
  std::string path;
  std::optional<Verified> verified;
};
struct Listing {
  std::vector<Entry> backups;          ///< good by their manifests and the sizes of their files, newest recovery point first
  std::vector<std::string> unfinished; ///< names of folders without a manifest, and of workspaces
  std::vector<std::pair<std::string, std::string>> unreadable; ///< ids that have a manifest and cannot be trusted, with the reason
};

std::string text_of(const Verified&, const Manifest&);

/// Every backup of one service in one environment. Nothing there at all is an empty listing; reads manifests, no contents.
Expected<Listing> list(FileReads&, const std::string& folder);

/// What a full check of one backup found: every problem, none if it may be restored. Reads the whole file: its SHA-256 is compared
/// with the manifest's, every file's name, sort and size with what belongs there.
struct Checked {
  std::vector<std::string> problems;
  std::optional<Manifest> manifest;
};
/// `path`: the backup's folder, whose last part is its id. A failure is of the file system or of the stop; damage is not.
Expected<Checked> check(FileReads&, const std::string& path, Tell&, const Stop&);

/// The manifest of the backup at `path`, whose last part is its id. `missing`: there is none.
Expected<Manifest> manifest_at(FileReads&, const std::string& path);

std::string joined(std::string_view folder, std::string_view name);
std::string last_part(std::string_view path);

} // namespace belay::backup_folder
