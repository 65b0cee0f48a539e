#include "cli/flags.hpp"
#include "value/nearest.hpp"
#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace belay::cli {

/// One CLI11 app with what this face adds to it; the root owns the tree.
struct Flags::Node {
  std::unique_ptr<CLI::App> root; ///< of the root only
  CLI::App* app = nullptr;
  std::shared_ptr<std::optional<Work>> chosen;
  std::shared_ptr<std::vector<std::pair<CLI::App*, std::vector<std::string>*>>> keeps;
};

Flags::Flags(std::string_view program, std::string_view summary) : m_node(std::make_shared<Node>()) {
  m_node->root = std::make_unique<CLI::App>(std::string(summary), std::string(program));
  m_node->app = m_node->root.get();
  m_node->chosen = std::make_shared<std::optional<Work>>();
  m_node->keeps = std::make_shared<std::vector<std::pair<CLI::App*, std::vector<std::string>*>>>();
  m_node->app->set_help_flag("-h,--help", "what a command does and takes");
  m_node->app->require_subcommand(0, 1);
  m_node->app->allow_extras(); // sorted out in parse, which knows who keeps them
  m_node->app->get_formatter()->column_width(34);
}
Flags::Flags(std::shared_ptr<Node> node) : m_node(std::move(node)) {}

Flags Flags::command(std::string_view name, std::string_view summary, std::string_view group) {
  auto child = std::make_shared<Node>();
  child->app = m_node->app->add_subcommand(std::string(name), std::string(summary));
  if (!group.empty()) child->app->group(std::string(group));
  child->app->fallthrough();
  child->app->require_subcommand(0, 1);
  child->chosen = m_node->chosen;
  child->keeps = m_node->keeps;
  return Flags(std::move(child));
}

void Flags::hide() { m_node->app->group(""); }
void Flags::flag(std::string_view names, bool& into, std::string_view help) { m_node->app->add_flag(std::string(names), into, std::string(help)); }
void Flags::text(std::string_view names, std::string& into, std::string_view help, std::string_view placeholder) {
  m_node->app->add_option(std::string(names), into, std::string(help))->type_name(std::string(placeholder));
}
void Flags::text(std::string_view names, std::optional<std::string>& into, std::string_view help, std::string_view placeholder) {
  m_node->app->add_option_function<std::string>(std::string(names), [&into](const std::string& v) { into = v; }, std::string(help))->type_name(std::string(placeholder));
}
void Flags::texts(std::string_view names, std::vector<std::string>& into, std::string_view help, std::string_view placeholder) {
  m_node->app->add_option(std::string(names), into, std::string(help))
      ->type_name(std::string(placeholder))
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}
void Flags::count(std::string_view names, unsigned& into, std::string_view help) { m_node->app->add_option(std::string(names), into, std::string(help))->type_name("N"); }
void Flags::choice(std::string_view names, std::string& into, const std::vector<std::string>& choices, std::string_view help) {
  const CLI::Validator one_of(
      [choices](std::string& given) {
        if (std::find(choices.begin(), choices.end(), given) != choices.end()) return std::string();
        return fmt::format("'{}' is none of {}", given, fmt::join(choices, ", "));
      },
      "");
  m_node->app->add_option(std::string(names), into, std::string(help))->check(one_of)->type_name(fmt::format("{}", fmt::join(choices, "|")));
}
void Flags::positional(std::string_view name, std::string& into, std::string_view help, bool required) {
  m_node->app->add_option(std::string(name), into, std::string(help))->required(required)->type_name("");
}
void Flags::positionals(std::string_view name, std::vector<std::string>& into, std::string_view help, bool required) {
  m_node->app->add_option(std::string(name), into, std::string(help))->required(required)->type_name("");
}
void Flags::keep_unknown(std::vector<std::string>& into) { m_node->keeps->emplace_back(m_node->app, &into); }
void Flags::footer(std::string_view text) { m_node->app->footer(std::string(text)); }
void Flags::runs(Work work) {
  m_node->app->callback([chosen = m_node->chosen, work = std::move(work)] { *chosen = work; });
}

namespace {

const CLI::App* deepest(const CLI::App* app) {
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return app;
}

std::string full_name(const CLI::App* app) { return app->get_parent() ? full_name(app->get_parent()) + " " + app->get_name() : app->get_name(); }

/// CLI11 writes the program's own name a second time where it is given as the path of the whole.
std::string help_of(const CLI::App* app) {
  if (!app->get_parent()) return app->help();
  return app->help(full_name(app->get_parent())) + "\nOptions that every command takes (--project, --dry-run, --output …): `belay --help`.\n";
}

std::vector<std::string> option_names(const CLI::App* app) {
  std::vector<std::string> out;
  for (; app; app = app->get_parent())
    for (const CLI::Option* option : app->get_options())
      for (const std::string& name : option->get_lnames()) out.push_back("--" + name);
  return out;
}

std::vector<std::string> command_names(const CLI::App* app) {
  std::vector<std::string> out;
  for (const CLI::App* child : app->get_subcommands([](const CLI::App* a) { return !a->get_group().empty(); })) out.push_back(child->get_name());
  return out;
}

/// The command that the words name, as far as that can be told before they are parsed.
const CLI::App* command_of(const CLI::App* app, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word == "--") break;
    for (const CLI::App* child : app->get_subcommands([](const CLI::App*) { return true; }))
      if (child->get_name() == word) {
        app = child;
        break;
      }
  }
  return app;
}

/// `--max-instances 3` → `--max-instances=3` where the command does not know the option: else 3 would be taken for a positional.
std::vector<std::string> with_values_joined(const std::vector<std::string>& words, const std::vector<std::string>& known) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") {
      out.insert(out.end(), words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
      break;
    }
    const bool unknown = words[i].rfind("--", 0) == 0 && words[i].find('=') == std::string::npos && std::find(known.begin(), known.end(), words[i]) == known.end();
    const bool has_value = i + 1 < words.size() && words[i + 1].rfind('-', 0) != 0;
    out.push_back(unknown && has_value ? words[i] + "=" + words[i + 1] : words[i]);
    i += unknown && has_value;
  }
  return out;
}

/// The first option that wants a value and has another option behind it, with that option; CLI11 would take the one for the other's value.
std::optional<std::pair<std::string, std::string>> without_value(const CLI::App* app, const std::vector<std::string>& words) {
  std::vector<std::string> all, wanting;
  for (; app; app = app->get_parent())
    for (const CLI::Option* option : app->get_options()) {
      std::vector<std::string> names;
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
      for (const std::string& name : option->get_snames()) names.push_back("-" + name);
      all.insert(all.end(), names.begin(), names.end());
      if (option->get_items_expected_min() > 0) wanting.insert(wanting.end(), names.begin(), names.end());
    }
  const auto in = [](const std::vector<std::string>& names, const std::string& word) { return std::find(names.begin(), names.end(), word) != names.end(); };
  for (std::size_t i = 0; i + 1 < words.size() && words[i] != "--"; ++i)
    if (in(wanting, words[i]) && (in(all, words[i + 1].substr(0, words[i + 1].find('='))) || words[i + 1].rfind("--", 0) == 0)) return {{words[i], words[i + 1]}};
  return {};
}

} // namespace

std::optional<Work> Flags::parse(std::vector<std::string> arguments, std::string& printed) {
  CLI::App& app = *m_node->app;
  if (arguments.size() == 1 && (arguments[0] == "--version" || arguments[0] == "-V")) {
    printed = std::string("belay ") + BELAY_VERSION + "\n";
    return {};
  }
  for (std::string& argument : arguments) {
    if (argument == "--") break;
    // Its value is optional, so a word that follows is never it.
    if (argument == "--dry-run") argument = "--dry-run=reads";
  }
  const CLI::App* wanted = command_of(&app, arguments);
  if (const auto bare = without_value(wanted, arguments))
    throw Error(Exit::usage, bare->first + " needs a value, and " + bare->second + " is an option", "write " + bare->first + "=VALUE; try `" + full_name(wanted) + " --help`");
  const auto keeper = std::find_if(m_node->keeps->begin(), m_node->keeps->end(), [&](const auto& keep) { return keep.first == wanted; });
  if (keeper != m_node->keeps->end()) arguments = with_values_joined(arguments, option_names(wanted));
  std::reverse(arguments.begin(), arguments.end()); // CLI11 takes them from the back
  auto usage = [&](std::string message, const std::string& hint) {
    const std::string help = "try `" + full_name(deepest(&app)) + " --help`";
    return Error(Exit::usage, std::move(message), hint.empty() ? help : hint + " " + help);
  };
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    printed = help_of(deepest(&app));
    return {};
  } catch (const CLI::ParseError& e) {
    throw usage(e.what(), "");
  }
  auto rest = app.remaining(true);
  if (const auto mark = std::find(rest.begin(), rest.end(), "--"); mark != rest.end()) rest.erase(mark);
  if (keeper != m_node->keeps->end()) *keeper->second = rest;
  else if (!rest.empty()) {
    const CLI::App* at = deepest(&app);
    const std::string word = rest.front().substr(0, rest.front().find('='));
    if (word.rfind('-', 0) == 0) throw usage("there is no option " + word, did_you_mean(word, option_names(at)));
    const auto commands = command_names(at);
    throw usage(commands.empty() ? "'" + word + "' is one word too many" : "there is no command '" + word + "'", did_you_mean(word, commands));
  }
  if (!*m_node->chosen) {
    const CLI::App* at = deepest(&app);
    printed = help_of(at);
    if (at == &app) return {};
    // A script must not take a command that did nothing for one that succeeded.
    throw usage(full_name(at) + " needs to know what to do", fmt::format("one of: {}.", fmt::join(command_names(at), ", ")));
  }
  return *m_node->chosen;
}

std::vector<std::string> Flags::candidates(const std::vector<std::string>& words) const {
  const CLI::App* app = m_node->app;
  for (const std::string& word : words)
    for (const CLI::App* child : app->get_subcommands([](const CLI::App*) { return true; }))
      if (child->get_name() == word) {
        app = child;
        break;
      }
  std::vector<std::string> out = command_names(app);
  for (const std::string& name : option_names(app)) out.push_back(name);
  return out;
}

std::string Flags::reference() const {
  std::string out;
  std::function<void(const CLI::App*)> add = [&](const CLI::App* app) {
    if (app->get_parent() && app->get_group().empty()) return;
    out += help_of(app) + "\n";
    for (const CLI::App* child : app->get_subcommands([](const CLI::App*) { return true; })) add(child);
  };
  add(m_node->app);
  return out;
}

} // namespace belay::cli
