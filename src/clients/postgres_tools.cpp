#include "clients/postgres_tools.hpp"
#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace belay {
namespace {

int number_in(std::string_view text) {
  int out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() ? out : 0;
}

// Debian's /usr/lib/postgresql/15/bin and Red Hat's /usr/pgsql-15/bin, lowest sufficient version first.
std::vector<std::string> candidates(const Reads& reads, const std::string& name, int major, const std::string& folder) {
  if (!folder.empty()) return {folder + "/" + name};
  std::vector<std::pair<int, std::string>> found;
  auto look = [&](const std::string& in, std::string_view prefix, const std::string& root) {
    const auto names = reads.files.list(in);
    if (!names) return;
    for (const std::string& one : *names)
      if (one.starts_with(prefix))
        if (const int version = number_in(std::string_view(one).substr(prefix.size())); version >= major) found.emplace_back(version, root + one + "/bin/" + name);
  };
  look("/usr/lib/postgresql", "", "/usr/lib/postgresql/");
  look("/usr", "pgsql-", "/usr/");
  std::sort(found.begin(), found.end());
  std::vector<std::string> out;
  for (auto& [version, path] : found) out.push_back(std::move(path));
  if (auto path = reads.process.find(name)) out.push_back(*path);
  return out;
}

} // namespace

int tool_version(std::string_view printed) {
  const auto at = printed.find("(PostgreSQL) ");
  if (at == std::string_view::npos) return 0;
  printed.remove_prefix(at + 13);
  std::vector<int> parts;
  for (;;) {
    const auto end = printed.find_first_not_of("0123456789");
    parts.push_back(number_in(printed.substr(0, end)));
    if (end == std::string_view::npos || printed[end] != '.') break;
    printed.remove_prefix(end + 1);
  }
  if (parts[0] >= 10) return parts[0] * 10000 + (parts.size() > 1 ? parts[1] : 0);
  return parts[0] * 10000 + (parts.size() > 1 ? parts[1] * 100 : 0) + (parts.size() > 2 ? parts[2] : 0);
}

std::string version_text(int version) {
  if (version >= 100000) return fmt::format("{}.{}", version / 10000, version % 10000);
  return fmt::format("{}.{}.{}", version / 10000, version / 100 % 100, version % 100);
}

Expected<PostgresTool> find_postgres_tool(const Reads& reads, const std::string& name, int major, const std::string& folder, const Stop& stop) {
  std::string old;
  for (const std::string& path : candidates(reads, name, major, folder)) {
    const auto status = reads.files.status(path);
    if (!status || status->sort == FileStatus::Sort::folder) continue;
    if (status->sort == FileStatus::Sort::link && status->target.find("pg_wrapper") != std::string::npos) continue;
    const auto said = reads.process.read({{path, "--version"}, {}, {}, {}, {}, {}}, stop);
    if (!said || said->status != 0) continue;
    const int version = tool_version(said->out);
    if (version / 10000 >= major) return PostgresTool{path, version};
    old = fmt::format("; {} is {}", path, version_text(version));
  }
  return Unexpected({Cause::missing, Reached::no, fmt::format("{} of PostgreSQL {} or later is needed and not installed{}", name, major, old),
                     fmt::format("install postgresql-client-{}, or name the folder of its programs with `tools`", major)});
}

std::string client_warning(int version) {
  constexpr std::pair<int, int> k_fixed[] = {{13, 22}, {14, 19}, {15, 14}, {16, 10}, {17, 6}};
  const int major = version / 10000;
  for (const auto& [line, minor] : k_fixed)
    if (major == line && version % 10000 < minor)
      return fmt::format("the installed client is {}, older than {}.{}: a dump made by an attacker can run code here (CVE-2025-8714, CVE-2025-8715); update postgresql-client-{}",
                         version_text(version), line, minor, line);
  if (major < 13) return fmt::format("the installed client is {}, a version that no longer gets fixes (CVE-2025-8714, CVE-2025-8715)", version_text(version));
  return {};
}

} // namespace belay
