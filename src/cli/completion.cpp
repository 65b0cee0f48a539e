#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/help_topics.hpp"
#include "runbook/settings.hpp"
#include <algorithm>
#include <ostream>

namespace belay::cli {
namespace {

constexpr std::string_view k_bash = R"sh(# Completion of belay for bash: source it, or put it into /etc/bash_completion.d/.
_belay() {
  local IFS=$'\n'
  COMPREPLY=($(belay __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _belay belay
)sh";
constexpr std::string_view k_zsh = R"sh(#compdef belay
# Completion of belay for zsh: put it as _belay into a folder of $fpath.
_belay() {
  local -a candidates
  candidates=(${(f)"$(belay __complete -- "${words[@]:1:$((CURRENT-1))}" 2>/dev/null)"})
  compadd -- $candidates
}
compdef _belay belay
)sh";
constexpr std::string_view k_fish = R"sh(# Completion of belay for fish: put it into ~/.config/fish/completions/belay.fish.
complete -c belay -f -a '(belay __complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
)sh";

Exit run_completion(const std::string& shell, Context& c) {
  if (shell != "bash" && shell != "zsh" && shell != "fish") throw Error(Exit::usage, "there is no completion for '" + shell + "'", "known: bash, zsh, fish");
  c.outside.out << (shell == "bash" ? k_bash : shell == "zsh" ? k_zsh : k_fish);
  return Exit::done;
}

using Words = std::vector<std::string>;

/// The value of an option that stands before the word being completed.
std::string option_of(const Words& words, std::initializer_list<std::string_view> names) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i)
    if (std::find(names.begin(), names.end(), words[i]) != names.end()) return words[i + 1];
  return {};
}

Words stream_ids(Context& c, const char* kind) {
  Words out;
  Query query;
  query.kind = kind;
  query.limit = 100;
  if (const auto rows = c.store().list(query))
    for (const Row& row : *rows) out.push_back(row.stream.substr(row.stream.rfind('/') + 1));
  return out;
}

Words folder_names(Context& c, const std::string& folder) {
  const auto names = c.outside.ports.files.list(folder);
  return names ? *names : Words{};
}

/// The service named on the line, if any, in the environment named on it.
std::optional<Service> service_on(const Words& words, Context& c) {
  const std::string environment = option_of(words, {"-e", "--env"});
  for (const std::string& word : words)
    if (std::find(c.project().services.begin(), c.project().services.end(), word) != c.project().services.end()) {
      const auto known = environments_of(c.project(), word);
      if (known.empty()) return {};
      return c.service(word, std::find(known.begin(), known.end(), environment) != known.end() ? environment : known.front());
    }
  return {};
}

Words live_values(std::string_view completes, const Words& words, Context& c) {
  if (completes == "run") return stream_ids(c, "run");
  if (completes == "service") return c.project().services;
  const auto service = service_on(words, c);
  if (!service) return {};
  if (completes == "release") {
    const Value root = service->env["host"]["root"];
    return root.kind() == Kind::text ? folder_names(c, root.text() + "/releases") : Words{};
  }
  if (completes == "backup") {
    const Value folder = service->env["backup"]["folder"];
    Words out = folder.kind() == Kind::text ? folder_names(c, folder.text() + "/" + service->name + "/" + service->environment) : Words{};
    out.push_back("latest");
    return out;
  }
  return {};
}

std::string procedure_on(const Words& words) {
  if (words.empty()) return {};
  return words[0] == "backup" && words.size() > 1 ? "backup/" + words[1] : words[0];
}

/// Options that are parameters of the runbook which the line would run, and the values of one.
const Runbook* runbook_on(const Words& words, Context& c) {
  if (words.size() > 1 && words[0] == "run") return c.project().find(words[1]);
  const auto service = service_on(words, c);
  return service ? c.project().find(service->platform + "/" + procedure_on(words)) : nullptr;
}

std::string option_name(std::string parameter) {
  std::replace(parameter.begin(), parameter.end(), '_', '-');
  return "--" + parameter;
}

Words candidates(const Words& words, Context& c) {
  const std::string& previous = words.size() > 1 ? words[words.size() - 2] : words.front();
  const Words before(words.begin(), words.end() - 1);
  if (words.size() > 1) {
    if (previous == "-e" || previous == "--env") return c.project().environments;
    if (previous == "-s" || previous == "--service") return c.project().services;
    if (previous == "--output") return {"text", "json", "ndjson"};
    if (const Runbook* runbook = runbook_on(before, c))
      for (const Parameter& p : runbook->parameters)
        if (option_name(p.name) == previous) return p.choices.empty() ? live_values(p.completes, before, c) : p.choices;
  }
  Globals unused;
  Words out = command_line(unused).candidates(before);
  if (before.empty()) return out;
  const std::string& first = before[0];
  auto add = [&](const Words& more) { out.insert(out.end(), more.begin(), more.end()); };
  if (first == "deploy" || first == "rollback" || first == "restore" || first == "health" || ((first == "backup" || first == "service" || first == "incident") && before.size() > 1)) add(c.project().services);
  if (first == "runs" && before.size() > 1) add(stream_ids(c, "run"));
  if (first == "incident" && before.size() > 1) add(stream_ids(c, "incident"));
  if ((first == "run" && before.size() == 1) || (first == "runbook" && before.size() > 1))
    add(c.project().runbooks.names());
  if (first == "help")
    for (const HelpTopic& topic : help_topics()) out.emplace_back(topic.name);
  if (const Runbook* runbook = runbook_on(before, c))
    for (const Parameter& p : runbook->parameters) out.push_back(option_name(p.name));
  return out;
}

/// Prints what may stand in place of the last word, one a line; nothing where anything fails: a shell must not be disturbed.
Exit run_complete(const Words& words, Context& c) {
  try {
    const Words line = words.empty() ? Words{""} : words;
    Words out = candidates(line, c);
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    for (const std::string& word : out)
      if (word.rfind(line.back(), 0) == 0 && (line.back().rfind('-', 0) == 0 || word.rfind('-', 0) != 0)) c.outside.out << word << '\n';
  } catch (const Error&) {
    return Exit::done;
  }
  return Exit::done;
}

} // namespace

void add_completion(Flags& flags) {
  auto shell = std::make_shared<std::string>();
  flags.positional("SHELL", *shell, "bash, zsh or fish");
  flags.runs([shell](Context& c) { return run_completion(*shell, c); });
}

void add_complete(Flags& flags) {
  auto words = std::make_shared<Words>();
  flags.positionals("WORDS", *words, "the line so far");
  flags.runs([words](Context& c) { return run_complete(*words, c); });
}

} // namespace belay::cli
