#include "engine/definition.hpp"
#include "engine/scope.hpp"
#include "runbook/load_project.hpp"
#include "runbook/load_runbook.hpp"
#include "value/json.hpp"
#include "value/nearest.hpp"

namespace belay::engine {
namespace {

bool changes(const std::vector<Step>& steps, Catalog catalog) {
  for (const Step& step : steps) {
    if (changes(step.steps, catalog)) return true;
    if (step.use.empty() || step.use == "runbook.call") continue;
    const Action* action = find_action(catalog, step.use);
    if (!action) continue;
    if (std::holds_alternative<Hold>(action->does)) return true;
    if (auto* change = std::get_if<Change>(&action->does); change && (change->effect != Effect::reads || step.effect)) return true;
  }
  return false;
}

} // namespace

void called(const std::vector<Step>& steps, std::set<std::string>& names) {
  for (const Step& step : steps) {
    called(step.steps, names);
    called(step.undo_steps, names);
    if (step.use != "runbook.call") continue;
    const Template* name = step.with.find("runbook");
    const Value* literal = name ? std::get_if<Value>(&name->node) : nullptr;
    if (literal && literal->kind() == Kind::text && !literal->is_secret()) names.insert(literal->text());
  }
}

Library::Library(const Runbook& main, const Project& project) { add(main, project); }

void Library::add(const Runbook& runbook, const Project& project) {
  m_runbooks.push_back(runbook);
  std::set<std::string> names;
  called(runbook.steps, names);
  called(runbook.always, names);
  for (const std::string& name : names) {
    if (find(name)) continue;
    const Runbook* other = project.find(name);
    if (!other) {
      need_sound(project, name);
      throw Error(Exit::usage, "the runbook " + runbook.name + " calls '" + name + "', which is not there", did_you_mean(name, project.runbooks.names()));
    }
    add(*other, project);
  }
}

Expected<Library> Library::pinned(const std::string& definition, const World& world) {
  auto parsed = parse_json(definition);
  if (!parsed || parsed->kind() != Kind::list) return Unexpected(Failure{Cause::malformed, Reached::no, "the runbook that this run pinned cannot be read", ""});
  Library library;
  for (const Value& entry : parsed->list()) {
    const std::string name = entry["name"].text(), text = entry["text"].text();
    const Runbook* now = world.project.find(name);
    if (now && now->text == text) {
      library.m_runbooks.push_back(*now);
      continue;
    }
    std::vector<Problem> problems;
    Runbook old = load_runbook({name + ".yaml, as it was when the run began", text}, name, problems);
    if (!problems.empty())
      return Unexpected(Failure{Cause::refused, Reached::no, "the runbook " + name + ", as this run pinned it, cannot be read by this belay: " + problems.front().message, "resume with the version that began it, or with --rebase"});
    library.m_runbooks.push_back(std::move(old));
  }
  if (library.m_runbooks.empty()) return Unexpected(Failure{Cause::malformed, Reached::no, "this run pinned no runbook", ""});
  return library;
}

const Runbook* Library::find(const std::string& name) const {
  for (const Runbook& r : m_runbooks)
    if (r.name == name) return &r;
  return nullptr;
}

std::string Library::definition() const {
  Value::List list;
  for (const Runbook& r : m_runbooks) list.push_back(Value::object({{"name", Value(r.name)}, {"text", Value(r.text)}}));
  return canonical_json(Value(std::move(list)));
}

bool Library::changes(Catalog catalog) const {
  for (const Runbook& r : m_runbooks)
    if (engine::changes(r.steps, catalog)) return true;
  return false;
}

std::set<std::string> Library::references() const {
  std::set<std::string> names;
  for (const Runbook& r : m_runbooks) {
    for (const auto* steps : {&r.steps, &r.always})
      for (const Step& step : *steps)
        for (std::string& reference : all_references(step)) names.insert(std::move(reference));
    for (const auto& [name, t] : r.outputs)
      for (std::string& reference : references_of(t)) names.insert(std::move(reference));
  }
  return names;
}

} // namespace belay::engine
