#include "ports/prepared_command.hpp"
#include "belay/reveal.hpp"
#include "ports/sql_connect.hpp"
#include "ports/system_failure.hpp"
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace belay {
namespace {

tl::unexpected<Failure> refused(std::string message, std::string hint = {}) { return Unexpected(Failure{Cause::rejected, Reached::no, std::move(message), std::move(hint)}); }

/// Text, numbers, booleans, times: what has one obvious spelling. `what` names its place, never its contents.
Expected<std::string> one_word(const Value& value, const std::string& what) {
  if (!value.known()) return refused(what + " is not known yet: " + show(value));
  switch (value.kind()) {
    case Kind::null:
    case Kind::bytes:
    case Kind::list:
    case Kind::map:
    case Kind::type:
    case Kind::optional:
    case Kind::rule:
    case Kind::any: return refused(what + " is neither text nor a number", "string(…) or join(…) in the expression makes text of it");
    default: break;
  }
  std::string text = Reveal::text(join({value}));
  if (text.find('\0') != std::string::npos) return refused(what + " holds a NUL byte, which no program can be given");
  return text;
}

Expected<std::string> payload(const Value& value, const std::string& what) {
  if (!value.known()) return refused(what + " is not known yet: " + show(value));
  if (value.kind() == Kind::null) return std::string{};
  if (value.kind() == Kind::text) return Reveal::text(value);
  if (value.kind() == Kind::bytes) return Reveal::plain(value).octets();
  return Reveal::json(value);
}

bool variable_name(const std::string& name) { return !name.empty() && name.find_first_of(std::string_view("=\0/", 3)) == std::string::npos; }

bool executable(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0;
}

Failure not_found(const std::string& program, std::string_view path, const std::string& folder) {
  Failure failure{Cause::missing, Reached::no, "the program '" + program + "' was not found on PATH", "install it, or name its full path; PATH is " + std::string(path)};
  if (program.find('/') == std::string::npos) return failure;
  const std::string full = (std::filesystem::path(folder) / program).string();
  failure.message = "the program '" + full + "' is not there";
  failure.hint.clear();
  if (::access(full.c_str(), F_OK) == 0) {
    failure.message = "'" + full + "' is there but cannot be executed";
    failure.hint = "is it a program, and may belay's user execute it? (chmod +x)";
  }
  return failure;
}

/// Later entries replace earlier ones of the same name.
class Environment {
public:
  void set(const std::string& name, const std::string& value) {
    const std::string start = name + "=";
    std::erase_if(m_entries, [&](const std::string& entry) { return entry.starts_with(start); });
    m_entries.push_back(start + value);
  }
  void inherit(const char* entry) { m_entries.emplace_back(entry); }
  std::string_view get(std::string_view name) const {
    for (const std::string_view entry : m_entries)
      if (entry.starts_with(name) && entry.substr(name.size()).starts_with("=")) return entry.substr(name.size() + 1);
    return {};
  }
  std::vector<std::string> take() { return std::move(m_entries); }

private:
  std::vector<std::string> m_entries;
};

} // namespace

std::optional<std::string> find_program(const std::string& program, std::string_view path, const std::string& folder) {
  if (program.empty()) return {};
  if (program.find('/') != std::string::npos) {
    const std::string full = (std::filesystem::path(folder) / program).string();
    return executable(full) ? std::optional(full) : std::nullopt;
  }
  while (!path.empty()) {
    const std::string_view entry = path.substr(0, path.find(':'));
    path.remove_prefix(std::min(path.size(), entry.size() + 1));
    // A relative entry would let whoever fills the working directory choose the program.
    if (!entry.starts_with('/')) continue;
    std::string full = std::string(entry) + "/" + program;
    if (executable(full)) return full;
  }
  return {};
}

Expected<PreparedCommand> prepare_command(const Command& command, const std::function<bool(std::string_view)>& hidden) {
  PreparedCommand prepared;
  if (command.argv.empty()) return refused("a command has no arguments: the first names the program");
  for (std::size_t i = 0; i < command.argv.size(); ++i) {
    const std::string what = i == 0 ? "the program's name" : "argument " + std::to_string(i) + " of " + prepared.request.argv[0];
    if (command.argv[i].has_secret()) return refused(what + " is a secret, and every user of this machine can read a program's arguments", "give it by standard input, a private file or a variable of the child's own");
    auto word = one_word(command.argv[i], what);
    if (!word) return Unexpected(word.error());
    prepared.request.argv.push_back(std::move(*word));
  }
  const std::string& program = prepared.request.argv[0];
  prepared.name = program.substr(program.rfind('/') + 1);

  Environment environment;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text(*entry);
    if (!hidden(text.substr(0, text.find('=')))) environment.inherit(*entry);
  }
  for (const auto& [name, value] : command.environment) {
    if (!variable_name(name)) return refused("'" + name + "' cannot be a variable's name");
    auto word = one_word(value, "the variable " + name + " of " + prepared.name);
    if (!word) return Unexpected(word.error());
    environment.set(name, *word);
  }
  std::vector<std::pair<std::string, std::string>> files;
  for (const auto& [name, value] : command.private_files) {
    if (!variable_name(name)) return refused("'" + name + "' cannot be a variable's name");
    auto contents = payload(value, "the private file " + name + " of " + prepared.name);
    if (!contents) return Unexpected(contents.error());
    if (name == "PGSERVICEFILE")
      for (const auto& [variable, setting] : protection_of(*contents))
        if (environment.get(variable).empty()) environment.set(variable, setting);
    files.emplace_back(name, std::move(*contents));
  }
  auto input = payload(command.input, "the standard input of " + prepared.name);
  if (!input) return Unexpected(input.error());
  prepared.input = std::move(*input);

  std::error_code error;
  const std::string folder = std::filesystem::absolute(command.folder.empty() ? "." : command.folder, error).lexically_normal().string();
  struct stat status {};
  if (!command.folder.empty() && (::stat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)))
    return Unexpected(Failure{Cause::missing, Reached::no, "the folder " + folder + ", in which " + prepared.name + " is to run, is not there", {}});
  prepared.request.folder = command.folder.empty() ? "" : folder;
  const std::string_view path = environment.get("PATH");
  const auto found = find_program(program, path, folder);
  if (!found) return Unexpected(not_found(program, path, folder));
  prepared.request.program = *found;

  auto private_files = PrivateFiles::create(files);
  if (!private_files) return Unexpected(private_files.error());
  prepared.private_files = std::move(*private_files);
  prepared.request.private_files = prepared.private_files.paths();
  for (std::size_t i = 0; i < files.size(); ++i) environment.set(files[i].first, prepared.request.private_files[i]);
  prepared.request.environment = environment.take();
  return prepared;
}

} // namespace belay
