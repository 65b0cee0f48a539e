#include "runbook/check_scope.hpp"
#include "runbook/project_files.hpp"
#include "runbook/template.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace belay::check {

std::vector<std::string> parts_of(const std::string& reference) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= reference.size();) {
    const auto end = std::min(reference.find('.', at), reference.size());
    parts.push_back(reference.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

const Entry* Frame::find(std::string_view id) const {
  for (const auto& entry : entries)
    if (entry.step->id == id) return &entry;
  return around != nullptr ? around->find(id) : nullptr;
}

namespace {

expr::Type secrets_type(const Project& project) {
  expr::Type secrets = object();
  if (project.files == nullptr) return map_of(plain(Kind::text));
  auto add = [&](const yaml::Node& settings) {
    if (const auto* named = settings.find("secrets"))
      for (const auto& member : named->members)
        if (check::member(secrets, member.key) == nullptr) secrets.members.emplace_back(member.key, plain(Kind::text));
  };
  if (const auto* defaults = project.files->project.find("defaults")) add(*defaults);
  for (const auto& [name, service] : project.files->services) {
    add(service);
    if (const auto* environments = service.find("environments"))
      for (const auto& environment : environments->members) add(environment.value);
  }
  return secrets.members.empty() ? map_of(plain(Kind::text)) : secrets;
}

/// `dotted` is the same as, within, or around one of the secret places.
bool touches(const std::vector<std::string>& secrets, const std::string& dotted) {
  return std::any_of(secrets.begin(), secrets.end(), [&](const std::string& secret) {
    return dotted.empty() || secret == dotted || dotted.starts_with(secret + ".") || secret.starts_with(dotted + ".");
  });
}

const std::vector<Step>* list_with(const std::vector<Step>& steps, std::string_view id, std::string& path) {
  for (const auto& step : steps)
    if (step.id == id) return &steps;
  for (const auto& step : steps) {
    if (const auto* found = list_with(step.steps, id, path)) {
      path = path.empty() ? step.id : step.id + "." + path;
      return found;
    }
  }
  return nullptr;
}

} // namespace

Scoping::Scoping(const Runbook& runbook, const Project& project, std::vector<Checked>& found)
    : m_runbook(runbook), m_found(found), m_service(of_service()), m_env(of_env()), m_params(of_parameters(runbook.parameters)), m_run(of_run()), m_ended_run(of_ended_run()), m_secrets(secrets_type(project)),
      m_each(object({{"key", plain(Kind::any)}, {"value", plain(Kind::any)}})) {}

void Scoping::say(const Site& site, const Place& where, std::string message, std::string hint, CheckLevel severity) {
  std::string path = site.frame.path;
  if (site.step != nullptr) path += (path.empty() ? "" : "/") + site.step->id;
  m_found.push_back({severity, {where, std::move(message), std::move(hint)}, std::move(path)});
}

const expr::Type* Scoping::root(const std::string& name, const Site& site) const {
  if (site.own != nullptr)
    if (const auto* own = member(*site.own, name)) return own;
  if (name == "service") return &m_service;
  if (name == "env") return &m_env;
  if (name == "params" && site.params) return &m_params;
  if (name == "run") return site.frame.in_always ? &m_ended_run : &m_run;
  if (name == "secrets") return &m_secrets;
  if (name == "each" && site.frame.has_each()) return &m_each;
  return nullptr;
}

/// Only what the expression names: types are copied by the checker.
expr::Scope Scoping::scope_for(const expr::Program& program, const Site& site) const {
  expr::Scope scope;
  auto named = [&](const std::string& name) {
    return std::find_if(scope.names.begin(), scope.names.end(), [&](const auto& known) { return known.first == name; });
  };
  for (const auto& reference : program.references()) {
    const auto parts = parts_of(reference);
    const bool is_steps = parts[0] == "steps" && (site.own == nullptr || member(*site.own, "steps") == nullptr);
    if (is_steps && site.steps) {
      if (named("steps") == scope.names.end()) scope.names.emplace_back("steps", object());
      auto& members = named("steps")->second.members;
      auto add = [&](const Entry& entry) {
        if (std::none_of(members.begin(), members.end(), [&](const auto& m) { return m.first == entry.step->id; })) members.emplace_back(entry.step->id, entry.outputs);
      };
      if (parts.size() > 1) {
        if (const Entry* entry = site.frame.find(parts[1])) add(*entry);
      } else {
        for (const Frame* frame = &site.frame; frame != nullptr; frame = frame->around)
          for (const auto& entry : frame->entries) add(entry);
      }
      continue;
    }
    const expr::Type* type = root(parts[0], site);
    if (type == nullptr || (named(parts[0]) != scope.names.end() && (parts.size() == 1 || !type->object))) continue;
    if (parts.size() == 1 || !type->object) {
      scope.names.emplace_back(parts[0], *type);
      continue;
    }
    if (named(parts[0]) == scope.names.end()) scope.names.emplace_back(parts[0], object());
    auto& members = named(parts[0])->second.members;
    const expr::Type* inner = member(*type, parts[1]);
    if (inner != nullptr && std::none_of(members.begin(), members.end(), [&](const auto& m) { return m.first == parts[1]; })) members.emplace_back(parts[1], *inner);
  }
  return scope;
}

bool Scoping::guarded(const Entry& entry, const std::string& reference, const expr::Program& program, const Site& site) const {
  const std::string has = "has(" + reference;
  auto asks = [&](const std::string& source) { return source.find(has) != std::string::npos || source.find("has(steps." + entry.step->id) != std::string::npos; };
  if (asks(program.source())) return true;
  std::vector<const Step*> around;
  if (site.step != nullptr) around.push_back(site.step);
  for (const Frame* frame = &site.frame; frame != nullptr; frame = frame->around)
    if (frame->group != nullptr) around.push_back(frame->group);
  for (const Step* step : around) {
    if (!step->when) continue;
    const std::string& when = step->when->program.source();
    if (asks(when)) return true;
    if (entry.step->when && when == entry.step->when->program.source()) return true;
  }
  return false;
}

bool Scoping::check_step_reference(const std::vector<std::string>& parts, const std::string& reference, const expr::Program& program, const Place& where, const Site& site) {
  if (parts.size() == 1) return true;
  const Entry* entry = site.frame.find(parts[1]);
  if (entry == nullptr) {
    std::string path, hint;
    const auto* list = list_with(m_runbook.steps, parts[1], path);
    if (list == nullptr) list = list_with(m_runbook.always, parts[1], path);
    if (site.step != nullptr && site.step->id == parts[1]) hint = "a step cannot use its own outputs before it ran";
    else if (list != nullptr && !path.empty() && site.frame.find(path.substr(0, path.find('.'))) != nullptr) hint = fmt::format("it is inside a group: steps.{}.{}", path, parts[1]);
    else if (list != nullptr && site.frame.group != nullptr && site.frame.group->parallel != 1 && site.frame.steps == list) hint = "steps of a parallel group cannot wait for each other";
    else if (list != nullptr) hint = "it comes later, or in a group that this step is not in";
    if (hint.empty()) {
      std::vector<std::string> names;
      for (const Frame* frame = &site.frame; frame != nullptr; frame = frame->around)
        for (const auto& one : frame->entries) names.push_back(one.step->id);
      hint = names.empty() ? "no step comes before" : did_you_mean(parts[1], names);
    }
    say(site, where, fmt::format("no step '{}' has run before this place", parts[1]), hint);
    return false;
  }
  m_named.insert(entry->step);
  const expr::Type* type = &entry->outputs;
  for (std::size_t i = 2; i < parts.size() && type->object; ++i) {
    const expr::Type* inner = member(*type, parts[i]);
    if (inner == nullptr) {
      const auto names = member_names(*type);
      const std::string of = fmt::format("{}", fmt::join(parts.begin() + 1, parts.begin() + static_cast<std::ptrdiff_t>(i), "."));
      say(site, where, fmt::format("step '{}' has no output '{}'", of, parts[i]), names.empty() ? "it has none" : did_you_mean(parts[i], names));
      return false;
    }
    type = inner;
  }
  // References do not tell plain selections from optional ones; the source does.
  const std::string plainly = "steps." + parts[1];
  const bool is_plain = parts.size() > 2 && (program.source().find(plainly + "." + parts[2]) != std::string::npos || program.source().find(plainly + "[") != std::string::npos);
  if (is_plain && entry->may_skip && !guarded(*entry, reference, program, site))
    say(site, where, fmt::format("step '{}' may be skipped, and then has no '{}'", parts[1], parts[2]), fmt::format("reach it by steps.?{}.?{}, as in steps.?{}.?{}.orValue(…)", parts[1], parts[2], parts[1], parts[2]));
  for (const auto& inner : entry->skippable) {
    const std::string whole = plainly + "." + inner;
    if (!reference.starts_with(whole + ".") || program.source().find(whole + ".") == std::string::npos || program.source().find("has(" + whole) != std::string::npos) continue;
    if (program.source().find(whole + ".?") == std::string::npos) say(site, where, fmt::format("step '{}.{}' may be skipped, and then has no outputs", parts[1], inner), fmt::format("reach it by steps.{}.?{}.?NAME", parts[1], inner));
    break;
  }
  return true;
}

bool Scoping::check_reference(const std::string& reference, const expr::Program& program, const Place& where, const Site& site) {
  const auto parts = parts_of(reference);
  const bool is_own = site.own != nullptr && member(*site.own, parts[0]) != nullptr;
  if (parts[0] == "steps" && !is_own) {
    if (site.steps) return check_step_reference(parts, reference, program, where, site);
    say(site, where, "no step has run yet where this is evaluated", "service, env and params can be used here");
    return false;
  }
  const expr::Type* type = root(parts[0], site);
  if (type == nullptr) {
    if (parts[0] == "each") {
      say(site, where, "'each' outside a for_each", "each.key and each.value are the item of the for_each around this step");
      return false;
    }
    return true; // a local of a macro, a type's name, or unknown: the checker of expressions tells them apart
  }
  for (std::size_t i = 1; i < parts.size() && type->object; ++i) {
    const expr::Type* inner = member(*type, parts[i]);
    if (inner == nullptr) {
      const auto names = member_names(*type);
      const std::string of = fmt::format("{}", fmt::join(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(i), "."));
      const std::string message = parts[0] == "params" ? fmt::format("this runbook has no parameter '{}'", parts[i]) : parts[0] == "secrets" ? fmt::format("no service names a secret '{}'", parts[i]) : fmt::format("'{}' has no '{}'", of, parts[i]);
      say(site, where, message, names.empty() ? "it has none" : did_you_mean(parts[i], names));
      return false;
    }
    type = inner;
  }
  return true;
}

expr::Type Scoping::type(const expr::Program& program, const Place& where, const Site& site) {
  bool sound = true;
  for (const auto& reference : program.references()) {
    const auto at = program.source().find(reference);
    Place place = where;
    if (at != std::string::npos) {
      int column = 1;
      for (std::size_t i = 0; i < at; ++i) column += (static_cast<unsigned char>(program.source()[i]) & 0xC0) != 0x80 ? 1 : 0;
      place = place_of(where, program.source(), column);
    }
    sound = check_reference(reference, program, place, site) && sound;
  }
  if (!sound) return plain(Kind::any);
  auto typed = expr::compile(program.source(), scope_for(program, site));
  if (typed) return typed->type();
  for (const auto& issue : typed.error()) say(site, place_of(where, program.source(), issue.column), issue.message, issue.hint);
  return plain(Kind::any);
}

bool Scoping::is_secret(const expr::Program& program, const Site& site) const {
  for (const auto& reference : program.references()) {
    const auto parts = parts_of(reference);
    const std::string below = parts.size() > 1 ? reference.substr(parts[0].size() + 1) : std::string();
    if (site.own_secrets != nullptr && site.own != nullptr && member(*site.own, parts[0]) != nullptr) {
      if (touches(*site.own_secrets, reference)) return true;
    } else if (parts[0] == "secrets") {
      return true;
    } else if (parts[0] == "params") {
      const bool is_open = std::none_of(m_runbook.parameters.begin(), m_runbook.parameters.end(), [&](const Parameter& p) { return p.secret && (parts.size() == 1 || parts[1] == p.name); });
      if (!is_open) return true;
    } else if (parts[0] == "env") {
      const bool whole = parts.size() == 1 || (parts[1] == "databases" && parts.size() <= 3);
      if (whole || (parts[1] == "databases" && parts.size() >= 4 && parts[3] == "password")) return true;
    } else if (parts[0] == "steps" && parts.size() > 1) {
      const Entry* entry = site.frame.find(parts[1]);
      if (entry != nullptr && touches(entry->secrets, parts.size() > 2 ? below.substr(parts[1].size() + 1) : std::string())) return true;
    }
  }
  return false;
}

bool Scoping::is_secret(const Template& value, const Site& site) const {
  if (const auto* expression = std::get_if<Template::Expression>(&value.node)) return is_secret(expression->program, site);
  auto any = [&](const std::vector<Template>& of) { return std::any_of(of.begin(), of.end(), [&](const Template& t) { return is_secret(t, site); }); };
  if (const auto* pieces = std::get_if<Template::Pieces>(&value.node)) return any(pieces->of);
  if (const auto* list = std::get_if<Template::List>(&value.node)) return any(list->of);
  if (const auto* map = std::get_if<Template::Map>(&value.node)) return std::any_of(map->of.begin(), map->of.end(), [&](const auto& m) { return is_secret(m.second, site); });
  return false;
}

bool Scoping::is_known_early(const expr::Program& program, const Site& site) const {
  for (const auto& reference : program.references()) {
    const auto parts = parts_of(reference);
    if (parts[0] != "steps" || parts.size() == 1) continue;
    const Entry* entry = site.frame.find(parts[1]);
    if (entry != nullptr && !entry->reads) return false;
  }
  return true;
}

} // namespace belay::check
