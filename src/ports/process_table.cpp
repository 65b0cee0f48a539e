#include "ports/process_table.hpp"
#include "ports/fd.hpp"
#include <charconv>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sstream>

namespace belay {
namespace {

std::optional<std::string> small_file(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return {};
  std::string text(4096, '\0');
  const ssize_t got = ::read(fd.get(), text.data(), text.size());
  if (got <= 0) return {};
  text.resize(static_cast<std::size_t>(got));
  return text;
}

} // namespace

std::optional<ProcessRow> parse_process_row(const std::string& line) {
  // The program's name stands in parentheses and may hold spaces and parentheses itself: the last one ends it.
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  ProcessRow row;
  if (std::from_chars(line.data(), line.data() + line.size(), row.pid).ec != std::errc{}) return {};
  std::istringstream rest(line.substr(name_end + 1));
  rest >> row.state >> row.parent >> row.group;
  std::string skipped;
  for (int field = 6; field < 22; ++field) rest >> skipped;
  rest >> row.started;
  if (!rest) return {};
  return row;
}

std::optional<ProcessRow> process_row(pid_t pid) {
  const auto text = small_file("/proc/" + std::to_string(pid) + "/stat");
  return text ? parse_process_row(*text) : std::nullopt;
}

std::vector<ProcessRow> process_rows() {
  std::vector<ProcessRow> rows;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc"), ::closedir);
  if (!folder) return rows;
  while (const dirent* entry = ::readdir(folder.get())) {
    pid_t pid = 0;
    const char* end = entry->d_name + std::strlen(entry->d_name);
    const auto parsed = std::from_chars(entry->d_name, end, pid);
    if (parsed.ec != std::errc{} || parsed.ptr != end) continue;
    if (const auto row = process_row(pid)) rows.push_back(*row);
  }
  return rows;
}

std::string boot_id() {
  std::string id = small_file("/proc/sys/kernel/random/boot_id").value_or("");
  while (!id.empty() && id.back() == '\n') id.pop_back();
  return id;
}

} // namespace belay
