#include "runbook/check_call.hpp"
#include "runbook/parameters.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace belay::check {

namespace {

std::string literal_name(const Step& step) {
  const Template* name = step.with.find("runbook");
  const Value* text = name != nullptr ? std::get_if<Value>(&name->node) : nullptr;
  return text != nullptr && text->kind() == Kind::text ? text->text() : std::string();
}

/// Whether these steps, or runbooks that they call, call `wanted`.
bool calls(const std::vector<Step>& steps, const std::string& wanted, const Project& project, std::set<std::string>& seen) {
  return std::any_of(steps.begin(), steps.end(), [&](const Step& step) {
    if (calls(step.steps, wanted, project, seen) || calls(step.undo_steps, wanted, project, seen)) return true;
    const std::string name = step.use == "runbook.call" ? literal_name(step) : std::string();
    if (name.empty() || !seen.insert(name).second) return false;
    const Runbook* called = project.find(name);
    return name == wanted || (called != nullptr && (calls(called->steps, wanted, project, seen) || calls(called->always, wanted, project, seen)));
  });
}

void check_given(const Template& given, const Runbook& called, const Site& site, Scoping& scoping) {
  const auto* map = std::get_if<Template::Map>(&given.node);
  if (map == nullptr) return;
  std::vector<std::string> names;
  for (const auto& parameter : called.parameters) names.push_back(parameter.name);
  for (const auto& [name, value] : map->of) {
    const auto parameter = std::find_if(called.parameters.begin(), called.parameters.end(), [&](const Parameter& p) { return p.name == name; });
    if (parameter == called.parameters.end()) {
      scoping.say(site, value.where, fmt::format("runbook {} has no parameter '{}'", called.name, name), names.empty() ? "it has none" : did_you_mean(name, names));
      continue;
    }
    if (!parameter->secret && scoping.is_secret(value, site)) scoping.say(site, value.where, fmt::format("a secret in parameter '{}' of {}, which is journaled", name, called.name), "declare the parameter with secret: true");
    Kind have = Kind::any;
    if (const auto* plain_value = std::get_if<Value>(&value.node)) have = plain_value->kind();
    if (std::holds_alternative<Template::List>(value.node)) have = Kind::list;
    if (std::holds_alternative<Template::Map>(value.node)) have = Kind::map;
    if (!fits(have, parameter->type)) scoping.say(site, value.where, fmt::format("parameter '{}' of {} is {}, not {}", name, called.name, described(parameter->type), described(have)), {});
  }
}

} // namespace

expr::Type check_call(const Step& step, const Site& site, const Runbook& caller, const Project& project, Scoping& scoping) {
  const expr::Type unknown = map_of(plain(Kind::any));
  const auto* with = std::get_if<Template::Map>(&step.with.node);
  if (with == nullptr) return unknown;
  for (const auto& [name, value] : with->of)
    if (name != "runbook" && name != "parameters" && name != "with") scoping.say(site, value.where, fmt::format("runbook.call has no input '{}'", name), "its inputs are 'runbook' and 'parameters'");
  if (step.with.find("runbook") == nullptr) {
    scoping.say(site, step.where, "runbook.call wants the input 'runbook'", "runbook: platform/procedure");
    return unknown;
  }
  const std::string name = literal_name(step);
  if (name.empty()) return unknown;
  const Runbook* called = name == caller.name ? &caller : project.find(name);
  if (called == nullptr) {
    const bool is_broken = std::any_of(project.broken.begin(), project.broken.end(), [&](const BrokenFile& file) { return file.path == name + ".yaml"; });
    if (is_broken) scoping.say(site, step.with.find("runbook")->where, fmt::format("the runbook '{}' cannot be loaded", name), "`belay runbook check " + name + "` says why");
    else scoping.say(site, step.with.find("runbook")->where, fmt::format("there is no runbook '{}'", name), did_you_mean(name, project.runbooks.names()));
    return unknown;
  }
  std::set<std::string> seen;
  if (called == &caller || calls(called->steps, caller.name, project, seen)) scoping.say(site, step.with.find("runbook")->where, fmt::format("{} would call itself through {}", caller.name, name), "a run that calls itself never ends");
  const Template* given = step.with.find("parameters");
  if (given == nullptr) given = step.with.find("with");
  if (given != nullptr) check_given(*given, *called, site, scoping);
  const bool is_open = given != nullptr && !std::holds_alternative<Template::Map>(given->node);
  for (const auto& parameter : called->parameters)
    if (!parameter.optional && !parameter.standard && !is_open && (given == nullptr || given->find(parameter.name) == nullptr))
      scoping.say(site, step.where, fmt::format("runbook {} wants the parameter '{}'", name, parameter.name), parameter.help);
  expr::Type outputs = object();
  for (const auto& [output, value] : called->outputs) outputs.members.emplace_back(output, plain(Kind::any));
  return outputs;
}

} // namespace belay::check
