#include "ports/process_table.hpp"
#include "ports/real_ports.hpp"
#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <pwd.h>
#include <string_view>
#include <unistd.h>

namespace belay {
namespace {

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  if (::gethostname(name, sizeof name - 1) != 0) return "unknown";
  return name;
}

std::string user_name() {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(16384);
  if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found) return found->pw_name;
  return std::to_string(::geteuid()); // a container's user has often no entry
}

struct RealMachine final : Machine {
  // Read once: the engine asks for them at each append.
  const std::string m_host = host_name(), m_boot = boot_id();

  std::string host() const override { return m_host; }
  std::string user() const override { return user_name(); }
  std::string folder() const override {
    std::error_code error;
    const auto path = std::filesystem::current_path(error);
    if (error) throw Error(Exit::usage, "the working directory cannot be read: " + error.message(), "it may have been removed: change to one that exists");
    return path.string();
  }
  std::optional<std::string> variable(const std::string& name) const override {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  }
  std::vector<std::string> variables(const std::string& prefix) const override {
    std::vector<std::string> names;
    for (char** entry = environ; entry && *entry; ++entry) {
      const std::string_view text(*entry);
      if (text.starts_with(prefix)) names.emplace_back(text.substr(0, text.find('=')));
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  ProcessMark self() const override {
    const auto row = process_row(::getpid());
    return {m_host, m_boot, ::getpid(), row ? row->started : 0};
  }
  Life life(const ProcessMark& mark) const override {
    if (mark.host != m_host || m_boot.empty() || mark.boot.empty()) return Life::unknown;
    if (mark.boot != m_boot) return Life::dead; // this host, before it was started again
    const auto row = process_row(static_cast<pid_t>(mark.pid));
    // /proc mounted with hidepid shows no rows of others, but a signal's error still tells whether they are there.
    if (!row) return ::kill(static_cast<pid_t>(mark.pid), 0) != 0 && errno == ESRCH ? Life::dead : Life::unknown;
    if (mark.started == 0) return Life::unknown;
    return row->started == mark.started && row->state != 'Z' && row->state != 'X' ? Life::alive : Life::dead;
  }
};

} // namespace

std::unique_ptr<Machine> make_machine() { return std::make_unique<RealMachine>(); }

} // namespace belay
