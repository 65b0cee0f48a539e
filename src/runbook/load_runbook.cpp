#include "runbook/load_runbook.hpp"
#include "runbook/runbook_table.hpp"
#include "runbook/template.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <re2/re2.h>

namespace belay {

namespace {

constexpr std::pair<std::string_view, Kind> k_types[] = {{"string", Kind::text}, {"integer", Kind::integer}, {"number", Kind::real}, {"boolean", Kind::boolean},
                                                         {"duration", Kind::duration}, {"timestamp", Kind::timestamp}, {"list", Kind::list}, {"map", Kind::map}};

bool flag(const yaml::Node* node) { return node != nullptr && node->is_scalar() && node->style == yaml::Style::plain && yaml::scalar(*node) == Value(true); }
std::string text(const yaml::Node* node) { return node != nullptr ? node->text : std::string{}; }

void load_parameter(const yaml::Member& member, Runbook& runbook, std::vector<Problem>& problems) {
  auto say = [&](Place where, std::string message, std::string hint) { problems.push_back({std::move(where), std::move(message), std::move(hint)}); };
  const yaml::Node& node = member.value;
  Parameter parameter;
  parameter.name = member.key;
  parameter.where = member.where();
  if (!is_name(member.key)) say(parameter.where, fmt::format("'{}' is no name for a parameter", member.key), "names begin with a small letter and hold small letters, digits and _");
  parameter.help = text(node.find("help"));
  for (const auto& [name, kind] : k_types)
    if (text(node.find("type")) == name) parameter.type = kind;
  parameter.optional = flag(node.find("optional"));
  parameter.secret = flag(node.find("secret"));
  parameter.completes = text(node.find("completes"));
  if (const auto* standard = node.find("default")) {
    parameter.standard = make_template(*standard, problems);
    if (parameter.optional) say(standard->where(), "a parameter with a default is never absent", "remove 'optional' or 'default'");
    if (parameter.secret && std::holds_alternative<Value>(parameter.standard->node)) say(standard->where(), "a secret written into a runbook", "give it when running, or take it from the service's secrets");
  }
  if (const auto* choices = node.find("choices"))
    for (const auto& choice : choices->items) parameter.choices.push_back(choice.text);
  if (const auto* pattern = node.find("pattern")) {
    parameter.pattern = pattern->text;
    const re2::RE2 compiled(parameter.pattern, re2::RE2::Quiet);
    if (!compiled.ok()) say(pattern->where(), "'pattern' is no regular expression: " + compiled.error(), "RE2's syntax, without look-ahead and back-references");
  }
  if (parameter.type != Kind::text && !parameter.pattern.empty()) say(node.find("pattern")->where(), "'pattern' is for parameters of type string", {});
  if (parameter.type != Kind::text && !parameter.choices.empty()) say(node.find("choices")->where(), "'choices' is for parameters of type string", {});
  runbook.parameters.push_back(std::move(parameter));
}

void load_notes(const yaml::Node* notes, Runbook& runbook) {
  if (notes == nullptr) return;
  if (notes->is_scalar()) runbook.notes.push_back(notes->text);
  for (const auto& item : notes->items) runbook.notes.push_back(item.text);
}

} // namespace

Runbook load_runbook(const yaml::Source& source, const std::string& name, std::vector<Problem>& problems) {
  Runbook runbook;
  runbook.name = name;
  runbook.text = source.text;
  runbook.where = {source.name, 1, 1};
  const yaml::Node root = yaml::parse(source, problems);
  if (root.cut) return runbook;
  if (root.is_scalar() && root.text.empty()) {
    problems.push_back({runbook.where, "the file is empty", "a runbook has at least: runbook, title, steps"});
    return runbook;
  }
  validate(root, k_runbook_object, problems);
  if (!root.is_map()) return runbook;
  runbook.where = root.where();
  if (const auto* written = root.find("runbook"); written != nullptr && written->text != name && !name.empty())
    problems.push_back({written->where(), fmt::format("this file holds '{}', and calls itself '{}'", name, written->text), "a runbook is named for its file: platform/procedure"});
  runbook.title = text(root.find("title"));
  load_notes(root.find("notes"), runbook);
  if (const auto* parameters = root.find("parameters"))
    for (const auto& member : parameters->members) load_parameter(member, runbook, problems);
  if (const auto* claim = root.find("claim")) runbook.claim = make_template(*claim, problems);
  runbook.safeward = flag(root.find("safeward"));
  if (text(root.find("on_stop")) == "undo") runbook.on_stop = OnStop::undo;
  if (text(root.find("on_death")) == "resume") runbook.on_death = OnDeath::resume;
  if (text(root.find("on_death")) == "undo") runbook.on_death = OnDeath::undo;
  if (const auto* timeout = root.find("timeout")) runbook.timeout.step = load_duration(*timeout);
  if (const auto* steps = root.find("steps")) {
    runbook.steps = load_steps(*steps, problems);
    if (runbook.steps.empty()) problems.push_back({steps->where(), "a runbook without steps", {}});
  }
  if (const auto* always = root.find("always")) {
    runbook.always = load_steps(*always, problems);
    for (const auto& step : runbook.always)
      if (std::any_of(runbook.steps.begin(), runbook.steps.end(), [&](const Step& other) { return other.id == step.id; }) && !step.id.empty())
        problems.push_back({step.where, fmt::format("'{}' is the id of a step too", step.id), "steps and always share their names: choose another"});
  }
  if (const auto* outputs = root.find("outputs"))
    for (const auto& member : outputs->members) {
      if (!is_name(member.key)) problems.push_back({member.where(), fmt::format("'{}' is no name for an output", member.key), "names begin with a small letter and hold small letters, digits and _"});
      runbook.outputs.emplace_back(member.key, make_template(member.value, problems));
    }
  return runbook;
}

} // namespace belay
