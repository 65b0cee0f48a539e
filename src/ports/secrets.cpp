#include "ports/secrets.hpp"
#include "codec/fingerprint.hpp"
#include "value/json.hpp"
#include <fmt/core.h>

namespace belay {
namespace {

constexpr std::uint64_t k_largest = 1 << 20; // bytes of a secret
constexpr int k_links = 16;                  // followed from a reference to its file

constexpr std::size_t k_shortest = 4; // bytes; what is shorter is not learnt by a Redactor

Unexpected failed(Cause cause, std::string message, std::string hint) { return Unexpected(Failure{cause, Reached::no, std::move(message), std::move(hint)}); }

class RealSecrets final : public Secrets {
public:
  RealSecrets(HidingProcess& process, FileReads& files, const Machine& machine) : m_process(process), m_files(files), m_machine(machine) {}

  Expected<Resolved> resolve(const Value& reference, const Stop& stop) override {
    if (!reference.known() || reference.has_secret()) return failed(Cause::rejected, "a secret's reference is unknown or secret itself", "write it out: env:NAME, file:PATH or {command: [program, argument…]}");
    const std::string name = bare_json(reference);
    auto found = contents(reference, stop);
    if (!found) return Unexpected(found.error());
    if (found->empty()) return failed(Cause::rejected, fmt::format("the secret {} is empty", name), "put a value there; an empty one is never what is meant");
    if (found->size() < k_shortest) return failed(Cause::rejected, fmt::format("the secret {} is shorter than {} bytes", name, k_shortest), "so short a one cannot be kept out of journals and outputs, and is guessed at once: take a longer one");
    std::string version = secret_fingerprint(*found, name);
    return Resolved{Value(std::move(*found)).as_secret(), std::move(version)};
  }

private:
  Expected<std::string> contents(const Value& reference, const Stop& stop) {
    if (reference.kind() == Kind::map && reference.map().size() == 1 && reference.has("command")) return of_command(reference["command"], stop);
    if (reference.kind() == Kind::text) {
      const std::string& text = reference.text();
      if (text.starts_with("env:")) return of_variable(text.substr(4));
      if (text.starts_with("file:")) return of_file(text.substr(5));
    }
    return failed(Cause::rejected, fmt::format("{} is no reference to a secret that this belay can follow", bare_json(reference)), "there are env:NAME, file:PATH, gcp:projects/…/secrets/… and {command: [program, argument…]}");
  }

  Expected<std::string> of_variable(const std::string& name) {
    const auto value = m_machine.variable(name);
    m_process.hide(name);
    if (!value) return failed(Cause::missing, fmt::format("the secret env:{} is not there: the variable {} is not set", name, name), "set it for belay alone, or refer to a file");
    return *value;
  }

  Expected<std::string> of_file(const std::string& path) {
    std::string at = path;
    for (int link = 0; link < k_links; ++link) {
      const auto status = m_files.status(at);
      if (!status) return failed(status.error().cause, fmt::format("the secret file:{} cannot be read: {}", path, status.error().message), "check the path and this user's right to it");
      if (status->sort == FileStatus::Sort::link) {
        at = status->target.starts_with('/') ? status->target : at.substr(0, at.rfind('/') + 1) + status->target;
        continue;
      }
      if (status->mode & 07) return failed(Cause::refused, fmt::format("the secret file:{} is open to every user (mode {:04o})", path, status->mode), fmt::format("chmod o-rwx {}, and consider the secret known to others", at));
      auto text = m_files.text(at, k_largest);
      if (!text) return failed(text.error().cause, fmt::format("the secret file:{} cannot be read: {}", path, text.error().message), "check the path and this user's right to it");
      return trimmed(std::move(*text));
    }
    return failed(Cause::refused, fmt::format("the secret file:{} cannot be read: more than {} links lead to it", path, k_links), "name the file itself");
  }

  Expected<std::string> of_command(const Value& arguments, const Stop& stop) {
    Command command;
    const bool usable = arguments.kind() == Kind::list && !arguments.list().empty();
    if (usable) command.argv = arguments.list();
    for (const Value& argument : command.argv)
      if (argument.kind() != Kind::text) command.argv.clear();
    if (command.argv.empty()) return failed(Cause::rejected, "the command of a secret must be a list of texts: a program and its arguments", "write {command: [pass, show, production/database]}");
    const std::string& program = command.argv.front().text();
    auto ended = m_process.read(command, stop);
    if (!ended) return failed(ended.error().cause, fmt::format("the command for a secret, {}, could not be run: {}", program, ended.error().message), ended.error().hint);
    if (ended->status != 0 || ended->signal != 0) {
      const std::string how = ended->signal ? fmt::format("was ended by signal {}", ended->signal) : fmt::format("failed with status {}", ended->status);
      return failed(Cause::rejected, fmt::format("the command for a secret, {}, {}", program, how), "its output is not shown, since it may hold the secret: run it by hand");
    }
    if (ended->cut || ended->out.size() > k_largest) return failed(Cause::full, fmt::format("the command for a secret, {}, wrote more than 1 MiB", program), "it must write the secret alone");
    return trimmed(std::move(ended->out));
  }

  static std::string trimmed(std::string text) {
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    return text;
  }

  HidingProcess& m_process;
  FileReads& m_files;
  const Machine& m_machine;
};

} // namespace

std::unique_ptr<Secrets> make_secrets(HidingProcess& process, FileReads& files, const Machine& machine) { return std::make_unique<RealSecrets>(process, files, machine); }

} // namespace belay
