#include "runbook/settings.hpp"
#include "value/duration.hpp"
#include "runbook/load_project.hpp"
#include "runbook/override.hpp"
#include "runbook/project_table.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace belay {

namespace {

void overlay(yaml::Node& base, const yaml::Node& over) {
  if (!base.is_map() || !over.is_map()) {
    base = over;
    return;
  }
  for (const auto& member : over.members) {
    const auto found = std::find_if(base.members.begin(), base.members.end(), [&](const yaml::Member& m) { return m.key == member.key; });
    if (found == base.members.end()) base.members.push_back(member);
    else overlay(found->value, member.value);
  }
}

void drop(yaml::Node& node, std::initializer_list<std::string_view> keys) {
  std::erase_if(node.members, [&](const yaml::Member& m) { return std::find(keys.begin(), keys.end(), m.key) != keys.end(); });
}

/// Puts what the tables say where nothing is written.
class Standards {
public:
  explicit Standards(std::deque<yaml::Source>& sources) : m_sources(sources) {}

  void add(yaml::Node& node, const Object& object) {
    for (auto& member : node.members)
      if (const Key* key = object.find(member.key)) add(member.value, key->shape);
    for (const auto& key : object.keys) {
      if (key.standard.empty() || node.find(key.name) != nullptr) continue;
      yaml::Member member;
      member.key = key.name;
      member.value = parsed(key.standard);
      node.members.push_back(std::move(member));
    }
  }

private:
  void add(yaml::Node& node, const Shape& shape) {
    if (shape.form == Form::object && node.is_map()) add(node, *shape.object);
    if (shape.of == nullptr) return;
    for (auto& item : node.items) add(item, *shape.of);
    for (auto& member : node.members) add(member.value, *shape.of);
  }

  /// Once for each text, since the items of a list may want the same one a thousand times.
  const yaml::Node& parsed(std::string_view standard) {
    const auto [place, fresh] = m_parsed.try_emplace(standard);
    if (fresh) {
      m_sources.push_back({"default", std::string(standard), false});
      std::vector<Problem> none;
      place->second = yaml::parse(m_sources.back(), none);
    }
    return place->second;
  }

  std::deque<yaml::Source>& m_sources;
  std::map<std::string_view, yaml::Node> m_parsed;
};

std::string path_below(const std::string& text, const std::string& base) {
  for (const std::string_view prefix : {"unix:", "file:"})
    if (text.starts_with(prefix)) return std::string(prefix) + absolute_path(text.substr(prefix.size()), base);
  return text.empty() || text.starts_with("tcp:") ? text : absolute_path(text, base);
}

/// Turns the merged tree into values: durations typed, paths absolute, each leaf noted with its origin.
class Resolver {
public:
  Resolver(Service& service, const std::string& base) : m_service(service), m_base(base) {}

  Value object(const yaml::Node& node, const Object& object, const std::string& name) {
    Value::Map members;
    for (const auto& member : node.members) {
      const Key* key = object.find(member.key);
      members.emplace_back(Value(member.key), value(member.value, key != nullptr ? &key->shape : nullptr, name.empty() ? member.key : name + "." + member.key));
    }
    return Value(std::move(members));
  }

private:
  Value value(const yaml::Node& node, const Shape* shape, const std::string& name) {
    if (shape != nullptr && shape->form == Form::secret) return secret(node, name);
    if (node.is_map() && !node.members.empty()) {
      if (shape != nullptr && shape->form == Form::object) return object(node, *shape->object, name);
      Value::Map members;
      for (const auto& member : node.members) members.emplace_back(Value(member.key), value(member.value, shape != nullptr ? shape->of : nullptr, name + "." + member.key));
      return Value(std::move(members));
    }
    Value leaf = plain(node, shape);
    note(node, name, leaf);
    return leaf;
  }

  /// Inside a list, which is one setting: typed all the same, but without origins of its own.
  Value plain(const yaml::Node& node, const Shape* shape) {
    if (node.is_list()) {
      Value::List items;
      for (const auto& item : node.items) items.push_back(plain(item, shape != nullptr ? shape->of : nullptr));
      return Value(std::move(items));
    }
    if (node.is_map()) {
      Value::Map members;
      for (const auto& member : node.members) {
        const Key* key = shape != nullptr && shape->form == Form::object ? shape->object->find(member.key) : nullptr;
        members.emplace_back(Value(member.key), plain(member.value, key != nullptr ? &key->shape : nullptr));
      }
      return Value(std::move(members));
    }
    if (shape != nullptr && shape->form == Form::duration)
      if (const auto duration = parse_duration(node.text)) return Value(*duration);
    if (shape != nullptr && shape->form == Form::path) return Value(path_below(node.text, m_base));
    return yaml::scalar(node);
  }

  Value secret(const yaml::Node& node, const std::string& name) {
    constexpr std::string_view k_secrets = "secrets.";
    const bool is_file = node.is_scalar() && node.text.starts_with("file:");
    Value reference = is_file ? Value(path_below(node.text, m_base)) : yaml::value(node);
    m_service.secrets.emplace_back(name.starts_with(k_secrets) ? name.substr(k_secrets.size()) : name, reference);
    note(node, name, reference);
    return reference;
  }

  void note(const yaml::Node& node, const std::string& name, Value value) {
    const bool in_file = node.source != nullptr && node.source->is_file;
    const std::string origin = node.source == nullptr ? "" : in_file ? fmt::format("{}:{}", node.source->name, node.line) : node.source->name;
    m_service.settings.push_back({name, std::move(value), origin});
  }

  Service& m_service;
  const std::string& m_base;
};

const yaml::Node& find_service(const Project& project, const std::string& name) {
  for (const auto& [service, tree] : project.files->services)
    if (service == name) return tree;
  need_sound(project, "services/" + name);
  throw Error(Exit::usage, fmt::format("there is no service '{}'", name), project.services.empty() ? "this project has no services: write services/NAME.yaml" : did_you_mean(name, project.services));
}

Value picked(const Value& from, std::initializer_list<std::pair<std::string, Value>> first, std::initializer_list<std::string_view> names) {
  std::vector<std::pair<std::string, Value>> members(first);
  for (const auto name : names)
    if (from.has(name)) members.emplace_back(name, from[name]);
  return Value::object(std::move(members));
}

Value replaced(const Value& in, std::string_view dotted, const Value& with) {
  if (in.kind() != Kind::map || in.is_secret()) return in;
  Value::Map members;
  for (const auto& [key, member] : in.map()) {
    const std::string& name = key.kind() == Kind::text ? key.text() : std::string();
    const bool inside = !name.empty() && dotted.size() > name.size() && dotted.starts_with(name) && dotted[name.size()] == '.';
    members.emplace_back(key, dotted == name ? with : inside ? replaced(member, dotted.substr(name.size() + 1), with) : member);
  }
  return Value(std::move(members));
}

bool is_true(const Value& value) { return value.kind() == Kind::boolean && value.boolean(); }

} // namespace

yaml::Node merged_settings(const ProjectFiles& files, const yaml::Node& service, const yaml::Node& environment) {
  yaml::Node merged;
  merged.sort = yaml::Node::Sort::map;
  merged.line = service.line;
  merged.column = service.column;
  merged.source = service.source;
  if (const auto* defaults = files.project.find("defaults"); defaults != nullptr && defaults->is_map()) overlay(merged, *defaults);
  yaml::Node own = service;
  drop(own, {"service", "environments"});
  overlay(merged, own);
  if (environment.is_map()) overlay(merged, environment);
  return merged;
}

std::vector<std::string> environments_of(const Project& project, const std::string& service) {
  std::vector<std::string> names;
  if (const auto* environments = find_service(project, service).find("environments"))
    for (const auto& member : environments->members) names.push_back(member.key);
  return names;
}

Service resolve_service(const Project& project, const std::string& name, const std::string& environment, const Machine& machine, const std::vector<Override>& overrides) {
  const yaml::Node& tree = find_service(project, name);
  const std::vector<std::string> known = environments_of(project, name);
  const auto* environments = tree.find("environments");
  const auto* section = environments != nullptr ? environments->find(environment) : nullptr;
  if (environment.empty()) throw Error(Exit::usage, fmt::format("no environment of service '{}' is named", name), fmt::format("say it with -e; there are: {}", fmt::join(known, ", ")));
  if (section == nullptr) throw Error(Exit::usage, fmt::format("service '{}' has no environment '{}'", name, environment), did_you_mean(environment, known));

  yaml::Node merged = merged_settings(*project.files, tree, *section);
  std::deque<yaml::Source> sources;
  std::vector<Problem> problems;
  apply_overrides(merged, machine, overrides, sources, problems);
  if (problems.empty()) validate(merged, k_service_environment_object, problems);
  if (!problems.empty()) throw Error(Exit::usage, std::move(problems));
  Standards(sources).add(merged, k_service_environment_object);

  Service service;
  service.name = name;
  service.environment = environment;
  const Value all = Resolver(service, project.base).object(merged, k_service_environment_object, {});
  service.platform = all.has("platform") ? all["platform"].text() : "";
  const yaml::Node* rules = project.files->project.find("environments");
  rules = rules != nullptr ? rules->find(environment) : nullptr;
  const Value rule = rules != nullptr ? yaml::value(*rules) : Value();
  service.is_protected = all.has("protected") ? is_true(all["protected"]) : is_true(rule["protected"]);
  service.state_local = rule["state"] == Value("local");
  service.freeze = rule["freeze"];
  service.guards = rule["guards"];
  service.service = picked(all, {{"name", name}, {"title", all.has("title") ? all["title"] : Value(name)}}, {"platform", "severity", "roles", "contacts", "objectives", "runbooks"});
  std::vector<std::pair<std::string, Value>> env{{"name", environment}};
  for (const auto& [key, value] : all.map())
    if (key.text() != "secrets" && key.text() != "protected") env.emplace_back(key.text(), value);
  env.emplace_back("protected", service.is_protected);
  service.env = Value::object(std::move(env));
  return service;
}

Value with_secrets(const Value& env, const std::vector<std::pair<std::string, Value>>& resolved) {
  Value with = env;
  for (const auto& [name, secret] : resolved)
    if (name.find('.') != std::string::npos) with = replaced(with, name, secret);
  return with;
}

} // namespace belay
