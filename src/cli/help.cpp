#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/help_topics.hpp"
#include "report/table.hpp"
#include "state/words.hpp"
#include "value/nearest.hpp"
#include <fmt/format.h>
#include <ostream>

namespace belay::cli {
namespace {

std::string_view kind_word(const Action& action) {
  if (auto* change = std::get_if<Change>(&action.does)) return word(change->effect);
  constexpr std::string_view k_words[] = {"reads", "changes", "holds", "gate", "asks"};
  return k_words[action.does.index()];
}

/// Every action with its inputs and outputs, from the same tables that the checker reads.
std::string actions_text(Catalog catalog) {
  std::string out = "Actions\n";
  for (const Module* module : catalog) {
    out += fmt::format("\n{} — {}\n", module->name, module->summary);
    for (const Action& action : module->actions) {
      out += fmt::format("  {}.{}  ({})  {}\n", module->name, action.name, kind_word(action), action.summary);
      for (const Field& field : action.inputs)
        out += fmt::format("      {}{}{}  {}\n", field.name, field.required ? "" : "?", field.standard.empty() ? "" : fmt::format(" = {}", field.standard), field.help);
      for (const Field& field : action.outputs) out += fmt::format("      → {}  {}\n", field.name, field.help);
    }
  }
  return out;
}

/// A word that is explained under another name.
std::string topics_that_tell_of(const std::string& word) {
  std::string out;
  for (const HelpTopic& topic : help_topics())
    if (topic.text.find(word) != std::string_view::npos) out += (out.empty() ? "it is told of by: belay help " : ", belay help ") + std::string(topic.name);
  return out;
}

Exit run_help(const std::string& topic, Context& c) {
  if (topic == "actions") {
    c.outside.out << actions_text(c.outside.catalog);
    return Exit::done;
  }
  if (topic == "commands") {
    Globals unused;
    c.outside.out << command_line(unused).reference();
    return Exit::done;
  }
  std::vector<std::string> names{"actions", "commands"};
  std::vector<std::vector<std::string>> rows;
  for (const HelpTopic& t : help_topics()) {
    if (t.name == topic) {
      c.outside.out << t.text;
      return Exit::done;
    }
    names.emplace_back(t.name);
    rows.push_back({"  " + std::string(t.name), std::string(t.summary)});
  }
  if (!topic.empty()) {
    const std::string nearest = did_you_mean(topic, names), telling = topics_that_tell_of(topic);
    throw Error(Exit::usage, "there is no topic '" + topic + "'", telling.empty() ? nearest : telling);
  }
  rows.push_back({"  actions", "every action that a step can use, with its inputs and outputs"});
  rows.push_back({"  commands", "every command with its options"});
  c.outside.out << "belay help TOPIC\n\n" << report::table({}, rows) << "\nA command explains itself: `belay COMMAND --help`.\n";
  return Exit::done;
}

} // namespace

void add_help(Flags& flags) {
  auto topic = std::make_shared<std::string>();
  flags.positional("TOPIC", *topic, "what to explain; without it, the list of topics", false);
  flags.runs([topic](Context& c) { return run_help(*topic, c); });
}

} // namespace belay::cli
