#include "clients/backup_folder.hpp"
#include "codec/hashing.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace belay::backup_folder {
namespace {

constexpr std::uint64_t k_manifest_limit = 64u << 20;
constexpr std::size_t k_chunk = 1u << 20;
// What a crash leaves while `verified.json` is being replaced; it says nothing of the backup.
constexpr std::string_view k_unfinished_note = ".verified.json.";

bool is_file(const Expected<FileStatus>& status) { return status && status->sort == FileStatus::Sort::file; }

// What a look at its size shows; only `check` reads the contents. Empty: nothing against it.
Expected<std::string> flaw(FileReads& files, const std::string& path, const Manifest& manifest) {
  const auto status = files.status(joined(path, k_dump));
  if (!status && status.error().cause != Cause::missing) return tl::unexpected(status.error());
  if (!status) return fmt::format("{} is missing", k_dump);
  if (!is_file(status)) return fmt::format("{} is no plain file", k_dump);
  if (status->size != manifest.size) return fmt::format("{} has {} bytes, the manifest says {}", k_dump, status->size, manifest.size);
  return std::string();
}

// A note that was damaged, or that belongs to another manifest, proves nothing.
std::optional<Verified> verified_at(FileReads& files, const std::string& path, const Manifest& manifest) {
  const auto text = files.text(joined(path, k_verified), 1u << 16);
  if (!text) return std::nullopt;
  const auto note = parse_json(*text);
  if (!note || (*note)["sha256"] != Value(manifest.sha256) || (*note)["backup"] != Value(manifest.id)) return std::nullopt;
  const Value at = (*note)["at"], run = (*note)["run"];
  if (at.kind() != Kind::text || run.kind() != Kind::text) return std::nullopt;
  const auto when = parse_rfc3339(at.text());
  if (!when) return std::nullopt;
  return Verified{run.text(), *when, (*note)["drilled"] == Value(true)};
}

Expected<void> check_contents(FileReads& files, const std::string& path, const Manifest& manifest, std::vector<std::string>& problems, Tell& tell, const Stop& stop) {
  auto file = files.open(joined(path, k_dump));
  if (!file) return tl::unexpected(file.error());
  HashingSource source(**file);
  std::vector<std::byte> buffer(k_chunk);
  for (;;) {
    if (stop) return Unexpected({Cause::stopped, Reached::no, fmt::format("stopped while reading {}", path), {}});
    const auto got = source.read(buffer);
    if (!got) return tl::unexpected(got.error());
    if (*got == 0) break;
    tell.progress(static_cast<std::int64_t>(source.bytes()), static_cast<std::int64_t>(manifest.size), "bytes");
  }
  if (source.bytes() != manifest.size) problems.push_back(fmt::format("{} has {} bytes, the manifest says {}", k_dump, source.bytes(), manifest.size));
  else if (hex(source.hash()) != manifest.sha256) problems.push_back(fmt::format("{} was changed after the backup was made: its SHA-256 is not the manifest's", k_dump));
  return {};
}

} // namespace

std::string joined(std::string_view folder, std::string_view name) { return fmt::format("{}{}{}", folder, folder.ends_with('/') ? "" : "/", name); }

std::string last_part(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return std::string(path.substr(path.rfind('/') + 1));
}

std::string text_of(const Verified& verified, const Manifest& manifest) {
  return canonical_json(Value::object({{"backup", manifest.id}, {"sha256", manifest.sha256}, {"run", verified.run}, {"at", rfc3339(verified.at)}, {"drilled", verified.drilled}})) + "\n";
}

Expected<Manifest> manifest_at(FileReads& files, const std::string& path) {
  const auto text = files.text(joined(path, k_manifest), k_manifest_limit);
  if (!text) return tl::unexpected(text.error());
  auto manifest = read_manifest(*text);
  if (manifest && manifest->id != last_part(path))
    return Unexpected({Cause::malformed, Reached::no, fmt::format("the manifest in {} is of another backup, {}", path, manifest->id), {}});
  return manifest;
}

Expected<Listing> list(FileReads& files, const std::string& folder) {
  Listing out;
  const auto names = files.list(folder);
  if (!names) {
    if (names.error().cause == Cause::missing) return out;
    return tl::unexpected(names.error());
  }
  for (const std::string& name : *names) {
    if (name.starts_with(k_workspace)) {
      out.unfinished.push_back(name);
      continue;
    }
    if (!is_backup_id(name)) continue;
    const std::string path = joined(folder, name);
    auto manifest = manifest_at(files, path);
    if (manifest) {
      const auto against = flaw(files, path, *manifest);
      if (!against) return tl::unexpected(against.error());
      if (!against->empty()) {
        out.unreadable.emplace_back(name, *against);
        continue;
      }
      Entry entry{std::move(*manifest), path, {}};
      entry.verified = verified_at(files, path, entry.manifest);
      out.backups.push_back(std::move(entry));
    } else if (manifest.error().cause == Cause::missing) out.unfinished.push_back(name);
    else if (manifest.error().cause == Cause::malformed || manifest.error().cause == Cause::full) out.unreadable.emplace_back(name, manifest.error().message);
    else return tl::unexpected(manifest.error());
  }
  std::sort(out.backups.begin(), out.backups.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.manifest.taken, a.manifest.id) > std::tie(b.manifest.taken, b.manifest.id);
  });
  return out;
}

Expected<Checked> check(FileReads& files, const std::string& path, Tell& tell, const Stop& stop) {
  Checked out;
  const auto names = files.list(path);
  if (!names) {
    if (names.error().cause != Cause::missing) return tl::unexpected(names.error());
    out.problems.push_back(fmt::format("{} is not there", path));
    return out;
  }
  for (const std::string& name : *names) {
    if (name.starts_with(k_unfinished_note)) continue;
    if (name != k_dump && name != k_manifest && name != k_verified) out.problems.push_back(fmt::format("{} does not belong in a backup", name));
    else if (!is_file(files.status(joined(path, name)))) out.problems.push_back(fmt::format("{} is no plain file", name));
  }
  if (!out.problems.empty()) return out;
  auto manifest = manifest_at(files, path);
  if (!manifest) {
    if (manifest.error().cause == Cause::missing) out.problems.push_back("it has no manifest: the backup was never finished");
    else if (manifest.error().cause == Cause::malformed || manifest.error().cause == Cause::full) out.problems.push_back(manifest.error().message);
    else return tl::unexpected(manifest.error());
    return out;
  }
  out.manifest = std::move(*manifest);
  if (std::find(names->begin(), names->end(), k_dump) == names->end()) {
    out.problems.push_back(fmt::format("{} is missing", k_dump));
    return out;
  }
  if (auto read = check_contents(files, path, *out.manifest, out.problems, tell, stop); !read) return tl::unexpected(read.error());
  return out;
}

} // namespace belay::backup_folder
